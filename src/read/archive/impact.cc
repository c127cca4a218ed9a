#include "read/archive/impact.h"

#include <fmt/core.h>

#include <algorithm>
#include <limits>

#include "base/digest.h"

namespace firebreak::archive {
namespace {

std::int64_t begin_of(const Question& q) { return q.from ? q.from->us : std::numeric_limits<std::int64_t>::min(); }
std::int64_t end_of(const Question& q) { return q.to ? q.to->us : std::numeric_limits<std::int64_t>::max(); }

void take(Cube& into, const Question& q, const CubeKey& key, const CubeCell& cell) {
  if ((!q.release.empty() && key.release != q.release) || (!q.caller.empty() && key.caller != q.caller)) return;
  into[key].add(cell);
}

std::string column_of(const Manifest& manifest, std::string_view path, std::string_view row_type) {
  for (const ArchivedTable& table : manifest.tables) {
    if (table.layout.name != "inference") continue;
    for (const TableColumn& column : table.layout.columns)
      if (column.path == path && column.row_type == row_type) return quoted_name(column.name);
  }
  return "NULL::VARCHAR";
}

// Its cells as rows; empty when it has no inferences.
std::string select_cells(const std::string& file, const Manifest& manifest, const Question& q) {
  std::string where = "true";
  if (q.from) where += fmt::format(" AND epoch_us(admitted) >= {}", q.from->us);
  if (q.to) where += fmt::format(" AND epoch_us(admitted) < {}", q.to->us);
  if (!q.release.empty()) where += " AND release = " + quoted_text(q.release);
  return fmt::format(
      "SELECT coalesce(release,''), coalesce({},''), coalesce({},''), coalesce({},''), epoch_us(admitted) // 3600000000, "
      "count(*), min(\"index\"), max(\"index\"), epoch_us(min(admitted)), epoch_us(max(admitted)) FROM read_parquet({}) "
      "WHERE {} GROUP BY ALL",
      column_of(manifest, "/disposition", "disposition"), column_of(manifest, "/output/label", "text"),
      column_of(manifest, "/caller", "text"), quoted_text(file), where);
}

// One process for all: its start costs more than a segment.
Result<void> scan(const std::string& folder, const std::vector<const Manifest*>& manifests, const Question& q, const Engine& engine, Cube& into) {
  JsonArray files;
  std::string sql;
  for (const Manifest* manifest : manifests)
    for (const ArchivedTable& table : manifest->tables) {
      if (table.layout.name != "inference") continue;
      const std::string file = folder + "/" + table.file.name;
      sql += (sql.empty() ? "" : " UNION ALL ") + select_cells(file, *manifest, q);
      files.emplace_back(file);
    }
  if (sql.empty()) return {};
  FIREBREAK_ASSIGN(Child child, Child::start(engine, {{"mode", "select"}, {"paths", std::move(files)}, {"sql", sql}}));
  bool names = true;
  Result<void> outcome;
  FIREBREAK_TRY(child.finish([&](std::string_view line) {
    if (std::exchange(names, false) || !outcome) return;
    const auto row = parse_json(line);
    if (!row || !row->is_array() || row->as_array().size() != 10) {
      outcome = fail(Code::kInternal, "the DuckDB process answered with another row than was asked for");
      return;
    }
    const auto text = [&](std::size_t i) { return std::string(row->at(i).as_string()); };
    const auto number = [&](std::size_t i) { return std::stoll(text(i)); };
    const auto index = [&](std::size_t i) { return std::stoull(text(i)); };
    take(into, q, {text(0), text(1), text(2), text(3), number(4)}, {index(5), index(6), index(7), number(8), number(9)});
  }));
  return outcome;
}

// A caller that is kept encrypted stands in no cube: not asked for, rather than counted as none.
Result<void> askable(const std::vector<Manifest>& manifests, const Question& q) {
  bool inferences = false, callers = false;
  for (const Manifest& manifest : manifests)
    for (const ArchivedTable& table : manifest.tables) {
      inferences = inferences || table.layout.name == "inference";
      callers = callers || column_of(manifest, "/caller", "text").starts_with('"');
    }
  if (q.caller.empty() || !inferences || callers) return {};
  return fail(Code::kInvalid, "the archive of this stream names no callers: they are kept encrypted, or were never given", "/caller");
}

std::uint64_t covered_by(const std::vector<Manifest>& manifests, Result<void>& outcome) {
  std::uint64_t next = 0;
  for (const Manifest& manifest : manifests) {
    if (manifest.first != next) {
      outcome = fail(Code::kNotFound, fmt::format("records {} to {} are not archived: run 'firebreak archive build'", next, manifest.first));
      return next;
    }
    next = manifest.end;
  }
  return next;
}

}  // namespace

Result<Impact> impact(Files& files, const std::string& folder, const std::vector<Manifest>& manifests, const Question& q,
                      const Engine& engine, const Progress& progress) {
  Impact out;
  Result<void> whole;
  out.covered_end = covered_by(manifests, whole);
  FIREBREAK_TRY(std::move(whole));
  FIREBREAK_TRY(askable(manifests, q));
  std::size_t done = 0;
  std::vector<const Manifest*> cut;  // by the window's edge
  for (const Manifest& manifest : manifests) {
    if (progress) progress(done++, manifests.size());
    if (manifest.last_us < begin_of(q) || manifest.first_us >= end_of(q)) {
      ++out.outside;
    } else if (manifest.first_us >= begin_of(q) && manifest.last_us < end_of(q)) {
      FIREBREAK_ASSIGN(const Bytes octets, read_all(files, folder + "/" + manifest.cube.name));
      if (sha256(octets).hex() != manifest.cube.sha256)
        return fail(Code::kCorrupt, fmt::format("{}/{} is not the file that its manifest names: it was altered", folder, manifest.cube.name));
      FIREBREAK_TRY(visit_cube(octets, q.release, q.caller, [&](CubeKey key, const CubeCell& cell) { out.cells[std::move(key)].add(cell); }));
      ++out.from_cubes;
    } else {
      cut.push_back(&manifest);
    }
  }
  out.scanned = cut.size();
  FIREBREAK_TRY(scan(folder, cut, q, engine, out.cells));
  return out;
}

Result<Impact> impact_by_scan(const std::string& folder, const std::vector<Manifest>& manifests, const Question& q,
                              const Engine& engine) {
  Impact out;
  Result<void> whole;
  out.covered_end = covered_by(manifests, whole);
  FIREBREAK_TRY(std::move(whole));
  FIREBREAK_TRY(askable(manifests, q));
  for (const Manifest& manifest : manifests) {
    FIREBREAK_TRY(scan(folder, {&manifest}, q, engine, out.cells));
    ++out.scanned;
  }
  return out;
}

}  // namespace firebreak::archive
