// CSV (RFC 4180), one record at a time from a text that may go on.
//
// Cells are separated by commas, records by `\n` or `\r\n`; a cell that begins with a quote ends with one, "" inside is one
// quote. Octets that are no UTF-8 are taken as Latin-1, cell by cell. Pure; any thread. Errors: kInvalid, kTooLarge.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "read/table/row.h"

namespace firebreak::table {

// The record at the start of `text` into `cells`, and how many octets it took. None: `text` ends within it and is not the
// `last` there will be; ask again with more. At least one octet of text. An empty cell is absent, quoted or not.
Result<std::optional<std::size_t>> take_csv(std::string_view text, bool last, std::vector<Cell>& cells);

}  // namespace firebreak::table
