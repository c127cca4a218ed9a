#include "fold/detect/performance.h"

#include <algorithm>
#include <charconv>

namespace firebreak::detect {
namespace {

double number_of(const std::string& text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() && std::isfinite(value) ? value : kNoLoss;
}

SegmentOptions segment_options(const PerformanceConfig& config) {
  SegmentOptions out;
  out.values = config.segment_values;
  out.share = config.segment_share;
  out.alpha = config.segment_alpha;
  return out;
}

LossWatchOptions sample_of(double n, double sum, double squares) {
  LossWatchOptions out;
  out.reference_n = n;
  out.reference_sum = sum;
  out.reference_squares = squares;
  return out;
}

}  // namespace

PerformanceDetector::PerformanceDetector(const DetectorConfig& config, const ReferenceProfile& profile)
    : config_(config),
      segments_(segment_options(config.performance), profile),
      join_(config.performance.max_predictions, config.performance.max_early_labels),
      learning_(config.performance.reference_labels > 0),
      estimate_(config),
      windows_(config.performance.window_us, config.performance.lateness_us) {
  if (profile.performance && config.performance.problem == Problem::kBinary) arm_from_release(*profile.performance);
}

void PerformanceDetector::arm_from_release(const PerformanceBaseline& baseline) {
  const double hits = static_cast<double>(baseline.true_positives), alpha = config_.performance.baseline_alpha;
  for (const Measure measure : {Measure::kPrecision, Measure::kRecall}) {
    const double n = static_cast<double>(measure == Measure::kPrecision ? baseline.flagged : baseline.positives), misses = n - hits;
    if (n < 1 || misses < 0) continue;
    arm(measure, stats::upper_share(n, misses, alpha), sample_of(n, misses, misses));
    watch_of(measure).from_release = true;
  }
}

void PerformanceDetector::arm(Measure measure, double limit, const LossWatchOptions& sample) {
  const PerformanceConfig& config = config_.performance;
  constexpr double kLeastLimit = 1e-4, kMostLimit = 0.98;
  limit += config.tolerance;
  if (limit > kMostLimit) return;  // nothing worse can be told
  LossWatchOptions options = sample;
  options.baseline = std::max(limit, kLeastLimit);
  options.threshold = config.arl_labels * static_cast<double>(measures_of(config.problem));
  options.least_rise = config.least_rise;
  options.window = measure == Measure::kPrecision ? config.precision_labels
                   : measure == Measure::kRecall  ? config.recall_labels
                                                  : config.error_labels;
  Watch& watch = watch_of(measure);
  watch.losses.emplace(options);
  watch.baseline = figure_from(measure, config.problem, sample.reference_sum / sample.reference_n, config.error_limit);
}

void PerformanceDetector::observe(const Observation& observation, Time now, std::vector<FindingUpdate>& out) {
  const bool by_value = config_.performance.problem == Problem::kRegression;
  if (observation.label.empty() && !(by_value && std::isfinite(observation.score))) return;  // there was no answer
  const double value = by_value && std::isnan(observation.score) ? number_of(observation.label) : observation.score;
  Answer answer;
  answer.id = id_hash(observation.id);
  answer.index = observation.index;
  answer.label = label_hash(observation.label);
  answer.time = observation.time;
  answer.value = static_cast<float>(value);
  answer.flagged = observation.label == config_.performance.flagged_answer;
  answer.served = is_model_decision(observation.disposition);
  answer.segments = segments_.observe(observation);
  const auto waiting = join_.add(answer);
  if (answer.served) {
    const bool chance = estimate_.fitted() && answer.value >= 0 && answer.value <= 1;
    windows_.answer(answer.time, answer.flagged, chance ? estimate_.probability(static_cast<double>(answer.value)) : kNoLoss);
    estimate_.observe(answer, now, out);
  }
  if (waiting) joined(*waiting, observation.index, now, out);
}

void PerformanceDetector::observe(const LabelObservation& label, Time now, std::vector<FindingUpdate>& out) {
  Label read;
  read.text = label_hash(label.label);
  read.positive = label.label == config_.performance.positive_label;
  read.number = static_cast<float>(number_of(label.label));
  if (const auto found = join_.add(label.id, read); found) joined(*found, label.index, now, out);
}

Losses PerformanceDetector::losses_of(const Answer& answer, const Label& label) const {
  const PerformanceConfig& config = config_.performance;
  Losses out = kNoLosses;
  double& error = out[static_cast<std::size_t>(Measure::kError)];
  double& squared = out[static_cast<std::size_t>(Measure::kSquaredError)];
  const double value = static_cast<double>(answer.value), truth = static_cast<double>(label.number);
  switch (config.problem) {
    case Problem::kMulticlass:
      error = answer.label == label.text ? 0 : 1;
      break;
    case Problem::kRegression:
      if (std::isnan(value) || std::isnan(truth)) break;
      error = std::min(1.0, std::abs(value - truth) / config.error_limit);
      squared = error * error;
      break;
    case Problem::kRanking:
      if (truth >= 0 && truth <= 1) error = 1 - truth;
      break;
    case Problem::kBinary:
      error = answer.flagged == label.positive ? 0 : 1;
      if (answer.flagged) out[static_cast<std::size_t>(Measure::kPrecision)] = error;
      if (label.positive) out[static_cast<std::size_t>(Measure::kRecall)] = error;
      if (value >= 0 && value <= 1) squared = (value - (label.positive ? 1 : 0)) * (value - (label.positive ? 1 : 0));
      break;
  }
  return out;
}

void PerformanceDetector::joined(const Joined& label, std::uint64_t label_index, Time now, std::vector<FindingUpdate>& out) {
  const Answer& answer = label.answer;
  if (!answer.served) {
    if (!label.before) ++apart_;
    apart_positive_ += label.label.positive ? 1 : 0;
    apart_positive_ -= label.before && label.before->positive ? 1 : 0;
    return;
  }
  const Losses losses = losses_of(answer, label.label), before = label.before ? losses_of(answer, *label.before) : kNoLosses;
  const double score = static_cast<double>(answer.value);
  if (label.before) {
    windows_.label(answer.time, answer.flagged, label.before->positive, score, before, -1);
    segments_.take_back(answer.index);
  }
  windows_.label(answer.time, answer.flagged, label.label.positive, score, losses, 1);
  segments_.judge(answer.segments, answer.index, losses);
  estimate_.realise(answer, before, losses, now, out);
  for (const Measure measure : kAllMeasures) judge(measure, label, before, losses, label_index, now, out);
  if (learning_) learn(label, losses);
}

void PerformanceDetector::learn(const Joined& label, const Losses& losses) {
  const Learned row{label.answer, label.label.positive, losses};
  if (label.before) {
    const auto known = std::find_if(learned_.rbegin(), learned_.rend(), [&](const Learned& one) { return one.answer.id == row.answer.id; });
    if (known != learned_.rend()) *known = row;
    return;
  }
  learned_.push_back(row);
  if (learned_.size() >= config_.performance.reference_labels) finish_learning();
}

void PerformanceDetector::finish_learning() {
  learning_ = false;
  const double alpha = config_.performance.baseline_alpha;
  for (const Measure measure : kAllMeasures) {
    double n = 0, sum = 0, squares = 0;
    bool shares = true;
    for (const Learned& row : learned_) {
      const double loss = of(row.losses, measure);
      if (!says(loss)) continue;
      ++n;
      sum += loss;
      squares += loss * loss;
      shares = shares && (loss == 0 || loss == 1);
    }
    if (watch_of(measure).losses || n < 2) continue;
    arm(measure, shares ? stats::upper_share(n, sum, alpha) : stats::upper_limit(n, sum, squares, alpha), sample_of(n, sum, squares));
  }
  if (config_.performance.problem == Problem::kBinary) {
    LabelledScores reference;
    for (const Learned& row : learned_) {
      const double score = static_cast<double>(row.answer.value);
      if (!(score >= 0 && score <= 1)) continue;
      reference.scores.push_back(score);
      reference.flagged.push_back(row.answer.flagged ? 1 : 0);
      reference.positives.push_back(row.positive ? 1 : 0);
    }
    estimate_.fit(reference);
  }
  learned_ = {};
}

void PerformanceDetector::judge(Measure measure, const Joined& label, const Losses& before, const Losses& losses,
                                std::uint64_t label_index, Time now, std::vector<FindingUpdate>& out) {
  Watch& watch = watch_of(measure);
  const double loss = of(losses, measure);
  if (!watch.losses || (!says(loss) && !says(of(before, measure)))) return;
  const Answer& answer = label.answer;
  const bool alarm = says(of(before, measure)) ? watch.losses->correct(answer.id, says(loss) ? std::optional(loss) : std::nullopt)
                                               : watch.losses->add(answer.id, answer.index, answer.time, loss);
  if (watch.episode.open() && watch.losses->recovered()) return close(measure, out);
  if (!alarm) return;
  if (const auto onset = watch.losses->onset(); onset) {
    watch.start = onset->likeliest;
    watch.onset = {std::min(onset->first_index, onset->last_index), std::max(onset->first_index, onset->last_index),
                   std::min(onset->first_time, onset->last_time), std::max(onset->first_time, onset->last_time)};
  } else if (!watch.episode.open()) {
    watch.onset = {answer.index, answer.index, answer.time, answer.time};
    watch.start = answer.index;
  }
  // The evidence lies where the decisions were made; labels lag by days. It begins where the drop may have, within the window.
  const auto oldest = watch.losses->oldest();
  const bool within = watch.onset.first_time > oldest.time;
  watch.episode.hit("performance_drop", answer.index, answer.time);
  watch.episode.cover(std::min(within ? watch.onset.first_index : oldest.index, answer.index), std::max(label_index, answer.index),
                      std::min(within ? watch.onset.first_time : oldest.time, answer.time), answer.time);
  if (!watch.episode.due(now, config_.update_us)) return;
  out.push_back(watch.episode.report(config_, now));
  describe(measure, out.back());
}

void PerformanceDetector::close(Measure measure, std::vector<FindingUpdate>& out) {
  Watch& watch = watch_of(measure);
  FindingUpdate update = watch.episode.close(config_);
  describe(measure, update);
  out.push_back(std::move(update));
  watch.losses->forget_past();
  const bool others = std::any_of(watches_.begin(), watches_.end(), [](const Watch& one) { return one.episode.open(); });
  if (!others) segments_.forget_labels();
}

bool PerformanceDetector::judges() const {
  return std::any_of(watches_.begin(), watches_.end(), [](const Watch& watch) { return watch.losses.has_value(); });
}

std::size_t PerformanceDetector::bytes() const {
  std::size_t out = segments_.bytes() + join_.bytes() + estimate_.bytes() + learned_.capacity() * sizeof(Learned) +
                    windows_.all().size() * sizeof(PerformanceWindows::Window);
  for (const Watch& watch : watches_)
    if (watch.losses) out += watch.losses->bytes();
  return out;
}

}  // namespace firebreak::detect
