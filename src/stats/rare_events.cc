#include "stats/rare_events.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/result.h"

namespace firebreak::stats {
namespace {

constexpr double kMostWealth = 1e280;

}  // namespace

RareEvents::RareEvents(double baseline) : baseline_(baseline) {
  FIREBREAK_ASSERT(baseline > 0 && baseline < 1);
  // As in BoundedMeanDetector: the best stakes for chances from a half more up to nine tenths of the way to one.
  const double nearest = std::min(baseline * 1.5, baseline + 0.5 * (1 - baseline)), furthest = baseline + 0.9 * (1 - baseline);
  for (std::size_t i = 0; i < kStakes; ++i) {
    const double share = static_cast<double>(i) / static_cast<double>(kStakes - 1);
    stakes_[i] = (nearest * std::pow(furthest / nearest, share) - baseline) / (1 - baseline);
  }
}

// w -> (w + 1) l, so many times, with l = 1 - stake.
double RareEvents::wealth_after(std::size_t stake, std::uint64_t misses) const {
  const double kept = std::exp(static_cast<double>(misses) * std::log1p(-stakes_[stake]));
  return wealth_[stake] * kept + (1 - stakes_[stake]) * (1 - kept) / stakes_[stake];
}

void RareEvents::hit(std::uint64_t position, double chance) {
  FIREBREAK_ASSERT(position > position_ && chance >= baseline_ && chance <= 1);
  for (std::size_t i = 0; i < kStakes; ++i) {
    const double before = wealth_after(i, position - position_ - 1);
    wealth_[i] = std::min((before + 1) * (1 + stakes_[i] * (1 / chance - 1)), kMostWealth);
  }
  position_ = position;
  ++hits_;
}

double RareEvents::log_evidence(std::uint64_t position) const {
  if (hits_ == 0) return -std::numeric_limits<double>::infinity();
  double sum = 0;
  for (std::size_t i = 0; i < kStakes; ++i) sum += wealth_after(i, position - position_);
  return std::log(sum / static_cast<double>(kStakes));
}

void RareEvents::restart(std::uint64_t position) {
  wealth_.fill(0);
  position_ = position;
  hits_ = 0;
}

}  // namespace firebreak::stats
