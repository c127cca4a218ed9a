// The process that runs DuckDB: started from this program's own binary, spoken to over a socket pair, killed at its
// time limit. Whatever happens in it, a crash included, is an error value here.
//
// Threads: a Child is used by one thread. Errors: kUnavailable (no library), kTimeout, kInvalid (the query), kIo.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/json.h"
#include "base/result.h"

namespace firebreak::archive {

struct Engine {
  std::string program = "/proc/self/exe";  // that understands kWorkerCommand
  std::string library;                     // libduckdb.so; empty = find_library()
  std::int64_t memory_mb = 1024;
  std::int64_t threads = 1;
  std::string spill;  // folder for what does not fit into memory; empty: none, it is an error then
  std::int64_t timeout_ms = 60'000;
  std::function<bool()> cancelled = {};  // asked now and then; true ends the process and fails with kUnavailable
};

inline constexpr const char* kWorkerCommand = "archive-worker";

// $FIREBREAK_DUCKDB, else beside an installed program, else build/duckdb of the source tree. kUnavailable says how to get it.
Result<std::string> find_library();

class Child {
 public:
  // `job` gets the engine's limits added.
  static Result<Child> start(const Engine& engine, JsonObject job);
  Child(Child&& other) noexcept;
  Child& operator=(Child&&) = delete;
  ~Child();  // kills it when it still runs

  Result<void> send(ByteView octets);
  // No more input. Calls `line` for each line of the answer; the last one holds {"rows"} or {"error"} and is returned.
  Result<Json> finish(const std::function<void(std::string_view)>& line);

 private:
  Child(int socket, int pid, const Engine& engine);
  Result<void> wait_for(short events) const;
  void end();

  int socket_ = -1;
  int pid_ = -1;
  std::int64_t deadline_ms_ = 0;
  std::function<bool()> cancelled_;
};

// What the child process does: its whole main(). Reads a job from descriptor 0, answers on descriptor 1.
int worker_main();

}  // namespace firebreak::archive
