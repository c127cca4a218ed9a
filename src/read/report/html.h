// Small pieces of HTML. Every text that comes in goes out escaped; only these functions write tags.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/markup.h"

namespace firebreak::report {


// Text of any JSON value for a person: numbers as written, true/false as yes/no, null as "not known".
std::string shown(const Json* value);
std::string shown(const Json& object, std::string_view key);
std::string shown_time(const Json& object, std::string_view key);  // "2026-03-07 03:27:37 UTC"

// A link to the timeline's line of a journal index: <a href="#journal-12">12</a>; empty when there is none.
std::string entry_link(const Json* moment);

// Cells are ready HTML.
struct Table {
  std::vector<std::string> head;
  std::vector<std::vector<std::string>> rows;
  std::string html(std::string_view when_empty) const;
};

std::string term(std::string_view name, const std::string& html);  // <dt>, <dd>

// Replaces {{name}}; a name without a value is a bug (asserted). Values are not searched for further names.
std::string fill_template(std::string_view text,
                          std::initializer_list<std::pair<std::string_view, std::string>> values);

}  // namespace firebreak::report
