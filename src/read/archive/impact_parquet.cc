// An impact answer's cells as a Parquet file, a row a cell.
#include "read/archive/impact.h"
#include "read/archive/table.h"

namespace firebreak::archive {
namespace {

Table table_of_cells(const std::string& file) {
  Table table;
  table.name = "impact";
  table.file = file;
  for (const char* text : {"release", "disposition", "answer", "caller"}) table.add(text, CellType::kText);
  table.add("hour", CellType::kTime);
  for (const char* number : {"count", "first_index", "last_index"}) table.add(number, CellType::kUnsigned);
  for (const char* time : {"first", "last"}) table.add(time, CellType::kTime);
  return table;
}

}  // namespace

Result<void> write_parquet(const std::string& file, const Impact& impact, const Engine& engine) {
  FIREBREAK_ASSIGN(Child child, Child::start(engine, {{"mode", "build"},
                                                      {"paths", JsonArray{Json(file)}}}));
  const std::string table = canonical_json(to_json(table_of_cells(file)));
  Bytes rows;
  put_le(rows, kTableComes);
  put_le(rows, std::uint16_t{0});
  put_le(rows, static_cast<std::uint32_t>(table.size()));
  rows += table;
  for (const auto& [key, cell] : impact.cells) {
    put_le(rows, std::uint16_t{0});
    for (const std::string* text : {&key.release, &key.disposition, &key.answer, &key.caller}) put_text(rows, *text);
    put_bits(rows, static_cast<std::uint64_t>(key.hour * kHour));
    for (const std::uint64_t number : {cell.count, cell.first, cell.last}) put_bits(rows, number);
    for (const std::int64_t time : {cell.first_us, cell.last_us}) put_bits(rows, static_cast<std::uint64_t>(time));
  }
  put_le(rows, kLastRow);
  FIREBREAK_TRY(child.send(rows));
  FIREBREAK_TRY(child.finish({}));
  return {};
}

}  // namespace firebreak::archive
