#include "cacao/text.h"

#include <fmt/core.h>

#include <set>

#include "cacao/diagnostic.h"

namespace firebreak::cacao {
namespace {

class Tree {
 public:
  explicit Tree(const Playbook& playbook) : playbook_(playbook) {}

  std::string draw() {
    line(0, fmt::format("{}  ({})", printable(playbook_.name), printable(playbook_.id)));
    line(0, fmt::format("version {}{}", printable(playbook_.modified), playbook_.revoked ? ", revoked" : ""));
    for (const auto& [name, variable] : playbook_.variables)
      line(0, fmt::format("{} {}{}{}", printable(variable.type), printable(name), variable.value ? " = " + printable(*variable.value) : "",
                          variable.external ? " (given by the caller)" : variable.constant ? " (constant)" : ""));
    out_ += '\n';
    path(playbook_.start, 0);
    if (!playbook_.exception.empty()) {
      line(0, "when a step fails and says no other way:");
      path(playbook_.exception, 1);
    }
    for (const auto& [id, step] : playbook_.steps)
      if (!shown_.contains(id)) line(0, fmt::format("no path leads to: {}", words(step)));
    return std::move(out_);
  }

 private:
  void line(std::size_t depth, const std::string& text) { out_ += std::string(2 * depth, ' ') + text + "\n"; }

  std::string words(const Step& step) const {
    std::string out = printable(step.type);
    if (!step.name.empty()) out += fmt::format("  {}", printable(step.name));
    if (!step.condition.empty()) out += fmt::format("  [{}]", printable(step.condition));
    if (!step.switch_on.empty()) out += fmt::format("  [{}]", printable(step.switch_on));
    if (!step.playbook_id.empty()) out += fmt::format("  runs {}", printable(step.playbook_id));
    if (step.delay_ms > 0) out += fmt::format("  (after {})", span_text(step.delay_ms));
    if (step.timeout_ms) out += fmt::format("  (at most {})", span_text(*step.timeout_ms));
    return out;
  }

  void path(std::string id, std::size_t depth) {
    while (const Step* const step = playbook_.step(id)) {
      if (!shown_.insert(id).second) return line(depth, fmt::format("-> {} (above)", printable(step->title())));
      line(depth, words(*step));
      const Party* const agent = playbook_.party(step->agent);
      for (const Command& command : step->commands)
        line(depth + 2, fmt::format("{}: {}{}", printable(command.type), printable(command.text), agent == nullptr ? "" : "  (" + printable(agent->name) + ")"));
      for (const Branch& branch : step->branches) {
        line(depth + 1, printable(branch.label) + ":");
        path(branch.step, depth + 2);
      }
      if (!step->on_failure.empty()) {
        line(depth + 1, "on failure:");
        path(step->on_failure, depth + 2);
      }
      id = step->on_success.empty() ? step->on_completion : step->on_success;
    }
    if (!id.empty()) line(depth, fmt::format("-> {}, which is not there", printable(id)));
  }

  const Playbook& playbook_;
  std::set<std::string> shown_;
  std::string out_;
};

}  // namespace

std::string tree(const Playbook& playbook) { return Tree(playbook).draw(); }

std::string span_text(std::int64_t ms) {
  struct Unit {
    std::int64_t ms;
    const char* name;
  };
  for (const Unit& unit : {Unit{86'400'000, "d"}, Unit{3'600'000, "h"}, Unit{60'000, "min"}, Unit{1'000, "s"}})
    if (ms >= unit.ms && ms % unit.ms == 0) return fmt::format("{} {}", ms / unit.ms, unit.name);
  return fmt::format("{} ms", ms);
}

}  // namespace firebreak::cacao
