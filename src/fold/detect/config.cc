#include "fold/detect/config.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

namespace firebreak::detect {
namespace {

// Collects the first error, so that a section reads as a list of its fields.
class Section {
 public:
  Section(const Json& parent, std::string_view name, std::initializer_list<std::string_view> keys)
      : pointer_("/" + std::string(name)) {
    json_ = find(parent, name);
    if (json_ == nullptr || !json_->is_object()) {
      error_ = Error{Code::kInvalid, fmt::format("section '{}' is missing", name), pointer_, 0};
      return;
    }
    if (auto known = only_keys(*json_, keys); !known) error_ = std::move(known.error()).at(pointer_);
  }

  double number(std::string_view key, double low, double high) {
    if (!error_.message.empty()) return low;
    const auto value = get_number(*json_, key);
    if (!value) {
      error_ = Error(value.error()).at(pointer_);
      return low;
    }
    if (!std::isfinite(*value) || *value < low || *value > high) {
      error_ = Error{Code::kInvalid, fmt::format("{} must lie between {} and {}", key, low, high),
                     pointer_ + "/" + std::string(key), 0};
      return low;
    }
    return *value;
  }

  std::uint64_t count(std::string_view key, double low, double high) {
    return static_cast<std::uint64_t>(number(key, low, high));
  }

  std::int64_t seconds(std::string_view key, double low, double high) {
    return static_cast<std::int64_t>(number(key, low, high) * static_cast<double>(kSecond));
  }

  std::string text(std::string_view key) {
    if (!error_.message.empty()) return {};
    auto value = get_string(*json_, key);
    if (value) return std::move(*value);
    error_ = std::move(value.error()).at(pointer_);
    return {};
  }

  Result<void> result() const {
    if (error_.message.empty()) return {};
    return fail(error_);
  }

 private:
  const Json* json_ = nullptr;
  std::string pointer_;
  Error error_;
};

constexpr double kWeek = 7 * 86400;

Result<InputConfig> input_from_json(const Json& json) {
  Section section(json, "input", {"idle_seconds", "failures", "failure_window_seconds"});
  InputConfig out;
  out.idle_us = section.seconds("idle_seconds", 1, kWeek);
  out.failures = section.count("failures", 1, 1e6);
  out.failure_window_us = section.seconds("failure_window_seconds", 1, kWeek);
  FIREBREAK_TRY(section.result());
  return out;
}

Result<FeatureConfig> features_from_json(const Json& json) {
  Section section(json, "features", {"arl_records", "false_share", "reference_alpha", "least_share", "least_shift"});
  FeatureConfig out;
  out.arl_records = section.number("arl_records", 100, 1e15);
  out.false_share = section.number("false_share", 1e-9, 0.5);
  out.reference_alpha = section.number("reference_alpha", 1e-12, 0.5);
  out.least_share = section.number("least_share", 1e-9, 0.5);
  out.least_shift = section.number("least_shift", 0, 1);
  FIREBREAK_TRY(section.result());
  return out;
}

Result<RecordConfig> records_from_json(const Json& json) {
  Section section(json, "records", {"late_seconds", "late_share", "silence_factor", "silence_seconds", "silence_records", "caller_factor"});
  RecordConfig out;
  out.late_us = section.seconds("late_seconds", 0, kWeek);
  out.late_share = section.number("late_share", 1e-6, 0.99);
  out.silence_factor = section.number("silence_factor", 1, 1000);
  out.silence_us = section.seconds("silence_seconds", 1, kWeek);
  out.silence_records = section.count("silence_records", 1, 1e12);
  out.caller_factor = section.number("caller_factor", 1, 1000);
  FIREBREAK_TRY(section.result());
  return out;
}

Result<OutlierConfig> outliers_from_json(const Json& json) {
  Section section(json, "outliers",
                  {"window_seconds", "base_share", "open_probability", "close_probability", "min_outliers"});
  OutlierConfig out;
  out.window_us = section.seconds("window_seconds", 60, kWeek);
  out.base_share = section.number("base_share", 1e-6, 0.5);
  out.open_probability = section.number("open_probability", 1e-300, 0.1);
  out.close_probability = section.number("close_probability", out.open_probability, 1);
  out.min_outliers = section.count("min_outliers", 1, 1e6);
  FIREBREAK_TRY(section.result());
  return out;
}

Result<ChainConfig> chains_from_json(const Json& json) {
  Section section(json, "chains",
                  {"window_seconds", "rows_per_group", "remembered_rows", "link_surprise", "imputed_mass",
                   "repeat_mass", "min_size", "max_two_field_share", "key_history_seconds", "max_callers",
                   "update_seconds", "max_bytes"});
  ChainConfig out;
  out.window_us = section.seconds("window_seconds", 60, kWeek);
  out.rows_per_group = section.count("rows_per_group", 16, 1 << 20);
  out.remembered_rows = section.count("remembered_rows", 1, 1e8);
  out.link_surprise = section.number("link_surprise", 1, kNeverLinks);
  out.imputed_mass = section.number("imputed_mass", 0, 0.5);
  out.repeat_mass = section.number("repeat_mass", 0, 1);
  out.min_size = section.count("min_size", 3, 1e6);
  out.max_two_field_share = section.number("max_two_field_share", 0, 1);
  out.key_history_us = section.seconds("key_history_seconds", 0, 60 * kWeek);
  out.max_callers = section.count("max_callers", 1, 1e7);
  out.update_us = section.seconds("update_seconds", 1, 3600);
  out.max_bytes = section.count("max_bytes", 1 << 20, 1e12);
  FIREBREAK_TRY(section.result());
  return out;
}

Result<Problem> problem_from(const std::string& name) {
  if (name == "binary") return Problem::kBinary;
  if (name == "multiclass") return Problem::kMulticlass;
  if (name == "regression") return Problem::kRegression;
  if (name == "ranking") return Problem::kRanking;
  return fail(Code::kInvalid, fmt::format("'{}' is no problem: binary, multiclass, regression or ranking", name), "/performance/problem");
}

Result<PerformanceConfig> performance_from_json(const Json& json) {
  Section section(json, "performance",
                  {"problem", "flagged_answer", "positive_label", "precision_labels", "recall_labels", "error_labels", "error_limit",
                   "arl_labels", "baseline_alpha", "tolerance", "least_rise", "reference_labels", "estimate_answers", "arl_answers",
                   "replace_labels", "segment_values", "segment_share", "segment_alpha", "window_seconds", "lateness_seconds",
                   "max_predictions", "max_early_labels"});
  PerformanceConfig out;
  const std::string problem = section.text("problem");
  out.flagged_answer = section.text("flagged_answer");
  out.positive_label = section.text("positive_label");
  out.precision_labels = section.count("precision_labels", 10, 1e6);
  out.recall_labels = section.count("recall_labels", 10, 1e6);
  out.error_labels = section.count("error_labels", 10, 1e6);
  out.error_limit = section.number("error_limit", 1e-300, 1e300);
  out.arl_labels = section.number("arl_labels", 100, 1e15);
  out.baseline_alpha = section.number("baseline_alpha", 1e-9, 0.5);
  out.tolerance = section.number("tolerance", 0, 0.9);
  out.least_rise = section.number("least_rise", 1.001, 100);
  out.reference_labels = section.count("reference_labels", 0, 1e6);
  out.estimate_answers = section.count("estimate_answers", 10, 1e6);
  out.arl_answers = section.number("arl_answers", 100, 1e15);
  out.replace_labels = section.count("replace_labels", 1, 1e6);
  out.segment_values = section.count("segment_values", 1, 1024);
  out.segment_share = section.number("segment_share", 0, 1);
  out.segment_alpha = section.number("segment_alpha", 1e-9, 0.5);
  out.window_us = section.seconds("window_seconds", 60, 5 * kWeek);
  out.lateness_us = section.seconds("lateness_seconds", 0, 60 * kWeek);
  out.max_predictions = section.count("max_predictions", 1000, 1e8);
  out.max_early_labels = section.count("max_early_labels", 1, 1e7);
  FIREBREAK_TRY(section.result());
  FIREBREAK_ASSIGN(out.problem, problem_from(problem));
  return out;
}

}  // namespace

void fit_chains(DetectorConfig& config, std::size_t numeric_features, bool has_callers) {
  constexpr double kSurprisePerFeature = 3.7;  // nats: content/detectors/default.yaml
  const bool links = has_callers && numeric_features >= kChainFeatures;
  config.chains.link_surprise = links ? std::max(20.0, kSurprisePerFeature * static_cast<double>(numeric_features)) : kNeverLinks;
}

Result<DetectorConfig> detector_config_from_json(const Json& json) {
  FIREBREAK_TRY(only_keys(json, {"version", "name", "endpoint", "stream", "update_seconds", "input",
                                 "features", "records", "outliers", "chains", "performance"}));
  FIREBREAK_ASSIGN(const std::int64_t version, get_int(json, "version"));
  if (version != 1)
    return fail(Code::kInvalid, fmt::format("detector file version {} is unknown, 1 is known", version),
                "/version");
  DetectorConfig config;
  FIREBREAK_ASSIGN(config.name, get_string(json, "name"));
  FIREBREAK_ASSIGN(config.endpoint, get_string(json, "endpoint"));
  config.stream = string_or(json, "stream", config.endpoint);
  FIREBREAK_ASSIGN(const double update, get_number(json, "update_seconds"));
  if (!(update >= 1 && update <= 3600))
    return fail(Code::kInvalid, "update_seconds must lie between 1 and 3600", "/update_seconds");
  config.update_us = static_cast<std::int64_t>(update * static_cast<double>(kSecond));
  FIREBREAK_ASSIGN(config.input, input_from_json(json));
  FIREBREAK_ASSIGN(config.features, features_from_json(json));
  FIREBREAK_ASSIGN(config.records, records_from_json(json));
  FIREBREAK_ASSIGN(config.outliers, outliers_from_json(json));
  FIREBREAK_ASSIGN(config.chains, chains_from_json(json));
  FIREBREAK_ASSIGN(config.performance, performance_from_json(json));
  return config;
}

}  // namespace firebreak::detect
