// Parts of the playbook fold that its files share. Not for other rooms.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/utf8.h"
#include "cacao/lookup.h"
#include "fold/playbook/playbook.h"

namespace firebreak::playbook {

inline constexpr std::size_t kFindings = 1'000;
inline constexpr std::size_t kVersions = 32;              // of one playbook; the oldest that no run needs go first
inline constexpr std::size_t kRuns = 5'000;               // under way
inline constexpr std::uint32_t kActivations = 20'000;     // of one run, ever
inline constexpr std::size_t kDepth = 8;                  // playbooks that call playbooks
inline constexpr std::size_t kValue = 4 * 1024;           // octets of one variable's value
inline constexpr std::size_t kValues = 12 * 1024;         // … of all that one step gives
inline constexpr std::uint64_t kAtOnce = 150;             // steps and commands at one moment; the next goes on with the next input: a group has an end
inline constexpr std::uint32_t kFreeTurns = 20;           // of a loop, one after the other; then one with each input
inline constexpr std::size_t kTimersAtOnce = 40;

using Drafts = std::vector<Draft>;

void join(Drafts& to, Drafts more);

// One activation with all that belongs to it. Points into the state.
struct At {
  const PlaybookState* state = nullptr;
  const Run* run = nullptr;
  const Plan* plan = nullptr;
  std::uint64_t index = 0;
  const Activation* activation = nullptr;
  const cacao::Step* step = nullptr;

  std::string id() const;                                 // step-N
  const StepRules& rules() const { return plan->rules_for(step->id); }
  JsonObject body() const;                                // run, incident, step, activation: what each entry about it has
};
std::optional<At> at(const PlaybookState& state, const std::string& run, std::uint64_t index);
// By the entry's `run` with `activation`, or, in older entries, with the id of a step under way.
std::optional<At> at(const PlaybookState& state, const Json& body);
std::vector<At> waiting_for(const PlaybookState& state, const std::string& id);

// What variables hold for a step (nullptr: for the playbook as a whole): its own first, then the run's, then what Firebreak
// knows of the incident, then the organisation's, then the declared value.
cacao::Lookup lookup_in(const PlaybookState& state, const Run& run, const Plan& plan, const cacao::Step* step, const Activation* activation);
// The step's own declaration, else the playbook's; nullptr: there is none.
const cacao::Variable* declared(const Plan& plan, const cacao::Step* step, const std::string& name);
// The words that a later switch-condition without default has cases for: no other word leads anywhere. Empty: any.
std::vector<std::string> choices_of(const Plan& plan, const std::string& variable);
// Why these values may not be given to these variables; nothing when they may.
std::optional<std::string> problem_of(const Plan& plan, const cacao::Step* step, const Values& values);

// run.cc: from step to step
Drafts start_step(const PlaybookState& state, const Run& run, const Plan& plan, const std::string& step, const std::string& parent, bool later = false);
Drafts end_step(const At& at, std::string_view outcome, std::string detail, Values values = {});
Drafts end_run(const PlaybookState& state, const Run& run, std::string_view outcome, std::string by = {}, std::string reason = {});
Drafts abandon_within(const PlaybookState& state, const Run& run, const std::string& parent, std::string_view why);
Drafts decide_run_started(const PlaybookState& state, const Entry& entry);
Drafts decide_run_ended(const PlaybookState& state, const Entry& entry);
Drafts decide_step_ended(const PlaybookState& state, const Entry& entry);

// begin.cc: what a step does when its time has come
Drafts begin(const At& at);
Drafts enter_loop(const At& at);   // while-condition: once more, or over

// act.cc: commands, one unit (command × target) after the other
Drafts go_on(const At& at);
Drafts unit_done(const At& at, Values values);
Drafts unit_failed(const At& at, std::string_view outcome, std::string detail, bool may_retry = true);

// approval.cc
Drafts ask(const At& at);
bool is_approved(const At& at, std::string_view unit_digest);
Drafts decide_approval_command(const PlaybookState& state, const Entry& entry, const std::string& name, const Json& args);

// answers.cc: what a waiting step was waiting for
Drafts decide_answer(const PlaybookState& state, const Entry& entry);

// start.cc: what may start, and with which variables
struct Start {
  PlanPtr plan;
  std::string incident, by, from, rerun_of, parent_run, parent_step;
  Values variables;
};
Result<Draft> start_run(const PlaybookState& state, const Start& start, Time now);
Drafts on_incident(const PlaybookState& state, const Entry& entry);

// control.cc: commands of people
Drafts decide_command(const PlaybookState& state, const Entry& entry);
// timers.cc
Drafts timers_due(const PlaybookState& state, Time now, const std::function<bool(const std::string& run)>& not_now);
Time wakes_at(const Run& run, const Activation& activation);

// facts.cc, apply.cc: what entries change
void apply_fact(PlaybookState& state, const Entry& entry);   // incidents, findings, actions
void apply_run(PlaybookState& state, const Entry& entry);

// Takes one activation out of the derived tables and puts it back, changed.
class Edit {
 public:
  Edit(PlaybookState& state, const std::string& run, std::uint64_t index);
  ~Edit();
  Edit(const Edit&) = delete;
  Edit& operator=(const Edit&) = delete;
  explicit operator bool() const { return activation_ != nullptr; }
  Activation* operator->() const { return activation_; }

 private:
  PlaybookState& state_;
  const std::string run_;
  const std::uint64_t index_;
  Activation* activation_ = nullptr;
};

// A task that a run has opened in passing and that nobody has done yet; empty: there is none that says this to this owner.
std::string open_reminder(const PlaybookState& state, const std::string& incident, const std::string& owner, const std::string& text);

}  // namespace firebreak::playbook
