#include "read/report/html.h"

#include <fmt/core.h>

namespace firebreak::report {

std::string shown(const Json* value) {
  if (value == nullptr || value->is_null()) return "<span class=\"soft\">not known</span>";
  if (value->is_string()) return escape_markup(std::string_view(value->get_string()));
  if (value->is_bool()) return value->get_bool() ? "yes" : "no";
  if (value->is_array() && !value->get_array().empty()) {
    std::string list;
    for (const Json& item : value->get_array()) list += (list.empty() ? "" : ", ") + shown(&item);
    return list;
  }
  return escape_markup(canonical_json(*value));
}

std::string shown(const Json& object, std::string_view key) { return shown(find(object, key)); }

std::string shown_time(const Json& object, std::string_view key) {
  const Result<Time> time = get_time(object, key);
  if (!time) return shown(find(object, key));
  std::string text = format_time({time->us - time->us % kSecond});
  text[10] = ' ';
  text.pop_back();  // Z
  return fmt::format("<time datetime=\"{}\">{} UTC</time>", format_time(*time), text);
}

std::string entry_link(const Json* moment) {
  if (moment == nullptr) return {};
  const Result<std::int64_t> index =
      moment->is_object() ? get_int(*moment, "index") : Result<std::int64_t>(fail(Code::kInvalid, ""));
  return index ? fmt::format("<a href=\"#journal-{0}\">{0}</a>", *index) : std::string();
}

std::string Table::html(std::string_view when_empty) const {
  if (rows.empty()) return fmt::format("<p class=\"soft\">{}</p>\n", escape_markup(when_empty));
  std::string out = "<table><thead><tr>";
  for (const std::string& name : head) out += fmt::format("<th scope=\"col\">{}</th>", escape_markup(name));
  out += "</tr></thead><tbody>\n";
  for (const std::vector<std::string>& row : rows) {
    out += "<tr>";
    for (const std::string& cell : row) out += fmt::format("<td>{}</td>", cell);
    out += "</tr>\n";
  }
  return out + "</tbody></table>\n";
}

std::string term(std::string_view name, const std::string& html) {
  return fmt::format("<dt>{}</dt><dd>{}</dd>\n", escape_markup(name), html);
}

std::string fill_template(std::string_view text,
                          std::initializer_list<std::pair<std::string_view, std::string>> values) {
  std::string out;
  for (;;) {
    const std::size_t open = text.find("{{");
    const std::size_t close = open == std::string_view::npos ? open : text.find("}}", open);
    if (close == std::string_view::npos) return out += text;
    out += text.substr(0, open);
    const std::string_view name = text.substr(open + 2, close - open - 2);
    const std::string* value = nullptr;
    for (const auto& candidate : values)
      if (candidate.first == name) value = &candidate.second;
    FIREBREAK_ASSERT(value != nullptr);
    out += *value;
    text.remove_prefix(close + 2);
  }
}

}  // namespace firebreak::report
