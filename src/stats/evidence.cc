#include "stats/evidence.h"

#include <cmath>

#include "base/result.h"

namespace firebreak::stats {
namespace {

constexpr double kImaginedPerCategory = 4;

double weighted_log(std::span<const std::uint64_t> counts, std::span<const double> shares) {
  double out = 0;
  for (std::size_t i = 0; i < counts.size(); ++i)
    if (counts[i] > 0) out += static_cast<double>(counts[i]) * std::log(shares[i]);
  return out;
}

}  // namespace

double relative_entropy_bound(std::size_t categories, double alpha) {
  FIREBREAK_ASSERT(categories > 0 && alpha > 0 && alpha < 1);
  const double freedom = static_cast<double>(categories - 1);
  if (freedom == 0) return 0;
  // Agrawal 2020: e^-e (e e / freedom)^freedom for e above freedom; it falls there.
  const auto log_bound = [freedom](double e) { return freedom * (1 + std::log(e / freedom)) - e; };
  double low = freedom, high = 2 * freedom + 1;
  while (log_bound(high) > std::log(alpha)) high *= 2;
  for (int i = 0; i < 100; ++i) {
    const double middle = (low + high) / 2;
    (log_bound(middle) > std::log(alpha) ? low : high) = middle;
  }
  return high;
}

MultinomialEvidence::MultinomialEvidence(std::vector<double> prior, double concentration)
    : prior_(std::move(prior)),
      concentration_(concentration > 0 ? concentration : kImaginedPerCategory * static_cast<double>(prior_.size())),
      counts_(prior_.size()) {
  FIREBREAK_ASSERT(!prior_.empty());
}

MultinomialEvidence MultinomialEvidence::against_shares(std::span<const double> shares, double concentration) {
  double sum = 0;
  for (const double share : shares) {
    FIREBREAK_ASSERT(share > 0);
    sum += share;
  }
  FIREBREAK_ASSERT(std::fabs(sum - 1) < 1e-6);
  return MultinomialEvidence(std::vector<double>(shares.begin(), shares.end()), concentration);
}

MultinomialEvidence MultinomialEvidence::against_counts(std::span<const std::uint64_t> counts, double reference_alpha, double concentration) {
  FIREBREAK_ASSERT(total(counts) > 0);
  // Half an observation more each: the mixture must allow for what the reference did not show.
  const double whole = static_cast<double>(total(counts)) + 0.5 * static_cast<double>(counts.size());
  std::vector<double> prior;
  for (const std::uint64_t count : counts) prior.push_back((static_cast<double>(count) + 0.5) / whole);
  MultinomialEvidence out(std::move(prior), concentration);
  out.reference_.assign(counts.begin(), counts.end());
  out.reference_slack_ = relative_entropy_bound(counts.size(), reference_alpha);
  return out;
}

void MultinomialEvidence::add(std::size_t category, std::uint64_t times) {
  FIREBREAK_ASSERT(category < counts_.size());
  counts_[category] += times;
  n_ += times;
}

void MultinomialEvidence::merge(const MultinomialEvidence& other) {
  FIREBREAK_ASSERT(other.counts_.size() == counts_.size());
  for (std::size_t i = 0; i < counts_.size(); ++i) add(i, other.counts_[i]);
}

void MultinomialEvidence::restart() {
  counts_.assign(counts_.size(), 0);
  n_ = 0;
}

double MultinomialEvidence::log_e() const { return n_ == 0 ? 0 : log_mixture() - log_likelihood(); }

double MultinomialEvidence::log_mixture() const {
  double out = std::lgamma(concentration_) - std::lgamma(concentration_ + static_cast<double>(n_));
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    if (counts_[i] == 0) continue;
    const double imagined = concentration_ * prior_[i];
    out += std::lgamma(imagined + static_cast<double>(counts_[i])) - std::lgamma(imagined);
  }
  return out;
}

double MultinomialEvidence::log_likelihood() const {
  if (reference_.empty()) return weighted_log(counts_, prior_);
  // Lagrange: the best shares lie on the line from the current shares to the reference's. Along it the reference's
  // likelihood rises (it is concave and highest at the end), the current one falls: the first point allowed is the best.
  const auto now = shares(counts_, static_cast<double>(n_)), then = shares(reference_, static_cast<double>(total(reference_)));
  const auto mixed = [&](double weight) {
    std::vector<double> out;
    for (std::size_t i = 0; i < now.size(); ++i) out.push_back((1 - weight) * now[i] + weight * then[i]);
    return out;
  };
  const double least = weighted_log(reference_, then) - reference_slack_;
  if (weighted_log(reference_, now) >= least) return weighted_log(counts_, now);
  double low = 0, high = 1;
  for (int i = 0; i < 60; ++i) {
    const double middle = (low + high) / 2;
    (weighted_log(reference_, mixed(middle)) < least ? low : high) = middle;
  }
  // Just outside: a likelihood slightly too large only makes the evidence smaller.
  return weighted_log(counts_, low == 0 ? now : mixed(low));
}

}  // namespace firebreak::stats
