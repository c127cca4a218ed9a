// Commands of people: install, run, cancel, pause, resume, rerun, answer, approve, capture.
#include <fmt/core.h>

#include <algorithm>
#include <functional>

#include "base/digest.h"
#include "fold/playbook/parts.h"
#include "fold/playbook/verbs.h"
#include "types/command.h"

namespace firebreak::playbook {
namespace {

struct Given {
  const PlaybookState& state;
  const Entry& entry;
  const std::string& name;
  const Json& args;

  Drafts refuse(Code code, std::string reason, std::string pointer = {}) const {
    return {make_draft("command_refused", "", refusal(name, code, std::move(reason), std::move(pointer)))};
  }
  Drafts refuse(const Error& error) const { return refuse(error.code, error.message, error.pointer); }
  std::string text(std::string_view key) const { return string_or(args, key); }
};

Result<Values> values_of(const Json& args, std::string_view key) {
  Values out;
  const Json* const values = find(args, key);
  if (values == nullptr) return out;
  for (const auto& member : values->as_object()) {
    if (!member.value().is_string()) return fail(Code::kInvalid, "a value is written as a text", fmt::format("/{}/{}", key, std::string_view(member.key())));
    out[std::string(member.key())] = std::string(member.value().get_string());
  }
  return out;
}

Drafts install(const Given& given) {
  const Json* const document = find(given.args, "document");
  if (document == nullptr) return given.refuse(Code::kInvalid, "'document' is missing", "/document");
  const auto plan = runnable_plan(*document);
  if (!plan) return given.refuse(Code::kInvalid, plan.error().message, "/document" + plan.error().pointer);
  const cacao::Playbook& read = (*plan)->read;
  if (const auto versions = given.state.installed.find(read.id); versions != given.state.installed.end() && !versions->second.empty()) {
    const auto& [newest, had] = *versions->second.rbegin();
    if (had.plan->digest == (*plan)->digest) return given.refuse(Code::kConflict, "this version is installed already", "/document");
    // (id, modified) is a version's identity; the same one with other bytes would be two versions under one name.
    const bool only_signed = newest == (*plan)->modified && differ_in_signatures(*document, had.document);
    if ((*plan)->modified <= newest && !only_signed)
      return given.refuse(Code::kConflict, fmt::format("the version of {} is installed; a new one needs a newer 'modified'", had.plan->read.modified), "/document/modified");
  }
  return {make_draft("playbook_installed", "", {{"id", read.id}, {"modified", read.modified}, {"name", read.name}, {"digest", (*plan)->digest}, {"document", *document}})};
}

// The newest version, or the one that is asked for.
Result<PlanPtr> plan_asked(const PlaybookState& state, const std::string& id, const std::string& version) {
  const auto versions = state.installed.find(id);
  if (versions == state.installed.end() || versions->second.empty()) return fail(Code::kNotFound, fmt::format("there is no playbook '{}'", id), "/playbook");
  if (version.empty()) return versions->second.rbegin()->second.plan;
  if (versions->second.rbegin()->second.plan->read.revoked) return fail(Code::kConflict, "its newest version revokes it: no version of it starts", "/version");
  const auto modified = parse_time(version);
  const auto found = modified ? versions->second.find(*modified) : versions->second.end();
  if (found == versions->second.end()) return fail(Code::kNotFound, fmt::format("version {} of it is not installed", version), "/version");
  return found->second.plan;
}

Drafts started(const Given& given, const Start& start) {
  auto draft = start_run(given.state, start, given.entry.time);
  return draft ? Drafts{std::move(*draft)} : given.refuse(draft.error());
}

Drafts run(const Given& given) {
  auto plan = plan_asked(given.state, given.text("playbook"), given.text("version"));
  if (!plan) return given.refuse(plan.error());
  auto values = values_of(given.args, "variables");
  if (!values) return given.refuse(values.error());
  return started(given, Start{*plan, given.text("incident"), given.entry.actor, "", "", "", "", std::move(*values)});
}

// Steps at the top level: those a run may be started again from. Inside a branch nobody would wait for the end.
bool is_top_level(const Plan& plan, const std::string& wanted) {
  std::set<std::string> seen;
  std::vector<std::string> ahead{plan.read.start};
  while (!ahead.empty()) {
    const std::string id = ahead.back();
    ahead.pop_back();
    const cacao::Step* const step = plan.step(id);
    if (step == nullptr || !seen.insert(id).second) continue;
    for (const auto& [key, next] : step->routes()) ahead.push_back(next);
  }
  return seen.contains(wanted);
}

Drafts rerun(const Given& given) {
  const auto old = given.state.runs.find(given.text("run"));
  if (old == given.state.runs.end()) return given.refuse(Code::kNotFound, fmt::format("there is no run '{}' of an open incident", given.text("run")), "/run");
  const Run& run = old->second;
  if (!run.ended) return given.refuse(Code::kConflict, fmt::format("{} is under way: cancel it first", run.id), "/run");
  const auto versions = given.state.installed.find(run.playbook);
  const auto version = versions != given.state.installed.end() ? versions->second.find(run.modified) : std::map<Time, Installed>::const_iterator{};
  if (versions == given.state.installed.end() || version == versions->second.end()) return given.refuse(Code::kConflict, "the version that it ran is gone: run the newest instead", "/run");
  if (versions->second.rbegin()->second.plan->read.revoked) return given.refuse(Code::kConflict, "the playbook is revoked", "/run");
  const std::string from = given.text("from");
  if (!from.empty() && !is_top_level(*version->second.plan, from))
    return given.refuse(Code::kInvalid, fmt::format("'{}' is no step that a run can be started from: it is not there, or stands inside a branch", from), "/from");
  // What the old run had found out is there again; only external ones are checked as given from outside.
  Start start{version->second.plan, run.incident, given.entry.actor, from, run.id, "", "", {}};
  for (const auto& [name, value] : run.variables)
    if (const auto known = version->second.plan->read.variables.find(name); known != version->second.plan->read.variables.end() && known->second.external) start.variables[name] = value;
  auto draft = start_run(given.state, start, given.entry.time);
  if (!draft) return given.refuse(draft.error());
  if (!from.empty()) {
    JsonObject values;
    for (const auto& [name, value] : run.variables) values[name] = value;
    draft->body.as_object()["variables"] = std::move(values);
  }
  return {std::move(*draft)};
}

const Run* open_run(const Given& given) {
  const auto found = given.state.runs.find(given.text("run"));
  return found == given.state.runs.end() || found->second.ended ? nullptr : &found->second;
}

Drafts no_run(const Given& given) { return given.refuse(Code::kNotFound, fmt::format("no run '{}' is under way", given.text("run")), "/run"); }

Drafts cancel(const Given& given) {
  const Run* const run = open_run(given);
  return run == nullptr ? no_run(given) : end_run(given.state, *run, "cancelled", given.entry.actor, given.text("reason"));
}

// The run and the runs that it has called.
std::vector<const Run*> with_children(const PlaybookState& state, const Run& run) {
  std::vector<const Run*> out{&run};
  for (std::size_t i = 0; i < out.size(); ++i)
    for (const auto& [id, other] : state.runs)
      if (!other.ended && other.parent_run == out[i]->id) out.push_back(&other);
  return out;
}

Drafts pause(const Given& given) {
  const Run* const run = open_run(given);
  if (run == nullptr) return no_run(given);
  if (run->paused) return given.refuse(Code::kConflict, fmt::format("{} is paused already", run->id), "/run");
  Drafts drafts;
  for (const Run* one : with_children(given.state, *run))
    if (!one->paused) drafts.push_back(make_draft("playbook_run_paused", one->id, {{"run", one->id}, {"incident", one->incident}, {"by", given.entry.actor}, {"reason", given.text("reason")}}));
  return drafts;
}

Drafts resume(const Given& given) {
  const Run* const run = open_run(given);
  if (run == nullptr) return no_run(given);
  if (!run->paused) return given.refuse(Code::kConflict, fmt::format("{} is not paused", run->id), "/run");
  Drafts drafts;
  for (const Run* one : with_children(given.state, *run))
    if (one->paused) drafts.push_back(make_draft("playbook_run_resumed", one->id, {{"run", one->id}, {"incident", one->incident}, {"by", given.entry.actor}}));
  return drafts;
}

// "__measure__ (string: fallback, none, review or route)"
std::string asked_for(const At& at, const std::string& name) {
  const cacao::Variable* const variable = declared(*at.plan, at.step, name);
  const std::string type = variable != nullptr ? variable->type : "string";
  std::string words;
  const auto choices = choices_of(*at.plan, name);
  for (std::size_t i = 0; i < choices.size(); ++i) words += (i == 0 ? ": " : i + 1 == choices.size() ? " or " : ", ") + choices[i];
  return fmt::format("{} ({}{})", name, type, words);
}

Drafts answer(const Given& given) {
  const std::string task = given.text("task"), outcome = given.text("outcome");
  const auto waiting = waiting_for(given.state, task);
  if (waiting.empty()) return given.refuse(Code::kNotFound, fmt::format("no step waits for '{}'", task), "/task");
  const At& at = waiting[0];
  if (outcome != "success" && outcome != "failure") return given.refuse(Code::kInvalid, "'outcome' is success or failure", "/outcome");
  auto values = values_of(given.args, "values");
  if (!values) return given.refuse(values.error());
  for (const auto& [name, value] : *values)
    if (std::find(at.step->out_args.begin(), at.step->out_args.end(), name) == at.step->out_args.end())
      return given.refuse(Code::kInvalid, fmt::format("the step does not ask for {}", name), "/values/" + name);
  std::string missing;
  for (const std::string& name : at.step->out_args)
    if (outcome == "success" && !values->contains(name)) missing += (missing.empty() ? "" : ", ") + asked_for(at, name);
  if (!missing.empty()) return given.refuse(Code::kInvalid, fmt::format("the step asks for {}", missing), "/values");
  for (const auto& [name, value] : *values)
    if (const auto choices = choices_of(*at.plan, name); !choices.empty() && std::find(choices.begin(), choices.end(), value) == choices.end())
      return given.refuse(Code::kInvalid, fmt::format("'{}' leads nowhere: the step asks for {}", value, asked_for(at, name)), "/values/" + name);
  if (auto problem = problem_of(*at.plan, at.step, *values)) return given.refuse(Code::kInvalid, std::move(*problem), "/values");
  JsonObject written;
  for (const auto& [name, value] : *values) written[name] = value;
  return {make_draft("incident_task_done", at.run->incident,
               {{"incident", at.run->incident}, {"task", task}, {"by", given.entry.actor}, {"result", given.text("note")}, {"outcome", outcome}, {"values", std::move(written)}})};
}

Drafts capture(const Given& given) {
  const std::string incident = given.text("incident");
  const auto facts = given.state.incidents.find(incident);
  if (facts == given.state.incidents.end()) return given.refuse(Code::kNotFound, fmt::format("there is no open incident '{}'", incident), "/incident");
  std::string list;
  for (const std::string& item : strings_or_empty(given.args, "items")) list += (list.empty() ? "" : ",") + item;
  const auto items = parse_items(list);
  if (!items) return given.refuse(Code::kInvalid, items.error().message, "/items");
  return {make_draft("evidence_requested", incident,
               {{"incident", incident}, {"endpoint", facts->second.endpoint}, {"stream", facts->second.stream}, {"items", JsonArray(items->begin(), items->end())}, {"first", facts->second.first}, {"last", facts->second.last}})};
}

Drafts approval(const Given& given) { return decide_approval_command(given.state, given.entry, given.name, given.args); }

struct Row {
  std::string_view name;
  Drafts (*decide)(const Given&);
};
constexpr Row kCommands[] = {
    {"evidence.capture", capture}, {"playbook.answer", answer}, {"playbook.approve", approval}, {"playbook.cancel", cancel}, {"playbook.install", install},
    {"playbook.pause", pause},     {"playbook.reject", approval}, {"playbook.rerun", rerun},     {"playbook.resume", resume}, {"playbook.run", run},
};

}  // namespace

Drafts decide_command(const PlaybookState& state, const Entry& entry) {
  const std::string name = string_or(entry.body, "name");
  for (const Row& row : kCommands)
    if (row.name == name) return row.decide({state, entry, name, command_args(entry)});
  return {};
}

}  // namespace firebreak::playbook
