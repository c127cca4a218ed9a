// Any octets as CSV and as NDJSON: whole or piece by piece, the same records come out.
#include <cstdlib>

#include "base/json.h"
#include "read/table/csv.h"
#include "read/table/json_lines.h"

using namespace firebreak::table;

namespace {

void as_csv(std::string_view text) {
  std::vector<Cell> cells, again;
  while (!text.empty()) {
    const auto used = take_csv(text, true, cells);
    if (!used) return;
    if (!*used || **used == 0 || **used > text.size()) std::abort();
    // Octet by octet: until the record is whole it asks for more, and then it is the same one.
    for (std::size_t length = 1; text.size() < 200 && length <= text.size(); ++length) {
      const auto part = take_csv(text.substr(0, length), false, again);
      if (!part) std::abort();
      if (!*part) continue;
      if (**part != **used || again.size() != cells.size()) std::abort();
      for (std::size_t i = 0; i < cells.size(); ++i)
        if (again[i].text != cells[i].text) std::abort();
      break;
    }
    // What comes out can stand in a JSON document.
    std::string written;
    firebreak::append_json_string(written, cells[0].text);
    if (!firebreak::parse_json(written)) std::abort();
    text.remove_prefix(**used);
  }
}

void as_json(std::string_view text) {
  JsonLines lines;
  std::vector<Cell> cells;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const auto row = lines.read(text.substr(0, end), cells);
    if (row && *row && cells.size() != lines.names().size()) std::abort();
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  as_csv(text);
  as_json(text);
  return 0;
}
