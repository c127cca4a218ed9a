// Evidence that categories (or bins) are no longer drawn as in the reference, valid at any time.
//
// An e-value: as long as nothing has changed, the chance that it ever reaches 1/alpha is at most alpha (Ville 1939), however
// often one looks; so one may look at every value and stop when it is large. State: the counts. The order of values does not
// matter, parts add up.
// Numerator: a Dirichlet mixture around the reference with `concentration` imagined observations (Lindon & Malek 2022).
// Denominator: the reference's likelihood. When the reference is a sample itself, the likelihood is the largest over all
// shares that its counts allow: n KL(counts, shares) <= e, where e is Agrawal's finite-sample bound (2020, theorem 1) for
// `reference_alpha`; then the chance of a false alarm is at most alpha + reference_alpha, whatever the reference's size.
// Treating a sample as exact shares instead inflates false alarms without limit.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "stats/bins.h"

namespace firebreak::stats {

class MultinomialEvidence {
 public:
  // Known shares, positive, summing to one. `concentration` 0 takes four imagined observations a category.
  static MultinomialEvidence against_shares(std::span<const double> shares, double concentration = 0);
  // A sample's counts, at least one positive; zeros are fine: categories it did not show.
  static MultinomialEvidence against_counts(std::span<const std::uint64_t> counts, double reference_alpha, double concentration = 0);

  void add(std::size_t category, std::uint64_t times = 1);
  void merge(const MultinomialEvidence& other);  // of the same reference
  void restart();                                // forgets what was added

  double log_e() const;  // natural logarithm; 0 at the start
  std::uint64_t n() const { return n_; }
  const Counts& counts() const { return counts_; }

 private:
  MultinomialEvidence(std::vector<double> prior, double concentration);
  double log_mixture() const;
  double log_likelihood() const;  // of the reference, or the largest that it allows

  std::vector<double> prior_;    // the mixture's mean, and the known shares
  double concentration_;
  Counts reference_;             // empty: shares are known
  double reference_slack_ = 0;   // how far below its best the reference's log likelihood may lie
  Counts counts_;
  std::uint64_t n_ = 0;
};

// The e for which P(n KL(counts / n, shares) >= e) <= alpha in `categories` categories, whatever n and the shares.
double relative_entropy_bound(std::size_t categories, double alpha);

}  // namespace firebreak::stats
