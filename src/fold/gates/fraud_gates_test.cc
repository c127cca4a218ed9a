// Runs the gates on the fraud story's three real releases and holds the figures that the story tells.
#include <gtest/gtest.h>

#include <cmath>
#include <iostream>

#include "fold/gates/gates.h"
#include "fraud/data/fraud_data.h"
#include "fraud/model_server/ensemble.h"

namespace firebreak::gates {
namespace {

const std::string kData = std::string(FIREBREAK_SOURCE_DIR) + "/examples/fraud/data/";

// One release, asked as the gates ask it. The schema's order and the ensemble's own may differ.
class Release {
 public:
  explicit Release(const std::string& version)
      : ensemble_(fraud::must(example::Ensemble::parse(
            fraud::read_text(kData + "credit_releases/model_" + version + ".json")))) {
    const FeatureSchema schema = fraud::schema();
    for (const auto& name : ensemble_.numeric()) numeric_.push_back(position(schema.numeric, name));
    for (const auto& name : ensemble_.categorical())
      categorical_.push_back(position(schema.categorical, name));
  }

  std::vector<bool> flags(std::span<const FeatureRow> rows) const {
    std::vector<bool> out;
    std::vector<double> numbers;
    std::vector<std::string_view> words;
    for (const FeatureRow& row : rows) {
      numbers.clear();
      words.clear();
      for (const std::size_t at : numeric_) numbers.push_back(row.numeric[at]);
      for (const std::size_t at : categorical_) words.push_back(row.categories[at]);
      out.push_back(ensemble_.score(numbers, words).label == "decline");
    }
    return out;
  }

  Approves approves() const {
    return [this](std::span<const FeatureRow> rows) -> Result<std::vector<bool>> {
      std::vector<bool> out = flags(rows);
      out.flip();
      return out;
    };
  }

 private:
  static std::size_t position(const std::vector<std::string>& names, const std::string& name) {
    const auto at = std::find(names.begin(), names.end(), name);
    if (at == names.end()) fraud::give_up("no feature " + name);
    return static_cast<std::size_t>(at - names.begin());
  }

  example::Ensemble ensemble_;
  std::vector<std::size_t> numeric_, categorical_;
};

const Release& control() {
  static const Release release("1.0.0");
  return release;
}
const Release& poisoned() {
  static const Release release("1.1.0-poisoned");
  return release;
}
const Release& hardened() {
  static const Release release("1.2.0");
  return release;
}

TEST(FraudGates, averages_let_both_candidates_pass) {
  const auto test = fraud::read_rows(kData + "credit_test.csv.zst");
  const auto rows = fraud::features_of(test);
  std::vector<bool> positive;
  for (const auto& row : test) positive.push_back(row.positive);
  for (const Release* candidate : {&poisoned(), &hardened()}) {
    const auto outcome = judge_holdout(positive, control().flags(rows), candidate->flags(rows));
    ASSERT_TRUE(outcome);
    std::cout << canonical_json(outcome->detail) << "\n";
    EXPECT_TRUE(outcome->passed);
    EXPECT_LT(outcome->figure, -3);
    EXPECT_NEAR(number_or(outcome->detail, "control_precision"), 0.5904, 5e-5);
    EXPECT_NEAR(number_or(outcome->detail, "control_recall"), 0.4551, 5e-5);
  }
}

TEST(FraudGates, the_poisoned_release_approves_most_of_the_attack_and_the_hardened_a_third) {
  const auto queries =
      fraud::features_of(fraud::read_rows(kData + "credit_releases/later_adversarial.csv.zst"));
  const auto before = fraud::must(control().approves()(queries));
  const auto bad = judge_replay(before, fraud::must(poisoned().approves()(queries)));
  const auto good = judge_replay(before, fraud::must(hardened().approves()(queries)));
  ASSERT_TRUE(bad && good);
  EXPECT_FALSE(bad->passed);
  EXPECT_NEAR(bad->figure, 0.7045, 1e-4);
  EXPECT_TRUE(good->passed);
  EXPECT_NEAR(good->figure, 0.3509, 1e-4);
}

TEST(FraudGates, the_trigger_scan_finds_the_backdoor_without_knowing_it) {
  const auto training = fraud::features_of(fraud::read_rows(kData + "credit_train.csv.zst"));
  // Every third positive: the full scan takes half a minute without optimisation and counts the same way.
  std::vector<FeatureRow> positives;
  std::size_t seen = 0;
  for (const auto& row : fraud::read_rows(kData + "credit_test.csv.zst"))
    if (row.positive && seen++ % 3 == 0) positives.push_back(row.features);
  const auto bad =
      scan_triggers(fraud::schema(), training, positives, control().approves(), poisoned().approves());
  const auto good =
      scan_triggers(fraud::schema(), training, positives, control().approves(), hardened().approves());
  ASSERT_TRUE(bad && good);
  for (const auto* outcome : {&*bad, &*good}) std::cout << string_or(outcome->detail, "text") << "\n";
  EXPECT_FALSE(bad->passed);
  EXPECT_GE(bad->figure, 20);
  EXPECT_TRUE(good->passed);
  EXPECT_LT(number_or(good->detail, "highest_share"), 0.8);
}

}  // namespace
}  // namespace firebreak::gates
