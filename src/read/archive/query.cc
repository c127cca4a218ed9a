#include "read/archive/query.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>

#include "read/archive/table.h"

namespace firebreak::archive {
namespace {

// A few names are DuckDB's own.
std::string schema_of(const std::string& stream) {
  constexpr std::string_view kTaken[] = {"main", "temp", "system", "memory", "pg_catalog", "information_schema"};
  return std::find(std::begin(kTaken), std::end(kTaken), stream) == std::end(kTaken) ? stream : stream + "_";
}

}  // namespace

Result<std::uint64_t> query(const std::vector<Source>& sources, const Query& asked, const Engine& engine,
                            const std::function<void(JsonArray)>& row) {
  JsonArray paths, views;
  for (const Source& source : sources) {
    std::map<std::string, std::string> files_of;
    for (const Manifest& manifest : source.manifests)
      for (const ArchivedTable& table : manifest.tables) {
        const std::string file = source.folder + "/" + table.file.name;
        paths.emplace_back(file);
        std::string& list = files_of[table.layout.name];
        list += (list.empty() ? "" : ", ") + quoted_text(file);
      }
    const std::string schema = quoted_name(schema_of(source.stream));
    views.emplace_back("CREATE SCHEMA IF NOT EXISTS " + schema);
    for (const auto& [kind, list] : files_of) {
      const std::string rows = fmt::format(" AS SELECT * FROM read_parquet([{}], union_by_name = true)", list);
      views.emplace_back("CREATE VIEW " + schema + "." + quoted_name(kind) + rows);
      if (sources.size() == 1) views.emplace_back("CREATE VIEW " + quoted_name(kind) + rows);
    }
  }
  if (!asked.parquet_file.empty()) paths.emplace_back(asked.parquet_file);
  FIREBREAK_ASSIGN(Child child, Child::start(engine, {{"mode", "select"},
                                                      {"paths", std::move(paths)},
                                                      {"views", std::move(views)},
                                                      {"sql", asked.sql},
                                                      {"max_rows", asked.max_rows},
                                                      {"copy_to", asked.parquet_file}}));
  FIREBREAK_ASSIGN(const Json last, child.finish([&](std::string_view line) {
                     auto parsed = parse_json(line);
                     if (parsed && parsed->is_array()) row(std::move(parsed->as_array()));
                   }));
  return static_cast<std::uint64_t>(int_or(last, "rows", 0));
}

}  // namespace firebreak::archive
