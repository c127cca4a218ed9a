#include "stats/calibration.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/result.h"
#include "stats/labelled.h"

namespace firebreak::stats {
namespace {

std::vector<std::size_t> ascending(std::span<const double> values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
  return order;
}

struct Pool {
  double first_score = 0, last_score = 0, sum = 0, weight = 0;
  double mean() const { return sum / weight; }
};

}  // namespace

IsotonicFit::IsotonicFit(std::span<const double> scores, std::span<const double> targets) {
  FIREBREAK_ASSERT(!scores.empty() && scores.size() == targets.size());
  std::vector<Pool> pools;
  const std::vector<std::size_t> order = ascending(scores);
  for (std::size_t i = 0; i < order.size();) {
    Pool pool{scores[order[i]], scores[order[i]], 0, 0};
    FIREBREAK_ASSERT(std::isfinite(pool.first_score));
    for (; i < order.size() && scores[order[i]] == pool.first_score; ++i) {
      pool.sum += targets[order[i]];
      ++pool.weight;
    }
    while (!pools.empty() && pools.back().mean() >= pool.mean()) {
      pool.first_score = pools.back().first_score;
      pool.sum += pools.back().sum;
      pool.weight += pools.back().weight;
      pools.pop_back();
    }
    pools.push_back(pool);
  }
  for (const Pool& pool : pools) {
    scores_.push_back(pool.first_score);
    values_.push_back(pool.mean());
    if (pool.last_score == pool.first_score) continue;
    scores_.push_back(pool.last_score);
    values_.push_back(pool.mean());
  }
}

double IsotonicFit::operator()(double score) const {
  if (scores_.empty()) return std::clamp(score, 0.0, 1.0);
  const auto above = std::upper_bound(scores_.begin(), scores_.end(), score);
  if (above == scores_.begin()) return values_.front();
  if (above == scores_.end()) return values_.back();
  const auto right = static_cast<std::size_t>(above - scores_.begin()), left = right - 1;
  return values_[left] + (score - scores_[left]) * (values_[right] - values_[left]) / (scores_[right] - scores_[left]);
}

double expected_calibration_error(std::span<const double> probabilities, std::span<const double> labels, std::size_t bins) {
  FIREBREAK_ASSERT(probabilities.size() == labels.size() && bins > 0);
  const std::size_t n = labels.size();
  if (n <= 2 * bins) bins = n / 2;
  if (bins < 2) return std::numeric_limits<double>::quiet_NaN();
  const std::vector<std::size_t> order = ascending(probabilities);
  // Edges every n / bins rows; the last of them becomes n. With a rest of a bin and more there are more bins than asked for.
  const std::size_t width = n / bins, edges = n / width;
  double error = 0;
  for (std::size_t bin = 0; bin < edges; ++bin) {
    const std::size_t from = bin * width, to = bin + 1 == edges ? n : from + width;
    double difference = 0;
    for (std::size_t i = from; i < to; ++i) difference += probabilities[order[i]] - labels[order[i]];
    error += std::abs(difference);
  }
  return error / static_cast<double>(n);
}

bool improves_calibration(std::span<const double> scores, std::span<const double> labels) {
  FIREBREAK_ASSERT(scores.size() == labels.size());
  constexpr std::size_t kFolds = 10, kLeast = 40;
  const auto positives = static_cast<std::size_t>(std::count(labels.begin(), labels.end(), 1.0));
  if (labels.size() < kLeast || positives == 0 || positives == labels.size()) return false;
  constexpr double kSeparated = 0.999;
  if (roc_auc(scores, labels) > kSeparated) return false;
  std::vector<std::size_t> fold(labels.size());
  std::size_t seen[2] = {0, 0};
  for (std::size_t i = 0; i < labels.size(); ++i) fold[i] = seen[labels[i] == 1 ? 1 : 0]++ % kFolds;
  std::vector<double> raw, fitted, truth;
  for (std::size_t test = 0; test < kFolds; ++test) {
    std::vector<double> train_scores, train_labels;
    for (std::size_t i = 0; i < labels.size(); ++i) {
      if (fold[i] == test) continue;
      train_scores.push_back(scores[i]);
      train_labels.push_back(labels[i]);
    }
    const IsotonicFit fit(train_scores, train_labels);
    for (std::size_t i = 0; i < labels.size(); ++i) {
      if (fold[i] != test) continue;
      raw.push_back(scores[i]);
      fitted.push_back(fit(scores[i]));
      truth.push_back(labels[i]);
    }
  }
  return expected_calibration_error(raw, truth) > expected_calibration_error(fitted, truth);
}

}  // namespace firebreak::stats
