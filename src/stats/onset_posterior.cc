#include "stats/onset_posterior.h"

#include <algorithm>
#include <cmath>

#include "base/result.h"
#include "stats/uniform_bets.h"
#include "stats/uniform_evidence.h"

namespace firebreak::stats {

void OnsetPosterior::add_older(double log_ratio) {
  sum_ += log_ratio;
  log_weights_.push_back(sum_);
}

void OnsetPosterior::add_older_weight(double log_weight) { log_weights_.push_back(log_weight); }

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

double ShiftWeights::add_older(std::size_t cell) {
  using namespace uniform_bets;
  constexpr double kCells = static_cast<double>(UniformEvidence::kCells);
  if (cells_.empty()) {
    cells_.assign(UniformEvidence::kCells, 0);
    bets_.assign(kSides * kStakes.size(), 0);
  }
  log_mixture_ += std::log((cells_[cell] + kImagined) / (n_ + kImagined * kCells) * kCells);
  cells_[cell] += 1;
  n_ += 1;
  const auto won = wins((static_cast<double>(cell) + 0.5) / kCells);
  double most = log_mixture_;
  for (std::size_t side = 0; side < kSides; ++side)
    for (std::size_t i = 0; i < kStakes.size(); ++i) {
      double& bet = bets_[side * kStakes.size() + i];
      bet += std::log1p(kStakes[i] * won[side]);
      most = std::max(most, bet);
    }
  double sum = kMixtureShare * std::exp(log_mixture_ - most);
  for (const double bet : bets_) sum += kStakeShare * std::exp(bet - most);
  return most + std::log(sum);
}

double LearnedChance::log_ratio(bool hit) {
  const double chance = ((hit ? hits_ : n_ - hits_) + 1) / (n_ + 2);
  hits_ += hit ? 1 : 0;
  n_ += 1;
  return std::log(chance / (hit ? baseline_ : 1 - baseline_));
}

}  // namespace firebreak::stats
