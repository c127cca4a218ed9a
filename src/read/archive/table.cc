#include "read/archive/table.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cctype>

namespace firebreak::archive {
namespace {

constexpr std::array<const char*, 6> kSqlTypes = {"UBIGINT", "BIGINT", "TIMESTAMP", "DOUBLE", "BOOLEAN", "VARCHAR"};

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

std::string quoted(std::string_view text, char mark) {
  std::string out(1, mark);
  for (const char c : text) {
    if (c == mark) out += mark;
    out += c;
  }
  return out + mark;
}

}  // namespace

std::string quoted_name(std::string_view name) { return quoted(name, '"'); }
std::string quoted_text(std::string_view text) { return quoted(text, '\''); }

void Table::add(std::string wanted, CellType type, std::string path, std::string row_type) {
  std::erase(wanted, '\0');
  std::string free = wanted;
  const auto taken = [&] {
    return std::any_of(columns.begin(), columns.end(), [&](const TableColumn& c) { return lower(c.name) == lower(free); });
  };
  for (int n = 2; taken(); ++n) free = fmt::format("{}#{}", wanted, n);
  columns.push_back({std::move(free), type, std::move(path), std::move(row_type)});
}

std::string Table::column_sql(std::size_t i) const {
  return quoted_name(columns[i].name) + " " + kSqlTypes[static_cast<std::size_t>(columns[i].type)];
}

std::string Table::create_sql() const {
  std::string sql = fmt::format("CREATE TABLE {} (", quoted_name(name));
  for (std::size_t i = 0; i < columns.size(); ++i) sql += (i == 0 ? "" : ", ") + column_sql(i);
  return sql + ")";
}

Json to_json(const Table& table) {
  JsonArray columns;
  for (const TableColumn& column : table.columns)
    columns.push_back(JsonObject{{"name", column.name},
                                 {"type", kSqlTypes[static_cast<std::size_t>(column.type)]},
                                 {"path", column.path},
                                 {"row_type", column.row_type}});
  return JsonObject{{"name", table.name}, {"file", table.file}, {"columns", std::move(columns)}};
}

Result<Table> table_from_json(const Json& document) {
  Table table;
  FIREBREAK_ASSIGN(table.name, get_string(document, "name"));
  FIREBREAK_ASSIGN(table.file, get_string(document, "file"));
  const Json* columns = find(document, "columns");
  if (columns == nullptr || !columns->is_array()) return fail(Code::kInvalid, "a table without columns", "/columns");
  for (const Json& one : columns->as_array()) {
    TableColumn column;
    FIREBREAK_ASSIGN(column.name, get_string(one, "name"));
    FIREBREAK_ASSIGN(const std::string type, get_string(one, "type"));
    const auto known = std::find(kSqlTypes.begin(), kSqlTypes.end(), type);
    if (known == kSqlTypes.end()) return fail(Code::kInvalid, fmt::format("'{}' is no type of a column", type));
    column.type = static_cast<CellType>(known - kSqlTypes.begin());
    column.path = string_or(one, "path");
    column.row_type = string_or(one, "row_type");
    table.columns.push_back(std::move(column));
  }
  return table;
}

}  // namespace firebreak::archive
