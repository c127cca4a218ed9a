// What must hold for any samples: which side is which, in what order values came, in how many parts.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "stats/bins.h"
#include "stats/categorical_tests.h"
#include "stats/change.h"
#include "stats/compare.h"
#include "stats/distances.h"
#include "stats/kolmogorov.h"
#include "stats/mean_tests.h"
#include "stats/moments.h"
#include "stats/rank_tests.h"

namespace firebreak::stats {
namespace {

// Small integers, so that ties are frequent.
std::vector<double> some_values(int least) {
  const auto raw = *rc::gen::suchThat(rc::gen::container<std::vector<int>>(rc::gen::inRange(-20, 21)), [least](const auto& v) {
    return v.size() >= static_cast<std::size_t>(least) && v.size() <= 60;
  });
  std::vector<double> out(raw.begin(), raw.end());
  std::sort(out.begin(), out.end());
  return out;
}

Counts some_counts(std::size_t size) {
  const auto raw = *rc::gen::container<std::vector<int>>(size, rc::gen::inRange(1, 200));
  return Counts(raw.begin(), raw.end());
}

void expect_near(double a, double b) {
  if (std::isnan(a) && std::isnan(b)) return;
  RC_ASSERT(std::fabs(a - b) <= 1e-9 * std::max(1.0, std::fabs(a)));
}

RC_GTEST_PROP(Statistics, two_sided_numbers_do_not_know_which_side_is_which, ()) {
  const auto a = some_values(5), b = some_values(5);
  expect_near(kolmogorov_distance(a, b).distance, kolmogorov_distance(b, a).distance);
  expect_near(kolmogorov_two_sample_exact(0.4, a.size(), b.size()), kolmogorov_two_sample_exact(0.4, b.size(), a.size()));
  expect_near(wasserstein(a, b), wasserstein(b, a));
  expect_near(energy(a, b), energy(b, a));
  expect_near(cramer_von_mises(a, b).p_value, cramer_von_mises(b, a).p_value);
  expect_near(anderson_darling(a, b).statistic, anderson_darling(b, a).statistic);
  expect_near(mann_whitney(a, b, Side::kTwoSided).p_value, mann_whitney(b, a, Side::kTwoSided).p_value);
  expect_near(welch_t(Moments::of(a), Moments::of(b)).p_value, welch_t(Moments::of(b), Moments::of(a)).p_value);
  expect_near(epps_singleton(a, b).p_value, epps_singleton(b, a).p_value);
}

RC_GTEST_PROP(Statistics, distances_of_counts_do_not_know_which_side_is_which, ()) {
  const std::size_t size = *rc::gen::inRange<std::size_t>(2, 9);
  const Counts a = some_counts(size), b = some_counts(size);
  const auto p = shares(a, static_cast<double>(total(a))), q = shares(b, static_cast<double>(total(b)));
  expect_near(psi(p, q), psi(q, p));
  expect_near(jensen_shannon_distance(p, q), jensen_shannon_distance(q, p));
  expect_near(hellinger(p, q), hellinger(q, p));
  expect_near(chi_square_contingency(a, b, false).statistic, chi_square_contingency(b, a, false).statistic);
  RC_ASSERT(total_variation(p, q) <= std::sqrt(2.0) * hellinger(p, q) + 1e-12);
  RC_ASSERT(hellinger(p, q) * hellinger(p, q) <= total_variation(p, q) + 1e-12);
  RC_ASSERT(jensen_shannon_distance_base2(p, q) <= 1 + 1e-12);
}

RC_GTEST_PROP(Statistics, nothing_depends_on_the_order_of_the_values, ()) {
  auto a = some_values(5), b = some_values(5);
  const auto straight = compare_numeric(a, b);
  std::reverse(a.begin(), a.end());
  std::rotate(b.begin(), b.begin() + static_cast<std::ptrdiff_t>(b.size() / 3), b.end());
  const auto turned = compare_numeric(a, b);
  RC_ASSERT(straight.has_value() && turned.has_value());
  // Moments are sums in the order given and may differ in the last digit; every test sorts first.
  for (const char* test : {"ks_2samp_asymp", "wasserstein", "anderson_ksamp_midrank", "epps_singleton", "reference_decile_bins"})
    RC_ASSERT(straight->at("scipy").at(test) == turned->at("scipy").at(test));
  RC_ASSERT(straight->at("evidently") == turned->at("evidently"));
}

RC_GTEST_PROP(Statistics, a_sample_does_not_differ_from_itself, ()) {
  const auto a = some_values(5);
  expect_near(kolmogorov_distance(a, a).distance, 0);
  expect_near(wasserstein(a, a), 0);
  RC_ASSERT(cramer_von_mises(a, a).p_value > 0.9);
  RC_ASSERT(mann_whitney(a, a, Side::kTwoSided).p_value > 0.99 || a.front() == a.back());
}

RC_GTEST_PROP(Moments, parts_merge_into_the_whole, ()) {
  const auto values = some_values(3);
  const std::size_t cut = *rc::gen::inRange<std::size_t>(0, values.size() + 1);
  Moments left, right;
  for (std::size_t i = 0; i < values.size(); ++i) (i < cut ? left : right).add(values[i] * 0.37 + 5);
  left.merge(right);
  std::vector<double> scaled;
  for (const double value : values) scaled.push_back(value * 0.37 + 5);
  const Moments whole = Moments::of(scaled);
  RC_ASSERT(left.n() == whole.n());
  RC_ASSERT(left.min() == whole.min() && left.max() == whole.max());
  expect_near(left.mean(), whole.mean());
  expect_near(left.std_sample(), whole.std_sample());
  if (values.front() == values.back()) return;  // a constant has no shape
  expect_near(left.skewness(), whole.skewness());
  expect_near(left.kurtosis_excess(), whole.kurtosis_excess());
}

// The plain enumeration that the counting methods must agree with: every choice of places for the first sample.
template <class Statistic>
double enumerated_p(std::size_t n, std::size_t m, double observed, Statistic statistic) {
  std::vector<int> first(n + m);
  std::fill(first.begin(), first.begin() + static_cast<std::ptrdiff_t>(n), 1);
  std::sort(first.begin(), first.end());
  double hits = 0, all = 0;
  do {
    std::vector<double> a, b;
    for (std::size_t i = 0; i < first.size(); ++i) (first[i] == 1 ? a : b).push_back(static_cast<double>(i));
    hits += statistic(a, b) >= observed - 1e-9 ? 1 : 0;
    ++all;
  } while (std::next_permutation(first.begin(), first.end()));
  return hits / all;
}

RC_GTEST_PROP(Statistics, exact_p_values_are_counts_of_arrangements, ()) {
  const std::size_t n = *rc::gen::inRange<std::size_t>(2, 6), m = *rc::gen::inRange<std::size_t>(2, 6);
  std::vector<double> a, b;
  for (std::size_t i = 0; i < n + m; ++i) {
    const bool first = b.size() == m || (a.size() < n && *rc::gen::inRange(0, 2) == 0);
    (first ? a : b).push_back(static_cast<double>(i));
  }
  const double d = kolmogorov_distance(a, b).distance;
  expect_near(kolmogorov_two_sample_exact(d, n, m), enumerated_p(n, m, d, [](const auto& x, const auto& y) { return kolmogorov_distance(x, y).distance; }));
  const TestResult cramer = cramer_von_mises_exact(a, b);
  expect_near(cramer.p_value, enumerated_p(n, m, cramer.statistic, [](const auto& x, const auto& y) { return cramer_von_mises(x, y).statistic; }));
  const TestResult ranks = mann_whitney_exact(a, b, Side::kLess);
  expect_near(ranks.p_value, enumerated_p(n, m, -ranks.statistic, [](const auto& x, const auto& y) { return -mann_whitney(x, y, Side::kLess).statistic; }));
}

TEST(Adwin, keeps_what_lies_after_the_cut_when_told_so) {
  AdwinOptions options;
  options.starts_anew = false;
  Adwin adwin(options);
  bool found = false;
  for (int i = 0; i < 2000; ++i) found = adwin.update(i < 1000 ? 0.2 : 0.8) || found;
  EXPECT_TRUE(found);
  EXPECT_NEAR(adwin.mean(), 0.8, 0.01);
  EXPECT_GT(adwin.width(), 900u);
}

TEST(Changes, refuse_what_they_cannot_take) {
  EXPECT_FALSE(changes("stepd", std::vector<double>{1}, {}));
  EXPECT_FALSE(changes("ddm", std::vector<double>{0.5}, {}));
  EXPECT_TRUE(changes("ddm", std::vector<double>{0, 1}, {}));
  EXPECT_FALSE(compare_numeric({}, std::vector<double>{1}));
  for (const double huge : {1.7e308, 1e200, -1e155}) {
    const auto refused = compare_numeric(std::vector<double>{0, huge, -huge}, std::vector<double>{1, 2, huge});
    ASSERT_FALSE(refused) << huge;
    EXPECT_NE(refused.error().message.find("the range is larger than numbers can hold"), std::string::npos) << refused.error().message;
    EXPECT_NE(refused.error().message.find("divide the column by a constant first"), std::string::npos);
  }
  EXPECT_TRUE(compare_numeric(std::vector<double>{0, 1e152, -1e152}, std::vector<double>{1, 2, 1e152}));
}

}  // namespace
}  // namespace firebreak::stats
