#include "log/record/row_check.h"

#include <fmt/core.h>
#include <simdjson.h>

#include <array>

#include "base/limits.h"
#include "log/record/row.h"
#include "types/observation.h"

namespace firebreak::record {
namespace {

constexpr std::size_t kSchemaIdBytes = 2;
constexpr std::int64_t kFirstUs = -62'135'596'800'000'000, kLastUs = 253'402'300'799'999'999;  // years 1 to 9999

}  // namespace

RowCheck::RowCheck(std::shared_ptr<const Schema> schema, const StreamConfig& config) : schema_(std::move(schema)) {
  const std::string subject = config.subject.empty() ? std::string() : field_path(config.subject);
  as_kept_ = config.fields.empty();
  bool subject_is_text = subject.empty();
  for (std::size_t i = 0; i < schema_->columns.size(); ++i) {
    const Column& column = schema_->columns[i];
    Plan plan;
    plan.type = column.type;
    plan.fixed = fixed_bytes(column.type);
    plan.longest = limits::kRecordBytes;
    const auto is = [&](Core core) { return column.path == core_path(core, schema_->kind); };
    if (is(Core::kTime)) plan.role = Role::kTime;
    if (is(Core::kId)) plan.role = Role::kId;
    if (is(Core::kCaller)) plan.role = Role::kCaller;
    if (is(Core::kLatency)) plan.role = Role::kLatency;
    if (is(Core::kLabel)) plan.role = Role::kLabel;
    for (const Core core : {Core::kId, Core::kSource, Core::kCaller, Core::kEndpoint, Core::kTrace})
      if (is(core)) plan.longest = limits::kIdBytes;
    if (is(Core::kViolation)) plan.longest = limits::kKiB;
    plan.is_subject = column.path == subject;
    subject_is_text = subject_is_text || (plan.is_subject && plan.type == ColumnType::kText);
    for (std::size_t k = 0; k < i; ++k)
      if (schema_->columns[k].path == column.path) plan.twin = static_cast<std::int32_t>(k);
    plan_.push_back(plan);
  }
  as_kept_ = as_kept_ && subject_is_text;
}

tl::unexpected<Error> RowCheck::wrong(std::size_t column, std::string message) const {
  return fail(Code::kInvalid, std::move(message), schema_->columns[column].path);
}

// What stands here runs once a value; the words are made by who refuses.
inline const char* RowCheck::fault_of(const Plan& plan, std::uint64_t bits) {
  constexpr std::uint64_t kExponent = 0x7ff0'0000'0000'0000, kNegativeZero = 0x8000'0000'0000'0000;
  const auto integer = static_cast<std::int64_t>(bits);
  switch (plan.type) {
    case ColumnType::kNumber:
      if ((bits & kExponent) == kExponent) return "not a finite number";
      return bits == kNegativeZero ? "a zero with a sign; write 0" : nullptr;
    case ColumnType::kFlag: return bits > 1 ? "a flag is 0 or 1" : nullptr;
    case ColumnType::kDisposition:
      return bits > static_cast<std::uint64_t>(Disposition::kFailed) ? "no disposition" : nullptr;
    case ColumnType::kInteger:
      if (plan.role == Role::kLatency)
        return integer < 0 ? "out of range: whole microseconds from 0 on are expected" : nullptr;
      return integer <= kExactInDouble && integer >= -kExactInDouble
                 ? "whole numbers up to 2^53 belong into the column of type number"
                 : nullptr;
    case ColumnType::kTime: return integer < kFirstUs || integer > kLastUs ? "not in the years 1 to 9999" : nullptr;
    case ColumnType::kText: return bits > plan.longest ? "too long" : nullptr;
  }
  return nullptr;
}

// The texts from `at` on; `lengths` has one for each column, 0 where there is none.
Result<void> RowCheck::check_texts(ByteView row, std::size_t at, std::span<const std::uint32_t> lengths,
                                   RowFacts& facts) const {
  std::string_view caller;
  for (std::size_t i = 0; i < plan_.size(); ++i) {
    if (lengths[i] == 0) continue;
    const std::string_view text = row.substr(at, lengths[i]);
    at += text.size();
    // All texts together are UTF-8; between two of them no character may be cut.
    if ((static_cast<unsigned char>(text[0]) & 0xc0) == 0x80) return wrong(i, "not UTF-8");
    if (plan_[i].role == Role::kCaller) caller = text;
    if (plan_[i].is_subject) facts.subject = text;
  }
  if (facts.subject.empty()) facts.subject = caller;
  return {};
}

Result<RowFacts> RowCheck::check(ByteView row) const {
  const std::size_t columns = plan_.size(), bitmap = (columns + 7) / 8;
  const auto short_row = [&] { return fail(Code::kInvalid, fmt::format("too short for a row of schema {}", schema_->id)); };
  if (row.size() < kSchemaIdBytes + bitmap) return short_row();
  const auto absent = [&](std::size_t i) {
    return (static_cast<unsigned char>(row[kSchemaIdBytes + i / 8]) >> (i % 8) & 1) != 0;
  };
  if (columns % 8 != 0 && static_cast<unsigned char>(row[kSchemaIdBytes + bitmap - 1]) >> (columns % 8) != 0)
    return fail(Code::kInvalid, "unused bits of the row's bitmap are set");
  RowFacts facts;
  facts.verbatim = as_kept_;
  bool has_time = false, has_id = false, has_label = false;
  std::array<std::uint32_t, limits::kColumns> lengths;
  std::size_t at = kSchemaIdBytes + bitmap;
  std::uint64_t texts = 0;
  for (std::size_t i = 0; i < columns; ++i) {
    lengths[i] = 0;
    if (absent(i)) continue;
    const Plan& plan = plan_[i];
    if (row.size() - at < plan.fixed) return short_row();
    const std::uint64_t bits = take_fixed(row, at, plan.fixed);
    at += plan.fixed;
    if (const char* const fault = fault_of(plan, bits)) return wrong(i, fault);
    if (plan.type == ColumnType::kText) {
      lengths[i] = static_cast<std::uint32_t>(bits);
      texts += bits;
    }
    if (plan.twin >= 0)
      for (std::int32_t k = plan.twin; k >= 0; k = plan_[static_cast<std::size_t>(k)].twin)
        if (!absent(static_cast<std::size_t>(k))) return wrong(i, "the field has values of two types");
    if (plan.role == Role::kPlain && !plan.is_subject) continue;
    if (plan.role == Role::kTime) facts.time = {static_cast<std::int64_t>(bits)};
    if (plan.role == Role::kId && bits == 0) return wrong(i, "an id is not empty");
    has_time = has_time || plan.role == Role::kTime;
    has_id = has_id || plan.role == Role::kId;
    has_label = has_label || plan.role == Role::kLabel;
    if (plan.is_subject && plan.type != ColumnType::kText) facts.verbatim = false;
  }
  if (row.size() - at < texts) return short_row();
  if (!simdjson::validate_utf8(row.data() + at, texts)) return fail(Code::kInvalid, "a text of the row is not UTF-8");
  FIREBREAK_TRY(check_texts(row, at, std::span(lengths).first(columns), facts));
  at += texts;
  if (!has_time) return fail(Code::kInvalid, "'time' is missing", "/time");
  const bool needs_id = schema_->kind == Kind::kInference || schema_->kind == Kind::kLabel;
  if (needs_id && !has_id) return fail(Code::kInvalid, "'id' is missing", "/id");
  if (at < row.size()) {
    facts.verbatim = false;
    const auto extra = parse_json(row.substr(at));
    if (!extra || !extra->is_object()) return fail(Code::kInvalid, "what follows the row's texts is no JSON object");
  } else if (schema_->kind == Kind::kLabel && !has_label) {
    return fail(Code::kInvalid, "'label' is missing", "/label");
  }
  return facts;
}

void RowChecks::start(const Catalog& catalog) {
  last_ = nullptr;
  if (catalog.config == config_) return;
  checks_.clear();
  config_ = catalog.config;
}

Result<const RowCheck*> RowChecks::of(ByteView row, const Catalog& catalog) {
  if (row.size() < kSchemaIdBytes) return fail(Code::kInvalid, "too short for a schema's id");
  const auto id = get_le<std::uint16_t>(row, 0);
  if (last_ != nullptr && id == last_id_) return last_;
  if (id == 0 || id > catalog.schemas.size())
    return fail(Code::kConflict, fmt::format("the stream has no schema {}: ask GET /api/v1/streams/{}/schemas for those it "
                                             "has, and send what they lack as application/x-ndjson",
                                             id, catalog.config.name));
  const std::shared_ptr<const Schema>& schema = catalog.schemas[id - 1];
  if (!catalog.allows(schema->kind))
    return fail(Code::kInvalid, fmt::format("stream '{}' takes no {} records", catalog.config.name, kind_name(schema->kind)));
  std::unique_ptr<RowCheck>& slot = checks_[schema.get()];
  if (slot == nullptr) slot = std::make_unique<RowCheck>(schema, catalog.config);
  last_id_ = id;
  last_ = slot.get();
  return last_;
}

}  // namespace firebreak::record
