#include "run/app/replay_job.h"

#include <gtest/gtest.h>

namespace firebreak::app {
namespace {

struct Fixture {
  const char* what;
  Quadrants quadrants;
  const char* verdict;
};

// Shares of right answers of 1,000 labelled inputs each; the old model on the old inputs has 0.90.
TEST(ReplayJob, tells_the_causes_apart) {
  const Fixture fixtures[] = {
      {"a feed sends another unit: the old model is bad on it too", {1'000, 1'000, 900, 600, 890, 610, 1'000, 600}, "inputs"},
      {"a poisoned retrain: bad wherever it is asked", {1'000, 1'000, 900, 895, 620, 600, 1'000, 600}, "model"},
      {"a proxy answers from yesterday's cache: both models are as they were", {1'000, 1'000, 900, 893, 905, 897, 1'000, 550}, "serving"},
      {"labels come late: answers are as right as ever", {1'000, 1'000, 900, 893, 905, 897, 1'000, 895}, "labels"},
      {"both at once", {1'000, 1'000, 900, 600, 620, 500, 1'000, 500}, "inputs+model"},
      {"nobody measured what was served", {1'000, 1'000, 900, 893, 905, 897, 0, 0}, "labels"},
  };
  for (const Fixture& one : fixtures) EXPECT_EQ(verdict_of(one.quadrants), one.verdict) << one.what;
}

TEST(ReplayJob, does_not_take_chance_for_a_cause) {
  // 12 points less, of 30 inputs: z = 1.3.
  EXPECT_EQ(verdict_of({30, 30, 27, 23, 23, 23, 30, 27}), "labels");
  // Nine points less of 100,000: certain, and too little to be the cause of anything that somebody was woken for.
  EXPECT_EQ(verdict_of({100'000, 100'000, 90'000, 81'000, 90'000, 81'000, 100'000, 81'000}), "labels");
}

}  // namespace
}  // namespace firebreak::app
