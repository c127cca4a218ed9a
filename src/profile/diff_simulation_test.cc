// The word 'changed' by simulation: two samples of one distribution get it no more often than the diff's level says, whatever the
// distribution, and a real shift of each gets it.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <random>

#include "profile/builder.h"
#include "profile/diff.h"

namespace firebreak::profile {
namespace {

using Random = std::mt19937_64;
using Draw = std::function<double(Random&)>;  // a number, or that of a category

struct Case {
  const char* name;
  bool numeric;
  Draw then, shifted;
};

Draw uniform(int categories) {
  return [=](Random& random) { return static_cast<double>(std::uniform_int_distribution<int>(0, categories - 1)(random)); };
}
// Every second category is a third as frequent as its neighbour.
Draw uneven(int categories) {
  return [=](Random& random) {
    const int drawn = std::uniform_int_distribution<int>(0, categories - 1)(random);
    return static_cast<double>(drawn % 2 == 1 && random() % 2 == 0 ? drawn - 1 : drawn);
  };
}
// As frequent as 1 / rank^s: by inversion of the continuous law, rounded down.
Draw zipf(double s, double most) {
  return [=](Random& random) {
    const double u = std::uniform_real_distribution<double>(0, 1)(random), power = 1 - s;
    return std::floor(std::pow(1 + u * (std::pow(most, power) - 1), 1 / power));
  };
}
Draw pareto(double alpha) {
  return [=](Random& random) { return std::pow(1 - std::uniform_real_distribution<double>(0, 1)(random), -1 / alpha); };
}
Draw cauchy(double middle) {
  return [=](Random& random) { return std::cauchy_distribution<double>(middle, 1)(random); };
}
Draw poisson(double mean) {
  return [=](Random& random) { return static_cast<double>(std::poisson_distribution<int>(mean)(random)); };
}
Draw mostly_zero(double zeros) {
  return [=](Random& random) { return std::bernoulli_distribution(zeros)(random) ? 0.0 : std::ceil(std::exponential_distribution<double>(0.2)(random)); };
}

const std::vector<Case>& cases() {
  static const std::vector<Case> kCases = {
      {"10 categories", false, uniform(10), uneven(10)},
      {"50 categories", false, uniform(50), uneven(50)},
      {"90 categories", false, uniform(90), uneven(90)},
      {"150 categories", false, uniform(150), uneven(150)},
      {"240 categories", false, uniform(240), uneven(240)},
      {"360 categories", false, uniform(360), uneven(360)},
      {"5,000 categories as 1/rank^1.3", false, zipf(1.3, 5'000), zipf(1.45, 5'000)},
      {"flags, one of three rare", false, [](Random& r) { return r() % 1'000 == 0 ? 2.0 : static_cast<double>(r() % 2); }, uniform(3)},
      {"Pareto, no variance", true, pareto(1.2), pareto(1.7)},
      {"Cauchy", true, cauchy(0), cauchy(0.4)},
      {"normal", true, [](Random& r) { return std::normal_distribution<double>(0, 1)(r); },
       [](Random& r) { return std::normal_distribution<double>(0.25, 1)(r); }},
      {"small whole numbers", true, poisson(3), poisson(3.5)},
      {"few whole numbers", true, poisson(0.4), poisson(0.6)},
      {"0 and 1, rarely 2", true, [](Random& r) { return r() % 1'000 == 0 ? 2.0 : static_cast<double>(r() % 2); }, uniform(3)},
      {"mostly zero", true, mostly_zero(0.9), mostly_zero(0.8)},
  };
  return kCases;
}

FeatureProfile sample(const Case& one, const Draw& draw, std::uint64_t seed, int rows, const FeatureProfile* like) {
  Random random(seed);
  FeatureBuilder builder("x", one.numeric ? FeatureKind::kNumeric : FeatureKind::kCategorical, {.seed = seed, .like = like});
  for (int i = 0; i < rows; ++i) {
    const double value = draw(random);
    one.numeric ? builder.number(value) : builder.text("name-" + std::to_string(static_cast<int>(value)));
  }
  return builder.finish();
}

DataProfile of(FeatureProfile feature) { return {feature.rows, "simulation", {std::move(feature)}}; }

struct Tally {
  int judged = 0, changed = 0, chi_square = 0, psi = 0, total_variation = 0, wasserstein = 0;
};

constexpr double kLevel = 0.05;

Tally tally(const Case& one, const Draw& now, int runs, int rows_then, int rows_now, bool alike) {
  Tally out;
  for (int run = 0; run < runs; ++run) {
    const auto seed = static_cast<std::uint64_t>(run);
    const FeatureProfile then = sample(one, one.then, 2 * seed + 1, rows_then, nullptr);
    const ProfileDiff found = diff(of(then), of(sample(one, now, 2 * seed + 2, rows_now, alike ? &then : nullptr)), kLevel);
    const FeatureDiff& feature = found.features.at(0);
    if (!feature.scores) continue;  // with few rows many categories look like texts
    ++out.judged;
    out.changed += found.changed() != 0 ? 1 : 0;
    out.chi_square += feature.scores->homogeneity.p_value <= kLevel ? 1 : 0;
    out.psi += feature.scores->psi.p_value <= kLevel ? 1 : 0;
    out.total_variation += feature.scores->total_variation.p_value <= kLevel ? 1 : 0;
    if (feature.wasserstein) out.wasserstein += feature.wasserstein->p_value <= kLevel ? 1 : 0;
  }
  return out;
}

// The level and three standard deviations of a binomial; `slack`: what the approximations may be off besides.
int most_of(int runs, double slack) { return static_cast<int>(runs * (kLevel + slack) + 3 * std::sqrt(runs * kLevel * (1 - kLevel))); }

void expect_quiet(int runs, int rows_then, int rows_now, bool alike) {
  for (const Case& one : cases()) {
    const Tally found = tally(one, one.then, runs, rows_then, rows_now, alike);
    EXPECT_TRUE(found.judged == runs || rows_then < 1'000) << one.name;
    EXPECT_LE(found.changed, most_of(runs, 0)) << one.name;
    EXPECT_LE(found.chi_square, most_of(runs, 0.01)) << one.name;
    EXPECT_LE(found.psi, most_of(runs, 0.01)) << one.name;
    EXPECT_LE(found.total_variation, most_of(runs, 0.01)) << one.name;
    EXPECT_LE(found.wasserstein, most_of(runs, 0.01)) << one.name;
  }
}

TEST(DiffSimulation, keeps_its_level_over_the_same_bins) { expect_quiet(100, 1'500, 1'000, true); }
TEST(DiffSimulation, keeps_its_level_with_few_rows) { expect_quiet(150, 150, 200, true); }
TEST(DiffSimulation, keeps_its_level_between_finished_profiles) { expect_quiet(50, 1'500, 2'500, false); }

TEST(DiffSimulation, finds_a_shift_of_each) {
  constexpr int kRuns = 10;
  for (const Case& one : cases())
    for (const bool alike : {true, false}) EXPECT_GE(tally(one, one.shifted, kRuns, 5'000, 4'000, alike).changed, kRuns - 1) << one.name << alike;
}

}  // namespace
}  // namespace firebreak::profile
