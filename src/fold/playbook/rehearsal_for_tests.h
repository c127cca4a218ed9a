// Runs a playbook on a simulated world: every question is answered, every request met, at once or when its time comes; steps that a
// recipe names fail. Generic over the document: it knows no playbook. Only the containment and release rooms are played here; all
// that decides is the fold itself.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "fold/playbook/parts.h"
#include "types/group_driver.h"

namespace firebreak::playbook {

// How one rehearsal goes. Steps are named by their CACAO ids and belong to the playbook that is rehearsed, not to those it calls.
struct Recipe {
  std::map<std::string, std::string> answers;  // variable -> what is answered first; asked again, the next candidate
  std::set<std::string> fail_once, fail_always;
  std::set<std::string> broken;                // whoever installs the playbook breaks these steps: with_failing()
  bool stuck = false;                          // asked again, the same answer again
};

using Candidates = std::map<std::string, std::vector<std::string>>;  // variable -> values that lead different ways

// What switch cases and conditions compare variables with, and for each something else.
Candidates candidates_of(const Json& document);

// An action that ends in the group that starts it: nothing outside can make it fail.
bool ends_at_once(const Plan& plan, const cacao::Step& step);

// The document with this step's first command made to need a value that nobody has.
Json with_failing(const Json& document, const std::string& step);

class Rehearsal : public GroupDriver<PlaybookState> {
 public:
  // Everything is installed that may be called.
  explicit Rehearsal(const std::vector<Json>& documents);

  // Opens an incident, starts the playbook, and plays until it has ended or nothing can happen any more.
  void play(const std::string& playbook, const Candidates& candidates, const Recipe& recipe);

  bool ended() const;
  std::string outcome() const;
  std::set<std::string> activated() const;          // steps of the rehearsed run
  const Entry* end_of(const std::string& step) const;  // its first end that is no success; else nullptr
  bool started(const std::string& step) const { return activated().contains(step); }

 private:
  bool answer_one();
  bool answer(const At& at, const std::string& waits_for);
  void answer_task(const At& at, const std::string& task);
  void approve(const At& at, const std::string& approval);
  bool told(std::string_view kind, const At& at, JsonObject body);
  bool fails(const At& at);
  std::string value_for(const At& at, const std::string& variable);

  Candidates candidates_;
  std::map<std::string, Candidates> of_called_;   // by playbook
  Recipe recipe_;
  std::map<std::string, std::uint64_t> failing_;  // step -> the activation that fails
  std::map<std::string, std::size_t> asked_;
  std::string incident_, run_;
};

}  // namespace firebreak::playbook
