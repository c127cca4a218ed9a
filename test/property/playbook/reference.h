// Playbooks as trees, and what must come of them: a reference that knows nothing of the engine. Written from CACAO 2.0,
// chapter 4 (workflow steps), and docs/playbooks.md for what it leaves open:
//
//   success follows on_success, else on_completion; a failure follows on_failure, at the top level else the playbook's
//   exception (once), and never on_completion; in a branch without a route it ends the branch as failed. A branching step
//   waits for all its branches and fails when one did; a loop asks before each round and fails at its bound. A step that
//   is not over in time fails. A run succeeds when it reaches an end without the exception.
//
// What the world does (answers, people, silence) is a function of the place in the run: fate().
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace firebreak::reference {

struct Step;
using StepPtr = std::unique_ptr<Step>;

enum class Kind { kEnd, kManual, kOptions, kGet, kPost, kCall, kParallel, kIf, kSwitch, kWhile };

struct Step {
  std::string id;
  Kind kind = Kind::kEnd;
  bool split = false;                 // on_success (with on_failure when `failure` is there) instead of on_completion
  StepPtr next, failure;
  std::vector<StepPtr> branches;      // first steps; if: yes, no; switch: one for each of `cases`
  // actions
  int units = 1, attempts = 1;
  int approvers = 0;
  bool silent_people = false;         // nobody answers the question: it lapses
  bool silent = false;                // nobody answers: it times out
  int delay_ms = 0;
  std::string gives;                  // manual: a variable that decides on the loop around it
  std::string calls;                  // playbook
  // branching
  std::string variable, value;        // if: value is '1'? switch: which case; while: goes on while 'yes'
  std::vector<std::string> cases;     // of a switch; "default" among them or not
  int bound = 3;
  int expires_ms = 0;                 // it can only end by its timeout: one branch hangs
  bool hangs = false;                 // the action that keeps it from ending in another way
};

struct Playbook {
  std::string id;
  StepPtr first, exception;           // exception: nullptr when it has none
};

// What happens at this place. Tries: 0 done, 1 an answer that says no, 2 it never left, 3 nobody knows.
enum class Try { kDone, kRefused, kUnsent, kUnknown };
struct Fate {
  std::uint64_t seed = 0;
  Try attempt(const std::string& path, int unit, int attempt) const;
  bool yes(const std::string& path) const;          // approval: all say yes, or the first says no
  std::string value(const std::string& path) const; // what a `gives` gives: yes or no
};

// Paths: "/a#0/b#1": the second time that b was started inside of the first a.
struct Expected {
  std::map<std::string, std::string> outcomes;             // path -> success, failure, timeout, cancelled
  std::map<std::string, std::vector<std::string>> starts;  // parent's path "@" first step of the way -> step ids in their order
  std::map<std::string, std::string> runs;                 // path of the calling step ("" = the first) -> outcome
  std::vector<std::string> cut;                            // below these paths everything may have been ended early
};

Expected expect(const std::map<std::string, Playbook>& playbooks, const std::string& first, const Fate& fate);

bool is_cut(const Expected& expected, const std::string& path);  // strictly below a cut

}  // namespace firebreak::reference
