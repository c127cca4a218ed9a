// The DuckDB process' way of making Parquet files: rows from standard input, as table.h describes them, into tables in memory,
// then each into its file. One thread. Errors: kInvalid (not such rows), kIo (they broke off), those of DuckDB.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "read/archive/duckdb.h"
#include "read/archive/table.h"

namespace firebreak::archive {

class Loader {
 public:
  using Run = std::function<Result<void>(const std::string& sql)>;
  Loader(const duckdb::Api& api, void* connection, Run run) : api_(api), connection_(connection), run_(std::move(run)) {}

  Result<Json> load();  // {"rows": {table: count}}

 private:
  struct Loading {
    Table table;
    void* appender = nullptr;
    std::uint64_t rows = 0, octets = 0;
  };

  bool need(std::size_t octets);  // that many can be read at at_
  template <typename T>
  bool number(T& value);
  bool row(Loading& into);
  Result<void> table_comes();
  Result<void> write(Loading& loading);

  const duckdb::Api& api_;
  void* const connection_;
  const Run run_;
  std::vector<Loading> tables_;
  std::string buffer_;
  std::size_t at_ = 0, end_ = 0;
};

}  // namespace firebreak::archive
