// Lists and single things as text for people; the JSON behind them is printed unchanged with --json.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace firebreak::cli {

struct Column {
  std::string_view title;
  std::string_view pointer;  // JSON Pointer into an item
  std::size_t width;         // longest cell; longer text is cut with an ellipsis
};

// Cells are padded to the widest of their column. Control characters are shown as '?': what comes from outside
// must not steer a terminal.
std::string table(const JsonArray& items, const std::vector<Column>& columns);

// "key: value" lines of a (nested) object, in the object's order, indented.
std::string details(const Json& value, int indent = 0);

std::string cell(const Json* value);

// What a command refused of files, {file, line, reason}, each once, on the side where errors go. `command`: "rule test".
void print_refused(std::string_view command, const JsonArray& refused);

}  // namespace firebreak::cli
