#include "read/archive/load.h"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>

namespace firebreak::archive {
namespace {

constexpr std::size_t kReadBytes = 1024 * 1024;
constexpr std::uint32_t kTextBytes = 64 * 1024 * 1024;
constexpr std::uint64_t kGroupBytes = 64 * 1024 * 1024;  // of a Parquet row group, before it is compressed

}  // namespace

bool Loader::need(std::size_t octets) {
  while (end_ - at_ < octets) {
    if (at_ > 0) {
      std::memmove(buffer_.data(), buffer_.data() + at_, end_ - at_);
      end_ -= std::exchange(at_, 0);
    }
    if (buffer_.size() < std::max(octets, kReadBytes)) buffer_.resize(std::max(octets, kReadBytes));
    const ssize_t got = ::read(STDIN_FILENO, buffer_.data() + end_, buffer_.size() - end_);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    end_ += static_cast<std::size_t>(got);
  }
  return true;
}

template <typename T>
bool Loader::number(T& value) {
  if (!need(sizeof value)) return false;
  std::memcpy(&value, buffer_.data() + at_, sizeof value);
  at_ += sizeof value;
  return true;
}

Result<Json> Loader::load() {
  for (;;) {
    std::uint16_t which = 0;
    if (!number(which)) return fail(Code::kIo, "the rows broke off");
    if (which == kLastRow) break;
    if (which == kTableComes) {
      FIREBREAK_TRY(table_comes());
      continue;
    }
    if (which >= tables_.size()) return fail(Code::kInvalid, "a row of no table");
    Loading& into = tables_[which];
    if (!row(into)) {
      const char* why = api_.appender_error(into.appender);
      return fail(Code::kIo, why == nullptr ? "the rows broke off" : why);
    }
    ++into.rows;
  }
  JsonObject counts;
  for (Loading& loading : tables_) {
    FIREBREAK_TRY(write(loading));
    counts[loading.table.name] = loading.rows;
  }
  return Json(JsonObject{{"rows", counts}});
}

// A new table, or one that is known with columns added at its end.
Result<void> Loader::table_comes() {
  std::uint16_t which = 0;
  std::uint32_t length = 0;
  if (!number(which) || !number(length) || length > kTextBytes || !need(length)) return fail(Code::kIo, "the rows broke off");
  FIREBREAK_ASSIGN(const Json document, parse_json(std::string_view(buffer_).substr(at_, length)));
  at_ += length;
  FIREBREAK_ASSIGN(Table table, table_from_json(document));
  if (which > tables_.size()) return fail(Code::kInvalid, "a table out of order");
  if (which == tables_.size()) {
    FIREBREAK_TRY(run_(table.create_sql()));
    tables_.emplace_back();
  } else {
    Loading& known = tables_[which];
    if (table.name != known.table.name || table.columns.size() < known.table.columns.size())
      return fail(Code::kInvalid, "another table under a known number");
    if (api_.appender_destroy(&known.appender) != 0) return fail(Code::kIo, "DuckDB did not keep the rows");
    for (std::size_t i = known.table.columns.size(); i < table.columns.size(); ++i)
      FIREBREAK_TRY(run_("ALTER TABLE " + quoted_name(table.name) + " ADD COLUMN " + table.column_sql(i)));
  }
  Loading& loading = tables_[which];
  loading.table = std::move(table);
  if (api_.appender_create(connection_, nullptr, loading.table.name.c_str(), &loading.appender) != 0)
    return fail(Code::kInternal, "DuckDB makes no appender");
  return {};
}

bool Loader::row(Loading& into) {
  for (const TableColumn& column : into.table.columns) {
    std::uint8_t present = 0;
    if (!number(present)) return false;
    int failed = 0;
    if (present == 0) {
      failed = api_.append_null(into.appender);
    } else if (column.type == CellType::kText) {
      std::uint32_t length = 0;
      if (!number(length) || length > kTextBytes || !need(length)) return false;
      failed = api_.append_varchar_length(into.appender, buffer_.data() + at_, length);
      at_ += length;
      into.octets += length;
    } else {
      std::uint64_t bits = 0;
      if (!number(bits)) return false;
      into.octets += sizeof bits;
      switch (column.type) {
        case CellType::kUnsigned: failed = api_.append_uint64(into.appender, bits); break;
        case CellType::kInteger: failed = api_.append_int64(into.appender, static_cast<std::int64_t>(bits)); break;
        case CellType::kTime: failed = api_.append_timestamp(into.appender, static_cast<std::int64_t>(bits)); break;
        case CellType::kNumber: failed = api_.append_double(into.appender, std::bit_cast<double>(bits)); break;
        case CellType::kFlag: failed = api_.append_bool(into.appender, bits != 0); break;
        case CellType::kText: break;
      }
    }
    if (failed != 0) return false;
  }
  return api_.appender_end_row(into.appender) == 0;
}

Result<void> Loader::write(Loading& loading) {
  if (api_.appender_destroy(&loading.appender) != 0) return fail(Code::kIo, "DuckDB did not keep the rows");
  // A group of rows is held in memory whole: fewer of them when they are long.
  const std::uint64_t group = std::clamp<std::uint64_t>(kGroupBytes * loading.rows / std::max<std::uint64_t>(loading.octets, 1), 2'048, 122'880);
  return run_(fmt::format("COPY (SELECT * FROM {}) TO {} (FORMAT PARQUET, COMPRESSION ZSTD, ROW_GROUP_SIZE {})",
                          quoted_name(loading.table.name), quoted_text(loading.table.file), group));
}

}  // namespace firebreak::archive
