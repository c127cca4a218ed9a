#include "fold/detect/detector.h"

#include <gtest/gtest.h>

#include <limits>

#include "fold/detect/detect_testing.h"

namespace firebreak::detect {
namespace {

using testing::of_kind;
using testing::request;

double real(std::uint64_t i) { return static_cast<double>(i); }

// Rows that spread over the training data and are near to nothing.
std::vector<double> ordinary(std::uint64_t i) {
  return {static_cast<double>(i * 97 % 900 + 50), static_cast<double>(i * 389 % 900 + 50),
          static_cast<double>(i * 211 % 900 + 50), static_cast<double>(i * 613 % 900 + 50)};
}

struct Bench {
  StreamDetector detector{testing::small_config(), testing::small_profile()};
  std::vector<FindingUpdate> all;
  void take(const std::vector<FindingUpdate>& updates) {
    all.insert(all.end(), updates.begin(), updates.end());
  }
};

TEST(Detector, a_burst_of_outliers_opens_an_episode_and_the_quiet_hour_closes_it) {
  Bench bench;
  for (std::uint64_t i = 0; i < 60; ++i)
    bench.take(bench.detector.observe(request(i, 10.0 * real(i), "key", ordinary(i))));
  EXPECT_TRUE(of_kind(bench.all, "outlier_burst").empty());
  for (std::uint64_t i = 60; i < 90; ++i)
    bench.take(bench.detector.observe(
        request(i, 10.0 * real(i), "key",
                {9000 + 50 * real(i), 7000 - real(i), 8000 + 31 * real(i), 9900 - 77 * real(i)})));
  const auto opened = of_kind(bench.all, "outlier_burst");
  ASSERT_FALSE(opened.empty());
  EXPECT_EQ(opened[0].phase, FindingPhase::kOpened);
  EXPECT_EQ(opened[0].first_index, 60U);
  for (std::uint64_t i = 90; i < 160; ++i)
    bench.take(bench.detector.observe(request(i, 5000 + 10.0 * real(i), "key", ordinary(i))));
  EXPECT_EQ(of_kind(bench.all, "outlier_burst").back().phase, FindingPhase::kClosed);
}

TEST(Detector, precision_falls_when_the_labels_say_so_and_fallback_answers_do_not_count) {
  const auto run = [](Disposition disposition) {
    Bench bench;
    for (std::uint64_t i = 0; i < 200; ++i) {
      Observation seen = request(2 * i, static_cast<double>(i), "key", ordinary(i));
      seen.label = "decline";
      seen.disposition = disposition;
      bench.take(bench.detector.observe(seen));
      bench.take(
          bench.detector.observe(LabelObservation{2 * i + 1, seen.time, seen.id, i % 4 == 0 ? "1" : "0"}));
    }
    return of_kind(bench.all, "performance_drop");
  };
  const auto served = run(Disposition::kServed);
  ASSERT_FALSE(served.empty());
  EXPECT_LT(served[0].numbers.at("high"), 0.6);
  EXPECT_NEAR(served[0].numbers.at("precision"), 0.25, 0.03);
  EXPECT_LT(served[0].count, 2U);
  ASSERT_TRUE(served[0].onset);
  EXPECT_EQ(served[0].onset->first_index, 0U);  // below what was accepted from the first answer on
  EXPECT_TRUE(run(Disposition::kFallback).empty());
}

TEST(Detector, the_newest_of_two_labels_counts) {
  Bench bench;
  for (std::uint64_t i = 0; i < 200; ++i) {
    Observation seen = request(3 * i, static_cast<double>(i), "key", ordinary(i));
    seen.label = "decline";
    bench.take(bench.detector.observe(seen));
    bench.take(bench.detector.observe(LabelObservation{3 * i + 1, seen.time, seen.id, "0"}));
    bench.take(bench.detector.observe(LabelObservation{3 * i + 2, seen.time, seen.id, "1"}));
  }
  EXPECT_TRUE(of_kind(bench.all, "performance_drop").empty());
}

TEST(Detector, an_unknown_model_is_one_episode_per_digest) {
  Bench bench;
  for (std::uint64_t i = 0; i < 10; ++i) {
    Observation seen = request(i, static_cast<double>(i), "key", ordinary(i));
    seen.model_known = false;
    seen.model_digest = i % 2 == 0 ? "aa" : "bb";
    bench.take(bench.detector.observe(seen));
  }
  const auto found = of_kind(bench.all, "unknown_model");
  ASSERT_EQ(found.size(), 2U);
  EXPECT_NE(found[0].episode, found[1].episode);
  EXPECT_EQ(found[0].severity, Severity::kHigh);
}

// The same log, whether it is read at once or in parts with minutes of the wall clock between them.
TEST(Detector, a_log_that_is_read_in_later_keeps_its_own_clock) {
  const auto read = [](int ticks) {
    Bench bench;
    for (std::uint64_t i = 0; i < 3000; ++i) {
      Observation seen = request(i, static_cast<double>(i) * 17, "key", ordinary(i));
      seen.delay_us = 30 * kHour;
      bench.take(bench.detector.observe(seen));
      if (ticks > 0 && i % 1000 == 999)
        for (int tick = 1; tick <= ticks; ++tick) bench.take(bench.detector.advance(seen.time + 30 * kHour + tick * kSecond));
    }
    return bench.all;
  };
  EXPECT_EQ(read(10), read(0));
  EXPECT_TRUE(of_kind(read(10), "timestamp_disorder").empty());
}

TEST(Detector, records_that_come_late_are_of_one_episode_too) {
  Bench bench;
  for (std::uint64_t i = 0; i < 200; ++i) {
    const bool late = i % 2 == 1;
    Observation seen = request(i, static_cast<double>(i) + (late ? 0 : 7200), "key", ordinary(i));
    if (late) seen.schema_violation = "/features/e: unknown field";
    bench.take(bench.detector.observe(seen));
  }
  const auto found = of_kind(bench.all, "new_field");
  EXPECT_EQ(std::count_if(found.begin(), found.end(), [](const FindingUpdate& one) { return one.phase == FindingPhase::kOpened; }), 1);
}

TEST(Detector, updates_come_at_most_once_a_minute_and_an_idle_hour_closes) {
  Bench bench;
  for (std::uint64_t i = 0; i < 300; ++i) {
    Observation seen = request(i, static_cast<double>(i), "key", ordinary(i));
    seen.schema_violation = "/features/e: unknown field";
    bench.take(bench.detector.observe(seen));
  }
  bench.take(bench.detector.advance({300 * kSecond + kHour + kSecond}));
  const auto found = of_kind(bench.all, "new_field");
  ASSERT_FALSE(found.empty());
  EXPECT_LE(found.size(), 8U);
  EXPECT_EQ(found.back().phase, FindingPhase::kClosed);
  EXPECT_EQ(found.back().count, 300U);
}

TEST(Detector, a_broken_request_is_a_finding_and_reaches_no_statistics) {
  Bench bench;
  Observation seen = request(0, 0, "key", {std::numeric_limits<double>::quiet_NaN(), 1, 2, 3});
  seen.schema_violation = "/features/a: wrong type (text)";
  bench.take(bench.detector.observe(seen));
  ASSERT_EQ(bench.all.size(), 1U);
  EXPECT_EQ(bench.all[0].kind, "schema_violation");
  EXPECT_NE(bench.all[0].summary.find("/features/a"), std::string::npos);
}

TEST(Detector, values_that_are_missing_are_told_once) {
  const double kNone = std::numeric_limits<double>::quiet_NaN();
  Bench bench;
  for (std::uint64_t i = 0; i < 200; ++i) {
    Observation seen = request(i, 10.0 * real(i), "", ordinary(i));
    if (i >= 100 && i % 3 == 0) {
      seen.features.numeric[0] = kNone;
      seen.schema_violation = "/features/a: missing";
    }
    bench.take(bench.detector.observe(seen));
  }
  ASSERT_FALSE(of_kind(bench.all, "missing_values").empty());
  EXPECT_TRUE(of_kind(bench.all, "schema_violation").empty());
  Observation nothing = request(200, 2000, "", {kNone, kNone, kNone, kNone});
  for (std::string& category : nothing.features.categories) category.clear();
  nothing.schema_violation = "/features/a: missing";
  bench.take(bench.detector.observe(nothing));
  EXPECT_FALSE(of_kind(bench.all, "schema_violation").empty());
}

TEST(Detector, outliers_lie_outside_what_the_reference_is) {
  const auto summary = [](bool ordered) {
    ReferenceProfile profile = testing::small_profile();
    profile.ordered = ordered;
    StreamDetector detector(testing::small_config(), profile);
    std::vector<FindingUpdate> all;
    for (std::uint64_t i = 0; i < 40; ++i) {
      const auto updates = detector.observe(request(i, 10.0 * real(i), "key", {9000 + 50 * real(i), 7000 - real(i), 8000 + 31 * real(i), 9900 - 77 * real(i)}));
      all.insert(all.end(), updates.begin(), updates.end());
    }
    const auto bursts = of_kind(all, "outlier_burst");
    return bursts.empty() ? std::string() : bursts[0].summary;
  };
  EXPECT_NE(summary(false).find("outside what the model was trained on"), std::string::npos) << summary(false);
  EXPECT_NE(summary(true).find("outside the reference"), std::string::npos) << summary(true);
}

TEST(Detector, three_failed_answers_in_a_minute_are_an_outage_and_two_are_not) {
  Bench bench;
  for (std::uint64_t i = 0; i < 3; ++i) {
    EXPECT_TRUE(of_kind(bench.all, "upstream_failure").empty());
    Observation seen = request(i, 10.0 * real(i), "key", ordinary(i));
    seen.disposition = Disposition::kFailed;
    seen.label.clear();
    bench.take(bench.detector.observe(seen));
  }
  EXPECT_EQ(of_kind(bench.all, "upstream_failure").size(), 1U);
}

TEST(Detector, the_same_input_gives_the_same_updates) {
  const auto run = [] {
    Bench bench;
    for (std::uint64_t i = 0; i < 500; ++i) {
      const bool attack = i % 3 == 0;
      bench.take(
          bench.detector.observe(request(i, 0.5 * real(i), "key-" + std::to_string(i % 11),
                                         attack ? std::vector<double>{311 + real(i % 4), 612 + real(i % 5),
                                                                      223 + real(i % 7), 834 + real(i % 9)}
                                                : ordinary(i))));
    }
    return bench.all;
  };
  const auto once = run();
  EXPECT_FALSE(once.empty());
  EXPECT_EQ(once, run());
}

TEST(DetectorConfig, a_missing_threshold_is_refused_by_name) {
  const auto parsed =
      detector_config_from_json(*parse_json(R"({"version":1,"name":"x","endpoint":"e","update_seconds":60,
      "input":{"idle_seconds":60,"failures":3}})"));
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().pointer.substr(0, 6), "/input");
}

TEST(DetectorConfig, an_unknown_key_is_refused) {
  EXPECT_FALSE(
      detector_config_from_json(*parse_json(R"({"version":1,"name":"x","endpoint":"e","thresholds":{}})")));
}

}  // namespace
}  // namespace firebreak::detect
