#include "stats/onset_posterior.h"

#include <algorithm>
#include <cmath>

#include "base/result.h"

namespace firebreak::stats {

void OnsetPosterior::add_older(double log_ratio) {
  sum_ += log_ratio;
  log_weights_.push_back(sum_);
}

OnsetPosterior::Ages OnsetPosterior::interval(double outside) const {
  FIREBREAK_ASSERT(!log_weights_.empty() && outside > 0 && outside < 1);
  const auto most = std::max_element(log_weights_.begin(), log_weights_.end());
  double all = 0;
  for (const double weight : log_weights_) all += std::exp(weight - *most);
  const auto age_where = [&](bool newest_first) {
    double seen = 0;
    for (std::size_t i = 0; i < log_weights_.size(); ++i) {
      const std::size_t at = newest_first ? i : log_weights_.size() - 1 - i;
      seen += std::exp(log_weights_[at] - *most);
      if (seen > all * outside / 2) return static_cast<std::uint64_t>(at + 1);
    }
    return static_cast<std::uint64_t>(log_weights_.size());
  };
  return {age_where(false), static_cast<std::uint64_t>(most - log_weights_.begin() + 1), age_where(true)};
}

bool OnsetPosterior::reaches_back(double outside) const { return interval(outside).oldest == log_weights_.size(); }

double LearnedShares::log_ratio(std::size_t cell) {
  const double cells = static_cast<double>(counts_.size());
  const double chance = (static_cast<double>(counts_[cell]++) + imagined_) / (static_cast<double>(n_++) + imagined_ * cells);
  return std::log(chance * cells);
}

double LearnedChance::log_ratio(bool hit) {
  const double chance = ((hit ? hits_ : n_ - hits_) + 1) / (n_ + 2);
  hits_ += hit ? 1 : 0;
  n_ += 1;
  return std::log(chance / (hit ? baseline_ : 1 - baseline_));
}

}  // namespace firebreak::stats
