#include "read/archive/duckdb.h"

#include <dlfcn.h>
#include <fmt/core.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <mutex>

#include "base/digest.h"
#include "base/files.h"

namespace firebreak::archive::duckdb {
namespace {

// In pieces: the library has 70 MB.
Result<std::string> digest_of(const std::string& path) {
  PosixFiles files;
  FIREBREAK_ASSIGN(const auto file, files.open(path, OpenMode::kRead));
  Sha256 hash;
  for (std::uint64_t at = 0;;) {
    FIREBREAK_ASSIGN(const Bytes piece, file->read_at(at, 1 << 20));
    if (piece.empty()) return hash.finish().hex();
    hash.update(piece);
    at += piece.size();
  }
}

}  // namespace

Result<void> check(const std::string& library) {
  static std::mutex mutex;
  static std::string checked;  // which file, as it was then
  struct stat now {};
  if (::stat(library.c_str(), &now) != 0) return fail(Code::kUnavailable, fmt::format("{}: {}", library, std::strerror(errno)));
  const std::string is = fmt::format("{} {} {} {} {} {}.{}", library, now.st_dev, now.st_ino, now.st_size, now.st_mtim.tv_sec,
                                     now.st_ctim.tv_sec, now.st_ctim.tv_nsec);
  const std::lock_guard lock(mutex);
  if (is == checked) return {};
  FIREBREAK_ASSIGN(const std::string digest, digest_of(library));
  if (digest != kDigest)
    return fail(Code::kUnavailable, fmt::format("{} is not the DuckDB this program is made for ({}, SHA-256 {}; it has "
                                                "{}): run scripts/duckdb.sh", library, kVersion, kDigest, digest));
  checked = is;
  return {};
}

Result<Api> load(const std::string& library) {
  void* const handle = dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) return fail(Code::kUnavailable, fmt::format("{} cannot be loaded: {}", library, dlerror()));
  Api api{};
  std::string missing;
  const auto find = [&](auto& slot, const char* name) {
    slot = reinterpret_cast<std::remove_reference_t<decltype(slot)>>(dlsym(handle, name));
    if (slot == nullptr) missing = name;
  };
#define FIREBREAK_DUCKDB(name) find(api.name, "duckdb_" #name)
  FIREBREAK_DUCKDB(library_version);
  FIREBREAK_DUCKDB(create_config);
  FIREBREAK_DUCKDB(set_config);
  FIREBREAK_DUCKDB(open_ext);
  FIREBREAK_DUCKDB(connect);
  FIREBREAK_DUCKDB(query);
  FIREBREAK_DUCKDB(result_error);
  FIREBREAK_DUCKDB(destroy_result);
  FIREBREAK_DUCKDB(prepare);
  FIREBREAK_DUCKDB(prepare_error);
  FIREBREAK_DUCKDB(prepared_statement_type);
  FIREBREAK_DUCKDB(column_count);
  FIREBREAK_DUCKDB(column_name);
  FIREBREAK_DUCKDB(fetch_chunk);
  FIREBREAK_DUCKDB(destroy_data_chunk);
  FIREBREAK_DUCKDB(data_chunk_get_size);
  FIREBREAK_DUCKDB(data_chunk_get_vector);
  FIREBREAK_DUCKDB(vector_get_data);
  FIREBREAK_DUCKDB(vector_get_validity);
  FIREBREAK_DUCKDB(appender_create);
  FIREBREAK_DUCKDB(appender_error);
  FIREBREAK_DUCKDB(appender_end_row);
  FIREBREAK_DUCKDB(appender_destroy);
  FIREBREAK_DUCKDB(append_null);
  FIREBREAK_DUCKDB(append_bool);
  FIREBREAK_DUCKDB(append_int64);
  FIREBREAK_DUCKDB(append_uint64);
  FIREBREAK_DUCKDB(append_double);
  FIREBREAK_DUCKDB(append_timestamp);
  FIREBREAK_DUCKDB(append_varchar_length);
#undef FIREBREAK_DUCKDB
  if (!missing.empty()) return fail(Code::kUnavailable, fmt::format("{} has no {}", library, missing));
  if (std::string_view(api.library_version()) != kVersion)
    return fail(Code::kUnavailable, fmt::format("{} says it is {}", library, api.library_version()));
  return api;
}

}  // namespace firebreak::archive::duckdb
