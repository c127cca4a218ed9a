// The thresholds of one endpoint's detectors. Their values and the reason of each stand in
// content/detectors/.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/json.h"
#include "base/result.h"
#include "fold/detect/measures.h"

namespace firebreak::detect {

// Findings about single requests: an episode opens with the first hit and closes when `idle_us` passed
// without one.
struct InputConfig {
  std::int64_t idle_us = 0;
  std::uint64_t failures = 0;  // answers that failed, within …
  std::int64_t failure_window_us = 0;
};

// The budget of false alarms about features: what it promises stands in feature_watches.h.
struct FeatureConfig {
  double arl_records = 0;      // records until a false finding, on average, at least
  double false_share = 0;      // of the findings of one moment, on average
  double reference_alpha = 0;  // chance that the reference bounds anything too low
  double least_share = 0;      // of missing, unseen and such values, below which more of them are not told
  double least_shift = 0;      // total variation beyond chance below which a shift is not told
};

// The stream as such (record_watch.h).
struct RecordConfig {
  std::int64_t late_us = 0;           // behind the newest event time: late
  double late_share = 0;              // of the records that may be
  double silence_factor = 0;          // times the longest silence so far
  std::int64_t silence_us = 0;        // and at least
  std::uint64_t silence_records = 0;  // and a day of them, before a silence says anything
  double caller_factor = 0;           // times the greatest share of one caller, or number of callers, so far
};

struct OutlierConfig {
  std::int64_t window_us = 0;
  double base_share = 0;        // share of outliers that honest traffic may have
  double open_probability = 0;  // binomial upper tail below which the window is a finding
  double close_probability = 0;
  std::uint64_t min_outliers = 0;
};

struct ChainConfig {
  std::int64_t window_us = 0;        // rows older than this link nothing
  std::uint64_t rows_per_group = 0;  // newest distinct rows kept per combination of categories
  std::uint64_t remembered_rows =
      0;                       // newest distinct rows whose exact copies are known as such, beyond the window
  double link_surprise = 0;    // nats
  double imputed_mass = 0;     // added on both sides of a value that default records carry
  double repeat_mass = 0;      // least mass of a value that repeats inside both rows
  std::uint64_t min_size = 0;  // distinct rows
  double max_two_field_share = 0;  // share of steps within the two most moved fields, at most
  std::int64_t key_history_us =
      0;                          // a key first seen this long ago is established: never handed on by itself
  std::uint64_t max_callers = 0;  // keys whose first sight is remembered
  std::int64_t update_us = 0;     // growth is reported at most this often
  std::uint64_t max_bytes = 0;
};

struct PerformanceConfig {
  Problem problem = Problem::kBinary;
  std::string flagged_answer;  // the answer that claims a positive
  std::string positive_label;
  std::uint64_t precision_labels = 0;  // newest labelled flagged answers: shown, corrected, judged for the end of a drop
  std::uint64_t recall_labels = 0;     // newest labelled positives
  std::uint64_t error_labels = 0;      // newest labels, for the other measures
  double error_limit = 1;              // regression: an error of this size and more counts whole
  double arl_labels = 0;               // labels between two false alarms on average, at least; all measures together
  double baseline_alpha = 0;           // chance that a measure's baseline, read from a sample, is too low
  double tolerance = 0;                // rise of a mean loss above its baseline that nobody minds
  double least_rise = 0;               // smallest rise of a loss looked for, as a factor
  std::uint64_t reference_labels = 0;  // first labels: the baseline of what no release tells, and the calibration
  std::uint64_t estimate_answers = 0;  // newest answers of an estimate without labels
  double arl_answers = 0;              // answers between two false alarms of the estimates
  std::uint64_t replace_labels = 0;    // labels that decide in an estimate's stead
  std::uint64_t segment_values = 0;    // segments followed per feature
  double segment_share = 0;            // of a drop that a segment must carry to be named
  double segment_alpha = 0;            // chance that a segment is named when all lose alike
  std::int64_t window_us = 0;          // of the figures over time
  std::int64_t lateness_us = 0;        // a window is told as complete this long after its end
  std::uint64_t max_predictions = 0;   // newest answers that wait for a label
  std::uint64_t max_early_labels = 0;  // newest labels that wait for their answer
};

struct DetectorConfig {
  std::string name, endpoint, stream;
  std::int64_t update_us = 0;  // other findings are updated at most this often
  InputConfig input;
  FeatureConfig features;
  RecordConfig records;
  OutlierConfig outliers;
  ChainConfig chains;
  PerformanceConfig performance;
};

inline constexpr std::size_t kChainFeatures = 6;  // numeric ones, below which equal rows come by chance
inline constexpr double kNeverLinks = 1e9;  // a link_surprise at which no chain is found

// The default's own words for an endpoint: how near is near depends on the number of numeric features; below six of them, or
// without callers, likeness says too little and no chain is found.
void fit_chains(DetectorConfig& config, std::size_t numeric_features, bool has_callers);

// Every threshold must be there: an absent one would be a decision nobody took. Errors: kInvalid with the
// pointer of what is missing, unknown, of a wrong type or out of its range.
Result<DetectorConfig> detector_config_from_json(const Json& json);

}  // namespace firebreak::detect
