// How good answers were, once labels are known; or, with probabilities instead of labels, how good they may be expected to be.
//
// A figure whose denominator is zero is NaN: there is nothing to say, and 0 would be said.
// Sources: the definitions of scikit-learn 1.9 (`test/conformance` holds them against it). AUC: Mann & Whitney 1947, ties count
// half. Average precision: sum of precision at a threshold times the recall gained there, one threshold per distinct score.
// Log loss: natural logarithm, probabilities kept eps away from 0 and 1. NDCG: Jarvelin & Kekalainen 2002, gain = relevance.
// Pure; spans that belong together have equal sizes, asserted.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace firebreak::stats {

// Counts, or expected counts, of answers: "positive" is what the label says, "flagged" what the model said.
struct Confusion {
  double true_positive = 0, false_positive = 0, false_negative = 0, true_negative = 0;

  void add(bool flagged, double positive, double times = 1);  // positive: 0, 1, or the chance of it
  void merge(const Confusion& other);
  double total() const { return true_positive + false_positive + false_negative + true_negative; }
  double accuracy() const;
  double precision() const;
  double recall() const;
  double specificity() const;
  double f1() const;
};

// What one answer of each kind is worth, in the owner's unit.
struct BusinessValue {
  double true_negative = 0, false_positive = 0, false_negative = 0, true_positive = 0;
  double of(const Confusion& counts) const;
};

// positives: labels 0 and 1, or chances. Ties in the scores are exact: equal scores are one threshold.
double roc_auc(std::span<const double> scores, std::span<const double> positives);
double average_precision(std::span<const double> scores, std::span<const double> positives);

double log_loss(std::span<const double> probabilities, std::span<const double> labels, double eps = 0x1p-52);
double brier(std::span<const double> probabilities, std::span<const double> labels);
double mean_absolute_error(std::span<const double> predictions, std::span<const double> labels);
double root_mean_squared_error(std::span<const double> predictions, std::span<const double> labels);

// Of a list in the order it was shown; fewer than k entries count as missed.
double precision_at(std::size_t k, std::span<const double> relevant);  // relevant: 0 or 1
// all: the relevances of everything that could have been shown, the shown ones included, in any order.
double ndcg_at(std::size_t k, std::span<const double> shown, std::span<const double> all);

}  // namespace firebreak::stats
