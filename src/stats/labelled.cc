#include "stats/labelled.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <vector>

#include "base/result.h"

namespace firebreak::stats {
namespace {

double ratio(double part, double whole) { return whole > 0 ? part / whole : std::numeric_limits<double>::quiet_NaN(); }

// Calls visit(positive, negative) for each distinct score, the highest first.
template <class Visit>
void by_threshold(std::span<const double> scores, std::span<const double> positives, const Visit& visit) {
  FIREBREAK_ASSERT(scores.size() == positives.size());
  std::vector<std::size_t> order(scores.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return scores[a] > scores[b]; });
  for (std::size_t i = 0; i < order.size();) {
    const double score = scores[order[i]];
    double positive = 0, count = 0;
    for (; i < order.size() && scores[order[i]] == score; ++i) {
      positive += positives[order[i]];
      ++count;
    }
    visit(positive, count - positive);
  }
}

template <class Loss>
double mean_of(std::span<const double> a, std::span<const double> b, const Loss& loss) {
  FIREBREAK_ASSERT(a.size() == b.size());
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += loss(a[i], b[i]);
  return ratio(sum, static_cast<double>(a.size()));
}

double gain(std::size_t k, std::span<const double> relevances) {
  double sum = 0;
  for (std::size_t i = 0; i < std::min(k, relevances.size()); ++i) sum += relevances[i] / std::log2(static_cast<double>(i) + 2);
  return sum;
}

}  // namespace

void Confusion::add(bool flagged, double positive, double times) {
  (flagged ? true_positive : false_negative) += times * positive;
  (flagged ? false_positive : true_negative) += times * (1 - positive);
}

void Confusion::merge(const Confusion& other) {
  true_positive += other.true_positive;
  false_positive += other.false_positive;
  false_negative += other.false_negative;
  true_negative += other.true_negative;
}

double Confusion::accuracy() const { return ratio(true_positive + true_negative, total()); }
double Confusion::precision() const { return ratio(true_positive, true_positive + false_positive); }
double Confusion::recall() const { return ratio(true_positive, true_positive + false_negative); }
double Confusion::specificity() const { return ratio(true_negative, true_negative + false_positive); }
double Confusion::f1() const { return ratio(true_positive, true_positive + 0.5 * (false_positive + false_negative)); }

double BusinessValue::of(const Confusion& counts) const {
  return true_negative * counts.true_negative + false_positive * counts.false_positive + false_negative * counts.false_negative +
         true_positive * counts.true_positive;
}

double roc_auc(std::span<const double> scores, std::span<const double> positives) {
  double above = 0, pairs = 0, negatives = 0;  // positives above; pairs won
  by_threshold(scores, positives, [&](double positive, double negative) {
    pairs += negative * (above + 0.5 * positive);
    above += positive;
    negatives += negative;
  });
  return ratio(pairs, above * negatives);
}

double average_precision(std::span<const double> scores, std::span<const double> positives) {
  double found = 0, seen = 0, area = 0;
  by_threshold(scores, positives, [&](double positive, double negative) {
    found += positive;
    seen += positive + negative;
    area += positive * found / seen;
  });
  return ratio(area, found);
}

double log_loss(std::span<const double> probabilities, std::span<const double> labels, double eps) {
  return mean_of(probabilities, labels, [eps](double p, double label) {
    const double kept = std::clamp(p, eps, 1 - eps);
    return -(label * std::log(kept) + (1 - label) * std::log1p(-kept));
  });
}

double brier(std::span<const double> probabilities, std::span<const double> labels) {
  return mean_of(probabilities, labels, [](double p, double label) { return (p - label) * (p - label); });
}

double mean_absolute_error(std::span<const double> predictions, std::span<const double> labels) {
  return mean_of(predictions, labels, [](double a, double b) { return std::abs(a - b); });
}

double root_mean_squared_error(std::span<const double> predictions, std::span<const double> labels) {
  return std::sqrt(mean_of(predictions, labels, [](double a, double b) { return (a - b) * (a - b); }));
}

double precision_at(std::size_t k, std::span<const double> relevant) {
  double hits = 0;
  for (std::size_t i = 0; i < std::min(k, relevant.size()); ++i) hits += relevant[i];
  return ratio(hits, static_cast<double>(k));
}

double ndcg_at(std::size_t k, std::span<const double> shown, std::span<const double> all) {
  std::vector<double> best(all.begin(), all.end());
  std::sort(best.begin(), best.end(), std::greater<>());
  return ratio(gain(k, shown), gain(k, best));
}

}  // namespace firebreak::stats
