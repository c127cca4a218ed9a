#include "stats/cbpe.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "base/result.h"

namespace firebreak::stats {
namespace {

constexpr double kNothing = std::numeric_limits<double>::quiet_NaN();

// Of a value that is `high` in a share p of the cases, else 0.
double two_point_deviation(double p, double high = 1) { return high * std::sqrt(p * (1 - p)); }

// The placements of the rarer class among the other: their spread carries the error of the AUC. As NannyML takes them: the
// rarer class is the positive one, equal scores lie in the order of the rows.
double placement_deviation(std::span<const double> scores, std::span<const double> labels) {
  std::vector<std::size_t> order(scores.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const double positives = std::accumulate(labels.begin(), labels.end(), 0.0);
  const double n = static_cast<double>(labels.size());
  const bool turned = positives > n / 2;
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return turned ? scores[a] > scores[b] : scores[a] < scores[b]; });
  const double rare = turned ? n - positives : positives;
  double below = 0, sum = 0, squares = 0;
  for (const std::size_t i : order) {
    if ((labels[i] == 1) == turned) {
      ++below;
      continue;
    }
    const double placement = below / (n - rare);
    sum += placement;
    squares += placement * placement;
  }
  const double mean = sum / rare;
  return rare > 0 ? std::sqrt(std::max(0.0, squares / rare - mean * mean)) : kNothing;
}

// Marsaglia's xorshift* with a fixed start: the same resamples on every machine and every day.
class Sequence {
 public:
  std::size_t below(std::size_t n) {
    state_ ^= state_ >> 12;
    state_ ^= state_ << 25;
    state_ ^= state_ >> 27;
    return static_cast<std::size_t>((state_ * 0x2545F4914F6CDD1DULL) >> 32) % n;
  }

 private:
  std::uint64_t state_ = 0x9E3779B97F4A7C15ULL;
};

double average_precision_deviation(std::span<const double> scores, std::span<const double> labels) {
  constexpr std::size_t kResamples = 50, kMost = 5'000;
  const std::size_t size = std::min(scores.size() / 2, kMost);
  if (size == 0) return kNothing;
  Sequence sequence;
  double sum = 0, squares = 0, seen = 0;
  for (std::size_t resample = 0; resample < kResamples; ++resample) {
    std::vector<double> s(size), y(size);
    for (std::size_t i = 0; i < size; ++i) {
      const std::size_t row = sequence.below(scores.size());
      s[i] = scores[row];
      y[i] = labels[row];
    }
    const double figure = average_precision(s, y);
    if (std::isnan(figure)) continue;
    sum += figure;
    squares += figure * figure;
    ++seen;
  }
  if (seen == 0) return kNothing;
  return std::sqrt(std::max(0.0, squares / seen - sum / seen * sum / seen)) * std::sqrt(static_cast<double>(size));
}

}  // namespace

Figures figures_of(std::span<const double> scores, std::span<const double> flagged, std::span<const double> positives,
                   const BusinessValue& worth) {
  FIREBREAK_ASSERT(scores.size() == flagged.size() && scores.size() == positives.size());
  Confusion counts;
  for (std::size_t i = 0; i < flagged.size(); ++i) counts.add(flagged[i] == 1, positives[i]);
  Figures out;
  at(out, Figure::kAccuracy) = counts.accuracy();
  at(out, Figure::kPrecision) = counts.precision();
  at(out, Figure::kRecall) = counts.recall();
  at(out, Figure::kSpecificity) = counts.specificity();
  at(out, Figure::kF1) = counts.f1();
  at(out, Figure::kRocAuc) = roc_auc(scores, positives);
  at(out, Figure::kAveragePrecision) = average_precision(scores, positives);
  at(out, Figure::kBusinessValue) = counts.total() > 0 ? worth.of(counts) / counts.total() : kNothing;
  return out;
}

SamplingError::SamplingError(std::span<const double> scores, std::span<const double> flagged, std::span<const double> labels,
                             const BusinessValue& worth) {
  FIREBREAK_ASSERT(scores.size() == flagged.size() && scores.size() == labels.size());
  Confusion counts;
  for (std::size_t i = 0; i < flagged.size(); ++i) counts.add(flagged[i] == 1, labels[i]);
  const double n = counts.total(), positives = counts.true_positive + counts.false_negative;
  const double found = counts.true_positive + counts.false_positive, quiet = counts.true_negative + counts.false_positive;
  const double relevant = positives + counts.false_positive;
  const auto set = [&](Figure which, double deviation, double share) { parts_[static_cast<std::size_t>(which)] = {deviation, share / n}; };
  set(Figure::kAccuracy, two_point_deviation(counts.accuracy()), n);
  set(Figure::kPrecision, two_point_deviation(counts.precision()), found);
  set(Figure::kRecall, two_point_deviation(counts.recall()), positives);
  set(Figure::kSpecificity, two_point_deviation(counts.specificity()), quiet);
  const double weight = relevant / (counts.true_positive + 0.5 * (counts.false_positive + counts.false_negative));
  set(Figure::kF1, two_point_deviation(counts.true_positive / relevant, weight), relevant);
  set(Figure::kRocAuc, placement_deviation(scores, labels), std::min(positives, n - positives));
  set(Figure::kAveragePrecision, average_precision_deviation(scores, labels), n);
  const double mean = worth.of(counts) / n;
  const BusinessValue squared{worth.true_negative * worth.true_negative, worth.false_positive * worth.false_positive,
                              worth.false_negative * worth.false_negative, worth.true_positive * worth.true_positive};
  set(Figure::kBusinessValue, std::sqrt(std::max(0.0, squared.of(counts) / n - mean * mean)), n);
}

double SamplingError::of(Figure which, std::uint64_t n) const {
  const Part& part = parts_[static_cast<std::size_t>(which)];
  const double relevant = static_cast<double>(n) * part.fraction;
  return relevant > 0 ? part.deviation / std::sqrt(relevant) : kNothing;
}

Band band_of(Figure which, double value, double sampling_error) {
  const double half = kSamplingErrors * sampling_error;
  if (which == Figure::kBusinessValue) return {value - half, value + half};
  return {std::max(0.0, value - half), std::min(1.0, value + half)};
}

}  // namespace firebreak::stats
