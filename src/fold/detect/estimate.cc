#include "fold/detect/estimate.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

namespace firebreak::detect {
namespace {

constexpr std::array<Measure, 3> kEstimated = {Measure::kPrecision, Measure::kRecall, Measure::kError};

stats::Figure figure_of(Measure measure) {
  return measure == Measure::kPrecision ? stats::Figure::kPrecision
         : measure == Measure::kRecall  ? stats::Figure::kRecall
                                        : stats::Figure::kAccuracy;
}

// People read an error rate; CBPE speaks of accuracy.
double shown(Measure measure, double figure) { return measure == Measure::kError ? 1 - figure : figure; }

std::string name_of(Measure measure) { return std::string(figure_name(measure, Problem::kBinary)); }

}  // namespace

void PerformanceEstimate::fit(const LabelledScores& reference) {
  constexpr std::size_t kLeast = 40;
  const auto positives = std::count(reference.positives.begin(), reference.positives.end(), 1.0);
  if (reference.scores.size() < kLeast || positives == 0 || static_cast<std::size_t>(positives) == reference.scores.size()) return;
  if (stats::improves_calibration(reference.scores, reference.positives))
    calibration_ = stats::IsotonicFit(reference.scores, reference.positives);
  error_ = stats::SamplingError(reference.scores, reference.flagged, reference.positives);
  std::vector<double> chances;
  for (const double score : reference.scores) chances.push_back(calibration_(score));
  baseline_ = stats::figures_of(reference.scores, reference.flagged, chances);
  fitted_ = true;
  std::vector<Losses> losses;
  for (std::size_t i = 0; i < chances.size(); ++i) losses.push_back(expected(chances[i], reference.flagged[i] == 1));
  for (const Measure measure : kEstimated) arm(measure, losses);
}

// Recall has the chances in its denominator: for each answer the loss is what it would be if recall were as in the reference when
// it is no positive, and the miss when it is one. Its mean lies above the reference's exactly when recall lies below.
Losses PerformanceEstimate::expected(double probability, bool flagged) const {
  Losses out = kNoLosses;
  if (flagged) out[static_cast<std::size_t>(Measure::kPrecision)] = 1 - probability;
  const double miss = 1 - at(baseline_, stats::Figure::kRecall);
  if (says(miss)) out[static_cast<std::size_t>(Measure::kRecall)] = miss * (1 - probability) + (flagged ? 0 : probability);
  out[static_cast<std::size_t>(Measure::kError)] = flagged ? 1 - probability : probability;
  return out;
}

void PerformanceEstimate::arm(Measure measure, const std::vector<Losses>& reference) {
  LossWatchOptions options;
  for (const Losses& losses : reference) {
    const double loss = of(losses, measure);
    if (!says(loss)) continue;
    ++options.reference_n;
    options.reference_sum += loss;
    options.reference_squares += loss * loss;
  }
  const auto& config = config_.performance;
  if (options.reference_n < 2) return;
  options.baseline = config.tolerance + stats::upper_limit(options.reference_n, options.reference_sum, options.reference_squares,
                                                           config.baseline_alpha);
  constexpr double kLeastBaseline = 1e-4, kMostBaseline = 0.98;
  if (options.baseline > kMostBaseline) return;  // nothing worse can be told
  options.baseline = std::max(options.baseline, kLeastBaseline);
  options.threshold = config.arl_answers * static_cast<double>(kWatched);
  options.least_rise = config.least_rise;
  options.window = config.estimate_answers;
  watches_[static_cast<std::size_t>(measure)].losses.emplace(options);
}

void PerformanceEstimate::observe(const Answer& answer, Time now, std::vector<FindingUpdate>& out) {
  const double score = static_cast<double>(answer.value);
  if (!fitted_ || !answer.served || !(score >= 0 && score <= 1)) return;
  const double probability = calibration_(score);
  newest_.push_back({answer.index, score, probability, answer.flagged ? 1.0 : 0.0});
  if (newest_.size() > config_.performance.estimate_answers) newest_.pop_front();
  const Losses losses = expected(probability, answer.flagged);
  for (const Measure measure : kEstimated)
    if (says(of(losses, measure))) judge(measure, answer, of(losses, measure), now, out);
}

void PerformanceEstimate::judge(Measure measure, const Answer& answer, double loss, Time now, std::vector<FindingUpdate>& out) {
  Watch& watch = watches_[static_cast<std::size_t>(measure)];
  if (!watch.losses) return;
  const bool alarm = watch.losses->add(answer.id, answer.index, answer.time, loss);
  if (watch.losses->recovered()) {
    watch.silent = false;
    if (watch.episode.open()) close(measure, "the estimate is back at its baseline", out);
    return;
  }
  if (!alarm || watch.silent) return;
  if (!watch.episode.open()) {
    watch.realised_n = watch.realised_loss = 0;
    watch.onset = {answer.index, answer.index, answer.time, answer.time};
    if (const auto onset = watch.losses->onset(); onset)
      watch.onset = {onset->first_index, onset->last_index, onset->first_time, onset->last_time};
  }
  watch.episode.hit("estimated_performance_drop", answer.index, answer.time);
  watch.episode.cover(watch.onset.first_index, answer.index, watch.onset.first_time, answer.time);
  if (!watch.episode.due(now, config_.update_us)) return;
  out.push_back(watch.episode.report(config_, now));
  describe(measure, out.back());
}

void PerformanceEstimate::realise(const Answer& answer, const Losses& before, const Losses& losses, Time now,
                                  std::vector<FindingUpdate>& out) {
  static_cast<void>(now);
  for (const Measure measure : kEstimated) {
    Watch& watch = watches_[static_cast<std::size_t>(measure)];
    if (!watch.episode.open() || answer.index < watch.onset.first_index) continue;
    if (says(of(before, measure)) && watch.realised_n > 0) {
      --watch.realised_n;
      watch.realised_loss = std::max(0.0, watch.realised_loss - of(before, measure));
    }
    if (says(of(losses, measure))) {
      ++watch.realised_n;
      watch.realised_loss += of(losses, measure);
    }
    watch.realised_loss = std::min(watch.realised_loss, watch.realised_n);
    if (watch.realised_n >= static_cast<double>(config_.performance.replace_labels)) settle(measure, out);
  }
}

void PerformanceEstimate::settle(Measure measure, std::vector<FindingUpdate>& out) {
  Watch& watch = watches_[static_cast<std::size_t>(measure)];
  watch.silent = true;
  const double figure = figure_from(measure, Problem::kBinary, watch.realised_loss / watch.realised_n, 1);
  const std::string why =
      fmt::format("the labels of {:.0f} of these answers decide: {} is {:.3f}", watch.realised_n, name_of(measure), figure);
  close(measure, why, out);
}

void PerformanceEstimate::close(Measure measure, const std::string& why, std::vector<FindingUpdate>& out) {
  Watch& watch = watches_[static_cast<std::size_t>(measure)];
  FindingUpdate update = watch.episode.close(config_);
  describe(measure, update);
  update.summary += "; " + why;
  out.push_back(std::move(update));
  watch.losses->forget_past();
}

void PerformanceEstimate::describe(Measure measure, FindingUpdate& update) const {
  const Watch& watch = watches_[static_cast<std::size_t>(measure)];
  std::vector<double> scores, flagged, chances;
  for (const Scored& one : newest_) {
    if (one.index < watch.onset.first_index) continue;
    scores.push_back(one.score);
    flagged.push_back(one.flagged);
    chances.push_back(one.probability);
  }
  const stats::Figure which = figure_of(measure);
  const double value = at(stats::figures_of(scores, flagged, chances), which), baseline = shown(measure, at(baseline_, which));
  const stats::Band band = stats::band_of(which, value, error_.of(which, scores.size()));
  const std::string name = name_of(measure);
  update.episode += "/" + name;
  update.severity = Severity::kMedium;
  update.onset = watch.onset;
  update.numbers = {{"estimated_" + name, shown(measure, value)},
                    {"low", measure == Measure::kError ? 1 - band.high : band.low},
                    {"high", measure == Measure::kError ? 1 - band.low : band.high},
                    {"baseline", baseline},
                    {"answers", static_cast<double>(scores.size())},
                    {"calibrated", calibrated() ? 1 : 0},
                    {"arl_answers", config_.performance.arl_answers}};
  if (watch.realised_n > 0) {
    const stats::MeanBand realised = stats::mean_band(watch.realised_n, watch.realised_loss, config_.performance.baseline_alpha);
    update.numbers["realised_" + name] = figure_from(measure, Problem::kBinary, watch.realised_loss / watch.realised_n, 1);
    update.numbers["realised_low"] = figure_from(measure, Problem::kBinary, measure == Measure::kError ? realised.low : realised.high, 1);
    update.numbers["realised_high"] = figure_from(measure, Problem::kBinary, measure == Measure::kError ? realised.high : realised.low, 1);
    update.numbers["realised_labels"] = watch.realised_n;
  }
  update.summary = fmt::format("{} is estimated at {:.3f} over the last {} answers ({:.3f} to {:.3f}), {:.3f} was expected; ", name,
                               shown(measure, value), scores.size(), update.numbers["low"], update.numbers["high"], baseline) +
                   (watch.realised_n > 0 ? fmt::format("{:.0f} labels so far", watch.realised_n) : "no labels yet");
}

stats::Figures PerformanceEstimate::figures() const {
  std::vector<double> scores, flagged, chances;
  for (const Scored& one : newest_) {
    scores.push_back(one.score);
    flagged.push_back(one.flagged);
    chances.push_back(one.probability);
  }
  return stats::figures_of(scores, flagged, chances);
}

std::size_t PerformanceEstimate::bytes() const {
  std::size_t out = newest_.size() * sizeof(Scored) + calibration_.scores().size() * 2 * sizeof(double);
  for (const Watch& watch : watches_)
    if (watch.losses) out += watch.losses->bytes();
  return out;
}

}  // namespace firebreak::detect
