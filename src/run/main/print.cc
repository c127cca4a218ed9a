#include "run/main/print.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <set>

#include "base/utf8.h"

namespace firebreak::cli {
namespace {

// What steers a terminal or turns the order of reading round: C0, DEL, C1, and the marks of direction.
bool steers(std::uint32_t point) {
  return point < 0x20 || (point >= 0x7f && point < 0xa0) || (point >= 0x200e && point <= 0x200f) || (point >= 0x202a && point <= 0x202e) || (point >= 0x2066 && point <= 0x2069);
}

std::string harmless(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint point = code_point_at(text, at);
    const std::size_t octets = std::max<std::size_t>(1, point.size);
    if (point.size == 0 || steers(point.value)) out += '?';
    else out += text.substr(at, octets);
    at += octets;
  }
  return out;
}

std::string cut(std::string text, std::size_t width) {
  if (text.size() <= width) return text;
  std::size_t end = width - 1;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;  // not inside a character
  text.resize(end);
  return text + "…";
}

}  // namespace

std::string cell(const Json* value) {
  if (value == nullptr || value->is_null()) return "-";
  if (value->is_string()) return harmless({value->get_string().data(), value->get_string().size()});
  if (value->is_bool()) return value->get_bool() ? "yes" : "no";
  return harmless(canonical_json(*value));
}

std::string table(const JsonArray& items, const std::vector<Column>& columns) {
  std::vector<std::vector<std::string>> rows;
  std::vector<std::size_t> widths;
  for (const Column& column : columns) widths.push_back(column.title.size());
  for (const Json& item : items) {
    std::vector<std::string> row;
    for (std::size_t i = 0; i < columns.size(); ++i) {
      row.push_back(cut(cell(find_pointer(item, columns[i].pointer)), columns[i].width));
      widths[i] = std::max(widths[i], row.back().size());
    }
    rows.push_back(std::move(row));
  }
  std::string out;
  const auto line = [&](auto&& text_of) {
    std::string text;
    for (std::size_t i = 0; i < columns.size(); ++i) text += fmt::format("{:<{}}  ", text_of(i), widths[i]);
    text.erase(text.find_last_not_of(' ') + 1);
    out += text + "\n";
  };
  line([&](std::size_t i) { return columns[i].title; });
  for (const auto& row : rows) line([&](std::size_t i) -> const std::string& { return row[i]; });
  return out;
}

void print_refused(std::string_view command, const JsonArray& refused) {
  std::set<std::string> said;
  for (const Json& one : refused) {
    const std::int64_t line = int_or(one, "line");
    const std::string text = fmt::format("{}{}: {}", cell(find(one, "file")), line == 0 ? "" : fmt::format(":{}", line), cell(find(one, "reason")));
    if (said.insert(text).second) fmt::print(stderr, "firebreak {}: refused: {}\n", command, text);
  }
}

std::string details(const Json& value, int indent) {
  const std::string pad(static_cast<std::size_t>(indent), ' ');
  std::string out;
  if (value.is_object()) {
    for (const auto& member : value.get_object()) {
      const Json& item = member.value();
      const bool nested = (item.is_object() && !item.get_object().empty()) ||
                          (item.is_array() && (item.get_array().size() > 4 ||
                                               std::any_of(item.get_array().begin(), item.get_array().end(),
                                                           [](const Json& e) { return e.is_structured(); })));
      out += fmt::format("{}{}:{}{}\n", pad, std::string_view(member.key()), nested ? "" : " ",
                         nested ? "" : cell(&item));
      if (nested) out += details(item, indent + 2);
    }
  } else if (value.is_array()) {
    for (const Json& item : value.get_array()) {
      std::string text = item.is_structured() ? details(item, indent + 2) : pad + "  " + cell(&item) + "\n";
      if (text.size() > pad.size() + 2) text.replace(pad.size(), 1, "-");
      out += text;
    }
  } else {
    out += pad + cell(&value) + "\n";
  }
  return out;
}

}  // namespace firebreak::cli
