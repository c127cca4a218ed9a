#include "run/main/detect_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "fold/detect/detector.h"
#include "read/table/rows.h"
#include "run/app/content.h"
#include "run/main/table_columns.h"
#include "types/feature_digest.h"

namespace firebreak::cli {
namespace {

constexpr std::uint64_t kMostReference = 5'000;
constexpr std::int64_t kRowTime = kSecond;  // of rows without a time, from 2000-01-01 on
constexpr Time kFirstTime{946'684'800 * kSecond};

std::optional<std::size_t> place_of(const std::vector<std::string>& names, const std::string& name) {
  const auto at = std::find(names.begin(), names.end(), name);
  return at == names.end() ? std::nullopt : std::optional(static_cast<std::size_t>(at - names.begin()));
}

Result<std::optional<std::size_t>> named(const std::vector<std::string>& names, const std::string& wanted, std::vector<std::string> usual) {
  if (!wanted.empty()) {
    const auto at = place_of(names, wanted);
    if (!at) return fail(Code::kInvalid, fmt::format("there is no column '{}'; the columns are {}", wanted, fmt::join(names, ", ")));
    return at;
  }
  for (const std::string& one : usual)
    if (const auto at = place_of(names, one)) return at;
  return std::nullopt;
}

Result<RowParts> parts_of(const std::vector<std::string>& names, const DetectOptions& options) {
  RowParts parts;
  const bool records = std::any_of(names.begin(), names.end(), [](const std::string& name) { return name.starts_with("features."); });
  const auto usual = [records](std::vector<std::string> list) { return records ? std::move(list) : std::vector<std::string>(); };
  FIREBREAK_ASSIGN(parts.type, named(names, "", usual({"type"})));
  FIREBREAK_ASSIGN(parts.id, named(names, options.id, {"id"}));
  FIREBREAK_ASSIGN(parts.time, named(names, options.time, {"time", "timestamp"}));
  FIREBREAK_ASSIGN(parts.caller, named(names, options.caller, {"caller"}));
  FIREBREAK_ASSIGN(parts.label, named(names, options.label, usual({"label"})));
  FIREBREAK_ASSIGN(parts.prediction, named(names, options.prediction, usual({"output.label", "prediction"})));
  FIREBREAK_ASSIGN(parts.score, named(names, options.score, usual({"output.score", "score"})));
  return parts;
}

// "2026-03-07T03:27:37Z", "2026-03-07 03:27:37", "2026-03-07".
std::optional<Time> time_in(std::string text) {
  if (text.size() == 10) text += "T00:00:00Z";
  if (text.size() > 10 && text[10] == ' ') text[10] = 'T';
  if (text.size() == 19) text += "Z";
  const auto time = parse_time(text);
  return time ? std::optional(*time) : std::nullopt;
}

const std::string& text_at(const TableRow& row, const std::optional<std::size_t>& column) {
  static const std::string kNone;
  return column && *column < row.size() ? row[*column].text : kNone;
}

// One run over the file.
class Detection {
 public:
  Detection(Files& files, const DetectOptions& options) : files_(files), options_(options) {}
  Result<Json> run();

 private:
  Result<void> read_reference();
  Result<void> configure();
  bool is_label(const TableRow& row) const { return parts_.type && text_at(row, parts_.type) == "label"; }
  FeatureRow features_of(const TableRow& row, std::vector<std::size_t>* mistyped) const;
  Result<Observation> observation_of(const TableRow& row, std::uint64_t number) const;
  Result<Time> time_of(const TableRow& row, std::uint64_t number) const;
  Result<void> take(const table::Row& row);
  void note(std::vector<FindingUpdate> updates, std::uint64_t row);
  Json answer() const;

  Files& files_;
  const DetectOptions& options_;
  RowRange reference_;
  std::vector<std::string> names_;
  RowParts parts_;
  TableColumns columns_;
  std::vector<TableRow> reference_table_;
  detect::DetectorConfig config_;
  std::unique_ptr<detect::StreamDetector> detector_;
  struct Found {
    FindingUpdate update;  // as it was opened
    std::uint64_t row = 0;
    std::optional<std::uint64_t> closed;
    std::uint64_t last = 0;  // row of its evidence
  };
  std::vector<Found> found_;
  std::map<std::string, std::size_t> by_episode_;
  std::uint64_t rows_ = 0;
  Time last_time_;
};

Result<void> Detection::read_reference() {
  FIREBREAK_ASSIGN(reference_, parse_rows(options_.reference_rows));
  if (options_.reference_rows.empty()) {
    FIREBREAK_ASSIGN(const std::uint64_t all, table::each_row(files_, options_.file, {}, [](const table::Row&) { return Result<void>(); }));
    reference_.to = std::min(kMostReference, all / 4);
  }
  if (reference_.to != UINT64_MAX && reference_.to < reference_.from + kLeastReference)
    return fail(Code::kInvalid, fmt::format("the reference has {} rows; it needs {} at least (--reference-rows FROM:TO)",
                                            reference_.to - std::min(reference_.from, reference_.to), kLeastReference));
  table::Reading reading;
  reading.from = reference_.from;
  reading.to = reference_.to;
  FIREBREAK_ASSIGN(const std::uint64_t read, table::each_row(files_, options_.file, reading, [this](const table::Row& row) {
    names_ = row.names;
    reference_table_.emplace_back(row.cells.begin(), row.cells.end());
    return Result<void>();
  }));
  reference_.to = reference_.from + read;
  if (read < kLeastReference) return fail(Code::kInvalid, fmt::format("the reference has {} rows; it needs {} at least", read, kLeastReference));
  FIREBREAK_ASSIGN(parts_, parts_of(names_, options_));
  std::vector<bool> used(names_.size(), false);
  for (const auto& part : {parts_.type, parts_.id, parts_.time, parts_.caller, parts_.label, parts_.prediction, parts_.score})
    if (part) used[*part] = true;
  for (const std::string& name : options_.ignore) {
    FIREBREAK_ASSIGN(const auto at, named(names_, name, {}));
    used[*at] = true;
  }
  std::erase_if(reference_table_, [this](const TableRow& row) { return is_label(row); });
  columns_ = tell_columns(names_, reference_table_, used);
  if (columns_.schema.numeric.empty() && columns_.schema.categorical.empty())
    return fail(Code::kInvalid, "no column is left to watch");
  return {};
}

Result<void> Detection::configure() {
  const bool own = !options_.config.empty();
  FIREBREAK_ASSIGN(const Json document, own ? app::load_document(files_, options_.config)
                                            : app::yaml_to_json(app::default_detectors(), "content/detectors/default.yaml"));
  FIREBREAK_ASSIGN(config_, detect::detector_config_from_json(document));
  config_.endpoint = config_.stream = "file";
  if (!own) detect::fit_chains(config_, columns_.schema.numeric.size(), parts_.caller.has_value());
  std::vector<FeatureRow> rows;
  for (const TableRow& row : reference_table_) rows.push_back(features_of(row, nullptr));
  FIREBREAK_ASSIGN(const detect::ReferenceProfile profile, detect::build_profile(columns_.schema, rows, 0.01, true));
  reference_table_.clear();
  detector_ = std::make_unique<detect::StreamDetector>(config_, profile);
  return {};
}

FeatureRow Detection::features_of(const TableRow& row, std::vector<std::size_t>* mistyped) const {
  FeatureRow out;
  for (const std::size_t column : columns_.numeric) {
    const auto number = column < row.size() ? number_in(row[column]) : std::nullopt;
    if (!number && column < row.size() && row[column].form != table::Form::kAbsent && mistyped != nullptr) mistyped->push_back(out.numeric.size());
    out.numeric.push_back(number && std::isfinite(*number) ? *number : std::numeric_limits<double>::quiet_NaN());
  }
  for (const std::size_t column : columns_.categorical) out.categories.push_back(column < row.size() ? row[column].text : std::string());
  return out;
}

Result<Time> Detection::time_of(const TableRow& row, std::uint64_t number) const {
  if (!parts_.time) return Time{kFirstTime.us + static_cast<std::int64_t>(number) * kRowTime};
  const auto time = time_in(text_at(row, parts_.time));
  if (!time) return fail(Code::kInvalid, fmt::format("row {}: '{}' is no time, as 2026-03-07T03:27:37Z", number, text_at(row, parts_.time)));
  return *time;
}

Result<Observation> Detection::observation_of(const TableRow& row, std::uint64_t number) const {
  Observation out;
  out.index = number;
  FIREBREAK_ASSIGN(out.time, time_of(row, number));
  out.id = parts_.id ? text_at(row, parts_.id) : std::to_string(number);
  out.caller = text_at(row, parts_.caller);
  out.features = features_of(row, &out.mistyped);
  out.feature_digest = feature_digest(columns_.schema, out.features);
  out.label = text_at(row, parts_.prediction);
  out.score = std::numeric_limits<double>::quiet_NaN();
  if (parts_.score && *parts_.score < row.size()) out.score = number_in(row[*parts_.score]).value_or(out.score);
  return out;
}

Result<void> Detection::take(const table::Row& row) {
  names_ = row.names;
  const TableRow cells(row.cells.begin(), row.cells.end());
  rows_ = row.number + 1;
  FIREBREAK_ASSIGN(const Time time, time_of(cells, row.number));
  last_time_ = std::max(last_time_, time);
  if (is_label(cells)) {
    note(detector_->observe(LabelObservation{row.number, time, text_at(cells, parts_.id), text_at(cells, parts_.label)}), row.number);
    return {};
  }
  FIREBREAK_ASSIGN(const Observation seen, observation_of(cells, row.number));
  note(detector_->observe(seen), row.number);
  // A label in the row itself is known at once.
  if (parts_.label && !parts_.type && !text_at(cells, parts_.label).empty())
    note(detector_->observe(LabelObservation{row.number, time, seen.id, text_at(cells, parts_.label)}), row.number);
  return {};
}

void Detection::note(std::vector<FindingUpdate> updates, std::uint64_t row) {
  for (FindingUpdate& update : updates) {
    const auto [at, fresh] = by_episode_.try_emplace(update.episode, found_.size());
    if (fresh) found_.push_back({update, row, {}, 0});
    Found& found = found_[at->second];
    if (update.phase == FindingPhase::kClosed) found.closed = row;
    found.last = update.last_index;
  }
}

// The figure a finding was opened by and the limit it was held against.
std::pair<Json, Json> value_and_limit(const FindingUpdate& update) {
  constexpr std::pair<std::string_view, std::string_view> kPairs[] = {
      {"log_evidence", "log_limit"}, {"share", "base_share"}, {"precision", "baseline"}, {"recall", "baseline"}, {"value", "limit"}};
  for (const auto& [value, limit] : kPairs) {
    const auto figure = update.numbers.find(std::string(value)), against = update.numbers.find(std::string(limit));
    if (figure != update.numbers.end() && against != update.numbers.end()) return {figure->second, against->second};
  }
  return {static_cast<double>(update.count), nullptr};
}

Json text_or_null(const std::string& text) { return text.empty() ? Json() : Json(text); }

Json Detection::answer() const {
  JsonArray findings;
  for (const Found& found : found_) {
    const FindingUpdate& update = found.update;
    auto [value, limit] = value_and_limit(update);
    JsonObject numbers;
    for (const auto& [name, figure] : update.numbers) numbers[name] = figure;
    findings.push_back(JsonObject{{"row", found.row},
                                  {"detector", update.kind},
                                  {"feature", text_or_null(update.feature)},
                                  {"segment", text_or_null(update.segment)},
                                  {"onset", update.onset ? Json(JsonArray{update.onset->first_index, update.onset->last_index}) : Json()},
                                  {"value", std::move(value)},
                                  {"limit", std::move(limit)},
                                  {"severity", severity_name(update.severity)},
                                  {"first_row", update.first_index},
                                  {"last_row", found.last},
                                  {"closed_row", found.closed ? Json(*found.closed) : Json()},
                                  {"summary", update.summary},
                                  {"numbers", std::move(numbers)}});
  }
  const auto names = [](const std::vector<std::string>& list) { return JsonArray(list.begin(), list.end()); };
  return JsonObject{{"file", options_.file},
                    {"rows", rows_},
                    {"reference", JsonObject{{"rows", JsonArray{reference_.from, reference_.to}}}},
                    {"features", JsonObject{{"numeric", names(columns_.schema.numeric)}, {"categorical", names(columns_.schema.categorical)}}},
                    {"not_watched", columns_.not_watched},
                    {"budget", JsonObject{{"arl_records", config_.features.arl_records}, {"false_share", config_.features.false_share}}},
                    {"state_bytes", detector_->bytes()},
                    {"findings", std::move(findings)}};
}

Result<Json> Detection::run() {
  FIREBREAK_TRY(read_reference());
  FIREBREAK_TRY(configure());
  table::Reading reading;
  reading.from = reference_.to;
  reading.progress = options_.progress;
  FIREBREAK_ASSIGN(const std::uint64_t read, table::each_row(files_, options_.file, reading, [this](const table::Row& row) { return take(row); }));
  if (read == 0) return fail(Code::kInvalid, "no row is left behind the reference");
  return answer();
}

}  // namespace

Result<Json> detect_in_file(Files& files, const DetectOptions& options) { return Detection(files, options).run(); }

}  // namespace firebreak::cli
