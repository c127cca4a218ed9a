// What embed.cmake makes of the files of web/ and of the report's template at build time.
#pragma once

#include <span>
#include <string_view>

#include "read/report/assets.h"

namespace firebreak::report::embedded {

std::span<const Asset> pages();
std::string_view report_html();

}  // namespace firebreak::report::embedded
