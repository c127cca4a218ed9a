// The child's side: limits itself, opens DuckDB in memory, loads rows or runs a query, answers in lines of JSON.
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>

#include "read/archive/child.h"
#include "read/archive/duckdb.h"
#include "read/archive/load.h"
#include "read/archive/table.h"

namespace firebreak::archive {
namespace {

constexpr std::uint32_t kJobBytes = 64 * 1024 * 1024;
constexpr std::int64_t kTextBytes = 64 * 1024 * 1024;    // of an answer that is no file, when the job does not say
constexpr std::int64_t kBesidesMb = 1'536;               // of address space, besides what DuckDB may keep in memory
constexpr std::int64_t kAnswerBytes = 256 * 1024 * 1024;  // of a Parquet answer

// Sanitizers reserve terabytes of address space.
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

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

  Result<Json> build() { return Loader(api_, connection_, [this](const std::string& sql) { return run(sql); }).load(); }

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
    return print(fmt::format("SELECT CAST(COLUMNS(*) AS VARCHAR) FROM (\n{}\n)", sql), static_cast<std::uint64_t>(int_or(job, "max_rows", 1'000'000)),
                 static_cast<std::uint64_t>(int_or(job, "max_octets", kTextBytes)));
  }

 private:
  // Every value as text, whatever its type: names first, then row by row.
  Result<Json> print(const std::string& sql, std::uint64_t most, std::uint64_t most_octets) {
    duckdb::QueryResult result;
    if (api_.query(connection_, sql.c_str(), &result) != 0) {
      const char* why = api_.result_error(&result);
      return fail(Code::kInvalid, why == nullptr ? "DuckDB does not answer" : why);
    }
    const std::uint64_t columns = api_.column_count(&result);
    std::string line = "[";
    for (std::uint64_t c = 0; c < columns; ++c) {
      if (c != 0) line += ',';
      append_json_string(line, api_.column_name(&result, c));
    }
    std::puts((line + "]").c_str());
    std::uint64_t rows = 0, octets = 0;
    for (void* chunk = api_.fetch_chunk(result); chunk != nullptr; chunk = api_.fetch_chunk(result)) {
      const std::uint64_t size = api_.data_chunk_get_size(chunk);
      for (std::uint64_t r = 0; r < size && rows + r < most; ++r) {
        line = "[";
        for (std::uint64_t c = 0; c < columns; ++c) {
          if (c != 0) line += ',';
          append_value(line, api_.data_chunk_get_vector(chunk, c), r);
        }
        octets += line.size();
        if (octets > most_octets)
          return fail(Code::kInvalid, fmt::format("the answer has more than {} octets: ask for less, or for Parquet", most_octets));
        std::puts((line + "]").c_str());
      }
      rows += size;
      api_.destroy_data_chunk(&chunk);
    }
    return Json(JsonObject{{"rows", rows}});
  }

  void append_value(std::string& line, void* vector, std::uint64_t row) const {
    const std::uint64_t* valid = api_.vector_get_validity(vector);
    if (valid != nullptr && (valid[row / 64] >> (row % 64) & 1) == 0) {
      line += "null";
      return;
    }
    const auto& text = static_cast<const duckdb::String*>(api_.vector_get_data(vector))[row];
    const std::uint32_t length = text.inlined.length;
    append_json_string(line, {length <= duckdb::kInlined ? text.inlined.data : text.pointer.data, length});
  }

  duckdb::Api api_{};
  void* connection_ = nullptr;
};

// With read(2): what stdio would read ahead were lost to the loader.
bool read_whole(char* into, std::size_t octets) {
  while (octets > 0) {
    const ssize_t got = ::read(STDIN_FILENO, into, octets);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    into += got;
    octets -= static_cast<std::size_t>(got);
  }
  return true;
}

Result<Json> work() {
  std::array<char, 4> head{};
  if (!read_whole(head.data(), head.size())) return fail(Code::kInvalid, "no job");
  const auto length = get_le<std::uint32_t>({head.data(), head.size()}, 0);
  if (length > kJobBytes) return fail(Code::kInvalid, "no job of that size");
  std::string text(length, '\0');
  if (!read_whole(text.data(), text.size())) return fail(Code::kInvalid, "no whole job");
  FIREBREAK_ASSIGN(const Json job, parse_json(text));
  const std::int64_t seconds = int_or(job, "timeout_ms", 60'000) / 1'000 + 1;
  limit(RLIMIT_CPU, seconds * std::max<std::int64_t>(1, int_or(job, "threads", 1)) + 1);
  if (!kSanitized) limit(RLIMIT_AS, (int_or(job, "memory_mb", 1024) + kBesidesMb) * 1024 * 1024);  // its own limit is for its buffers alone
  // What only asks cannot make a file grow, whatever its SQL says.
  const bool builds = string_or(job, "mode") == "build";
  if (!builds) limit(RLIMIT_FSIZE, string_or(job, "copy_to").empty() ? 0 : kAnswerBytes);
  Session session;
  FIREBREAK_TRY(session.open(job));
  return builds ? session.build() : session.select(job);
}

}  // namespace

int worker_main() {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  limit(RLIMIT_CORE, 0);
  if (std::FILE* first = std::fopen("/proc/self/oom_score_adj", "w"); first != nullptr) {  // before the server
    std::fputs("1000", first);
    std::fclose(first);
  }
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
