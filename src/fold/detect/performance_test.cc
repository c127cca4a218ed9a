// What is promised about performance findings, counted on simulated and recorded streams. Seeds are fixed; a limit is the promise
// plus three standard deviations of the count.
#include "fold/detect/performance.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <random>

#include "fold/detect/detect_testing.h"
#include "fraud/data/fraud_data.h"

namespace firebreak::detect {
namespace {

using Generator = std::mt19937_64;

double uniform(Generator& random) { return std::generate_canonical<double, 53>(random); }

DetectorConfig config_of(Problem problem) {
  DetectorConfig config = testing::small_config();
  config.performance.problem = problem;
  config.performance.flagged_answer = config.performance.positive_label = "1";
  config.performance.reference_labels = 1000;
  config.performance.error_labels = 500;
  config.performance.max_predictions = 2000;
  return config;
}

// Answers and labels of one endpoint, a second apart, labels at once.
struct Bench {
  explicit Bench(const DetectorConfig& given, const ReferenceProfile& profile = {}) : config(given), detector(config, profile) {}

  Observation answer(const std::string& label, double score = kNoLoss) {
    Observation seen;
    seen.index = next++;
    seen.time = {static_cast<std::int64_t>(seen.index) * kSecond};
    seen.id = "a" + std::to_string(seen.index);
    seen.label = label;
    seen.score = score;
    return seen;
  }
  void observe(const Observation& seen) { detector.observe(seen, seen.time, found); }
  void label(const std::string& id, const std::string& text) {
    const Time now{static_cast<std::int64_t>(next) * kSecond};
    detector.observe(LabelObservation{next++, now, id, text}, now, found);
  }
  void error(bool wrong) {
    const Observation seen = answer("a");
    observe(seen);
    label(seen.id, wrong ? "b" : "a");
  }
  // The number of the answer (every answer takes two indexes).
  static std::uint64_t row(std::uint64_t index) { return index / 2; }
  const FindingUpdate* first(const std::string& kind = "performance_drop") const {
    for (const FindingUpdate& update : found)
      if (update.kind == kind) return &update;
    return nullptr;
  }

  DetectorConfig config;
  PerformanceDetector detector;
  std::vector<FindingUpdate> found;
  std::uint64_t next = 0;
};

// ---- false alarms and delay

TEST(Performance, raises_no_more_false_alarms_than_its_budget_with_a_baseline_learned_from_the_stream_itself) {
  Generator random(6301);
  constexpr int kRuns = 100, kLabels = 3000;
  DetectorConfig config = config_of(Problem::kMulticlass);
  config.performance.arl_labels = 20'000;
  int alarms = 0;
  for (int run = 0; run < kRuns; ++run) {
    Bench bench(config);
    for (int i = 0; i < kLabels && bench.found.empty(); ++i) bench.error(uniform(random) < 0.2);
    alarms += bench.found.empty() ? 0 : 1;
  }
  // The chance of an alarm within n labels is at most n / ARL; and the baseline is too low in at most 5 % of the runs.
  const double most = 2000.0 / 20'000 + 0.05;
  fmt::print("{} of {} quiet streams alarmed within 2,000 judged labels\n", alarms, kRuns);
  EXPECT_LE(alarms, kRuns * most + 3 * std::sqrt(kRuns * most * (1 - most)));
}

TEST(Performance, all_four_measures_of_a_binary_problem_share_the_budget) {
  Generator random(6302);
  constexpr int kRuns = 40, kLabels = 3000;
  DetectorConfig config = config_of(Problem::kBinary);
  config.performance.arl_labels = 20'000;
  int alarms = 0;
  for (int run = 0; run < kRuns; ++run) {
    Bench bench(config);
    for (int i = 0; i < kLabels && bench.found.empty(); ++i) {
      const double chance = uniform(random);
      const Observation seen = bench.answer(chance > 0.6 ? "1" : "0", chance);
      bench.observe(seen);
      bench.label(seen.id, uniform(random) < chance ? "1" : "0");
    }
    alarms += bench.found.empty() ? 0 : 1;
  }
  const double most = 2000.0 / 20'000 + 4 * 0.05;
  EXPECT_LE(alarms, kRuns * most + 3 * std::sqrt(kRuns * most * (1 - most)));
  EXPECT_LE(alarms, kRuns / 5);
}

TEST(Performance, finds_a_doubled_error_rate_and_its_onset) {
  Generator random(6303);
  constexpr int kRuns = 60;
  constexpr std::uint64_t kStart = 2000;
  DetectorConfig config = config_of(Problem::kMulticlass);
  config.performance.arl_labels = 1e5;
  int runs = 0, covered = 0, in_band = 0, early = 0;
  double delay = 0;
  for (int run = 0; run < kRuns; ++run) {
    Bench bench(config);
    for (std::uint64_t i = 0; i < 6000 && bench.found.empty(); ++i) bench.error(uniform(random) < (i >= kStart ? 0.2 : 0.1));
    ASSERT_FALSE(bench.found.empty());
    const FindingUpdate& drop = bench.found.front();
    const std::uint64_t told = Bench::row(bench.next - 1);
    if (told < kStart) {
      ++early;
      continue;
    }
    ++runs;
    delay += static_cast<double>(told - kStart);
    covered += Bench::row(drop.onset->first_index) <= kStart && kStart <= Bench::row(drop.onset->last_index) ? 1 : 0;
    in_band += drop.numbers.at("low") <= 0.2 && 0.2 <= drop.numbers.at("high") ? 1 : 0;
  }
  fmt::print("delay {:.0f} labels; onset covered {}, new rate in its band {} of {}, early {}\n", delay / runs, covered, in_band, runs,
             early);
  EXPECT_LE(early, kRuns * 0.05 + 3 * std::sqrt(kRuns * 0.05 * 0.95));
  EXPECT_LT(delay / runs, 400);
  EXPECT_GE(covered, runs * 0.95 - 3 * std::sqrt(runs * 0.95 * 0.05));
  EXPECT_GE(in_band, runs * 0.95 - 3 * std::sqrt(runs * 0.95 * 0.05));
}

TEST(Performance, closes_when_it_is_back_and_tells_the_next_drop_with_its_own_onset) {
  Bench bench(config_of(Problem::kMulticlass));
  const auto errs = [](std::uint64_t i) { return i % 10 == 0 || ((i / 2000) % 2 == 1 && i % 10 < 4); };
  for (std::uint64_t i = 0; i < 8000; ++i) bench.error(errs(i));
  std::vector<const FindingUpdate*> opened, closed;
  for (const FindingUpdate& update : bench.found) {
    if (update.phase == FindingPhase::kOpened) opened.push_back(&update);
    if (update.phase == FindingPhase::kClosed) closed.push_back(&update);
  }
  ASSERT_EQ(opened.size(), 2U);
  ASSERT_EQ(closed.size(), 1U);
  for (const std::size_t i : {0, 1}) {
    const std::uint64_t start = 2000 + 4000 * i;
    EXPECT_LE(Bench::row(opened[i]->onset->first_index), start);
    EXPECT_GE(Bench::row(opened[i]->onset->last_index), start);
    EXPECT_LT(Bench::row(opened[i]->last_index), start + 150);
  }
}

// ---- labels

TEST(Performance, gives_the_same_evidence_in_whatever_order_labels_and_answers_come) {
  const DetectorConfig config = config_of(Problem::kMulticlass);
  const auto run = [&](bool label_first, bool corrected, bool repeated) {
    Bench bench(config);
    for (std::uint64_t i = 0; i < 1600; ++i) {
      Observation seen = bench.answer("a");
      const bool wrong = i % 10 == 0 || (i > 1300 && i % 3 == 0);
      if (label_first) bench.label(seen.id, wrong ? "b" : "a");
      bench.observe(seen);
      if (corrected) bench.label(seen.id, wrong ? "a" : "b");
      if (!label_first) bench.label(seen.id, wrong ? "b" : "a");
      if (repeated) bench.label(seen.id, wrong ? "b" : "a");
    }
    bench.label("nobody", "a");
    return std::pair(bench.detector.report().at("measures"), bench.detector.labels());
  };
  const auto [plain, plain_counts] = run(false, false, false);
  const auto [early, early_counts] = run(true, false, false);
  const auto [corrected, corrected_counts] = run(false, true, false);
  const auto [repeated, repeated_counts] = run(false, false, true);
  EXPECT_EQ(plain, early);
  EXPECT_EQ(plain.at(0).at("value"), corrected.at(0).at("value"));
  EXPECT_EQ(plain, repeated);
  EXPECT_EQ(plain_counts.joined, 1600U);
  EXPECT_EQ(early_counts.early, 1600U);
  EXPECT_EQ(corrected_counts.corrected, 1600U);
  EXPECT_EQ(repeated_counts.repeated, 1600U);
}

TEST(Performance, labels_of_answers_that_an_action_changed_are_kept_apart_and_told) {
  Bench bench(config_of(Problem::kMulticlass));
  for (std::uint64_t i = 0; i < 2500; ++i) {
    Observation seen = bench.answer("a");
    if (i % 3 == 0) seen.disposition = Disposition::kReview;
    bench.observe(seen);
    // Everything that was changed would count as an error.
    bench.label(seen.id, i % 3 == 0 || i % 30 == 1 || (i > 2200 && i % 2 == 0) ? "b" : "a");
  }
  ASSERT_NE(bench.first(), nullptr);
  EXPECT_GE(Bench::row(bench.first()->last_index), 2200U);
  EXPECT_GT(bench.first()->numbers.at("labels_apart"), 700);
  EXPECT_NE(bench.first()->summary.find("labels of answers that an action changed are not counted"), std::string::npos);
}

// ---- estimates

struct Shift {
  double harder = 0;  // share of answers whose score moves to the middle: the model knows less of them, and says so
  bool meaning = false;  // labels no longer follow the scores
};

void scored(Bench& bench, Generator& random, const Shift& shift, bool with_label) {
  double chance = uniform(random) < 0.5 ? 0.1 : 0.9;
  if (uniform(random) < shift.harder) chance = 0.5 + 0.1 * (uniform(random) - 0.5);
  // The model's scores are too sure of themselves; calibration mends that.
  const double score = chance > 0.5 ? std::sqrt(chance) : chance * chance;
  const Observation seen = bench.answer(score > 0.5 ? "1" : "0", std::round(score * 1e4) / 1e4);
  bench.observe(seen);
  if (with_label) bench.label(seen.id, uniform(random) < (shift.meaning ? 1 - chance : chance) ? "1" : "0");
}

TEST(Performance, an_estimate_tells_a_drop_before_labels_come_and_they_replace_it) {
  Generator random(6310);
  DetectorConfig config = config_of(Problem::kBinary);
  config.performance.estimate_answers = 500;
  Bench bench(config);
  for (int i = 0; i < 1500; ++i) scored(bench, random, {}, true);
  EXPECT_TRUE(bench.found.empty());
  for (int i = 0; i < 1000; ++i) scored(bench, random, {0.5, false}, false);
  const FindingUpdate* estimate = bench.first("estimated_performance_drop");
  ASSERT_NE(estimate, nullptr);
  EXPECT_EQ(bench.first(), nullptr);  // no label, no realised drop
  EXPECT_NE(estimate->summary.find("no labels yet"), std::string::npos);
  EXPECT_LE(estimate->onset->first_index, 3000U);
  EXPECT_GE(estimate->onset->last_index, 3000U);
  const std::size_t before = bench.found.size();
  for (int i = 0; i < 600; ++i) scored(bench, random, {0.5, false}, true);
  ASSERT_NE(bench.first(), nullptr);  // the realised drop
  bool replaced = false;
  for (std::size_t i = before; i < bench.found.size(); ++i) {
    const FindingUpdate& update = bench.found[i];
    if (update.kind != "estimated_performance_drop" || update.phase != FindingPhase::kClosed) continue;
    replaced = true;
    EXPECT_EQ(update.numbers.at("realised_labels"), 50);
    EXPECT_NE(update.summary.find("decide"), std::string::npos);
  }
  EXPECT_TRUE(replaced);
}

TEST(Performance, an_estimate_is_blind_to_a_new_meaning_of_the_inputs_and_labels_are_not) {
  Generator random(6311);
  Bench bench(config_of(Problem::kBinary));
  for (int i = 0; i < 1500; ++i) scored(bench, random, {}, true);
  for (int i = 0; i < 500; ++i) scored(bench, random, {0, true}, true);
  EXPECT_EQ(bench.first("estimated_performance_drop"), nullptr);
  EXPECT_NE(bench.first(), nullptr);
}

TEST(Performance, estimates_of_a_quiet_stream_stay_within_their_budget) {
  Generator random(6312);
  DetectorConfig config = config_of(Problem::kBinary);
  config.performance.arl_answers = 20'000;
  int alarms = 0;
  constexpr int kRuns = 40;
  for (int run = 0; run < kRuns; ++run) {
    Bench bench(config);
    for (int i = 0; i < 1000; ++i) scored(bench, random, {}, true);
    for (int i = 0; i < 2000; ++i) scored(bench, random, {}, false);
    alarms += bench.first("estimated_performance_drop") != nullptr ? 1 : 0;
  }
  const double most = 2000.0 / 20'000 + 3 * 0.05;
  EXPECT_LE(alarms, kRuns * most + 3 * std::sqrt(kRuns * most * (1 - most)));
}

// ---- other problems

TEST(Performance, watches_the_errors_of_numbers_and_the_quality_of_rankings) {
  Generator random(6320);
  DetectorConfig config = config_of(Problem::kRegression);
  config.performance.error_limit = 10;
  Bench numbers(config);
  for (int i = 0; i < 3000; ++i) {
    const Observation seen = numbers.answer("12.5", 12.5);
    numbers.observe(seen);
    numbers.label(seen.id, std::to_string(12.5 + (uniform(random) - 0.5) * (i < 2000 ? 4 : 12)));
  }
  ASSERT_NE(numbers.first(), nullptr);
  EXPECT_GE(Bench::row(numbers.first()->last_index), 2000U);
  EXPECT_NEAR(numbers.first()->numbers.at("baseline"), numbers.first()->episode.ends_with("/mae") ? 1 : 1.155, 0.1);

  Bench lists(config_of(Problem::kRanking));
  for (int i = 0; i < 3000; ++i) {
    const Observation seen = lists.answer("[1,2,3,4,5]");
    lists.observe(seen);
    int hits = 0;
    for (int k = 0; k < 5; ++k) hits += uniform(random) < (i < 2000 ? 0.5 : 0.3) ? 1 : 0;
    lists.label(seen.id, fmt::format("{:.1f}", hits / 5.0));
  }
  ASSERT_NE(lists.first(), nullptr);
  EXPECT_GE(Bench::row(lists.first()->last_index), 2000U);
  EXPECT_NEAR(lists.first()->numbers.at("baseline"), 0.5, 0.05);
}

// ---- recorded streams

struct Replayed {
  std::vector<FindingUpdate> opened;
  std::string text;
};

Replayed replay(const std::string& name, Problem problem, std::uint64_t reference,
                const std::function<void(Bench&, const std::map<std::string, std::string>&)>& feed) {
  DetectorConfig config = config_of(problem);
  config.performance.arl_labels = 1e5;
  config.performance.reference_labels = reference;
  config.performance.tolerance = 0.01;
  config.performance.precision_labels = config.performance.recall_labels = config.performance.error_labels = 1000;
  config.performance.estimate_answers = 1000;
  Bench bench(config);
  const std::string path = std::string(FIREBREAK_SOURCE_DIR) + "/test/data/drift/" + name + ".csv.zst";
  for (const auto& row : fraud::parse_csv(fraud::read_zst(path))) feed(bench, row);
  Replayed out;
  for (const FindingUpdate& update : bench.found) {
    if (update.phase != FindingPhase::kOpened) continue;
    out.opened.push_back(update);
    fmt::print("{}: told at row {}, onset {} to {}: {}\n", name, Bench::row(update.indexes.at(0)), Bench::row(update.onset->first_index),
               Bench::row(update.onset->last_index), update.summary);
  }
  return out;
}

void by_error(Bench& bench, const std::map<std::string, std::string>& row) { bench.error(row.at("error") == "1"); }

TEST(Performance, finds_the_first_change_of_concept_and_stays_silent_without_one) {
  const auto sea = replay("sea50k", Problem::kMulticlass, 3000, by_error);
  ASSERT_EQ(sea.opened.size(), 1U);
  EXPECT_GE(Bench::row(sea.opened[0].indexes[0]), 12'500U);
  EXPECT_LE(Bench::row(sea.opened[0].indexes[0]), 14'000U);
  EXPECT_LE(Bench::row(sea.opened[0].onset->first_index), 12'500U);
  EXPECT_GE(Bench::row(sea.opened[0].onset->last_index), 12'500U);
  EXPECT_TRUE(replay("sea_stationary", Problem::kMulticlass, 3000, by_error).opened.empty());
}

void by_score(Bench& bench, const std::map<std::string, std::string>& row) {
  const double score = std::stod(row.at("score"));
  const Observation seen = bench.answer(score >= 0.5 ? "1" : "0", score);
  bench.observe(seen);
  bench.label(seen.id, row.at("label"));
}

TEST(Performance, the_same_stream_gives_the_same_findings_bit_for_bit) {
  std::vector<std::vector<FindingUpdate>> found;
  std::vector<Json> reports;
  for (int run = 0; run < 2; ++run) {
    Generator random(6330);
    Bench bench(config_of(Problem::kBinary), testing::small_profile());
    for (int i = 0; i < 3000; ++i) scored(bench, random, {i > 2000 ? 0.6 : 0, i > 2500}, i % 7 != 0);
    found.push_back(bench.found);
    reports.push_back(bench.detector.report());
  }
  EXPECT_FALSE(found[0].empty());
  EXPECT_EQ(found[0], found[1]);
  EXPECT_EQ(canonical_json(reports[0]), canonical_json(reports[1]));
}

TEST(Performance, finds_that_the_electricity_model_ages) {
  const auto elec = replay("elec2_model", Problem::kBinary, 5000, by_score);
  ASSERT_FALSE(elec.opened.empty());
  EXPECT_GE(Bench::row(elec.opened[0].indexes[0]), 5000U);
  EXPECT_LE(Bench::row(elec.opened[0].indexes[0]), 10'000U);
  EXPECT_LE(elec.opened.size(), 50U);  // bursts of half-hours: the losses depend on each other
}

// The model: customers who were two months behind at the last bill.
TEST(Performance, finds_flipped_labels) {
  const auto rule = [](Bench& bench, const std::map<std::string, std::string>& row) {
    const Observation seen = bench.answer(std::stod(row.at("pay_1")) >= 2 ? "1" : "0");
    bench.observe(seen);
    bench.label(seen.id, row.at("label"));
  };
  const auto flipped = replay("credit_label_flip", Problem::kBinary, 3000, rule);
  ASSERT_FALSE(flipped.opened.empty());
  for (const FindingUpdate& update : flipped.opened) EXPECT_GE(Bench::row(update.indexes[0]), 6908U);
  EXPECT_LE(Bench::row(flipped.opened[0].indexes[0]), 8500U);
  EXPECT_LE(Bench::row(flipped.opened[0].onset->first_index), 6908U);
  EXPECT_GE(Bench::row(flipped.opened[0].onset->last_index), 6908U);
  EXPECT_TRUE(replay("credit_none", Problem::kBinary, 3000, rule).opened.empty());
}

}  // namespace
}  // namespace firebreak::detect
