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

// The length of the UTF-8 sequence that begins at `at`; 0: there is none.
std::size_t sequence_at(std::string_view text, std::size_t at) {
  const auto c = static_cast<unsigned char>(text[at]);
  const std::size_t length = c < 0x80 ? 1 : c >= 0xc2 && c < 0xe0 ? 2 : c >= 0xe0 && c < 0xf0 ? 3 : c >= 0xf0 && c < 0xf5 ? 4 : 0;
  if (length == 0 || text.size() - at < length) return 0;
  for (std::size_t i = 1; i < length; ++i)
    if ((static_cast<unsigned char>(text[at + i]) & 0xc0) != 0x80) return 0;
  const auto second = length > 1 ? static_cast<unsigned char>(text[at + 1]) : 0;
  // Overlong forms, surrogates, beyond U+10FFFF.
  const bool forbidden =
      (c == 0xe0 && second < 0xa0) || (c == 0xed && second > 0x9f) || (c == 0xf0 && second < 0x90) || (c == 0xf4 && second > 0x8f);
  return forbidden ? 0 : length;
}

void make_utf8(std::string& text) {
  std::size_t good = 0;
  while (good < text.size()) {
    const std::size_t length = sequence_at(text, good);
    if (length == 0) break;
    good += length;
  }
  if (good == text.size()) return;
  std::string out;
  for (const char c : text) {
    const auto octet = static_cast<unsigned char>(c);
    if (octet < 0x80) {
      out += c;
    } else {
      out += static_cast<char>(0xc0 | (octet >> 6));
      out += static_cast<char>(0x80 | (octet & 0x3f));
    }
  }
  text = std::move(out);
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
  for (Cell& one : cells) {
    one.form = one.text.empty() ? Form::kAbsent : Form::kPlain;
    make_utf8(one.text);
  }
  return at;
}

}  // namespace firebreak::table
