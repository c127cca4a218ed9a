#include "read/report/assets.h"

#include <array>

#include "read/report/embedded.h"

namespace firebreak::report {

std::span<const Asset> web_assets() {
  static const std::array<Asset, 3> assets = {
      {{"/", "text/html; charset=utf-8", embedded::index_html()},
       {"/app.css", "text/css; charset=utf-8", embedded::app_css()},
       {"/app.js", "text/javascript; charset=utf-8", embedded::app_js()}}};
  return assets;
}

const Asset* web_asset(std::string_view path) {
  for (const Asset& asset : web_assets())
    if (asset.path == path) return &asset;
  return nullptr;
}

std::string_view report_template() { return embedded::report_html(); }

}  // namespace firebreak::report
