// A thin hold on SQLite: open, run, prepare, bind, step. Errors carry SQLite's own message as kIo.
//
// Threads: a Database and its Statements belong to one thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace firebreak::views {

class Database {
 public:
  static Result<Database> open(const std::string& path);

  Result<void> run(const std::string& sql);  // any number of statements without parameters
  sqlite3* handle() const { return handle_.get(); }
  Error error(std::string_view doing) const;
  bool damaged() const { return *damaged_; }  // SQLite has met pages that make no sense

 private:
  struct Closer {
    void operator()(sqlite3* handle) const;
  };
  explicit Database(sqlite3* handle) : handle_(handle) {}
  friend class Statement;
  std::unique_ptr<sqlite3, Closer> handle_;
  std::shared_ptr<bool> damaged_ = std::make_shared<bool>(false);  // statements tell it
};

// Reusable: bind from 1 upwards in order, step, read columns from 0, reset.
class Statement {
 public:
  static Result<Statement> prepare(const Database& database, std::string_view sql);

  Statement& bind(std::string_view text);
  Statement& bind(std::int64_t number);
  Result<bool> step();  // true: a row is there; false: done (and reset)
  Result<void> run();   // steps to the end, ignoring rows
  void reset();
  bool changed() const;  // the last run() wrote a row

  std::string text(int column) const;
  std::int64_t integer(int column) const;

 private:
  struct Finalizer {
    void operator()(sqlite3_stmt* statement) const;
  };
  Statement(const Database& database, sqlite3_stmt* statement)
      : handle_(database.handle()), damaged_(database.damaged_), statement_(statement) {}

  sqlite3* handle_;
  std::shared_ptr<bool> damaged_;
  std::unique_ptr<sqlite3_stmt, Finalizer> statement_;
  int next_ = 1;
};

}  // namespace firebreak::views
