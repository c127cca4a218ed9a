// The child's side: limits itself, opens DuckDB in memory, loads rows or runs a query, answers in lines of JSON.
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/core.h>

#include <algorithm>
#include <bit>
#include <csignal>
#include <cstdio>

#include "read/archive/child.h"
#include "read/archive/duckdb.h"
#include "read/archive/table.h"

namespace firebreak::archive {
namespace {

constexpr std::uint32_t kJobBytes = 64 * 1024 * 1024;
constexpr std::uint64_t kGroupBytes = 64 * 1024 * 1024;   // of a Parquet row group, before it is compressed
constexpr std::int64_t kAnswerBytes = 256 * 1024 * 1024;  // of a Parquet answer

void limit(int what, std::int64_t most) {
  const auto value = static_cast<rlim_t>(most);
  const rlimit both{value, value};
  setrlimit(static_cast<__rlimit_resource_t>(what), &both);
}

class Session {
 public:
  Result<void> open(const Json& job) {
    FIREBREAK_ASSIGN(api_, duckdb::load(string_or(job, "library")));
    void* config = nullptr;
    api_.create_config(&config);
    const std::string memory = fmt::format("{}MB", int_or(job, "memory_mb", 1024));
    const std::string threads = fmt::format("{}", int_or(job, "threads", 1));
    const std::string spill = string_or(job, "spill");
    const std::pair<const char*, const char*> settings[] = {
        {"memory_limit", memory.c_str()},        {"threads", threads.c_str()},
        {"temp_directory", spill.c_str()},                 {"autoinstall_known_extensions", "false"},
        {"autoload_known_extensions", "false"},  {"allow_community_extensions", "false"}};
    for (const auto& [name, value] : settings)
      if (api_.set_config(config, name, value) != 0) return fail(Code::kInternal, fmt::format("DuckDB refuses the setting {}", name));
    void* database = nullptr;
    char* why = nullptr;
    if (api_.open_ext(nullptr, &database, config, &why) != 0)
      return fail(Code::kUnavailable, why == nullptr ? "DuckDB does not open" : why);
    if (api_.connect(database, &connection_) != 0) return fail(Code::kUnavailable, "DuckDB does not connect");
    std::string paths;
    for (const std::string& path : strings_or_empty(job, "paths")) paths += (paths.empty() ? "" : ", ") + quoted_text(path);
    FIREBREAK_TRY(run("SET TimeZone = 'UTC'"));
    FIREBREAK_TRY(run(fmt::format("SET allowed_paths = [{}]", paths)));
    FIREBREAK_TRY(run("SET enable_external_access = false"));
    return run("SET lock_configuration = true");
  }

  Result<void> run(const std::string& sql) {
    duckdb::QueryResult result;
    const bool bad = api_.query(connection_, sql.c_str(), &result) != 0;
    std::string why = bad && api_.result_error(&result) != nullptr ? api_.result_error(&result) : "";
    api_.destroy_result(&result);
    if (bad) return fail(Code::kInvalid, std::move(why));
    return {};
  }

  // Rows as wire.h writes them, from standard input, into tables and then into Parquet files.
  Result<Json> build(const Json& job) {
    std::vector<Table> tables;
    for (const Json& one : job.at("tables").as_array()) {
      FIREBREAK_ASSIGN(Table table, table_from_json(one));
      FIREBREAK_TRY(run(table.create_sql()));
      tables.push_back(std::move(table));
    }
    std::vector<void*> appenders(tables.size());
    for (std::size_t i = 0; i < tables.size(); ++i)
      if (api_.appender_create(connection_, nullptr, tables[i].name.c_str(), &appenders[i]) != 0)
        return fail(Code::kInternal, "DuckDB makes no appender");
    JsonObject counts;
    std::vector<std::uint64_t> rows(tables.size()), octets(tables.size());
    for (;;) {
      std::uint16_t which = 0;
      if (!take(&which, sizeof which)) return fail(Code::kIo, "the rows broke off");
      if (which == kLastRow) break;
      if (which >= tables.size()) return fail(Code::kInvalid, "a row of no table");
      if (!row(appenders[which], tables[which])) return fail(Code::kIo, "the rows broke off or do not fit");
      ++rows[which];
      octets[which] += std::exchange(taken_, 0);
    }
    for (std::size_t i = 0; i < tables.size(); ++i) {
      if (api_.appender_destroy(&appenders[i]) != 0) return fail(Code::kIo, "DuckDB did not keep the rows: raise the memory limit");
      // A group of rows is held in memory whole: fewer of them when they are long.
      const std::uint64_t group = std::clamp<std::uint64_t>(kGroupBytes * rows[i] / std::max<std::uint64_t>(octets[i], 1), 2'048, 122'880);
      FIREBREAK_TRY(run(fmt::format("COPY (SELECT * FROM {}) TO {} (FORMAT PARQUET, COMPRESSION ZSTD, ROW_GROUP_SIZE {})",
                                    quoted_name(tables[i].name), quoted_text(tables[i].file), group)));
      counts[tables[i].name] = rows[i];
    }
    return Json(JsonObject{{"rows", counts}});
  }

  Result<Json> select(const Json& job) {
    for (const std::string& sql : strings_or_empty(job, "views")) FIREBREAK_TRY(run(sql));
    std::string sql = string_or(job, "sql");
    const std::string copy = string_or(job, "copy_to");
    sql.erase(sql.find_last_not_of("; \n\t") + 1);
    void* statement = nullptr;
    if (api_.prepare(connection_, sql.c_str(), &statement) != 0) return fail(Code::kInvalid, api_.prepare_error(statement));
    if (api_.prepared_statement_type(statement) != duckdb::kSelect)
      return fail(Code::kInvalid, "only one SELECT can be asked: the archive is read, never written");
    if (!copy.empty()) {
      FIREBREAK_TRY(run(fmt::format("COPY ({}\n) TO {} (FORMAT PARQUET, COMPRESSION ZSTD)", sql, quoted_text(copy))));
      return Json(JsonObject{{"rows", 0}});
    }
    duckdb::QueryResult result;
    if (api_.execute_prepared(statement, &result) != 0) return fail(Code::kInvalid, api_.result_error(&result));
    const std::uint64_t columns = api_.column_count(&result), rows = api_.row_count(&result);
    std::string line = "[";
    for (std::uint64_t c = 0; c < columns; ++c) {
      if (c != 0) line += ',';
      append_json_string(line, api_.column_name(&result, c));
    }
    std::puts((line + "]").c_str());
    const std::uint64_t shown = std::min(rows, static_cast<std::uint64_t>(int_or(job, "max_rows", 1'000'000)));
    for (std::uint64_t r = 0; r < shown; ++r) {
      line = "[";
      for (std::uint64_t c = 0; c < columns; ++c) {
        if (c != 0) line += ',';
        char* const text = api_.value_is_null(&result, c, r) ? nullptr : api_.value_varchar(&result, c, r);
        if (text == nullptr) {
          line += "null";
        } else {
          append_json_string(line, text);
        }
        api_.free(text);
      }
      std::puts((line + "]").c_str());
    }
    return Json(JsonObject{{"rows", rows}});
  }

 private:
  bool take(void* into, std::size_t octets) {
    taken_ += octets;
    return octets == 0 || std::fread(into, octets, 1, stdin) == 1;
  }

  bool row(void* appender, const Table& table) {
    for (const TableColumn& column : table.columns) {
      std::uint8_t present = 0;
      if (!take(&present, 1)) return false;
      int failed = 0;
      if (present == 0) {
        failed = api_.append_null(appender);
      } else if (column.type == CellType::kText) {
        std::uint32_t length = 0;
        if (!take(&length, sizeof length) || length > kJobBytes) return false;
        text_.resize(length);
        if (!take(text_.data(), length)) return false;
        failed = api_.append_varchar_length(appender, text_.data(), length);
      } else {
        std::uint64_t bits = 0;
        if (!take(&bits, sizeof bits)) return false;
        switch (column.type) {
          case CellType::kUnsigned: failed = api_.append_uint64(appender, bits); break;
          case CellType::kInteger: failed = api_.append_int64(appender, static_cast<std::int64_t>(bits)); break;
          case CellType::kTime: failed = api_.append_timestamp(appender, static_cast<std::int64_t>(bits)); break;
          case CellType::kNumber: failed = api_.append_double(appender, std::bit_cast<double>(bits)); break;
          case CellType::kFlag: failed = api_.append_bool(appender, bits != 0); break;
          case CellType::kText: break;
        }
      }
      if (failed != 0) return false;
    }
    return api_.appender_end_row(appender) == 0;
  }

  duckdb::Api api_{};
  void* connection_ = nullptr;
  std::string text_;
  std::uint64_t taken_ = 0;  // octets of the row that is being read
};

Result<Json> work() {
  std::uint32_t length = 0;
  if (std::fread(&length, sizeof length, 1, stdin) != 1 || length > kJobBytes) return fail(Code::kInvalid, "no job");
  std::string text(length, '\0');
  if (std::fread(text.data(), 1, length, stdin) != length) return fail(Code::kInvalid, "no whole job");
  FIREBREAK_ASSIGN(const Json job, parse_json(text));
  const std::int64_t seconds = int_or(job, "timeout_ms", 60'000) / 1'000 + 1;
  limit(RLIMIT_CPU, seconds * std::max<std::int64_t>(1, int_or(job, "threads", 1)) + 1);
  // What only asks cannot make a file grow, whatever its SQL says.
  const bool builds = string_or(job, "mode") == "build";
  if (!builds) limit(RLIMIT_FSIZE, string_or(job, "copy_to").empty() ? 0 : kAnswerBytes);
  Session session;
  FIREBREAK_TRY(session.open(job));
  return builds ? session.build(job) : session.select(job);
}

}  // namespace

int worker_main() {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  limit(RLIMIT_CORE, 0);
  umask(077);
  std::signal(SIGXFSZ, SIG_IGN);
  const auto answer = work();
  const Json last = answer ? *answer
                           : Json(JsonObject{{"error", answer.error().message},
                                             {"code", answer.error().code == Code::kUnavailable ? "unavailable" : "invalid"}});
  std::puts(canonical_json(last).c_str());
  std::fflush(stdout);
  _exit(0);  // nothing of DuckDB is worth taking down in order
}

}  // namespace firebreak::archive
