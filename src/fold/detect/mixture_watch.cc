#include "fold/detect/mixture_watch.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "stats/onset_posterior.h"
#include "stats/special.h"

namespace firebreak::detect {
namespace {

constexpr std::array<double, 4> kPowers = {0.1, 0.3, 0.5, 0.8};
constexpr double kUnusual = 0.05;   // a block's rank for the onset, many blocks' for the end
constexpr std::size_t kFewest = 4, kMost = 32;  // blocks that must be usual together before a finding ends
constexpr double kMargin = 1.5;
constexpr double kMostWealth = 1e280;

}  // namespace

MixtureWatch::MixtureWatch(const DetectorConfig& config, const ReferenceProfile& profile)
    : config_(config), profile_(profile), embedding_(profile.numeric.size()),
      limit_(std::log(std::max(config.features.arl_records / static_cast<double>(kBlockRows), 10.0))) {
  if (!profile.mixture.usual.empty()) std::copy(profile.mixture.mean.begin(), profile.mixture.mean.end(), mean_.begin());
}

void MixtureWatch::observe(const Observation& observation, std::span<const Rank> ranks, Time now, std::vector<FindingUpdate>& out) {
  if (profile_.mixture.usual.empty()) return;
  if (rows_ == 0) block_ = {observation.index, observation.index, observation.time, observation.time, 0, 1};
  embedding_.add(ranks, sum_);
  block_.last_index = observation.index;
  block_.last_time = std::max(block_.last_time, observation.time);
  if (++rows_ == kBlockRows) finish(now, out);
}

double MixtureWatch::rank_of(double distance) const {
  const auto& usual = profile_.mixture.usual;
  // Where neighbours depend on each other, only what goes further than they ever went is unusual.
  const double furthest = kMargin * profile_.mixture.excursion;
  return distance <= furthest ? 1 : rank_among(usual, distance);
}

double MixtureWatch::log_evidence() const {
  return std::log(std::accumulate(wealth_.begin(), wealth_.end(), 0.0) / static_cast<double>(wealth_.size()));
}

void MixtureWatch::finish(Time now, std::vector<FindingUpdate>& out) {
  for (double& one : sum_) one /= static_cast<double>(kBlockRows);
  block_.distance = squared_distance(sum_, mean_);
  block_.p = rank_of(block_.distance);
  blocks_.push_back(block_);
  if (blocks_.size() > kBlocks) blocks_.pop_front();
  sum_.fill(0);
  rows_ = 0;
  if (episode_.open()) {
    if (block_.p <= kUnusual) episode_.extend(block_.last_index, block_.last_time);
    if (++since_alarm_ >= rested_on_ && are_usual(rested_on_)) {
      out.push_back(episode_.close(config_));
      describe(out.back());
      wealth_.fill(0);
      return;
    }
  } else {
    for (std::size_t i = 0; i < kPowers.size(); ++i)
      wealth_[i] = std::min((wealth_[i] + 1) * kPowers[i] * std::pow(block_.p, kPowers[i] - 1), kMostWealth);
    evidence_ = log_evidence();
    if (evidence_ < limit_) return;
    began_ = onset();
    const auto first = std::find_if(blocks_.begin(), blocks_.end(), [this](const Block& one) { return one.last_index >= began_.first_index; });
    rested_on_ = std::clamp<std::size_t>(static_cast<std::size_t>(blocks_.end() - first), kFewest, kMost);
    since_alarm_ = 0;
    episode_.hit("multivariate_drift", block_.last_index, block_.last_time);
    episode_.cover(std::min(began_.first_index, block_.first_index), block_.last_index, std::min(began_.first_time, block_.first_time), block_.last_time);
  }
  if (!episode_.due(now, config_.update_us)) return;
  out.push_back(episode_.report(config_, now));
  describe(out.back());
}

// Together (Fisher 1932): a weak change shows in no block alone.
bool MixtureWatch::are_usual(std::size_t newest) const {
  double sum = 0;
  for (auto at = blocks_.end() - static_cast<std::ptrdiff_t>(newest); at != blocks_.end(); ++at) sum -= std::log(at->p);
  return stats::chi_square_upper(2 * sum, 2 * static_cast<double>(newest)) > kUnusual;
}

Onset MixtureWatch::onset() const {
  stats::LearnedChance chance(kUnusual);
  stats::OnsetPosterior posterior;
  for (auto at = blocks_.rbegin(); at != blocks_.rend(); ++at) posterior.add_older(chance.log_ratio(at->p <= kUnusual));
  const auto ages = posterior.interval(0.05);
  // It may have begun anywhere in the block before the first unusual one, too.
  const std::size_t oldest = blocks_.size() - std::min<std::size_t>(ages.oldest + 1, blocks_.size()), newest = blocks_.size() - ages.newest;
  return {blocks_[oldest].first_index, blocks_[newest].last_index, blocks_[oldest].first_time, blocks_[newest].last_time};
}

void MixtureWatch::describe(FindingUpdate& update) const {
  const double usual = profile_.mixture.usual[profile_.mixture.usual.size() / 2];
  update.severity = Severity::kMedium;
  update.onset = began_;
  update.numbers = {{"log_evidence", evidence_}, {"log_limit", limit_},          {"mmd_squared", blocks_.back().distance},
                    {"usual_mmd_squared", usual}, {"p_value", blocks_.back().p}, {"block_rows", static_cast<double>(kBlockRows)}};
  update.summary = fmt::format("the features together are distributed otherwise than in the reference: the newest {} rows lie {:.1f} times as far from it as usual",
                               kBlockRows, blocks_.back().distance / std::max(usual, 1e-12));
}

}  // namespace firebreak::detect
