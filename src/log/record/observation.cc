#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "log/record/catalog.h"
#include "log/record/record.h"
#include "log/record/row.h"
#include "types/feature_digest.h"

namespace firebreak::record {
namespace {

constexpr double kAbsent = std::numeric_limits<double>::quiet_NaN();

// What a column means to a reader.
struct Use {
  enum { kNothing, kCore, kNumeric, kCategory, kWrongType, kUnknown } what = kNothing;
  Core core = Core::kTime;
  std::size_t slot = 0;  // of the feature
  bool category = false; // of a wrong type: what it should have been
  std::string name;
};

// Labels and the like as text: "1", "0.5", "true", "decline".
std::string text_of(const Column& column, const Cell& cell) {
  switch (column.type) {
    case ColumnType::kText: return std::string(cell.text);
    case ColumnType::kFlag: return cell.bits != 0 ? "true" : "false";
    case ColumnType::kInteger: return std::to_string(cell.integer());
    case ColumnType::kNumber: {
      std::string out;
      append_json_number(out, cell.number());
      return out;
    }
    default: return {};
  }
}

std::string_view feature_of(std::string_view path) {
  constexpr std::string_view kPrefix = "/features/";
  return path.starts_with(kPrefix) ? path.substr(kPrefix.size()) : std::string_view();
}

Use feature_use(const Column& column, const FeatureSchema& features) {
  Use use;
  use.name = pointer_name(feature_of(column.path));
  const auto numeric = std::find(features.numeric.begin(), features.numeric.end(), use.name);
  const auto category = std::find(features.categorical.begin(), features.categorical.end(), use.name);
  if (numeric != features.numeric.end()) {
    const bool fits = column.type == ColumnType::kNumber || column.type == ColumnType::kInteger;
    use.what = fits ? Use::kNumeric : Use::kWrongType;
    use.slot = static_cast<std::size_t>(numeric - features.numeric.begin());
  } else if (category != features.categorical.end()) {
    use.what = column.type == ColumnType::kText ? Use::kCategory : Use::kWrongType;
    use.slot = static_cast<std::size_t>(category - features.categorical.begin());
    use.category = true;
  } else {
    use.what = Use::kUnknown;
  }
  return use;
}

void set_core(const Use& use, const Column& column, const Cell& cell, Observation& out) {
  switch (use.core) {
    case Core::kTime: out.time = {cell.integer()}; return;
    case Core::kId: out.id = cell.text; return;
    case Core::kCaller: out.caller = cell.text; return;
    case Core::kDisposition: out.disposition = static_cast<Disposition>(cell.bits); return;
    case Core::kLabel: out.label = text_of(column, cell); return;
    case Core::kScore: out.score = cell.number(); return;
    case Core::kViolation: out.schema_violation = cell.text; return;
    case Core::kLatency: out.latency_us = cell.integer(); return;
    default: return;
  }
}

// What a candidate answered to a copy. The gateway writes it as a member of its own, which no column has.
void set_shadow(std::string_view extra, Observation& out) {
  if (extra.find("\"shadow\"") == std::string_view::npos) return;
  const auto document = parse_json(extra);
  const Json* shadow = document ? find(*document, "shadow") : nullptr;
  if (shadow == nullptr) return;
  out.shadow_release = string_or(*shadow, "release");
  out.shadow_label = string_or(*shadow, "label");
}

}  // namespace

struct ObservationReader::Plan {
  std::shared_ptr<const Schema> schema;  // kept, so that its address stays its own
  std::vector<Use> uses;                 // by column
};

ObservationReader::ObservationReader(FeatureSchema features) : features_(std::move(features)) {}
ObservationReader::~ObservationReader() = default;

const ObservationReader::Plan& ObservationReader::plan_of(const Record& record) {
  auto& plan = plans_[record.schema.get()];
  if (plan != nullptr) return *plan;
  plan = std::make_unique<Plan>();
  plan->schema = record.schema;
  for (const Column& column : record.schema->columns) {
    Use use;
    if (!feature_of(column.path).empty()) use = feature_use(column, features_);
    for (std::size_t i = 0; i < kCoreFields; ++i) {
      if (column.path != core_path(static_cast<Core>(i), record.kind)) continue;
      use.what = Use::kCore;
      use.core = static_cast<Core>(i);
    }
    plan->uses.push_back(std::move(use));
  }
  return *plan;
}

// The first thing that is wrong with the features, as "pointer: reason".
std::string ObservationReader::violation(const Record& record, const Row& row, const Plan& plan,
                                         const Observation& seen) const {
  bool any = false;
  for (std::size_t i = 0; i < row.cells.size(); ++i) {
    if (!row.cells[i].present) continue;
    const Use& use = plan.uses[i];
    if (use.what >= Use::kNumeric) any = true;
    if (use.what == Use::kUnknown) return fmt::format("/features/{}: unknown field", use.name);
    if (use.what == Use::kWrongType)
      return fmt::format("/features/{}: wrong type ({})", use.name, column_type_name(record.schema->columns[i].type));
  }
  std::optional<Json> extra;
  if (!row.extra.empty()) extra = parse_json(row.extra).value_or(Json());
  const Json* more = extra ? find(*extra, "features") : nullptr;
  if (more != nullptr && more->is_object() && !more->get_object().empty()) {
    const std::string name(more->get_object().begin()->key());
    const bool known = std::find(features_.numeric.begin(), features_.numeric.end(), name) != features_.numeric.end() ||
                       std::find(features_.categorical.begin(), features_.categorical.end(), name) !=
                           features_.categorical.end();
    return fmt::format("/features/{}: {}", name, known ? "wrong type" : "unknown field");
  }
  // A request that was turned away before it was read has no features to judge.
  if (!any && seen.disposition >= Disposition::kLimited) return {};
  for (std::size_t i = 0; i < seen.features.numeric.size(); ++i)
    if (std::isnan(seen.features.numeric[i])) return fmt::format("/features/{}: missing", features_.numeric[i]);
  for (std::size_t i = 0; i < seen.features.categories.size(); ++i)
    if (seen.features.categories[i].empty()) return fmt::format("/features/{}: missing", features_.categorical[i]);
  return {};
}

Result<Observation> ObservationReader::read(const Record& record) {
  if (record.erased) return fail(Code::kNotFound, fmt::format("record {} was erased", record.index));
  if (record.kind != Kind::kInference)
    return fail(Code::kInvalid, fmt::format("record {} is no inference but {}", record.index, kind_name(record.kind)));
  const Plan& plan = plan_of(record);
  Row row;
  FIREBREAK_TRY(decode_row(*record.schema, record.row, row));
  Observation out;
  out.index = record.index;
  out.score = kAbsent;
  out.model_known = record.model_known;
  out.features.numeric.assign(features_.numeric.size(), kAbsent);
  out.features.categories.resize(features_.categorical.size());
  if (record.release != nullptr) {
    out.release = record.release->release;
    out.model_digest = record.release->model_digest;
  }
  for (std::size_t i = 0; i < row.cells.size(); ++i) {
    const Cell& cell = row.cells[i];
    if (!cell.present) continue;
    const Use& use = plan.uses[i];
    const Column& column = record.schema->columns[i];
    if (use.what == Use::kCore) {
      set_core(use, column, cell, out);
    } else if (use.what == Use::kNumeric) {
      out.features.numeric[use.slot] =
          column.type == ColumnType::kNumber ? cell.number() : static_cast<double>(cell.integer());
    } else if (use.what == Use::kCategory) {
      out.features.categories[use.slot] = cell.text;
    } else if (use.what == Use::kWrongType) {
      out.mistyped.push_back(use.slot + (use.category ? features_.numeric.size() : 0));
    }
  }
  set_shadow(row.extra, out);
  out.delay_us = record.admitted - out.time;
  out.feature_digest = feature_digest(features_, out.features);
  if (out.schema_violation.empty()) out.schema_violation = violation(record, row, plan, out);
  return out;
}

Result<Observation> to_observation(const Record& record, const FeatureSchema& features) {
  return ObservationReader(features).read(record);
}

Result<LabelObservation> to_label(const Record& record) {
  if (record.erased) return fail(Code::kNotFound, fmt::format("record {} was erased", record.index));
  if (record.kind != Kind::kLabel)
    return fail(Code::kInvalid, fmt::format("record {} is no label but {}", record.index, kind_name(record.kind)));
  Row row;
  FIREBREAK_TRY(decode_row(*record.schema, record.row, row));
  LabelObservation out;
  out.index = record.index;
  for (std::size_t i = 0; i < row.cells.size(); ++i) {
    if (!row.cells[i].present) continue;
    const Column& column = record.schema->columns[i];
    if (column.path == "/time") out.time = {row.cells[i].integer()};
    if (column.path == "/id") out.id = row.cells[i].text;
    if (column.path == "/label") out.label = text_of(column, row.cells[i]);
  }
  return out;
}

}  // namespace firebreak::record
