#include "run/app/triage_trial.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

namespace firebreak::app {
namespace {

constexpr std::uint64_t kSeeds = 5;

// The whole matrix, made anew, is the one that docs/triage.md shows. `firebreak drill triage` prints it.
TEST(TriageTrial, gives_the_confusion_matrix_that_is_published) {
  std::ifstream file(std::string(FIREBREAK_SOURCE_DIR) + "/docs/triage.md");
  const std::string page(std::istreambuf_iterator<char>(file), {});
  const Json confusion = confusion_of(triage_trials(kSeeds));
  EXPECT_EQ(int_or(confusion, "seeds"), kSeeds);
  EXPECT_GE(confusion.at("causes").as_array().size(), 4u);
  const std::string table = confusion_text(confusion);
  EXPECT_NE(page.find(table), std::string::npos) << "docs/triage.md shows other figures than\n" << table;
  // What must never happen, whatever else moves: an attack that is taken for the weather.
  EXPECT_EQ(int_or(confusion.at("matrix").at("suspected_malice"), "benign_drift"), 0) << table;
}

TEST(TriageTrial, gives_the_same_for_the_same_seed_and_knows_its_causes) {
  EXPECT_EQ(*triage_trial("unit changed upstream", 3), *triage_trial("unit changed upstream", 3));
  EXPECT_EQ(triage_trial("the weather", 1).error().code, Code::kInvalid);
}

}  // namespace
}  // namespace firebreak::app
