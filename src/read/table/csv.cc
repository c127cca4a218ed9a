#include "read/table/csv.h"

#include <fmt/core.h>

namespace firebreak::table {
namespace {

std::string& next_cell(std::vector<Cell>& cells, std::size_t& used) {
  if (used == cells.size()) cells.emplace_back();
  std::string& text = cells[used++].text;
  text.clear();
  return text;
}

}  // namespace

Result<std::optional<std::size_t>> take_csv(std::string_view text, bool last, std::vector<Cell>& cells) {
  std::size_t at = 0, used = 0;
  bool ended = false;
  std::string* cell = &next_cell(cells, used);
  while (at < text.size() && !ended) {
    const std::size_t special = text.find_first_of(",\n\"\r", at);
    const std::size_t end = special == std::string_view::npos ? text.size() : special;
    cell->append(text, at, end - at);
    at = end;
    if (at == text.size()) break;
    const char c = text[at++];
    if (c == '\n') {
      ended = true;
    } else if (c == ',') {
      cell = &next_cell(cells, used);
      if (used > kTableColumns) return fail(Code::kTooLarge, fmt::format("more than {} cells", kTableColumns));
    } else if (c == '"' && cell->empty()) {
      for (;;) {
        const std::size_t quote = text.find('"', at);
        if (quote == std::string_view::npos) {
          if (last) return fail(Code::kInvalid, "a quoted cell has no end");
          return std::nullopt;
        }
        cell->append(text, at, quote - at);
        at = quote + 1;
        if (at == text.size() && !last) return std::nullopt;  // the quote's twin may follow
        if (at == text.size() || text[at] != '"') break;
        *cell += '"';
        ++at;
      }
    } else if (c == '\r' && at == text.size() && !last) {
      return std::nullopt;
    } else if (c != '\r' || at == text.size() || text[at] != '\n') {
      *cell += c;
    }
  }
  if (!ended && !last) return std::nullopt;
  cells.resize(used);
  for (Cell& one : cells) one.form = one.text.empty() ? Form::kAbsent : Form::kPlain;
  return at;
}

}  // namespace firebreak::table
