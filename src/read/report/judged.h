// Parts of the report's page: the triage with its facts, and the causes that findings share. Every text goes out escaped.
#pragma once

#include <string>

#include "base/json.h"

namespace firebreak::report {

std::string triage_html(const Json& report, const std::string& by);  // `by`: who said it, ready HTML
std::string causes_html(const Json& report);

}  // namespace firebreak::report
