#include "read/table/json_lines.h"

#include <fmt/core.h>
#include <simdjson.h>

#include <functional>
#include <map>

#include "base/json.h"
#include "base/limits.h"

namespace firebreak::table {
namespace {

using simdjson::dom::element;
using simdjson::dom::element_type;

void put_value(Cell& cell, element value) {
  switch (value.type()) {
    case element_type::NULL_VALUE: cell.form = Form::kAbsent; return;
    case element_type::INT64: cell.form = Form::kNumber; cell.text = fmt::format("{}", std::int64_t(value)); return;
    case element_type::UINT64: cell.form = Form::kNumber; cell.text = fmt::format("{}", std::uint64_t(value)); return;
    case element_type::DOUBLE: cell.form = Form::kNumber; append_json_number(cell.text, double(value)); return;
    case element_type::BOOL: cell.form = Form::kFlag; cell.text = bool(value) ? "true" : "false"; return;
    case element_type::STRING: cell.form = Form::kText; cell.text = std::string_view(value); return;
    case element_type::ARRAY:
    case element_type::OBJECT: cell.form = Form::kList; cell.text = simdjson::minify(value); return;
  }
}

}  // namespace

struct JsonLines::Impl {
  simdjson::dom::parser parser{kRowBytes};
  std::vector<std::string> names;
  std::map<std::string, std::size_t, std::less<>> column_of;
  std::vector<std::uint64_t> line_of;  // in which a column was last given a value
  std::uint64_t line = 0;
  std::size_t next = 0;  // rows name their members in one order mostly

  Result<std::size_t> column(std::string_view name) {
    if (next < names.size() && names[next] == name) return next;
    if (const auto known = column_of.find(name); known != column_of.end()) return known->second;
    if (names.size() == kTableColumns) return fail(Code::kTooLarge, fmt::format("more than {} different members", kTableColumns));
    if (name.size() > kNameBytes) return fail(Code::kTooLarge, fmt::format("a name of more than {} octets", kNameBytes));
    names.emplace_back(name);
    line_of.push_back(0);
    column_of.emplace(name, names.size() - 1);
    return names.size() - 1;
  }

  Result<void> flatten(simdjson::dom::object object, const std::string& before, std::size_t depth, std::vector<Cell>& cells) {
    if (depth > limits::kJsonDepth) return fail(Code::kInvalid, fmt::format("objects are nested deeper than {}", limits::kJsonDepth));
    for (const auto& [key, value] : object) {
      if (value.is_object()) {
        FIREBREAK_TRY(flatten(value.get_object().value_unsafe(), fmt::format("{}{}.", before, key), depth + 1, cells));
        continue;
      }
      FIREBREAK_ASSIGN(const std::size_t at, before.empty() ? column(key) : column(before + std::string(key)));
      if (line_of[at] == line) return fail(Code::kInvalid, fmt::format("'{}' appears twice", names[at]));
      line_of[at] = line;
      next = at + 1;
      if (cells.size() < names.size()) cells.resize(names.size());
      put_value(cells[at], value);
    }
    return {};
  }
};

JsonLines::JsonLines() : impl_(std::make_unique<Impl>()) {}
JsonLines::~JsonLines() = default;

const std::vector<std::string>& JsonLines::names() const { return impl_->names; }

Result<bool> JsonLines::read(std::string_view line, std::vector<Cell>& cells) {
  if (line.find_first_not_of(" \t\r\n") == std::string_view::npos) return false;
  if (line.size() > kRowBytes) return fail(Code::kTooLarge, fmt::format("a line of more than {} octets", kRowBytes));
  element root;
  if (const auto error = impl_->parser.parse(line.data(), line.size(), true).get(root); error != simdjson::SUCCESS)
    return fail(Code::kInvalid, fmt::format("no JSON: {} (NaN and Infinity are none: null, or a string)", simdjson::error_message(error)));
  if (!root.is_object()) return fail(Code::kInvalid, "no JSON object");
  for (Cell& cell : cells) {
    cell.form = Form::kAbsent;
    cell.text.clear();
  }
  cells.resize(impl_->names.size());
  ++impl_->line;
  impl_->next = 0;
  FIREBREAK_TRY(impl_->flatten(root.get_object().value_unsafe(), {}, 1, cells));
  cells.resize(impl_->names.size());
  return true;
}

}  // namespace firebreak::table
