// All detectors of the fraud endpoint: nanoseconds a record and bytes of state, on the story's stream, and on
// the worst case that the bounds allow: one combination of categories whose ring is full.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <string>
#include <vector>

#include "fold/detect/detector.h"
#include "fraud/data/fraud_data.h"
#include "run/app/content.h"

namespace firebreak {
namespace {

const std::string kRoot = FIREBREAK_SOURCE_DIR;
const std::string kData = kRoot + "/examples/fraud/data/";

detect::DetectorConfig config() {
  const std::string name = "content/detectors/fraud-api.yaml";
  return fraud::must(detect::detector_config_from_json(
      fraud::must(app::yaml_to_json(fraud::read_text(kRoot + "/" + name), name))));
}

const detect::ReferenceProfile& profile() {
  static const detect::ReferenceProfile built = [] {
    const auto rows = fraud::features_of(fraud::read_rows(kData + "credit_train.csv.zst"));
    auto out = fraud::must(detect::build_profile(fraud::schema(), rows));
    out.performance = detect::PerformanceBaseline{249, 323, 147};  // 1.0.0 on credit_test
    return out;
  }();
  return built;
}

const std::vector<fraud::StreamLine>& stream() {
  static const auto lines = fraud::read_stream(kData + "credit_stream.ndjson.zst");
  return lines;
}

void report(benchmark::State& state, std::size_t records, std::size_t bytes) {
  state.SetItemsProcessed(static_cast<std::int64_t>(records));
  state.counters["ns_per_record"] = benchmark::Counter(
      static_cast<double>(records) / 1e9, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
  state.counters["state_bytes"] = static_cast<double>(bytes);
}

void story(benchmark::State& state) {
  stream(), profile();  // read before the clock runs
  std::size_t records = 0, bytes = 0;
  for (auto _ : state) {
    detect::StreamDetector detector(config(), profile());
    for (const auto& line : stream()) {
      benchmark::DoNotOptimize(line.is_label ? detector.observe(line.label)
                                             : detector.observe(line.observation));
      bytes = std::max(bytes, detector.bytes());
    }
    records += stream().size();
  }
  report(state, records, bytes);
}
BENCHMARK(story)->Unit(benchmark::kMillisecond);

// Distinct honest rows in one combination of categories within one day: every scan meets rows_per_group rows.
void full_ring(benchmark::State& state) {
  std::vector<Observation> rows;
  for (const auto& line : stream()) {
    if (line.is_label) continue;
    Observation row = line.observation;
    row.features.categories = {"female", "university", "single"};
    row.feature_digest = sha256(row.id);
    row.time = stream().front().observation.time + static_cast<std::int64_t>(rows.size()) * kSecond;
    rows.push_back(std::move(row));
    if (rows.size() == 8'000) break;
  }
  profile();
  std::size_t records = 0, bytes = 0;
  for (auto _ : state) {
    detect::StreamDetector detector(config(), profile());
    for (const auto& row : rows) benchmark::DoNotOptimize(detector.observe(row));
    bytes = std::max(bytes, detector.bytes());
    records += rows.size();
  }
  report(state, records, bytes);
}
BENCHMARK(full_ring)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace firebreak
