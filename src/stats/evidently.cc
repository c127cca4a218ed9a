#include "stats/evidently.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "base/result.h"
#include "stats/categorical_tests.h"
#include "stats/distances.h"
#include "stats/kolmogorov.h"
#include "stats/mean_tests.h"
#include "stats/moments.h"
#include "stats/permutation.h"
#include "stats/rank_tests.h"
#include "stats/special.h"

namespace firebreak::stats {
namespace {

constexpr std::size_t kSmallReference = 1000, kFewValues = 5, kBinned = 20, kPermutedMost = 50'000;

EvidentlyScore distance_of(const std::string& name, double score) {
  return {name, name, score, score >= 0.1, 0.1, {}};
}

EvidentlyScore p_value_of(const std::string& name, double p, double threshold = 0.05) {
  return {name, name, p, p < threshold, threshold, {}};
}

struct Shares {
  std::vector<double> reference, current;
};

Shares shares_of(const Counts& reference, const Counts& current) {
  return {shares(reference, static_cast<double>(total(reference))), shares(current, static_cast<double>(total(current)))};
}

// An empty bin becomes 1e-4, or a millionth of the smallest share when that is no larger; the rest stays as it was.
void fill_zeroes(std::vector<double>& values) {
  double smallest = 1;
  for (const double value : values)
    if (value > 0) smallest = std::min(smallest, value);
  const double filled = smallest <= 0.0001 ? smallest / 1e6 : 0.0001;
  std::replace(values.begin(), values.end(), 0.0, filled);
}

void add_share_scores(std::vector<EvidentlyScore>& out, const Shares& raw, const std::string& suffix = {}) {
  Shares filled = raw;
  fill_zeroes(filled.reference);
  fill_zeroes(filled.current);
  out.push_back(distance_of("psi" + suffix, psi(filled.reference, filled.current)));
  out.push_back(distance_of("jensenshannon" + suffix, jensen_shannon_distance(raw.reference, raw.current)));
  out.push_back(distance_of("kl_div" + suffix, kullback_leibler(filled.reference, filled.current)));
}

std::vector<double> distinct_values(std::span<const double> a, std::span<const double> b) {
  std::vector<double> out;
  std::merge(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(out));
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

Counts counts_of_values(std::span<const double> values, std::span<const double> sorted) {
  Counts out;
  for (const double value : values) {
    const auto [from, to] = std::equal_range(sorted.begin(), sorted.end(), value);
    out.push_back(static_cast<std::uint64_t>(to - from));
  }
  return out;
}

Shares by_value(std::span<const double> reference, std::span<const double> current, const std::vector<double>& values) {
  return shares_of(counts_of_values(values, reference), counts_of_values(values, current));
}

Shares binned(std::span<const double> reference, std::span<const double> current, const std::vector<double>& values) {
  if (distinct(reference) <= kBinned) return by_value(reference, current, values);
  const auto edges = sturges_edges(values.front(), values.back(), reference.size() + current.size());
  return shares_of(closed_bin_counts(edges, reference), closed_bin_counts(edges, current));
}

double ks_p(std::span<const double> a, std::span<const double> b) {
  const double d = kolmogorov_distance(a, b).distance;
  return std::max(a.size(), b.size()) <= kKolmogorovExactMost ? kolmogorov_two_sample_exact(d, a.size(), b.size())
                                                              : kolmogorov_two_sample_asymptotic(d, a.size(), b.size());
}

// SciPy's choice by itself: exact for small samples without ties.
double less_p(std::span<const double> a, std::span<const double> b, std::size_t values) {
  const bool exact = std::min(a.size(), b.size()) <= kExactRanks && values == a.size() + b.size();
  return exact ? mann_whitney_exact(a, b, Side::kLess).p_value : mann_whitney(a, b, Side::kLess).p_value;
}

double cramer_p(std::span<const double> a, std::span<const double> b) {
  return std::max(a.size(), b.size()) <= kExactCramer ? cramer_von_mises_exact(a, b).p_value : cramer_von_mises(a, b).p_value;
}

EvidentlyScore chosen(EvidentlyScore score) {
  score.name = "default";
  return score;
}

EvidentlyScore find_score(const std::vector<EvidentlyScore>& scores, const std::string& name) {
  const auto at = std::find_if(scores.begin(), scores.end(), [&](const EvidentlyScore& one) { return one.name == name; });
  FIREBREAK_ASSERT(at != scores.end());
  return *at;
}

// With two categories at most: how often is it the one that sorts first?
double z_p(const Counts& reference, const Counts& current) {
  return two_proportions_p(static_cast<double>(reference.front()), static_cast<double>(total(reference)),
                           static_cast<double>(current.front()), static_cast<double>(total(current)));
}

// The root of half the median of all squared distances within the reference, those of a value to itself too, "nearest" of them.
double evidently_sigma(std::span<const double> reference) {
  std::vector<double> squares;
  for (const double x : reference)
    for (const double y : reference) squares.push_back((x - y) * (x - y));
  const std::size_t last = squares.size() - 1, half = last / 2;
  const auto at = squares.begin() + static_cast<std::ptrdiff_t>(last % 2 == 0 || half % 2 == 0 ? half : half + 1);
  std::nth_element(squares.begin(), at, squares.end());
  return *at > 0 ? std::sqrt(*at / 2) : std::sqrt(0.5);
}

EvidentlyScore kernel_score(std::span<const double> reference, std::span<const double> current, bool wanted) {
  EvidentlyScore out = p_value_of("empirical_mmd", 1, 0.1);
  if (!wanted)
    out.error = "left out without permutations";
  else if (reference.size() + current.size() > kAllPairsMost)
    out.error = "a matrix of all pairs: left out above 2,000 rows";
  else if (reference.size() < 2 || current.size() < 2)
    out.error = "two values a side are wanted";
  else
    out = p_value_of("empirical_mmd", mmd_test(reference, current, 1, evidently_sigma(reference), {.permutations = 100}).p_value, 0.1);
  return out;
}

// Power divergence with the reference's counts as they are: SciPy refuses totals that differ.
EvidentlyScore g_score(const Counts& reference, const Counts& current) {
  double statistic = 0;
  for (std::size_t i = 0; i < reference.size(); ++i)
    if (current[i] != 0)
      statistic += 2 * static_cast<double>(current[i]) * std::log(static_cast<double>(current[i]) / static_cast<double>(reference[i]));
  EvidentlyScore out = p_value_of("g_test", chi_square_upper(statistic, static_cast<double>(reference.size() - 1)), 0.1);
  if (total(reference) != total(current)) out.error = "Evidently fails on samples of different sizes";
  return out;
}

EvidentlyScore fisher_score(const Counts& reference, const Counts& current) {
  EvidentlyScore out = p_value_of("fisher_exact", 1, 0.1);
  if (reference.size() > 2)
    out.error = "for two values alone";
  else if (total(reference) != total(current))
    out.error = "Evidently fails on samples of different sizes";
  else if (reference.size() == 2)
    out = p_value_of("fisher_exact", fisher_exact({reference[0], reference[1]}, {current[0], current[1]}).p_value, 0.1);
  return out;
}

EvidentlyScore tvd_score(const Counts& reference, const Counts& current) {
  EvidentlyScore out = p_value_of("TVD", 1, 0.1);
  if (total(reference) + total(current) > kPermutedMost)
    out.error = "a thousand permutations: left out above 50,000 rows";
  else
    out = p_value_of("TVD", total_variation_test(reference, current, {.permutations = 1'000}).p_value, 0.1);
  return out;
}

}  // namespace

std::vector<EvidentlyScore> evidently_numeric(std::span<const double> reference, std::span<const double> current, bool with_kernel) {
  FIREBREAK_ASSERT(!reference.empty() && !current.empty());
  const std::vector<double> values = distinct_values(reference, current);
  const Moments of_reference = Moments::of(reference), of_current = Moments::of(current);
  const double unit = std::max(of_reference.std_population(), 0.001);

  std::vector<EvidentlyScore> out;
  const double ks = ks_p(reference, current);
  out.push_back({"ks", "ks", ks, ks <= 0.05, 0.05, {}});
  out.push_back(distance_of("wasserstein", wasserstein(reference, current) / unit));
  add_share_scores(out, by_value(reference, current, values));
  add_share_scores(out, binned(reference, current, values), "_in_reports");
  const auto edges = sturges_edges(values.front(), values.back(), values.size());
  const Shares coarse = shares_of(closed_bin_counts(edges, reference), closed_bin_counts(edges, current));
  out.push_back(distance_of("hellinger", hellinger(coarse.reference, coarse.current)));
  out.push_back(p_value_of("anderson", anderson_darling(reference, current).p_value, 0.1));
  out.push_back(p_value_of("cramer_von_mises", cramer_p(reference, current), 0.1));
  out.push_back(p_value_of("mannw", less_p(reference, current, values.size())));
  out.push_back(p_value_of("t_test", student_t(of_reference, of_current).p_value));
  const double apart = energy(reference, current);
  out.push_back({"ed", "ed", apart, apart > 0.1, 0.1, {}});
  EvidentlyScore es = p_value_of("es", epps_singleton(reference, current).p_value);
  if (std::isnan(es.score)) es.error = "not defined when half of all values are one, or a side has fewer than five";
  out.push_back(es);
  out.push_back(kernel_score(reference, current, with_kernel));

  if (values.size() > kFewValues) {
    out.push_back(chosen(find_score(out, reference.size() <= kSmallReference ? "ks" : "wasserstein")));
  } else if (reference.size() > kSmallReference) {
    out.push_back(chosen(find_score(out, "jensenshannon")));
  } else {
    const Counts counts = counts_of_values(values, reference), now = counts_of_values(values, current);
    out.push_back(
        chosen(values.size() > 2 ? p_value_of("chisquare", chi_square_fit(counts, now).p_value) : p_value_of("z", z_p(counts, now))));
  }
  return out;
}

std::vector<EvidentlyScore> evidently_categorical(std::span<const std::uint64_t> reference, std::span<const std::uint64_t> current) {
  FIREBREAK_ASSERT(reference.size() == current.size() && !reference.empty());
  const Counts then(reference.begin(), reference.end()), now(current.begin(), current.end());
  std::vector<EvidentlyScore> out;
  out.push_back(p_value_of("chisquare", chi_square_fit(then, now).p_value));
  add_share_scores(out, shares_of(then, now));
  EvidentlyScore none = distance_of("hellinger", 0);
  none.error = "Evidently fails on categories that are words";
  out.push_back(none);
  if (reference.size() <= 2) out.push_back(p_value_of("z", z_p(then, now)));
  out.push_back(g_score(then, now));
  out.push_back(fisher_score(then, now));
  out.push_back(tvd_score(then, now));
  const bool small = total(then) <= kSmallReference;
  out.push_back(chosen(find_score(out, !small ? "jensenshannon" : reference.size() > 2 ? "chisquare" : "z")));
  return out;
}

}  // namespace firebreak::stats
