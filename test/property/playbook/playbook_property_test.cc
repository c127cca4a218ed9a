// The engine against the reference, on random playbooks and random orders of what happens.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "properties.h"
#include "random_playbook.h"

namespace firebreak::reference {
namespace {

TEST(PlaybookProperty, any_order_of_events_ends_as_the_reference_says) {
  for (std::uint64_t seed = 1; seed <= 180; ++seed)
    if (const auto problem = against_the_reference(seed)) FAIL() << "seed " << seed << ": " << *problem;
}

TEST(PlaybookProperty, a_run_that_is_stopped_at_any_time_leaves_nothing_behind) {
  for (std::uint64_t seed = 1; seed <= 80; ++seed)
    if (const auto problem = stopped_at_any_time(seed)) FAIL() << "seed " << seed << ": " << *problem;
}

// A property over playbooks that hold nothing would hold as well.
TEST(PlaybookProperty, the_random_playbooks_have_of_everything) {
  std::map<std::string, int> times;
  int deepest = 0;
  for (std::uint64_t seed = 1; seed <= 260; ++seed) {
    std::mt19937_64 random(seed);
    const auto playbooks = random_playbooks(random);
    const auto steps = steps_of(playbooks);
    const Expected expected = expect(playbooks, "playbook--p0", Fate{random()});
    for (const auto& [path, outcome] : expected.outcomes) {
      const std::string id = path.substr(path.rfind('/') + 1, path.rfind('#') - path.rfind('/') - 1);
      const Step& step = *steps.at(id);
      ++times[id.substr(0, id.find("--")) + " " + outcome];
      if (step.units > 1) ++times["several commands"];
      if (step.attempts > 1) ++times["retried"];
      if (step.approvers > 0) ++times[outcome == "success" ? "approved" : "not approved"];
      if (step.silent_people) ++times["lapsed"];
      if (step.delay_ms > 0) ++times["delayed"];
      if (step.kind == Kind::kWhile && expected.outcomes.contains(path + "/" + step.branches[0]->id + "#1")) ++times["round again"];
      deepest = std::max(deepest, static_cast<int>(std::count(path.begin(), path.end(), '/')));
    }
    for (const auto& [path, outcome] : expected.runs) ++times["run " + outcome];
    for (const auto& [id, one] : playbooks)
      if (one.exception && expected.outcomes.contains("/" + one.exception->id + "#0")) ++times["exception"];
  }
  for (const char* one : {"action success", "action failure", "action timeout", "action cancelled", "end success", "parallel success", "parallel failure", "parallel timeout", "if-condition success", "if-condition failure",
                          "if-condition timeout", "switch-condition success", "switch-condition failure", "while-condition success", "while-condition failure", "playbook-action success", "playbook-action failure",
                          "several commands", "retried", "approved", "not approved", "lapsed", "delayed", "round again", "run success", "run failure", "exception"})
    EXPECT_GE(times[one], 3) << one;
  EXPECT_GE(deepest, 5);
}

}  // namespace
}  // namespace firebreak::reference
