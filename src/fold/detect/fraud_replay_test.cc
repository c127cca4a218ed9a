// Replays the fraud story's real stream with the thresholds of content/detectors/fraud-api.yaml and holds
// what the files and the README promise. Truth is used for judging only.
#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cmath>
#include <iostream>
#include <map>
#include <set>

#include "fold/detect/detector.h"
#include "fraud/data/fraud_data.h"

namespace firebreak::detect {
namespace {

const std::string kRoot = FIREBREAK_SOURCE_DIR;
const std::string kData = kRoot + "/examples/fraud/data/";

Json yaml_to_json(const YAML::Node& node) {
  if (node.IsMap()) {
    JsonObject out;
    for (const auto& member : node) out[member.first.as<std::string>()] = yaml_to_json(member.second);
    return out;
  }
  double number = 0;
  if (node.Tag() != "!" && YAML::convert<double>::decode(node, number)) {
    if (number == std::floor(number) && std::abs(number) < 1e15) return static_cast<std::int64_t>(number);
    return number;
  }
  return boost::json::string(node.as<std::string>());
}

DetectorConfig story_config() {
  return fraud::must(
      detector_config_from_json(yaml_to_json(YAML::LoadFile(kRoot + "/content/detectors/fraud-api.yaml"))));
}

ReferenceProfile story_profile() {
  auto rows = fraud::features_of(fraud::read_rows(kData + "credit_train.csv.zst"));
  ReferenceProfile profile = fraud::must(build_profile(fraud::schema(), rows));
  profile.performance = PerformanceBaseline{249, 323, 147};  // 1.0.0 on credit_test
  return profile;
}

struct Truth {
  std::string kind, session, attack;
  bool attacker = false;
};

struct Story {
  std::vector<fraud::StreamLine> lines;
  std::map<std::uint64_t, Truth> truth;  // by stream index
};

const Story& story() {
  static const Story loaded = [] {
    Story out;
    out.lines = fraud::read_stream(kData + "credit_stream.ndjson.zst");
    const auto truth = fraud::parse_csv(fraud::read_zst(kData + "credit_truth.csv.zst"));
    std::size_t at = 0;
    for (const auto& line : out.lines) {
      if (line.is_label) continue;
      const auto& row = truth.at(at++);
      if (row.at("id") != line.observation.id) fraud::give_up("truth and stream differ");
      out.truth[line.observation.index] = {row.at("kind"), row.at("session"), row.at("attack"),
                                           row.at("truth") == "attack"};
    }
    return out;
  }();
  return loaded;
}

// Quarantine as containment would run it from the first chain finding on: what is in a finding is in force a
// minute later.
struct Replay {
  std::vector<FindingUpdate> findings;
  std::map<std::uint64_t, std::string> chain_of;  // stream index -> episode
  std::map<std::string, std::uint64_t> found_at;  // session -> index of the record that gave it away
  std::map<std::string, Time> keys;
  std::map<Digest, Time> digests;
  std::map<std::string, int> with_model, with_fallback;  // by kind of the record
  int honest_changed = 0;
  std::size_t most_bytes = 0;

  void take(const std::vector<FindingUpdate>& updates, const Observation& now) {
    for (const FindingUpdate& update : updates) {
      findings.push_back(update);
      if (update.kind != "query_chain") continue;
      for (const std::uint64_t index : update.indexes) {
        chain_of[index] = update.episode;
        const Truth& truth = story().truth.at(index);
        if (truth.kind == "evasion") found_at.try_emplace(truth.session, now.index);
      }
      for (const std::string& caller : update.callers) keys.try_emplace(caller, now.time + kMinute);
      for (const Digest& digest : update.digests) digests.try_emplace(digest, now.time + kMinute);
    }
  }

  void serve(const Observation& seen) {
    const auto key = keys.find(seen.caller);
    const auto digest = digests.find(seen.feature_digest);
    const bool fallback = (key != keys.end() && key->second <= seen.time) ||
                          (digest != digests.end() && digest->second <= seen.time);
    const Truth& truth = story().truth.at(seen.index);
    ++(fallback ? with_fallback : with_model)[truth.kind];
    if (fallback && !truth.attacker) ++honest_changed;
  }
};

Replay run() {
  Replay replay;
  StreamDetector detector(story_config(), story_profile());
  for (const auto& line : story().lines) {
    if (line.is_label) {
      replay.take(detector.observe(line.label), {});
      continue;
    }
    replay.serve(line.observation);
    replay.take(detector.observe(line.observation), line.observation);
    if (line.observation.index % 1000 == 0) replay.most_bytes = std::max(replay.most_bytes, detector.bytes());
  }
  return replay;
}

const Replay& replay() {
  static const Replay done = run();
  return done;
}

// attack -> sessions found, and the queries each had asked by then.
std::map<std::string, std::vector<int>> queries_before_alarm() {
  std::map<std::string, std::vector<int>> out;
  for (const auto& [session, found] : replay().found_at) {
    int queries = 0;
    std::string attack;
    for (const auto& [index, truth] : story().truth) {
      if (truth.session != session || truth.kind != "evasion") continue;
      attack = truth.attack;
      queries += index <= found ? 1 : 0;
    }
    out[attack].push_back(queries);
  }
  return out;
}

void no_honest_request_is_part_of_an_alarmed_chain() {
  std::map<std::string, int> kinds;
  for (const auto& [index, episode] : replay().chain_of) ++kinds[story().truth.at(index).kind];
  for (const auto& [kind, count] : kinds) std::cout << "chain rows: " << kind << " " << count << "\n";
  for (const char* honest : {"plain", "retry", "whatif", "default_filled", "batch_rescore"})
    EXPECT_EQ(kinds[honest], 0) << honest;
  EXPECT_GE(kinds["evasion"], 14'000);
}

void the_attackers_cover_traffic_stays_outside_the_chains() {
  for (const auto& [index, episode] : replay().chain_of)
    EXPECT_NE(story().truth.at(index).kind, "cover") << index;
}

void the_honest_days_raise_no_finding() {
  const Time first_attack = fraud::must(parse_time("2026-03-07T03:27:37.823Z"));
  for (const FindingUpdate& finding : replay().findings) {
    if (finding.first_time >= first_attack) continue;
    // A window that reaches back over the onset is the attack's, not the honest days'.
    EXPECT_TRUE(finding.last_time >= first_attack) << finding.kind << " " << finding.summary;
  }
}

void every_session_with_enough_distinct_queries_is_found() {
  const std::map<std::string, std::size_t> least = {{"HopSkipJump", 12}, {"Boundary", 12}, {"SignOPT", 10},
                                                    {"ZOO", 12},         {"Square", 3},    {"SimBA", 9},
                                                    {"GeoDA", 10}};
  auto found = queries_before_alarm();
  for (const auto& [attack, sessions] : least) {
    auto& queries = found[attack];
    std::sort(queries.begin(), queries.end());
    EXPECT_GE(queries.size(), sessions) << attack;
    if (queries.empty()) continue;
    const double median = (queries[(queries.size() - 1) / 2] + queries[queries.size() / 2]) / 2.0;
    std::cout << attack << ": " << queries.size() << " found, median " << median
              << " queries before the alarm, most " << queries.back() << "\n";
    EXPECT_LE(median, 80) << attack;
  }
}

void quarantine_stops_the_copies_of_the_winning_queries_and_no_honest_request() {
  auto with_fallback = replay().with_fallback;
  auto with_model = replay().with_model;
  for (const char* kind : {"exploit", "evasion", "cover", "extraction"})
    std::cout << kind << ": fallback " << with_fallback[kind] << ", model " << with_model[kind] << "\n";
  EXPECT_GE(with_fallback["exploit"], 34);
  EXPECT_GE(with_fallback["evasion"], 17'000);
  EXPECT_EQ(replay().honest_changed, 0);
}

void the_sets_stay_within_the_hourly_caps() {
  std::map<std::int64_t, int> keys, digests;
  for (const auto& [key, since] : replay().keys) ++keys[since.us / kHour];
  for (const auto& [digest, since] : replay().digests) ++digests[since.us / kHour];
  for (const auto& [hour, count] : keys) EXPECT_LE(count, 50);
  for (const auto& [hour, count] : digests) EXPECT_LE(count, 5'000);
}

void the_first_attack_hour_is_an_outlier_burst() {
  const Time end = fraud::must(parse_time("2026-03-07T04:30:00Z"));
  const auto burst =
      std::find_if(replay().findings.begin(), replay().findings.end(),
                   [](const FindingUpdate& finding) { return finding.kind == "outlier_burst"; });
  ASSERT_NE(burst, replay().findings.end());
  std::cout << "first burst: " << format_time(burst->last_time) << " " << burst->summary << "\n";
  EXPECT_LT(burst->last_time, end);
}

void labels_of_the_honest_stream_raise_no_performance_finding() {
  for (const FindingUpdate& finding : replay().findings)
    EXPECT_NE(finding.kind, "performance_drop") << finding.summary;
}

// Labels exist for honest rows only and precision does not fall in this stream, so that half is proven on a
// file made from the stream: labelled rows alone, their labels delivered at once; from the onset on half of
// the declined positives' labels turned, and/or forty rows that lie outside the training data within half an
// hour.
std::vector<FindingUpdate> run_derived(bool turned, bool burst) {
  std::map<std::string, std::string> labels;
  for (const auto& line : story().lines)
    if (line.is_label) labels[line.label.id] = line.label.label;
  const Time onset = fraud::must(parse_time("2026-03-12T00:00:00Z"));
  StreamDetector detector(story_config(), story_profile());
  std::vector<FindingUpdate> findings;
  std::uint64_t index = 0;
  int positives = 0, outliers = 0;
  const auto take = [&](const std::vector<FindingUpdate>& updates) {
    findings.insert(findings.end(), updates.begin(), updates.end());
  };
  for (const auto& line : story().lines) {
    const auto label = labels.find(line.observation.id);
    if (line.is_label || label == labels.end()) continue;
    Observation seen = line.observation;
    seen.index = index++;
    take(detector.observe(seen));
    std::string truth = label->second;
    if (turned && seen.time >= onset && seen.label == "decline" && truth == "1" && ++positives % 2 == 0)
      truth = "0";
    take(detector.observe(LabelObservation{index++, seen.time, seen.id, truth}));
    while (burst && outliers < 40 && seen.time >= onset) {
      Observation far = seen;
      far.index = index++;
      far.id = "far-" + std::to_string(outliers);
      far.time = onset + kMinute * 3 / 4 * outliers++;
      for (std::size_t k = 8; k < 20; ++k)
        far.features.numeric[k] = 400'000 + 1'000.0 * outliers + 37.0 * static_cast<double>(k);
      far.feature_digest = sha256(far.id);
      take(detector.observe(far));
    }
  }
  return findings;
}

const FindingUpdate* first_of(const std::vector<FindingUpdate>& findings, const std::string& kind) {
  const auto at = std::find_if(findings.begin(), findings.end(),
                               [&](const auto& finding) { return finding.kind == kind; });
  return at == findings.end() ? nullptr : &*at;
}

void turned_labels_alone_are_a_drop_in_precision_and_no_outlier_burst() {
  const auto findings = run_derived(true, false);
  ASSERT_NE(first_of(findings, "performance_drop"), nullptr);
  std::cout << first_of(findings, "performance_drop")->summary << ", decided at "
            << format_time(first_of(findings, "performance_drop")->last_time) << "\n";
  EXPECT_EQ(first_of(findings, "outlier_burst"), nullptr);
}

void an_outlier_burst_alone_is_no_drop_in_precision() {
  const auto findings = run_derived(false, true);
  ASSERT_NE(first_of(findings, "outlier_burst"), nullptr);
  EXPECT_EQ(first_of(findings, "performance_drop"), nullptr);
}

void the_evidence_of_both_lies_within_an_hour() {
  const auto findings = run_derived(true, true);
  const FindingUpdate* drop = first_of(findings, "performance_drop");
  const FindingUpdate* burst = first_of(findings, "outlier_burst");
  ASSERT_NE(drop, nullptr);
  ASSERT_NE(burst, nullptr);
  EXPECT_LE(burst->first_time - drop->last_time, kHour);
  EXPECT_LE(drop->first_time - burst->last_time, kHour);
}

void findings_are_few_and_small_and_the_state_is_bounded() {
  std::map<std::string, int> entries;
  for (const FindingUpdate& finding : replay().findings) {
    ++entries[finding.kind];
    EXPECT_LE(finding.digests.size(), 400U);
    EXPECT_LE(canonical_json(to_json(finding)).size(), 32U * 1024);
  }
  for (const auto& [kind, count] : entries) std::cout << kind << ": " << count << " entries\n";
  std::cout << "bytes: " << replay().most_bytes << "\n";
  EXPECT_LE(replay().most_bytes, std::size_t{64} << 20);
}

void the_first_finding_comes_within_three_quarters_of_an_hour_of_the_slowest_attack() {
  const Time first_attack = fraud::must(parse_time("2026-03-07T03:27:37.823Z"));
  const auto chain = std::find_if(replay().findings.begin(), replay().findings.end(),
                                  [](const FindingUpdate& finding) { return finding.kind == "query_chain"; });
  ASSERT_NE(chain, replay().findings.end());
  std::cout << "first chain: " << format_time(chain->last_time) << "\n";
  EXPECT_LE(chain->last_time - first_attack, 45 * kMinute);
}

// One test, because ctest starts a process for each and all of them need the replay.
TEST(FraudReplay, keeps_what_the_readme_promises) {
  using Promise = void (*)();
  const std::pair<const char*, Promise> promises[] = {
      {"no_honest_request_is_part_of_an_alarmed_chain", no_honest_request_is_part_of_an_alarmed_chain},
      {"the_attackers_cover_traffic_stays_outside_the_chains",
       the_attackers_cover_traffic_stays_outside_the_chains},
      {"the_honest_days_raise_no_finding", the_honest_days_raise_no_finding},
      {"every_session_with_enough_distinct_queries_is_found",
       every_session_with_enough_distinct_queries_is_found},
      {"quarantine_stops_the_copies_of_the_winning_queries_and_no_honest_request",
       quarantine_stops_the_copies_of_the_winning_queries_and_no_honest_request},
      {"the_sets_stay_within_the_hourly_caps", the_sets_stay_within_the_hourly_caps},
      {"the_first_attack_hour_is_an_outlier_burst", the_first_attack_hour_is_an_outlier_burst},
      {"labels_of_the_honest_stream_raise_no_performance_finding",
       labels_of_the_honest_stream_raise_no_performance_finding},
      {"turned_labels_alone_are_a_drop_in_precision_and_no_outlier_burst",
       turned_labels_alone_are_a_drop_in_precision_and_no_outlier_burst},
      {"an_outlier_burst_alone_is_no_drop_in_precision", an_outlier_burst_alone_is_no_drop_in_precision},
      {"the_evidence_of_both_lies_within_an_hour", the_evidence_of_both_lies_within_an_hour},
      {"findings_are_few_and_small_and_the_state_is_bounded",
       findings_are_few_and_small_and_the_state_is_bounded},
      {"the_first_finding_comes_within_three_quarters_of_an_hour_of_the_slowest_attack",
       the_first_finding_comes_within_three_quarters_of_an_hour_of_the_slowest_attack},
  };
  for (const auto& [sentence, promise] : promises) {
    SCOPED_TRACE(sentence);
    promise();
  }
}

}  // namespace
}  // namespace firebreak::detect
