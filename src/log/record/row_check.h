// Whether a row that a client wrote is the one row its record has (docs/formats/record.md): what the reader of lines
// promises, checked on the octets.
//
// A row that the stream would change before keeping it (hashed or dropped fields), or with `extra`, is not verbatim: it
// goes through the reader of lines, which then decides.
// Pure; a RowChecks belongs to one thread.
#pragma once

#include <map>
#include <memory>
#include <span>

#include "base/time.h"
#include "log/record/catalog.h"

namespace firebreak::record {

struct RowFacts {
  bool verbatim = false;  // the rest counts only then
  Time time;
  std::string_view subject;  // whose key seals the row; points into the row
};

class RowCheck {
 public:
  RowCheck(std::shared_ptr<const Schema> schema, const StreamConfig& config);

  // Errors: kInvalid, kTooLarge, with the column's JSON Pointer.
  Result<RowFacts> check(ByteView row) const;
  const Schema& schema() const { return *schema_; }
  const std::shared_ptr<const Schema>& shared_schema() const { return schema_; }

 private:
  enum class Role : std::uint8_t { kPlain, kTime, kId, kCaller, kLatency, kLabel };
  struct Plan {
    ColumnType type = ColumnType::kText;
    Role role = Role::kPlain;
    bool is_subject = false;
    std::uint8_t fixed = 0;    // octets of the fixed part
    std::uint32_t longest = 0;  // of a text
    std::int32_t twin = -1;    // an earlier column of the same field: only one may have a value
  };
  static const char* fault_of(const Plan& plan, std::uint64_t bits);  // nullptr: none
  Result<void> check_texts(ByteView row, std::size_t at, std::span<const std::uint32_t> lengths, RowFacts& facts) const;
  tl::unexpected<Error> wrong(std::size_t column, std::string message) const;

  std::shared_ptr<const Schema> schema_;
  std::vector<Plan> plan_;
  bool as_kept_ = false;  // the configuration changes nothing
};

// One per schema, made at first use.
class RowChecks {
 public:
  void start(const Catalog& catalog);
  Result<const RowCheck*> of(ByteView row, const Catalog& catalog);  // kInvalid, kConflict: the stream has no such schema

 private:
  std::map<const Schema*, std::unique_ptr<RowCheck>> checks_;
  StreamConfig config_;
  std::uint16_t last_id_ = 0;
  const RowCheck* last_ = nullptr;
};

}  // namespace firebreak::record
