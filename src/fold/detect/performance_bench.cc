// What labels and answers cost the performance detector: ten segment features, all four measures and the estimates.
#include <benchmark/benchmark.h>
#include <fmt/core.h>

#include <string>
#include <vector>

#include "fold/detect/detect_testing.h"
#include "fold/detect/performance.h"

namespace firebreak::detect {
namespace {

DetectorConfig config() {
  DetectorConfig out = testing::small_config();
  out.performance.max_predictions = 200'000;
  out.performance.precision_labels = out.performance.recall_labels = 200;
  out.performance.error_labels = out.performance.estimate_answers = out.performance.reference_labels = 1000;
  out.performance.arl_labels = out.performance.arl_answers = 1e12;
  out.performance.segment_values = 32;
  return out;
}

ReferenceProfile profile() {
  FeatureSchema schema{{}, {"channel", "country"}};
  for (int i = 0; i < 18; ++i) schema.numeric.push_back(fmt::format("n{}", i));
  std::vector<FeatureRow> rows;
  for (int i = 0; i < 2000; ++i) {
    FeatureRow row;
    for (int k = 0; k < 18; ++k) row.numeric.push_back((i * (7 + 2 * k)) % 2000);
    row.categories = {fmt::format("c{}", i % 9), fmt::format("d{}", i % 5)};
    rows.push_back(row);
  }
  return *build_profile(schema, rows);
}

Observation answer(std::uint64_t i) {
  Observation seen;
  seen.index = 2 * i;
  seen.time = {static_cast<std::int64_t>(i) * kMillisecond};
  seen.id = fmt::format("answer-{}", i);
  seen.caller = fmt::format("key-{}", i * i % 200);
  for (std::uint64_t k = 0; k < 18; ++k) seen.features.numeric.push_back(static_cast<double>(i * (7 + 2 * k) % 2000));
  seen.features.categories = {fmt::format("c{}", i % 9), fmt::format("d{}", i % 5)};
  seen.score = static_cast<double>(i * 7919 % 1000) / 1000;
  seen.label = seen.score > 0.7 ? "decline" : "approve";
  return seen;
}

std::string truth(std::uint64_t i) { return i * 104729 % 1000 < i * 7919 % 1000 ? "1" : "0"; }

std::vector<Observation> answers() {
  std::vector<Observation> out;
  for (std::uint64_t i = 0; i < 50'000; ++i) out.push_back(answer(i));
  return out;
}

// Measured: one answer, then one label.
void performance_answer(benchmark::State& state) {
  const DetectorConfig with = config();
  PerformanceDetector detector(with, profile());
  std::vector<Observation> rows = answers();
  std::vector<FindingUpdate> found;
  for (std::uint64_t i = 0; i < 2000; ++i) {
    detector.observe(rows[i], rows[i].time, found);
    detector.observe(LabelObservation{2 * i + 1, rows[i].time, rows[i].id, truth(i)}, rows[i].time, found);
  }
  std::size_t i = 2000;
  for (auto _ : state) {
    detector.observe(rows[i], rows[i].time, found);
    if (++i == rows.size()) i = 2000;
  }
  state.counters["bytes"] = static_cast<double>(detector.bytes());
}
BENCHMARK(performance_answer);

void performance_label(benchmark::State& state) {
  const DetectorConfig with = config();
  PerformanceDetector detector(with, profile());
  std::vector<Observation> rows = answers();
  std::vector<FindingUpdate> found;
  for (const Observation& row : rows) detector.observe(row, row.time, found);
  std::vector<LabelObservation> labels;
  for (std::uint64_t i = 0; i < rows.size(); ++i) labels.push_back({2 * i + 1, rows[i].time, rows[i].id, truth(i)});
  std::size_t i = 0;
  for (auto _ : state) {
    if (i == labels.size()) {
      state.PauseTiming();
      for (const Observation& row : rows) detector.observe(row, row.time, found);  // the same answers anew, without labels
      i = 0;
      state.ResumeTiming();
    }
    detector.observe(labels[i], labels[i].time, found);
    ++i;
  }
}
BENCHMARK(performance_label);

void performance_correction(benchmark::State& state) {
  const DetectorConfig with = config();
  PerformanceDetector detector(with, profile());
  std::vector<Observation> rows = answers();
  std::vector<FindingUpdate> found;
  for (std::uint64_t i = 0; i < 5000; ++i) {
    detector.observe(rows[i], rows[i].time, found);
    detector.observe(LabelObservation{2 * i + 1, rows[i].time, rows[i].id, truth(i)}, rows[i].time, found);
  }
  std::uint64_t i = 0;
  for (auto _ : state) {
    const std::uint64_t row = 4100 + i % 900;
    detector.observe(LabelObservation{20'000 + i, rows[row].time, rows[row].id, (i / 900) % 2 == 0 ? "2" : "1"}, rows[row].time, found);
    ++i;
  }
}
BENCHMARK(performance_correction)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace firebreak::detect
