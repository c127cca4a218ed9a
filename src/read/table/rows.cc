#include "read/table/rows.h"

#include <fmt/core.h>

#include <utility>

#include "read/table/csv.h"
#include "read/table/json_lines.h"
#include "read/table/parquet.h"
#include "read/table/source.h"

namespace firebreak::table {
namespace {

constexpr std::string_view kMark = "\xef\xbb\xbf";  // some programs begin UTF-8 with it

std::string_view format_of(std::string_view path) {
  if (path.ends_with(".zst")) path.remove_suffix(4);
  for (const std::string_view ending : {".ndjson", ".jsonl", ".json"})
    if (path.ends_with(ending)) return "ndjson";
  return path.ends_with(".parquet") ? "parquet" : "csv";
}

tl::unexpected<Error> too_long() { return fail(Code::kTooLarge, fmt::format("a row of more than {} octets", kRowBytes)); }

// What a file begins with that is no table of text, with what to do about it.
Result<void> check_start(const std::string& path, std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n";
  const auto wrong = [&path](std::string_view what) { return fail(Code::kInvalid, fmt::format("{} {}", path, what)); };
  if (text.starts_with("\x1f\x8b")) return wrong("is packed with gzip: unpack it (gzip -dc), or pack it with zstd under a name that ends in .zst");
  if (text.starts_with("\x28\xb5\x2f\xfd")) return wrong("is packed with zstd: give it a name that ends in .zst, or unpack it");
  if (text.starts_with("PK\x03\x04")) return wrong("is a ZIP archive or a spreadsheet: unpack it, or save it as CSV");
  if (text.starts_with("PAR1")) return wrong("is a Parquet file: give it a name that ends in .parquet");
  if (text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff") || text.substr(0, 4).find('\0') != std::string_view::npos)
    return wrong("is UTF-16 or no text: save it as UTF-8, as iconv -f UTF-16 -t UTF-8");
  if (text.starts_with(kMark)) text.remove_prefix(kMark.size());
  const std::size_t first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return wrong("is empty");
  const std::size_t second = text[first] == '[' ? text.find_first_not_of(kBlank, first + 1) : std::string_view::npos;
  if (second != std::string_view::npos && text[second] == '{') return wrong("is one JSON array: an object a line is read, as jq -c '.[]' makes of it");
  const std::size_t back = text.find('\r');
  if (back < text.size() - 1 && text.find('\n') == std::string_view::npos) return wrong("ends its lines with CR alone: make them LF, as tr '\\r' '\\n' does");
  return {};
}

// Takes pieces of text from the front: `take` says how many octets it used, none when it needs more.
template <class Take>
Result<void> walk(Source& source, const Reading& reading, const std::string& path, const Take& take) {
  std::string text;
  bool begun = false;
  std::size_t at = 0;
  for (bool last = false; !last;) {
    text.erase(0, at);
    at = 0;
    const std::size_t known = text.size();
    // A row that is longer than a piece: twice as much each time, since it is looked at from its start again.
    do {
      FIREBREAK_ASSIGN(const bool more, source.append_to(text));
      last = !more;
    } while (!last && text.size() < 2 * known);
    if (!begun) FIREBREAK_TRY(check_start(path, text));
    begun = true;
    if (reading.progress) reading.progress(source.share());
    while (at < text.size()) {
      FIREBREAK_ASSIGN(const std::optional<std::size_t> used, take(std::string_view(text).substr(at), last));
      if (!used) break;
      if (*used == 0) return {};  // enough was read
      if (*used > kRowBytes + 1) return too_long();
      at += *used;
    }
    if (text.size() - at > kRowBytes) return too_long();
  }
  return {};
}

class Counter {
 public:
  Counter(const std::string& path, const Reading& reading, const std::function<Result<void>(const Row&)>& row)
      : path_(path), reading_(reading), row_(row) {}

  // False when no further row is wanted.
  Result<bool> add(const std::vector<std::string>& names, std::span<const Cell> cells) {
    const std::uint64_t number = seen_++;
    if (number < reading_.from) return true;
    FIREBREAK_TRY(row_({names, cells, number}));
    return seen_ < reading_.to;
  }
  tl::unexpected<Error> wrong(Error error) const { return fail(std::move(error).with(fmt::format("{}, row {}", path_, seen_))); }
  Result<std::uint64_t> given() const {
    if (seen_ > reading_.from || (seen_ == reading_.from && reading_.from == 0)) return seen_ - reading_.from;
    return fail(Code::kInvalid, fmt::format("{} has rows 0:{} only", path_, seen_));
  }
  std::uint64_t seen() const { return seen_; }

 private:
  const std::string& path_;
  const Reading& reading_;
  const std::function<Result<void>(const Row&)>& row_;
  std::uint64_t seen_ = 0;
};

// A head of one name that holds what other programs put between cells is one of several columns; a name that is quoted whole is meant.
Result<void> check_separator(const std::string& path, std::string_view line, const std::string& name) {
  while (line.ends_with('\n') || line.ends_with('\r')) line.remove_suffix(1);
  const bool quoted = line == '"' + name + '"';
  for (const auto& [separator, word] : {std::pair(';', "';'"), std::pair('\t', "tabs"), std::pair('|', "'|'")})
    if (!quoted && name.find(separator) != std::string::npos)
      return fail(Code::kInvalid, fmt::format("{}: its columns seem to be separated by {} ('{}'): save it with commas, and with points in decimal numbers; "
                                              "a name that holds one is put in quotes",
                                              path, word, name.substr(0, 80)));
  return {};
}

Result<void> read_csv(Source& source, const Reading& reading, Counter& counter, const std::string& path) {
  std::vector<std::string> names;
  std::vector<Cell> cells;
  return walk(source, reading, path, [&](std::string_view text, bool last) -> Result<std::optional<std::size_t>> {
    auto used = take_csv(text, last, cells);
    if (!used) return counter.wrong(std::move(used.error()));
    if (!*used) return std::optional<std::size_t>();
    // A line without anything, but where a row is one cell: that is missing.
    if (names.size() != 1 && cells.size() == 1 && text.substr(0, **used).find_first_not_of(" \t\r\n") == std::string_view::npos) return used;
    if (names.empty()) {
      for (Cell& cell : cells) names.push_back(std::move(cell.text));
      if (names.front().starts_with(kMark)) names.front().erase(0, kMark.size());
      if (names.size() == 1) FIREBREAK_TRY(check_separator(path, text.substr(0, **used), names.front()));
      return used;
    }
    if (cells.size() != names.size())
      return fail(Code::kInvalid, fmt::format("{}, row {}: {} cells under {} names", path, counter.seen(), cells.size(), names.size()));
    FIREBREAK_ASSIGN(const bool more, counter.add(names, cells));
    return more ? used : std::optional<std::size_t>(0);
  });
}

Result<void> read_json(Source& source, const Reading& reading, Counter& counter, const std::string& path) {
  JsonLines lines;
  std::vector<Cell> cells;
  return walk(source, reading, path, [&](std::string_view text, bool last) -> Result<std::optional<std::size_t>> {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos && !last) return std::optional<std::size_t>();
    const std::size_t length = end == std::string_view::npos ? text.size() : end;
    auto is_row = lines.read(text.substr(0, length), cells);
    if (!is_row) return counter.wrong(std::move(is_row.error()));
    if (*is_row) {
      FIREBREAK_ASSIGN(const bool more, counter.add(lines.names(), cells));
      if (!more) return std::optional<std::size_t>(0);
    }
    return std::min(length + 1, text.size());
  });
}

}  // namespace

Result<std::uint64_t> each_row(Files& files, const std::string& path, const Reading& reading,
                               const std::function<Result<void>(const Row&)>& row) {
  const std::string_view format = reading.format.empty() ? format_of(path) : std::string_view(reading.format);
  if (format == "parquet") return each_parquet_row(path, reading, row);
  FIREBREAK_ASSIGN(const auto source, Source::open(files, path));
  Counter counter(path, reading, row);
  FIREBREAK_TRY(format == "ndjson" ? read_json(*source, reading, counter, path) : read_csv(*source, reading, counter, path));
  return counter.given();
}

}  // namespace firebreak::table
