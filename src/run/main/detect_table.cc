#include "run/main/detect_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "fold/detect/detector.h"
#include "read/table/rows.h"
#include "run/app/content.h"
#include "run/main/odd_answers.h"
#include "run/main/table_answers.h"
#include "run/main/table_columns.h"
#include "run/main/table_number.h"
#include "run/main/table_parts.h"
#include "run/main/table_time.h"
#include "types/feature_digest.h"

namespace firebreak::cli {
namespace {

constexpr std::uint64_t kMostReference = 5'000;
constexpr std::int64_t kRowTime = kSecond;  // of rows without a time, from 2000-01-01 on
constexpr Time kFirstTime{946'684'800 * kSecond};

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
  Result<std::uint64_t> each_row(std::uint64_t from, std::uint64_t to, const std::function<void(double)>& progress,
                                 const std::function<Result<void>(const table::Row&)>& row) const;
  Result<void> read_reference();
  tl::unexpected<Error> nothing_left() const;
  Result<void> tell_parts();
  Result<void> look_for_label();
  Result<void> check_reference() const;
  Result<void> configure();
  bool is_label(const TableRow& row) const { return parts_.type && text_at(row, parts_.type) == "label"; }
  std::uint64_t labelled_rows() const;
  FeatureRow repeatable(FeatureRow row) const;
  Result<ClassCounts> labels_to_come(std::uint64_t most) const;
  Result<Observation> observation_of(const TableRow& row, std::uint64_t number) const;
  Result<Time> time_of(const TableRow& row, std::uint64_t number) const;
  Result<void> take(const table::Row& row);
  void tell_new_field(const TableRow& row, Observation& seen) const;
  void note(std::vector<FindingUpdate> updates, std::uint64_t row);
  Json answer() const;

  Files& files_;
  const DetectOptions& options_;
  RowRange reference_;
  std::vector<std::string> names_;
  std::size_t reference_columns_ = 0;           // of the names, those that the reference's rows have
  RowParts parts_;
  TableColumns columns_;
  TableAnswers answers_;
  std::vector<TableRow> reference_table_;       // inferences only …
  std::vector<std::uint64_t> reference_rows_;   // … and where they stand in the file
  std::string no_performance_;                  // why; empty when it is watched
  Json columns_taken_;
  OddAnswers odd_;
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

Result<std::uint64_t> Detection::each_row(std::uint64_t from, std::uint64_t to, const std::function<void(double)>& progress,
                                          const std::function<Result<void>(const table::Row&)>& row) const {
  table::Reading reading;
  reading.from = from;
  reading.to = to;
  reading.progress = progress;
  reading.format = options_.format;
  return table::each_row(files_, options_.file, reading, row);
}

Result<void> Detection::read_reference() {
  FIREBREAK_ASSIGN(reference_, parse_rows(options_.reference_rows));
  if (options_.reference_rows.empty()) {
    FIREBREAK_ASSIGN(const std::uint64_t all, each_row(0, UINT64_MAX, {}, [](const table::Row&) { return Result<void>(); }));
    reference_.to = std::min(kMostReference, all / 4);
  }
  if (reference_.to != UINT64_MAX && reference_.to < reference_.from + kLeastReference)
    return fail(Code::kInvalid, fmt::format("the reference has {} rows; it needs {} at least (--reference-rows FROM:TO)",
                                            reference_.to - std::min(reference_.from, reference_.to), kLeastReference));
  // One row more says whether any is left behind it.
  const std::uint64_t wanted = reference_.to;
  bool left = false;
  FIREBREAK_TRY(each_row(reference_.from, wanted == UINT64_MAX ? wanted : wanted + 1, {}, [&](const table::Row& row) {
    left = row.number >= wanted;
    if (left) return Result<void>();
    names_ = row.names;
    reference_table_.emplace_back(row.cells.begin(), row.cells.end());
    reference_rows_.push_back(row.number);
    return Result<void>();
  }));
  const std::uint64_t read = reference_rows_.size();
  reference_.to = reference_.from + read;
  if (read < kLeastReference) return fail(Code::kInvalid, fmt::format("the reference has {} rows; it needs {} at least", read, kLeastReference));
  if (!left) return nothing_left();
  return tell_parts();
}

tl::unexpected<Error> Detection::nothing_left() const {
  const std::uint64_t rows = reference_.to - reference_.from;
  std::string help = fmt::format("it has {} rows, and half of them are fewer than the {} that a reference needs: detect wants a longer file", rows, kLeastReference);
  if (rows / 2 >= kLeastReference)
    help = fmt::format("end it earlier, as --reference-rows {}:{}, or leave the option out: then it is the first quarter", reference_.from, reference_.from + rows / 2);
  return fail(Code::kInvalid, fmt::format("no row is left to judge: the reference, rows {}:{}, reaches the end of the file; {}", reference_.from, reference_.to, help));
}

Result<void> Detection::tell_parts() {
  FIREBREAK_TRY(distinct_names(options_.file, names_));
  reference_columns_ = names_.size();
  FIREBREAK_ASSIGN(parts_, parts_of(names_, options_));
  if (parts_.type && !parts_.label && options_.label != "none") FIREBREAK_TRY(look_for_label());
  no_performance_ = no_performance(names_, parts_);
  JsonArray not_watched;
  FIREBREAK_ASSIGN(const std::vector<bool> used, used_columns(names_, parts_, options_, not_watched));
  std::vector<std::uint64_t> numbers;
  for (std::size_t i = 0; i < reference_table_.size(); ++i)
    if (!is_label(reference_table_[i])) numbers.push_back(reference_rows_[i]);
  std::erase_if(reference_table_, [this](const TableRow& row) { return is_label(row); });
  reference_rows_ = std::move(numbers);
  columns_ = tell_columns(names_, reference_table_, used);
  columns_.not_watched.insert(columns_.not_watched.begin(), not_watched.begin(), not_watched.end());
  if (columns_.schema.numeric.empty() && columns_.schema.categorical.empty())
    return fail(Code::kInvalid, "no column is left to watch");
  // Alone they say nothing of the model and are features.
  columns_taken_ = parts_json(names_, parts_);
  if (!has_performance(parts_)) parts_.label = parts_.type ? parts_.label : std::nullopt;
  return {};
}

// Lines of labels may begin behind the reference, and their column with them.
Result<void> Detection::look_for_label() {
  FIREBREAK_TRY(each_row(reference_.to, UINT64_MAX, {}, [this](const table::Row& row) {
    for (; !parts_.label && names_.size() < row.names.size();) {
      names_.push_back(row.names[names_.size()]);
      if (names_.back() == "label") parts_.label = names_.size() - 1;
    }
    return Result<void>();
  }));
  if (!parts_.label) names_.resize(reference_columns_);
  return {};
}

Result<void> Detection::configure() {
  const bool own = !options_.config.empty();
  FIREBREAK_ASSIGN(const Json document, own ? app::load_document(files_, options_.config)
                                            : app::yaml_to_json(app::default_detectors(), "content/detectors/default.yaml"));
  FIREBREAK_ASSIGN(config_, detect::detector_config_from_json(document));
  config_.endpoint = config_.stream = "file";
  if (!own) detect::fit_chains(config_, columns_.schema.numeric.size(), parts_.caller.has_value());
  FIREBREAK_ASSIGN(const ClassCounts later, labels_to_come(config_.performance.reference_labels));
  FIREBREAK_ASSIGN(answers_, tell_answers(reference_table_, parts_, options_, later, config_.performance));
  if (answers_.labelled) config_.performance.reference_labels = labelled_rows();
  FIREBREAK_TRY(check_reference());
  std::vector<FeatureRow> rows;
  for (const TableRow& row : reference_table_) rows.push_back(features_in(columns_, row, nullptr));
  FIREBREAK_ASSIGN(detect::ReferenceProfile profile, detect::build_profile(columns_.schema, rows, 0.01, true));
  if (std::find(columns_.forms.begin(), columns_.forms.end(), true) != columns_.forms.end()) {
    for (FeatureRow& row : rows) row = repeatable(std::move(row));
    FIREBREAK_ASSIGN(const detect::ReferenceProfile repeated, detect::build_profile(columns_.schema, rows, 0.01, true));
    profile.copies = repeated.copies;
  }
  detector_ = std::make_unique<detect::StreamDetector>(config_, profile);
  for (std::size_t i = 0; answers_.labelled && i < reference_table_.size(); ++i) {
    const std::uint64_t number = reference_rows_[i];
    FIREBREAK_ASSIGN(const Observation seen, observation_of(reference_table_[i], number));
    if (std::string label = answers_.label_in(reference_table_[i]); !label.empty())
      detector_->learn(seen, LabelObservation{number, seen.time, seen.id, std::move(label)});
  }
  reference_table_.clear();
  reference_rows_.clear();
  return {};
}

std::uint64_t Detection::labelled_rows() const {
  return static_cast<std::uint64_t>(std::count_if(reference_table_.begin(), reference_table_.end(), [this](const TableRow& row) {
    return !text_at(row, parts_.label).empty() && !answers_.answer_in(row).empty();
  }));
}

// What a request that is sent again has in common with the first: not the number of an order, which is new each time.
FeatureRow Detection::repeatable(FeatureRow row) const {
  for (std::size_t i = 0; i < columns_.forms.size(); ++i)
    if (columns_.forms[i]) row.categories[i].clear();
  return row;
}

// The first labels of lines of their own: those that say what is expected say which classes there are.
Result<ClassCounts> Detection::labels_to_come(std::uint64_t most) const {
  ClassCounts out;
  if (!parts_.type || !has_performance(parts_)) return out;
  std::uint64_t left = most;
  FIREBREAK_TRY(each_row(reference_.from, UINT64_MAX, {}, [&](const table::Row& row) {
    const auto text = [&row](const std::optional<std::size_t>& column) { return *column < row.cells.size() ? row.cells[*column].text : std::string(); };
    if (left == 0 || text(parts_.type) != "label" || text(parts_.label).empty()) return Result<void>();
    ++out[class_name(text(parts_.label))];
    --left;
    return Result<void>();
  }));
  return out;
}

// Its times and scores. Behind the reference odd scores are told, and the rest is judged; what is expected cannot rest on them.
Result<void> Detection::check_reference() const {
  for (std::size_t i = 0; i < reference_table_.size(); ++i) {
    const auto time = time_of(reference_table_[i], reference_rows_[i]);
    if (!time) return fail(Error(time.error()));
    const std::string wrong = answers_.wrong_score(reference_table_[i]);
    if (wrong.empty()) continue;
    return fail(Code::kInvalid, fmt::format("row {}: the score '{}' in column '{}' is no number from 0 to 1; give a column of probabilities, or one of answers with --prediction and --score none",
                                            reference_rows_[i], wrong, names_[*answers_.score]));
  }
  return {};
}

Result<Time> Detection::time_of(const TableRow& row, std::uint64_t number) const {
  if (!parts_.time) return Time{kFirstTime.us + static_cast<std::int64_t>(number) * kRowTime};
  const auto time = *parts_.time < row.size() ? time_in(row[*parts_.time]) : std::nullopt;
  if (time) return *time;
  return fail(Code::kInvalid, fmt::format("row {}: '{}' in column '{}' is no time, as 2026-03-07T03:27:37Z or the seconds, milliseconds, microseconds or nanoseconds since 1970; "
                                          "--time names another column, --time none takes the rows in their order",
                                          number, text_at(row, parts_.time).substr(0, 40), names_[*parts_.time]));
}

Result<Observation> Detection::observation_of(const TableRow& row, std::uint64_t number) const {
  Observation out;
  out.index = number;
  FIREBREAK_ASSIGN(out.time, time_of(row, number));
  out.id = parts_.id ? text_at(row, parts_.id) : std::to_string(number);
  out.caller = text_at(row, parts_.caller);
  out.features = features_in(columns_, row, &out.mistyped);
  out.feature_digest = feature_digest(columns_.schema, repeatable(out.features));
  out.label = answers_.answer_in(row);
  out.score = answers_.score_in(row);
  return out;
}

Result<void> Detection::take(const table::Row& row) {
  names_ = row.names;
  const TableRow cells(row.cells.begin(), row.cells.end());
  rows_ = row.number + 1;
  FIREBREAK_ASSIGN(const Time time, time_of(cells, row.number));
  last_time_ = std::max(last_time_, time);
  const std::string label = answers_.label_in(cells);
  odd_.take_label(answers_, label, row.number);
  if (is_label(cells)) {
    note(detector_->observe(LabelObservation{row.number, time, text_at(cells, parts_.id), label}), row.number);
    return {};
  }
  FIREBREAK_ASSIGN(Observation seen, observation_of(cells, row.number));
  if (no_performance_.empty()) odd_.take(answers_, cells, seen);
  tell_new_field(cells, seen);
  note(detector_->observe(seen), row.number);
  // A label in the row itself is known at once.
  if (!label.empty()) note(detector_->observe(LabelObservation{row.number, time, seen.id, label}), row.number);
  return {};
}

// A field that no row of the reference had, in the words of the live reader (log/record/observation.cc).
void Detection::tell_new_field(const TableRow& row, Observation& seen) const {
  for (std::size_t i = reference_columns_; i < row.size() && seen.schema_violation.empty(); ++i) {
    const bool part = i == parts_.label || i == parts_.prediction || i == parts_.score;
    const std::string name = part || row[i].form == table::Form::kAbsent ? std::string() : feature_name(names_, i);
    if (!name.empty()) seen.schema_violation = fmt::format("/features/{}: unknown field", name);
  }
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
                                  {"callers", JsonArray(update.callers.begin(), update.callers.end())},
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
  JsonObject performance{{"watched", false}, {"reason", no_performance_}};
  if (no_performance_.empty()) {
    performance = performance_answer(answers_, config_.performance, detector_->performance(), answers_.labelled ? config_.performance.reference_labels : 0);
    performance["without_answer"] = odd_.without_answer();
    performance["new_labels"] = odd_.new_labels();
  }
  const auto names = [](const std::vector<std::string>& list) { return JsonArray(list.begin(), list.end()); };
  return JsonObject{{"file", options_.file},
                    {"rows", rows_},
                    {"reference", JsonObject{{"rows", JsonArray{reference_.from, reference_.to}}}},
                    {"columns", columns_taken_},
                    {"features", JsonObject{{"numeric", names(columns_.schema.numeric)}, {"categorical", names(columns_.schema.categorical)}}},
                    {"not_watched", columns_.not_watched},
                    {"performance", std::move(performance)},
                    {"scores_outside", odd_.scores_outside()},
                    {"budget", JsonObject{{"arl_records", config_.features.arl_records}, {"false_share", config_.features.false_share}}},
                    {"state_bytes", detector_->bytes()},
                    {"findings", std::move(findings)}};
}

Result<Json> Detection::run() {
  FIREBREAK_TRY(read_reference());
  FIREBREAK_TRY(configure());
  FIREBREAK_TRY(each_row(reference_.to, UINT64_MAX, options_.progress, [this](const table::Row& row) { return take(row); }));
  return answer();
}

}  // namespace

Result<Json> detect_in_file(Files& files, const DetectOptions& options) { return Detection(files, options).run(); }

}  // namespace firebreak::cli
