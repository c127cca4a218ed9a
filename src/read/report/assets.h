// The files that the program carries in itself: the page of web/ and the report's template.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace firebreak::report {

struct Asset {
  std::string_view path;        // "/", "/app.js", "/app.css"
  std::string_view media_type;  // with charset
  std::string_view content;
};

std::span<const Asset> web_assets();

// nullptr when there is none. The page needs no inline script or style: the Content-Security-Policy below
// holds.
const Asset* web_asset(std::string_view path);
std::string_view report_template();

// The page with the banner as the first thing in its body and in its title; as it is without one. The one place where a page is marked.
std::string marked_page(std::string_view page, const std::string& banner);

inline constexpr std::string_view kContentSecurityPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

}  // namespace firebreak::report
