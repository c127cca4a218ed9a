// What the engine does not do, told before a run starts (plan.h: not_runnable).
#include <fmt/core.h>

#include <algorithm>

#include "cacao/lint.h"
#include "cacao/value.h"
#include "fold/playbook/plan.h"
#include "fold/playbook/verbs.h"

namespace firebreak::playbook {
namespace {

constexpr std::string_view kAgents[] = {"group", "individual", "location", "organization", "sector", "http-api", "linux", "net-address", "security-category", "ssh"};

struct Refused {
  std::string_view type, reason;
};
// A response server with a shell can do whatever its shell can: nobody could say beforehand what an approval is for.
constexpr Refused kRefused[] = {
    {"bash", "no shell runs here: put the command behind an HTTP interface, or make it a manual step"},
    {"powershell", "no shell runs here: put the command behind an HTTP interface, or make it a manual step"},
    {"ssh", "no shell on another machine is opened from here: put the command behind an HTTP interface, or make it a manual step"},
    {"caldera-cmd", "adversary emulation is not run from here"},
    {"elastic", "queries of other systems are asked over their HTTP interface: use http-api"},
    {"kestrel", "hunts are not run from here: make it a manual step"},
    {"jupyter", "notebooks are code and are not run from here: make it a manual step"},
    {"sigma", "detection rules are installed with 'firebreak rule apply', not by a playbook"},
    {"yara", "files are not scanned from here: make it a manual step"},
};

class Check {
 public:
  explicit Check(const Json& document) : document_(document), playbook_(cacao::read_playbook(document)) {}

  std::vector<cacao::Diagnostic> run() {
    if (canonical_json(document_).size() > kDocument) add("", fmt::format("a playbook has at most {} octets here", kDocument), "split it and call its parts by playbook-action");
    if (playbook_.steps.size() > kSteps) add("/workflow", fmt::format("at most {} steps run here", kSteps), "split it and call its parts by playbook-action");
    for (const auto& [id, step] : playbook_.steps) check(step);
    return std::move(found_);
  }

 private:
  void add(std::string pointer, std::string message, std::string remedy) {
    found_.push_back({"not-run-here", std::move(pointer), std::move(message), std::move(remedy), cacao::Level::kError});
  }

  void check(const cacao::Step& step) {
    if (step.timeout_ms && (*step.timeout_ms < 1 || *step.timeout_ms > kLongestStepMs))
      add(cacao::child(step.pointer, "timeout"), fmt::format("a timeout is 1..{} ms here", kLongestStepMs), "a longer wait is a deadline, not a step");
    if (step.delay_ms > kLongestStepMs) add(cacao::child(step.pointer, "delay"), fmt::format("a delay is at most {} ms here", kLongestStepMs), "");
    if (auto rules = rules_of(document_, step.id); !rules) add(rules.error().pointer, rules.error().message, "docs/playbooks.md lists what Firebreak's extension of steps holds");
    if (!step.condition.empty())
      if (auto condition = cacao::Condition::parse(step.condition); !condition) add(cacao::child(step.pointer, "condition"), condition.error().message, "see docs/playbooks.md, Conditions");
    if (step.type == "playbook-action" && step.playbook_id == playbook_.id) add(cacao::child(step.pointer, "playbook_id"), "a playbook that calls itself does not end", "use a while-condition");
    if (step.type == "action") check_action(step);
  }

  void check_action(const cacao::Step& step) {
    if (step.commands.empty()) add(cacao::child(step.pointer, "commands"), "an action without a command does nothing: that is no success", "add a command");
    const cacao::Party* const agent = playbook_.party(step.agent);
    if (agent != nullptr && std::find(std::begin(kAgents), std::end(kAgents), agent->type) == std::end(kAgents))
      add(cacao::child(step.pointer, "agent"), fmt::format("nobody here acts as an agent of type '{}'", agent->type), "use security-category (orchestrator) for Firebreak, group or individual for people");
    for (std::size_t i = 0; i < step.commands.size(); ++i) check_command(step, step.commands[i], cacao::child(cacao::child(step.pointer, "commands"), i));
  }

  void check_command(const cacao::Step& step, const cacao::Command& command, const std::string& pointer) {
    if (command.type == "manual") return;
    if (command.type == "http-api" || command.type == "openc2-http") {
      check_start_line(command, pointer);
      return check_address(step, pointer);
    }
    if (command.type == "firebreak" || command.type == "x-firebreak") return check_line(step, command, pointer);
    const auto row = std::find_if(std::begin(kRefused), std::end(kRefused), [&](const Refused& one) { return one.type == command.type; });
    add(cacao::child(pointer, "type"), fmt::format("commands of type '{}' are not run", command.type), row == std::end(kRefused) ? "use manual, http-api, openc2-http or firebreak" : std::string(row->reason));
  }

  void check_line(const cacao::Step& step, const cacao::Command& command, const std::string& pointer) {
    const auto verb = check_verb(command.text);
    if (!verb) return add(cacao::child(pointer, "command"), verb.error().message, "docs/formats/playbook.md lists the commands");
    const auto results = results_of(*verb);
    if (verb->name == "connector") check_taken(step);
    if (verb->name == "connector" || step.commands.size() > 1) return;
    for (std::size_t i = 0; i < step.out_args.size(); ++i)
      if (std::find(results.begin(), results.end(), step.out_args[i]) == results.end())
        add(cacao::child(cacao::child(step.pointer, "out_args"), i), fmt::format("'{}' gives nothing named {}", verb->name, step.out_args[i]), "docs/formats/playbook.md lists what each command gives");
  }

  // What no answer could mend (cacao/http_request.h): every try would fail.
  void check_start_line(const cacao::Command& command, const std::string& pointer) {
    const std::size_t space = command.text.find(' ');
    if (space != std::string::npos && command.text.substr(space + 1).starts_with('/')) return;
    add(cacao::child(pointer, "command"), "the target of a request begins with '/'",
        "write METHOD /path HTTP/1.1; host and base path are the address of the agent or target, and a variable stands for a part of the path, not for all of it");
  }

  // A connector gives values, and no answer of HTTP around them.
  void check_taken(const cacao::Step& step) {
    const auto rules = rules_of(document_, step.id);
    if (!rules) return;  // told already
    for (const Json& one : rules->results.as_array())
      if (find(one, "pointer") == nullptr)
        add(cacao::child(step.pointer, "step_extensions"), fmt::format("{} is taken from no value: a connector's answer has neither headers nor a status", string_or(one, "to")), "take it by 'pointer'");
  }

  // Somebody must be there to be asked: a target, or the agent itself.
  void check_address(const cacao::Step& step, const std::string& pointer) {
    std::vector<std::string> parties = step.targets;
    if (parties.empty()) parties.push_back(step.agent);
    for (const std::string& id : parties) {
      const Json* const own = definition(id);
      if (own != nullptr && find(*own, "address") == nullptr) add(pointer, fmt::format("'{}' has no address to send the request to", string_or(*own, "name", id)), "give the target (or, without targets, the agent) an address");
    }
  }

  const Json* definition(const std::string& id) const {
    for (const std::string_view key : {"agent_definitions", "target_definitions"})
      if (const Json* const all = find(document_, key))
        if (const Json* const one = find(*all, id)) return one;
    return nullptr;
  }

  const Json& document_;
  const cacao::Playbook playbook_;
  std::vector<cacao::Diagnostic> found_;
};

}  // namespace

std::vector<cacao::Diagnostic> not_runnable(const Json& document) {
  std::vector<cacao::Diagnostic> found;
  for (cacao::Diagnostic& one : cacao::lint(document, cacao::Profile::kLenientImport))
    if (one.level == cacao::Level::kError) found.push_back(std::move(one));
  if (!found.empty()) return found;
  return Check(document).run();
}

}  // namespace firebreak::playbook
