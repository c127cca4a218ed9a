// A small endpoint for tests: four numbers and a category, 1,000 training rows that spread evenly.
#pragma once

#include <string>
#include <vector>

#include "fold/detect/detector.h"

namespace firebreak::detect::testing {

inline FeatureSchema small_schema() { return {{"a", "b", "c", "d"}, {"colour"}}; }

inline std::vector<FeatureRow> small_training() {
  std::vector<FeatureRow> rows;
  for (int i = 0; i < 1000; ++i)
    rows.push_back({{i * 1.0, (i * 7 % 1000) * 1.0, (i * 13 % 1000) * 1.0, (i * 29 % 1000) * 1.0},
                    {i % 2 == 0 ? "red" : "green"}});
  return rows;
}

inline ReferenceProfile small_profile() {
  ReferenceProfile profile = *build_profile(small_schema(), small_training());
  profile.performance = PerformanceBaseline{100, 150, 60};
  return profile;
}

// Two of a thousand per field and less: 4 fields of 1/1000 are 27.6 nats, so 16 nats mean near in all fields.
inline DetectorConfig small_config() {
  DetectorConfig config;
  config.name = "test";
  config.endpoint = config.stream = "small-api";
  config.update_us = kMinute;
  config.input = {kHour, 3, kMinute};
  config.features = {1e6, 0.05, 0.01, 0.0005, 0.02};
  config.records = {5 * kMinute, 0.01, 3, 10 * kMinute, 1000, 2};
  config.outliers = {kHour, 0.015, 1e-7, 1e-3, 8};
  config.chains = {kDay, 256, 4096, 16, 0.15, 0.1, 6, 0.75, 2 * kDay, 1000, kSecond, 8 << 20};
  config.performance = {Problem::kBinary, "decline", "1", 50, 50, 100, 1, 1e4, 0.05, 0, 1.2, 200, 200, 1e6, 50, 16, 0.5, 0.01,
                        kDay, 3 * kDay, 10'000, 1000};
  return config;
}

// A request at `second`, by `caller`; id and digest follow from index and numbers.
inline Observation request(std::uint64_t index, double second, std::string caller,
                           std::vector<double> numbers, std::string colour = "red") {
  Observation seen;
  seen.index = index;
  seen.time = {static_cast<std::int64_t>(second * 1e6)};
  seen.id = "e" + std::to_string(index);
  seen.caller = std::move(caller);
  seen.release = "1.0.0";
  seen.features = {std::move(numbers), {std::move(colour)}};
  std::string text = seen.features.categories[0];
  for (const double value : seen.features.numeric) text += "|" + std::to_string(value);
  seen.feature_digest = sha256(text);
  seen.label = "approve";
  return seen;
}

inline std::vector<FindingUpdate> of_kind(const std::vector<FindingUpdate>& updates,
                                          const std::string& kind) {
  std::vector<FindingUpdate> out;
  for (const FindingUpdate& update : updates)
    if (update.kind == kind) out.push_back(update);
  return out;
}

// Findings that began; of one kind when it is named.
inline std::vector<FindingUpdate> opened(const std::vector<FindingUpdate>& updates, const std::string& kind = {}) {
  std::vector<FindingUpdate> out;
  for (const FindingUpdate& update : updates)
    if (update.phase == FindingPhase::kOpened && (kind.empty() || update.kind == kind)) out.push_back(update);
  return out;
}

}  // namespace firebreak::detect::testing
