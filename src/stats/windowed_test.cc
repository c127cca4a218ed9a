// Scores of windows: what they expect without a change, and how often their p values are small then, by simulation.
#include "stats/windowed.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "stats/intervals.h"

namespace firebreak::stats {
namespace {

struct Tally {
  double sum = 0, expected = 0;
  int small = 0;
  void add(const WindowedScore& score) {
    sum += score.value;
    expected += score.expected;
    small += score.p_value <= 0.05 ? 1 : 0;
  }
};

// 3 standard deviations of a binomial around the level, and what the approximation may be off besides.
void expect_level(int small, int runs, double slack, const char* what) {
  const double share = small / static_cast<double>(runs), three = 3 * std::sqrt(0.05 * 0.95 / runs);
  EXPECT_LT(share, 0.05 + three + slack) << what;
}

std::vector<double> middles(const Counts& counts) {  // bins one wide, from 0
  std::vector<double> sums;
  for (std::size_t i = 0; i < counts.size(); ++i) sums.push_back((static_cast<double>(i) + 0.5) * static_cast<double>(counts[i]));
  return sums;
}

void simulate(const std::vector<double>& weights, int n, int m, double slack) {
  std::mt19937_64 random(21);
  std::discrete_distribution<std::size_t> draw(weights.begin(), weights.end());
  constexpr int kRuns = 800;
  Tally psi, js, hell, tvd, largest, wasserstein;
  int chi = 0;
  std::vector<double> edges;
  for (std::size_t i = 1; i < weights.size(); ++i) edges.push_back(static_cast<double>(i));
  for (int run = 0; run < kRuns; ++run) {
    Counts a(weights.size()), b(weights.size());
    for (int i = 0; i < n; ++i) ++a[draw(random)];
    for (int i = 0; i < m; ++i) ++b[draw(random)];
    const WindowedScores scores = windowed_scores(a, b);
    psi.add(scores.psi);
    js.add(scores.jensen_shannon);
    hell.add(scores.hellinger);
    tvd.add(scores.total_variation);
    largest.add(scores.l_infinity);
    wasserstein.add(windowed_wasserstein(edges, {a, middles(a)}, {b, middles(b)}, 1));
    chi += scores.homogeneity.p_value <= 0.05 ? 1 : 0;
  }
  expect_level(psi.small, kRuns, slack, "psi");
  expect_level(js.small, kRuns, slack, "js");
  expect_level(hell.small, kRuns, slack, "hellinger");
  expect_level(tvd.small, kRuns, slack, "tvd");
  expect_level(largest.small, kRuns, slack, "l_infinity");
  expect_level(wasserstein.small, kRuns, slack, "wasserstein");
  expect_level(chi, kRuns, slack, "chi-square");
  EXPECT_GT(tvd.small, kRuns / 50);  // and they do say something
  EXPECT_GT(wasserstein.small, kRuns / 50);
  EXPECT_GT(largest.small, kRuns / 100);
  EXPECT_NEAR(psi.sum / psi.expected, 1, 0.1);
  EXPECT_NEAR(js.sum / js.expected, 1, 0.1);
  EXPECT_NEAR(hell.sum / hell.expected, 1, 0.1);
  EXPECT_NEAR(tvd.sum / tvd.expected, 1, 0.05);
  EXPECT_NEAR(wasserstein.sum / wasserstein.expected, 1, 0.1);
}

TEST(Windowed, equal_bins_large_windows) { simulate(std::vector<double>(32, 1), 4'000, 800, 0.01); }
TEST(Windowed, unequal_categories) { simulate({50, 25, 12, 6, 4, 3}, 1'500, 500, 0.01); }
TEST(Windowed, equal_bins_a_small_window) { simulate(std::vector<double>(16, 1), 2'000, 120, 0.02); }

TEST(Windowed, a_change_is_seen) {
  const Counts then = {100, 100, 100, 100}, now = {10, 20, 70, 100};
  const WindowedScores scores = windowed_scores(then, now);
  for (const WindowedScore& one : {scores.psi, scores.jensen_shannon, scores.hellinger, scores.total_variation, scores.l_infinity}) {
    EXPECT_LT(one.p_value, 1e-6);
    EXPECT_GT(one.corrected, 0);
    EXPECT_LT(one.corrected, one.value);
  }
  EXPECT_DOUBLE_EQ(scores.total_variation.value, 0.35);
  EXPECT_DOUBLE_EQ(scores.l_infinity.value, 0.25);
}

// Uniform on 0..8 against the same moved by a half: the area is a half.
TEST(Windowed, the_area_is_that_of_the_two_distributions) {
  const std::vector<double> edges = {1, 2, 3, 4, 5, 6, 7};
  Counts then(8, 1'000), now(8, 1'000);
  now.front() = 500;
  now.back() = 1'500;  // 7.. 8.5
  std::vector<double> moved = middles(now);
  moved.front() = 500 * 0.75;
  moved.back() = 1'500 * 7.75;
  EXPECT_NEAR(windowed_wasserstein(edges, {then, middles(then)}, {now, moved}, 1).value, 0.5, 1e-12);
  EXPECT_NEAR(windowed_wasserstein(edges, {then, middles(then)}, {now, moved}, 4).value, 0.125, 1e-12);
  EXPECT_EQ(windowed_wasserstein(edges, {then, middles(then)}, {then, middles(then)}, 1).value, 0);
}

// Bins that hold whole numbers: the distributions step at their lower ends. Tails that reach a million times as far as the rest.
void simulate_wasserstein(const std::vector<double>& weights, double tail, const char* what) {
  std::mt19937_64 random(22);
  std::discrete_distribution<std::size_t> draw(weights.begin(), weights.end());
  std::exponential_distribution<double> far(1);
  constexpr int kRuns = 800;
  int small = 0;
  std::vector<double> edges;
  for (std::size_t i = 1; i < weights.size(); ++i) edges.push_back(static_cast<double>(i));
  for (int run = 0; run < kRuns; ++run) {
    Counts a(weights.size()), b(weights.size());
    std::vector<double> a_sums(weights.size()), b_sums(weights.size());
    for (int i = 0; i < 1'000; ++i) {
      const bool first = i < 600;
      const std::size_t bin = draw(random);
      ++(first ? a : b)[bin];
      const double reach = bin + 1 == weights.size() && tail > 0 ? std::exp(tail * far(random)) : 0;
      (first ? a_sums : b_sums)[bin] += static_cast<double>(bin) + reach;
    }
    small += windowed_wasserstein(edges, {a, a_sums}, {b, b_sums}, 1).p_value <= 0.05 ? 1 : 0;
  }
  expect_level(small, kRuns, 0.01, what);
  EXPECT_GT(small, kRuns / 100) << what;
}

TEST(Windowed, the_area_of_whole_numbers_keeps_its_level) {
  simulate_wasserstein({1, 9, 10}, 0, "three values");
  simulate_wasserstein({7, 3}, 0, "two values");
  simulate_wasserstein({4, 6, 9, 7, 3, 1}, 0, "six values");
}
TEST(Windowed, the_area_of_a_heavy_tail_keeps_its_level) { simulate_wasserstein(std::vector<double>(32, 1), 3, "a tail"); }

TEST(Windowed, one_bin_alone_says_nothing) {
  const WindowedScores scores = windowed_scores(Counts{40}, Counts{30});
  for (const WindowedScore& one : {scores.psi, scores.jensen_shannon, scores.hellinger, scores.total_variation, scores.l_infinity})
    EXPECT_EQ(one.p_value, 1);
}

TEST(Windowed, rare_categories_become_groups_that_are_not) {
  const Counts many(40, 2);  // two rare ones and a half a group
  const Pooled pooled = pool_rare(many, many);
  EXPECT_EQ(pooled.reference, (Counts{8, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6}));
  EXPECT_EQ(pooled.current, pooled.reference);
  // What is left joins the smallest of all, and stands alone where there is no other.
  EXPECT_EQ(pool_rare(Counts{50, 20, 1}, Counts{50, 30, 2}).current, (Counts{50, 32}));
  EXPECT_EQ(pool_rare(Counts{1, 1}, Counts{1, 0}).reference, Counts{2});
}

TEST(Windowed, bins_of_equal_mass_are_put_together_by_the_number_of_rows) {
  Counts then(32, 4), now(32, 3);
  now[7] = 30;  // however many there are
  const Pooled pooled = pool_bins(then, now);
  EXPECT_EQ(pooled.reference.size(), 12u);  // 123 rows, ten each
  EXPECT_EQ(total(pooled.current), total(now));
  EXPECT_EQ(pool_bins(Counts(32, 10), Counts(32, 20)).reference, Counts(32, 10));
  EXPECT_EQ(pool_bins(Counts{0, 1'000, 0}, Counts{0, 1'000, 0}).reference, Counts{1'000});
}

TEST(Intervals, known_values) {
  EXPECT_NEAR(wilson(10, 100).low, 0.0552291, 1e-6);   // R: prop.test(10, 100, correct = FALSE)
  EXPECT_NEAR(wilson(10, 100).high, 0.1743657, 1e-6);
  EXPECT_EQ(wilson(0, 50).low, 0);
  EXPECT_NEAR(beyond_one_end(59), 0.05, 0.0005);       // 59 values: 95 % below the largest, with 95 %
  EXPECT_NEAR(beyond_both_ends(93), 0.05, 0.0005);     // Wilks 1941: 93 for both ends
  EXPECT_EQ(beyond_both_ends(1), 1);
}

}  // namespace
}  // namespace firebreak::stats
