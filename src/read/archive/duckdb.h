// The few functions of DuckDB's C interface that are used, looked up in a library that is opened at run time. Their
// declarations are written here after DuckDB's documentation: nothing of DuckDB is needed to build.
// Only the worker process may open it. Not thread-safe.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace firebreak::archive::duckdb {

inline constexpr const char* kVersion = "v1.5.6";
inline constexpr const char* kDigest = "3f4962cdd266eab2b479a5b5a4a6d063d279b2954ae814ed00385d553b747633";  // SHA-256

struct QueryResult {  // duckdb_result
  std::uint64_t columns = 0, rows = 0, changed = 0;
  void* column_data = nullptr;
  char* message = nullptr;
  void* internal = nullptr;
};

inline constexpr std::uint32_t kInlined = 12;
union String {  // duckdb_string_t
  struct {
    std::uint32_t length;
    char prefix[4];
    const char* data;
  } pointer;
  struct {
    std::uint32_t length;
    char data[kInlined];
  } inlined;
};
static_assert(sizeof(String) == 16);

struct Api {
  const char* (*library_version)();
  int (*create_config)(void**);
  int (*set_config)(void*, const char*, const char*);
  int (*open_ext)(const char*, void**, void*, char**);
  int (*connect)(void*, void**);
  int (*query)(void*, const char*, QueryResult*);
  const char* (*result_error)(QueryResult*);
  void (*destroy_result)(QueryResult*);
  int (*prepare)(void*, const char*, void**);
  const char* (*prepare_error)(void*);
  int (*prepared_statement_type)(void*);
  std::uint64_t (*column_count)(QueryResult*);
  const char* (*column_name)(QueryResult*, std::uint64_t);
  void* (*fetch_chunk)(QueryResult);
  void (*destroy_data_chunk)(void**);
  std::uint64_t (*data_chunk_get_size)(void*);
  void* (*data_chunk_get_vector)(void*, std::uint64_t);
  void* (*vector_get_data)(void*);
  std::uint64_t* (*vector_get_validity)(void*);  // null: all are valid
  int (*appender_create)(void*, const char*, const char*, void**);
  const char* (*appender_error)(void*);
  int (*appender_end_row)(void*);
  int (*appender_destroy)(void**);
  int (*append_null)(void*);
  int (*append_bool)(void*, bool);
  int (*append_int64)(void*, std::int64_t);
  int (*append_uint64)(void*, std::uint64_t);
  int (*append_double)(void*, double);
  int (*append_timestamp)(void*, std::int64_t);  // duckdb_timestamp: a struct of one int64, passed as one
  int (*append_varchar_length)(void*, const char*, std::uint64_t);
};

inline constexpr int kSelect = 1;  // DUCKDB_STATEMENT_TYPE_SELECT

// The file has kDigest. Reads it once; again only when it has changed. From any thread, in the process that starts the worker.
// kUnavailable.
Result<void> check(const std::string& library);
// In the worker: opens a library that was checked, and asks its version. kUnavailable.
Result<Api> load(const std::string& library);

}  // namespace firebreak::archive::duckdb
