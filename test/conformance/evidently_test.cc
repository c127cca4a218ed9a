// Scores that the large record leaves out: what Evidently answered for small samples (test/counterpart/imports/evidently/scores.py).
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "base/files.h"
#include "conformance/comparison.h"
#include "stats/evidently.h"
#include "stats/permutation.h"

namespace firebreak::conformance {
namespace {

// Two counts of permutations of the same thing: 4 standard deviations of both.
double tolerance_of(const std::string& name, double p) {
  if (name == "TVD") return 4 * std::sqrt(2 * p * (1 - p) / 1'000) + 0.005;
  if (name == "empirical_mmd") return 4 * std::sqrt(2 * std::max(p * (1 - p), 0.01) / 100) + 0.01;
  return std::max(1e-12, 1e-6 * p);
}

std::vector<double> sorted_numbers(const Json& list) {
  std::vector<double> out;
  for (const Json& one : list.as_array()) out.push_back(one.to_number<double>());
  std::sort(out.begin(), out.end());
  return out;
}

std::vector<stats::EvidentlyScore> scores_of(const Json& one) {
  if (string_or(one, "kind") == "numeric") return stats::evidently_numeric(sorted_numbers(one.at("reference")), sorted_numbers(one.at("current")), true);
  std::map<std::string, std::pair<std::uint64_t, std::uint64_t>> counts;
  for (const Json& name : one.at("reference").as_array()) ++counts[std::string(name.as_string())].first;
  for (const Json& name : one.at("current").as_array()) ++counts[std::string(name.as_string())].second;
  stats::Counts then, now;
  for (const auto& [name, both] : counts) {
    then.push_back(both.first);
    now.push_back(both.second);
  }
  return stats::evidently_categorical(then, now);
}

TEST(Evidently, small_samples_give_its_scores) {
  PosixFiles files;
  const auto text = read_all(files, data_file("conformance/evidently_scores.json"));
  ASSERT_TRUE(text);
  const auto recorded_scores = parse_json(*text);
  ASSERT_TRUE(recorded_scores);
  std::size_t exact = 0, counted = 0, number = 0;
  for (const Json& one : recorded_scores->at("cases").as_array()) {
    const auto ours = scores_of(one);
    for (const auto& [key, value] : one.at("scores").as_object()) {
      const std::string name(key);
      const auto at = std::find_if(ours.begin(), ours.end(), [&](const auto& score) { return score.name == name; });
      ASSERT_TRUE(at != ours.end()) << name;
      EXPECT_TRUE(at->error.empty()) << name << ": " << at->error;
      const double p = value.to_number<double>();
      EXPECT_NEAR(at->score, p, tolerance_of(name, p)) << name << " of case " << number;
      ++(name == "TVD" || name == "empirical_mmd" ? counted : exact);
    }
    if (const Json* kernel = find(one, "kernel")) {
      const auto a = sorted_numbers(one.at("reference")), b = sorted_numbers(one.at("current"));
      EXPECT_NEAR(stats::mmd_test(a, b, 1, number_or(*kernel, "sigma"), {.permutations = 1}).statistic, number_or(*kernel, "statistic"), 1e-9) << number;
      ++exact;
    }
    ++number;
  }
  EXPECT_GE(exact, 50u);
  EXPECT_GE(counted, 25u);
}

}  // namespace
}  // namespace firebreak::conformance
