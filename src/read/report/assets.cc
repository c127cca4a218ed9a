#include "read/report/assets.h"

#include "base/markup.h"
#include "read/report/embedded.h"

namespace firebreak::report {

std::span<const Asset> web_assets() { return embedded::pages(); }

const Asset* web_asset(std::string_view path) {
  for (const Asset& asset : web_assets())
    if (asset.path == path) return &asset;
  return nullptr;
}

std::string marked_page(std::string_view page, const std::string& banner) {
  std::string out(page);
  if (banner.empty()) return out;
  const std::string text = escape_markup(banner);
  const std::size_t body = out.find("<body"), inside = body == std::string::npos ? body : out.find('>', body);
  out.insert(inside == std::string::npos ? 0 : inside + 1, "\n<p class=\"exercise\" role=\"note\">" + text + "</p>");
  if (const std::size_t title = out.find("<title>"); title != std::string::npos) out.insert(title + 7, text + " - ");
  return out;
}

std::string_view report_template() { return embedded::report_html(); }

}  // namespace firebreak::report
