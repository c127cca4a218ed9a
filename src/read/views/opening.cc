#include "read/views/opening.h"

#include <fmt/core.h>

#include <charconv>
#include <cstdio>
#include <fstream>

#include "read/views/store.h"

namespace firebreak::views {
namespace {

constexpr std::int64_t kClosed = 0, kDoubted = 1;

// Of this start of the machine, above kDoubted; kDoubted when the kernel does not say.
std::int64_t machine_start() {
  std::string id;
  std::ifstream("/proc/sys/kernel/random/boot_id") >> id;
  std::uint64_t number = 0;
  const auto [end, problem] = std::from_chars(id.data(), id.data() + std::min<std::size_t>(id.size(), 8), number, 16);
  return problem == std::errc() && end == id.data() + 8 ? static_cast<std::int64_t>(number) + 2 : kDoubted;
}

Result<std::int64_t> number_of(Database& database, std::string_view sql) {
  FIREBREAK_ASSIGN(Statement statement, Statement::prepare(database, sql));
  FIREBREAK_ASSIGN(const bool row, statement.step());
  const std::int64_t number = row ? statement.integer(0) : 0;
  statement.reset();
  return number;
}

Result<bool> is_whole(Database& database) {
  FIREBREAK_ASSIGN(Statement check, Statement::prepare(database, "PRAGMA quick_check(1)"));
  FIREBREAK_ASSIGN(const bool row, check.step());
  const std::string verdict = row ? check.text(0) : "";
  check.reset();
  return verdict == "ok";
}

// On the disk, with all that was written before.
Result<void> mark(Database& database, std::int64_t since) {
  return database.run(fmt::format("PRAGMA synchronous=FULL; INSERT OR REPLACE INTO meta VALUES('open_since', {}); PRAGMA wal_checkpoint(TRUNCATE); PRAGMA synchronous=OFF;", since));
}

}  // namespace

void remove_database(const std::string& path) {
  for (const char* suffix : {"", "-wal", "-shm", "-journal"}) std::remove((path + suffix).c_str());
}

Result<Database> open_current(const std::string& path, bool* usable) {
  *usable = false;
  FIREBREAK_ASSIGN(Database database, Database::open(path));
  // 64 MB of pages held, and rows of some 64 MB go into the file at once: what many rows change there is written once.
  FIREBREAK_TRY(database.run("PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF; PRAGMA temp_store=MEMORY; PRAGMA cache_size=-65536; PRAGMA wal_autocheckpoint=16384;"));
  FIREBREAK_ASSIGN(const std::int64_t version, number_of(database, "PRAGMA user_version"));
  if (version != 0 && version != kSchemaVersion) return database;
  const std::int64_t machine = machine_start();
  if (version != 0) {
    FIREBREAK_ASSIGN(const std::int64_t since, number_of(database, "SELECT value FROM meta WHERE key = 'open_since'"));
    if (since != kClosed && (since != machine || machine == kDoubted)) {
      FIREBREAK_ASSIGN(const bool whole, is_whole(database));
      if (!whole) return database;
    }
  }
  FIREBREAK_TRY(database.run(fmt::format("CREATE TABLE IF NOT EXISTS meta(key TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID; PRAGMA user_version={};", kSchemaVersion)));
  FIREBREAK_TRY(mark(database, machine));
  *usable = true;
  return database;
}

void close_current(Database& database, bool doubted) {
  if (doubted) {
    (void)mark(database, kDoubted);
    return;
  }
  // First all rows, then the word that they are there.
  if (mark(database, machine_start())) (void)mark(database, kClosed);
}

}  // namespace firebreak::views
