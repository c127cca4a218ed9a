// What watching a feature costs: quality, cells, ranks, evidence; per feature and record.
#include <benchmark/benchmark.h>

#include <random>
#include <vector>

#include "fold/detect/detect_testing.h"

namespace firebreak::detect {
namespace {

constexpr std::size_t kRows = 1 << 15;

struct Load {
  Load(std::size_t numeric, std::size_t categorical) {
    std::mt19937_64 random(1);
    std::normal_distribution<double> normal;
    for (std::size_t i = 0; i < numeric; ++i) schema.numeric.push_back("n" + std::to_string(i));
    for (std::size_t i = 0; i < categorical; ++i) schema.categorical.push_back("c" + std::to_string(i));
    for (std::size_t i = 0; i < kRows; ++i) {
      FeatureRow row;
      for (std::size_t k = 0; k < numeric; ++k) row.numeric.push_back(normal(random));
      for (std::size_t k = 0; k < categorical; ++k) row.categories.push_back("category-" + std::to_string(random() % 12));
      rows.push_back(std::move(row));
    }
  }
  FeatureSchema schema;
  std::vector<FeatureRow> rows;
};

void watch(benchmark::State& state) {
  const auto numeric = static_cast<std::size_t>(state.range(0)), categorical = static_cast<std::size_t>(state.range(1));
  const Load load(numeric, categorical);
  const ReferenceProfile profile = *build_profile(load.schema, std::span(load.rows).first(5000));
  const DetectorConfig config = testing::small_config();
  FeatureWatches watches(config, profile);
  std::vector<FindingUpdate> out;
  Observation seen;
  for (auto _ : state) {
    seen.features = load.rows[seen.index % kRows];
    seen.time = {static_cast<std::int64_t>(seen.index++) * 1000};
    watches.observe(seen, seen.time, out);
  }
  const auto events = static_cast<double>(state.iterations()) * static_cast<double>(numeric + categorical);
  state.counters["ns_per_feature"] = benchmark::Counter(events * 1e-9, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
  state.counters["bytes_per_feature"] = static_cast<double>(watches.bytes()) / static_cast<double>(numeric + categorical);
}
BENCHMARK(watch)->Args({20, 0})->Args({0, 20})->Args({17, 3})->Unit(benchmark::kNanosecond);

}  // namespace
}  // namespace firebreak::detect
