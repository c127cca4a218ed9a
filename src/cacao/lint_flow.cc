// The way through the steps: every step is reached, nothing comes back but by a while-condition, and each branch keeps its
// steps to itself ("each branch MUST reference a unique end step").
#include <fmt/core.h>

#include <set>

#include "cacao/lint_parts.h"

namespace firebreak::cacao {
namespace {

class Flow {
 public:
  Flow(Findings& findings, const Playbook& playbook) : findings_(findings), playbook_(playbook) {}

  void run() {
    walk(playbook_.start, 0, "/workflow_start");
    if (!playbook_.exception.empty()) walk(playbook_.exception, 0, "/workflow_exception");
    for (const auto& [id, step] : playbook_.steps) {
      if (!owner_.contains(id)) findings_.add("unreachable-step", step.pointer, fmt::format("no path leads to '{}'", step.title()));
      if (step.type == "while-condition" && !step.timeout_ms)
        findings_.add("loop-unbounded", step.pointer, fmt::format("the loop '{}' has no timeout", step.title()));
      const bool works = step.type == "action" || step.type == "playbook-action";
      if (works && step.on_failure.empty() && playbook_.exception.empty())
        findings_.add("no-failure-route", step.pointer, fmt::format("a failure of '{}' ends the run", step.title()));
    }
  }

 private:
  // Each step belongs to one scope: 0 is the playbook, every branch has its own. A step is entered once, so this is linear.
  void walk(const std::string& id, std::size_t scope, const std::string& from) {
    const Step* const step = playbook_.step(id);
    if (step == nullptr) return;  // told as dangling-reference
    if (under_way_.contains(id))
      return findings_.add("path-comes-back", from, fmt::format("the path returns to '{}'", step->title()));
    const auto [claim, is_new] = owner_.emplace(id, scope);
    if (!is_new) {
      if (claim->second != scope)
        findings_.add("branch-shares-step", from, fmt::format("'{}' belongs to {} already", step->title(), name_of(claim->second)));
      return;
    }
    under_way_.insert(id);
    for (const Branch& branch : step->branches) {
      scopes_.push_back(fmt::format("{} of '{}'", branch.label, step->title()));
      walk(branch.step, scopes_.size(), branch.pointer);
    }
    for (const auto& [key, next] : step->routes()) walk(next, scope, child(step->pointer, key));
    under_way_.erase(id);
  }

  std::string name_of(std::size_t scope) const { return scope == 0 ? "what is outside of all branches" : scopes_[scope - 1]; }

  Findings& findings_;
  const Playbook& playbook_;
  std::map<std::string, std::size_t> owner_;
  std::set<std::string> under_way_;
  std::vector<std::string> scopes_;
};

}  // namespace

void lint_flow(Findings& findings, const Playbook& playbook) { Flow(findings, playbook).run(); }

}  // namespace firebreak::cacao
