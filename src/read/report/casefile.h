// What people wrote into the incident, for its report: how the impact turned out against what was first thought, classification, assets and indicators,
// related incidents, lessons, follow-ups.
#pragma once

#include <string>

#include "base/json.h"

namespace firebreak::report {

// {first, last, changed: [names]} of the ratings of the impact; null before the first.
Json impact_change(const Json& incident);
// Every text goes out escaped.
std::string casefile_html(const Json& report);
std::string lessons_html(const Json& report);

}  // namespace firebreak::report
