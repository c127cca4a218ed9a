// What a value costs a profile: a number, a category, and a cell of text that is first looked at.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "profile/builder.h"

namespace firebreak::profile {
namespace {

constexpr std::size_t kValues = 1'000'000;

std::vector<double> values() {
  std::mt19937_64 random(1);
  std::normal_distribution<double> normal(50, 12);
  std::vector<double> out(kValues);
  for (double& value : out) value = normal(random);
  return out;
}

void per_value(benchmark::State& state) { state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kValues)); }

// Over a reference's bins, as a stream is profiled: bins, moments, both sketches.
void number(benchmark::State& state) {
  const std::vector<double> sample = values();
  const FeatureProfile like = profile_numbers("x", {sample.data(), 10'000});
  for (auto _ : state) {
    FeatureBuilder builder("x", FeatureKind::kNumeric, {.like = &like});
    for (const double value : sample) builder.number(value);
    benchmark::DoNotOptimize(builder.finish());
  }
  per_value(state);
}
BENCHMARK(number)->Unit(benchmark::kMillisecond);

void category(benchmark::State& state) {
  std::mt19937_64 random(2);
  std::vector<std::string> sample(kValues);
  for (std::string& value : sample) value = "category " + std::to_string(random() % 40);
  for (auto _ : state) {
    FeatureBuilder builder("k", FeatureKind::kCategorical);
    for (const std::string& value : sample) builder.text(value);
    benchmark::DoNotOptimize(builder.finish());
  }
  per_value(state);
}
BENCHMARK(category)->Unit(benchmark::kMillisecond);

// A column of a CSV file: parsed, then as above.
void cell(benchmark::State& state) {
  std::vector<std::string> sample;
  for (const double value : values()) sample.push_back(std::to_string(value));
  for (auto _ : state) {
    TableBuilder builder;
    for (const std::string& text : sample) {
      builder.cell(0, "x", CellForm::kPlain, text);
      builder.end_row();
    }
    benchmark::DoNotOptimize(builder.finish());
  }
  per_value(state);
}
BENCHMARK(cell)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace firebreak::profile
