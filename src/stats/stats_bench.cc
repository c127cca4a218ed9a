// What the heavy ones cost: batches of a hundred thousand and a million values, one update of a stream.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <random>
#include <vector>

#include "stats/bins.h"
#include "stats/bounded_mean.h"
#include "stats/change.h"
#include "stats/distances.h"
#include "stats/distinct_sketch.h"
#include "stats/evidence.h"
#include "stats/kolmogorov.h"
#include "stats/quantile_sketch.h"
#include "stats/rank_tests.h"

namespace firebreak::stats {
namespace {

std::vector<double> normal_values(std::uint64_t seed, std::size_t count) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal;
  std::vector<double> out(count);
  for (double& value : out) value = normal(random);
  return out;
}

// Two samples, sorted beforehand: a reference is sorted once.
struct Pair {
  explicit Pair(benchmark::State& state)
      : a(sorted_copy(normal_values(1, static_cast<std::size_t>(state.range(0))))),
        b(sorted_copy(normal_values(2, static_cast<std::size_t>(state.range(0))))) {}
  std::vector<double> a, b;
};

void sort_values(benchmark::State& state) {
  const auto values = normal_values(3, static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(sorted_copy(values));
}
BENCHMARK(sort_values)->Arg(100'000)->Arg(1'000'000)->Unit(benchmark::kMillisecond);

void kolmogorov_smirnov(benchmark::State& state) {
  const Pair pair(state);
  for (auto _ : state)
    benchmark::DoNotOptimize(kolmogorov_two_sample_asymptotic(kolmogorov_distance(pair.a, pair.b).distance, pair.a.size(), pair.b.size()));
}
BENCHMARK(kolmogorov_smirnov)->Arg(100'000)->Arg(1'000'000)->Unit(benchmark::kMillisecond);

void kolmogorov_smirnov_exact(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(kolmogorov_two_sample_exact(0.03, 6000, 6000));
}
BENCHMARK(kolmogorov_smirnov_exact)->Unit(benchmark::kMillisecond);

void wasserstein_distance(benchmark::State& state) {
  const Pair pair(state);
  for (auto _ : state) benchmark::DoNotOptimize(wasserstein(pair.a, pair.b));
}
BENCHMARK(wasserstein_distance)->Arg(1'000'000)->Unit(benchmark::kMillisecond);

void anderson(benchmark::State& state) {
  const Pair pair(state);
  for (auto _ : state) benchmark::DoNotOptimize(anderson_darling(pair.a, pair.b));
}
BENCHMARK(anderson)->Arg(100'000)->Arg(1'000'000)->Unit(benchmark::kMillisecond);

void mann_whitney_u(benchmark::State& state) {
  const Pair pair(state);
  for (auto _ : state) benchmark::DoNotOptimize(mann_whitney(pair.a, pair.b, Side::kTwoSided));
}
BENCHMARK(mann_whitney_u)->Arg(1'000'000)->Unit(benchmark::kMillisecond);

void adwin_update(benchmark::State& state) {
  const auto values = normal_values(4, 4096);
  Adwin adwin;
  std::size_t i = 0;
  for (auto _ : state) benchmark::DoNotOptimize(adwin.update(values[i++ % values.size()]));
}
BENCHMARK(adwin_update);

void page_hinkley_update(benchmark::State& state) {
  const auto values = normal_values(4, 4096);
  PageHinkley detector;
  std::size_t i = 0;
  for (auto _ : state) benchmark::DoNotOptimize(detector.update(values[i++ % values.size()]));
}
BENCHMARK(page_hinkley_update);

void bounded_mean_update(benchmark::State& state) {
  BoundedMeanOptions options;
  options.baseline = 0.1;
  options.threshold = 1e9;
  BoundedMeanDetector detector(options);
  std::size_t i = 0;
  for (auto _ : state) benchmark::DoNotOptimize(detector.update(i++ % 10 == 0 ? 1 : 0));
}
BENCHMARK(bounded_mean_update);

void evidence_of_a_sample(benchmark::State& state) {
  auto evidence = MultinomialEvidence::against_counts(Counts(16, 500), 0.01);
  for (std::size_t i = 0; i < 16; ++i) evidence.add(i, 100 + 20 * i);
  for (auto _ : state) benchmark::DoNotOptimize(evidence.log_e());
}
BENCHMARK(evidence_of_a_sample)->Unit(benchmark::kMicrosecond);

// Per value of a stream of a million.
template <class Sketch>
void sketch(benchmark::State& state) {
  const auto values = normal_values(4, 1'000'000);
  for (auto _ : state) {
    Sketch made;
    for (const double value : values) made.add(value);
    benchmark::DoNotOptimize(made);
  }
  state.SetItemsProcessed(state.iterations() * 1'000'000);
}
BENCHMARK(sketch<QuantileSketch>)->Unit(benchmark::kMillisecond);
BENCHMARK(sketch<DistinctSketch>)->Unit(benchmark::kMillisecond);

void merge_quantiles(benchmark::State& state) {
  QuantileSketch a(1), b(2);
  for (const double value : normal_values(5, 1'000'000)) {
    a.add(value);
    b.add(-value);
  }
  for (auto _ : state) {
    QuantileSketch both = a;
    both.merge(b);
    benchmark::DoNotOptimize(both);
  }
}
BENCHMARK(merge_quantiles);

}  // namespace
}  // namespace firebreak::stats
