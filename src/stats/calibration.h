// From a model's scores to probabilities, fitted on answers whose labels are known.
//
// IsotonicFit: the increasing function of least squares, by pool adjacent violators; equal scores are pooled first, between the
// points it is linear, outside them constant. As scikit-learn's IsotonicRegression(out_of_bounds="clip").
// improves_calibration: whether probabilities that the fit gives to rows it was not fitted on have a smaller expected calibration
// error than the scores themselves. NannyML's rule, but with ten fixed folds (row i of a class is tested in fold i mod 10)
// instead of ten random splits: the same rows give the same answer.
// Sources: Ayer et al. 1955; Barlow et al. 1972; Naeini, Cooper & Hauskrecht 2015 (ECE, bins of equal count).
// Scores must be finite; asserted. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace firebreak::stats {

class IsotonicFit {
 public:
  IsotonicFit() = default;                                                 // the identity, clipped to 0..1
  IsotonicFit(std::span<const double> scores, std::span<const double> targets);  // equal sizes, not empty

  double operator()(double score) const;
  bool identity() const { return scores_.empty(); }
  const std::vector<double>& scores() const { return scores_; }  // ascending
  const std::vector<double>& values() const { return values_; }

 private:
  std::vector<double> scores_, values_;
};

// Mean of |mean probability - mean label| over `bins` bins of equal count in the order of the probabilities (equal ones in the
// order given), weighted by size. Fewer than 4 values: NaN.
double expected_calibration_error(std::span<const double> probabilities, std::span<const double> labels, std::size_t bins = 10);

// labels: 0 or 1. False with one class only, fewer than 40 rows, or an AUC above 0.999, as NannyML's.
bool improves_calibration(std::span<const double> scores, std::span<const double> labels);

}  // namespace firebreak::stats
