// The octets of web/* and content/templates/report.html, made into code by embed.cmake at build time.
#pragma once

#include <string_view>

namespace firebreak::report::embedded {

std::string_view index_html();
std::string_view app_css();
std::string_view app_js();
std::string_view report_html();

}  // namespace firebreak::report::embedded
