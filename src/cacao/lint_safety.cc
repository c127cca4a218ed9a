// What has certainly happened before a step: evidence captured, a person's approval. Facts go along the routes; where
// paths meet, only what both bring is certain. A parallel step's branches all run, so what any of them did holds after
// it; of an if or a switch only what every way did; of a while nothing (it may not run at all).
#include <fmt/core.h>

#include <algorithm>
#include <optional>
#include <set>

#include "cacao/effect.h"
#include "cacao/lint_parts.h"
#include "cacao/step_rules.h"

namespace firebreak::cacao {
namespace {

struct Facts {
  bool evidence = false, approval = false;

  Facts both(const Facts& other) const { return {evidence && other.evidence, approval && other.approval}; }
  Facts either(const Facts& other) const { return {evidence || other.evidence, approval || other.approval}; }
};

class Safety {
 public:
  Safety(Findings& findings, const Playbook& playbook) : findings_(findings), playbook_(playbook) {}

  void run() {
    follow(playbook_.start, {}, false);
    // An exception may come before anything was done.
    if (!playbook_.exception.empty()) follow(playbook_.exception, {}, false);
  }

 private:
  // Steps of one scope (what the routes from `first` reach) with each step after all that lead to it.
  void order(const std::string& id, std::vector<const Step*>& out) {
    const Step* const step = playbook_.step(id);
    if (step == nullptr || !ordered_.insert(id).second) return;
    for (const auto& [key, next] : step->routes()) order(next, out);
    out.push_back(step);
  }

  // What holds at the ends of the scope that starts at `first`. `beside`: evidence is captured in a branch that runs at the
  // same time. A step that was looked at in another scope is not looked at again: sharing is told by lint_flow.
  Facts follow(const std::string& first, Facts before, bool beside) {
    std::vector<const Step*> steps;
    order(first, steps);
    std::reverse(steps.begin(), steps.end());
    std::map<std::string, Facts> at{{first, before}};
    std::optional<Facts> ends;
    for (const Step* const step : steps) {
      const Facts here = at.contains(step->id) ? at[step->id] : before;
      judge(*step, here, beside);
      const Facts success = after(*step, here, beside);
      const auto arrive = [&](const std::string& next, const Facts& facts) {
        const auto [place, is_new] = at.emplace(next, facts);
        if (!is_new) place->second = place->second.both(facts);
      };
      for (const auto& [key, next] : step->routes()) arrive(next, key == "on_failure" ? here : success);
      if (step->type == "end") ends = ends ? ends->both(here) : here;
    }
    return ends.value_or(before);
  }

  Facts after(const Step& step, Facts here, bool beside) {
    if (captures_evidence(step)) here.evidence = true;
    if (asks_for_approval(step) || waits_for_approvers(step)) here.approval = true;
    if (step.branches.empty()) return here;
    std::optional<Facts> all, any;
    std::ptrdiff_t capturing = 0;
    if (step.type == "parallel")
      capturing = std::count_if(step.branches.begin(), step.branches.end(), [&](const Branch& branch) { return captures_within(branch.step); });
    for (const Branch& branch : step.branches) {
      const bool others = step.type == "parallel" && capturing > (captures_within(branch.step) ? 1 : 0);
      const Facts end = follow(branch.step, here, beside || others);
      all = all ? all->both(end) : end;
      any = any ? any->either(end) : end;
    }
    if (step.type == "parallel") return here.either(*any);
    const bool always = (step.type == "if-condition" && step.branches.size() == 2) ||
                        (step.type == "switch-condition" && std::any_of(step.branches.begin(), step.branches.end(), [](const Branch& b) { return b.label == "default"; }));
    return always ? here.either(*all) : here;
  }

  // Firebreak's extension: nothing of the step leaves before so many people have said yes to it.
  bool waits_for_approvers(const Step& step) const {
    const Json* const rules = find_pointer(playbook_.document, child(child(step.pointer, "step_extensions"), kFirebreakExtension));
    return rules != nullptr && find(*rules, "approval") != nullptr;
  }

  // Whether a step that captures evidence is reached from `id`. Each step is asked once.
  bool captures_within(const std::string& id) {
    const Step* const step = playbook_.step(id);
    if (step == nullptr) return false;
    const auto [known, is_new] = captures_.emplace(id, false);  // false while under way: a path that comes back adds nothing
    if (!is_new) return known->second;
    bool found = captures_evidence(*step);
    for (const Branch& branch : step->branches) found = captures_within(branch.step) || found;
    for (const auto& [key, next] : step->routes()) found = captures_within(next) || found;
    return captures_[id] = found;
  }

  void judge(const Step& step, const Facts& here, bool beside) {
    const Effect effect = effect_of(step);
    if (effect == Effect::kNone) return;
    const bool destroys = effect == Effect::kDestroys;
    if (!here.evidence && (destroys || !beside) && !captures_evidence(step))
      findings_.add("acts-before-evidence", step.pointer, fmt::format("'{}' {} before evidence is captured on every path to it", step.title(), destroys ? "destroys" : "acts"));
    if (destroys && !here.approval && !waits_for_approvers(step))
      findings_.add("destructive-without-approval", step.pointer, fmt::format("'{}' destroys, and nobody approves it on every path to it", step.title()));
  }

  Findings& findings_;
  const Playbook& playbook_;
  std::set<std::string> ordered_;
  std::map<std::string, bool> captures_;
};

}  // namespace

void lint_safety(Findings& findings, const Playbook& playbook) { Safety(findings, playbook).run(); }

}  // namespace firebreak::cacao
