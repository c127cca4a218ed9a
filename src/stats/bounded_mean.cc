#include "stats/bounded_mean.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/result.h"

namespace firebreak::stats {

BoundedMeanDetector::BoundedMeanDetector(const BoundedMeanOptions& options) : options_(options), wealth_(options.stakes) {
  const double baseline = options_.baseline;
  FIREBREAK_ASSERT(baseline > 0 && baseline < 1 && options_.stakes > 0 && options_.least_rise > 1 && options_.threshold > 1);
  // A stake of (m - baseline) / (1 - baseline) is the best one for 0 and 1 with mean m. Means from the least rise to nine
  // tenths of the way to one: a stake of one would lose everything at the first 0.
  const double nearest = std::min(baseline * options_.least_rise, baseline + 0.5 * (1 - baseline));
  const double furthest = baseline + 0.9 * (1 - baseline);
  for (std::size_t i = 0; i < options_.stakes; ++i) {
    const double share = options_.stakes == 1 ? 0 : static_cast<double>(i) / static_cast<double>(options_.stakes - 1);
    stakes_.push_back((nearest * std::pow(furthest / nearest, share) - baseline) / (1 - baseline));
  }
}

bool BoundedMeanDetector::update(double value) {
  FIREBREAK_ASSERT(value >= 0 && value <= 1);
  ++n_;
  const double win = value / options_.baseline - 1;
  for (std::size_t i = 0; i < stakes_.size(); ++i) {
    const double before = options_.form == BoundedMeanOptions::Form::kShiryaevRoberts ? wealth_[i] + 1 : std::max(wealth_[i], 1.0);
    wealth_[i] = before * (1 + stakes_[i] * win);
  }
  if (evidence() < options_.threshold) return false;
  std::fill(wealth_.begin(), wealth_.end(), 0.0);
  n_ = 0;
  return true;
}

double BoundedMeanDetector::evidence() const {
  return std::accumulate(wealth_.begin(), wealth_.end(), 0.0) / static_cast<double>(wealth_.size());
}

MeanConfidenceSequence::MeanConfidenceSequence(double alpha) : log_term_(std::log(2 / alpha)) {
  FIREBREAK_ASSERT(alpha > 0 && alpha < 1);
}

void MeanConfidenceSequence::add(double value) {
  FIREBREAK_ASSERT(value >= 0 && value <= 1);
  // Guesses before this value, from one imagined observation of mean 1/2 and variance 1/4.
  const double seen = static_cast<double>(n_);
  const double guess = (0.5 + sum_) / (seen + 1), variance = (0.25 + squares_) / (seen + 1);
  ++n_;
  const double n = static_cast<double>(n_);
  constexpr double kMostStake = 0.5;
  const double stake = std::min(kMostStake, std::sqrt(2 * log_term_ / (variance * n * std::log1p(n))));
  stake_sum_ += stake;
  staked_ += stake * value;
  penalty_ += (value - guess) * (value - guess) * (-std::log1p(-stake) - stake);
  const double centre = staked_ / stake_sum_, half = (log_term_ + penalty_) / stake_sum_;
  low_ = std::max(low_, centre - half);
  high_ = std::min(high_, centre + half);
  sum_ += value;
  const double after = (0.5 + sum_) / (n + 1);
  squares_ += (value - after) * (value - after);
}

}  // namespace firebreak::stats
