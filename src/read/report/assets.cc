#include "read/report/assets.h"

#include "read/report/embedded.h"

namespace firebreak::report {

std::span<const Asset> web_assets() { return embedded::pages(); }

const Asset* web_asset(std::string_view path) {
  for (const Asset& asset : web_assets())
    if (asset.path == path) return &asset;
  return nullptr;
}

std::string_view report_template() { return embedded::report_html(); }

}  // namespace firebreak::report
