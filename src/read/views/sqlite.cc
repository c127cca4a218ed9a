#include "read/views/sqlite.h"

#include <fmt/core.h>
#include <sqlite3.h>

namespace firebreak::views {
namespace {

Error sqlite_error(sqlite3* handle, std::string_view doing) {
  return Error{Code::kIo,
               fmt::format("views: {}: {}", doing, handle != nullptr ? sqlite3_errmsg(handle) : "no memory"),
               {},
               0};
}

}  // namespace

void Database::Closer::operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }

Result<Database> Database::open(const std::string& path) {
  sqlite3* raw = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &raw,
                                   SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
  Database database(raw);
  if (code != SQLITE_OK) return fail(sqlite_error(raw, fmt::format("open '{}'", path)));
  sqlite3_busy_timeout(raw, 5'000);
  return database;
}

Result<void> Database::run(const std::string& sql) {
  if (sqlite3_exec(handle_.get(), sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK)
    return fail(error(sql.substr(0, 60)));
  return {};
}

Error Database::error(std::string_view doing) const { return sqlite_error(handle_.get(), doing); }

void Statement::Finalizer::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

Result<Statement> Statement::prepare(const Database& database, std::string_view sql) {
  sqlite3_stmt* raw = nullptr;
  if (sqlite3_prepare_v3(database.handle(), sql.data(), static_cast<int>(sql.size()),
                         SQLITE_PREPARE_PERSISTENT, &raw, nullptr) != SQLITE_OK)
    return fail(database.error(sql.substr(0, 80)));
  return Statement(database, raw);
}

Statement& Statement::bind(std::string_view text) {
  const int code =
      sqlite3_bind_text64(statement_.get(), next_++, text.data(), text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
  FIREBREAK_ASSERT(code == SQLITE_OK || code == SQLITE_NOMEM || code == SQLITE_TOOBIG);
  return *this;
}

Statement& Statement::bind(std::int64_t number) {
  FIREBREAK_ASSERT(sqlite3_bind_int64(statement_.get(), next_++, number) == SQLITE_OK);
  return *this;
}

Result<bool> Statement::step() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) {
    reset();
    return false;
  }
  Error error = sqlite_error(handle_, "step");
  if ((code & 0xff) == SQLITE_CORRUPT || (code & 0xff) == SQLITE_NOTADB) {
    *damaged_ = true;
    error.message += "; the file is checked, and made anew from the journal, at the next start";
  }
  reset();
  return fail(std::move(error));
}

Result<void> Statement::run() {
  for (;;) {
    FIREBREAK_ASSIGN(const bool row, step());
    if (!row) return {};
  }
}

void Statement::reset() {
  sqlite3_reset(statement_.get());
  sqlite3_clear_bindings(statement_.get());
  next_ = 1;
}

bool Statement::changed() const { return sqlite3_changes(handle_) > 0; }

std::string Statement::text(int column) const {
  const unsigned char* data = sqlite3_column_text(statement_.get(), column);
  const int length = sqlite3_column_bytes(statement_.get(), column);
  return data == nullptr ? std::string()
                         : std::string(reinterpret_cast<const char*>(data), static_cast<std::size_t>(length));
}

std::int64_t Statement::integer(int column) const { return sqlite3_column_int64(statement_.get(), column); }

}  // namespace firebreak::views
