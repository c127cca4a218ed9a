#include "world.h"

#include <algorithm>

#include "fold/playbook/story_for_tests.h"
#include "random_playbook.h"

namespace firebreak::reference {

using playbook::Activation;
using playbook::Run;

World::World(const std::map<std::string, Playbook>& playbooks, const Fate& fate, std::mt19937_64& random)
    : fate_(fate), random_(random), steps_(steps_of(playbooks)), ways_(ways_of(playbooks)) {
  for (const auto& [id, step] : steps_) short_of_[playbook::long_id(id)] = id;
  input("config_applied", JsonObject{{"document", JsonObject{{"playbooks", JsonObject{{"hosts", JsonArray{"api.example.com"}}}}}}}, "firebreak");
  // What is called is there before what calls it.
  for (auto one = playbooks.rbegin(); one != playbooks.rend(); ++one) install(one->second);
}

void World::install(const Playbook& of) {
  const std::size_t before = entries_.size();
  command("user:root", "playbook.install", {{"document", to_document(of)}});
  for (std::size_t i = before; i < entries_.size(); ++i)
    if (entries_[i].kind == "command_refused") seen.problems.push_back("not installed: " + string_or(entries_[i].body, "reason"));
}

// Access hands commands on; the incident's room takes tasks as done.
std::vector<Draft> World::others(const Entry& entry) const {
  Draft draft;
  draft.actor = entry.actor;
  draft.body = entry.body;
  if (entry.kind == "command") {
    draft.kind = "command_accepted";
    return {draft};
  }
  if (entry.kind != "command_accepted" || string_or(entry.body, "name") != "incident.task_done") return {};
  draft.kind = "incident_task_done";
  draft.body = *find(entry.body, "args");
  return {draft};
}

void World::input(const std::string& kind, Json body, const std::string& actor) {
  Draft first;
  first.kind = kind;
  first.body = std::move(body);
  first.actor = actor;
  std::vector<Draft> waiting{std::move(first)};
  const std::size_t from = entries_.size();
  const bool others_first = below(2) == 0;
  for (std::size_t at = 0; at < waiting.size(); ++at) {
    if (at >= 1'000) return seen.problems.push_back("a group does not end");
    const Entry entry = stamped(waiting[at], entries_.size(), now_);
    const bool tick = entry.kind == "tick";
    if (!tick) {
      const auto before = state_.runs;
      playbook::apply(state_, entry);
      entries_.push_back(entry);
      note(entry, before);
    }
    std::vector<Draft> drafts = playbook::decide(state_, entry), more = others(entry);
    if (tick && drafts.empty()) return;
    if (tick) entries_.push_back(entry);
    drafts.insert(others_first ? drafts.begin() : drafts.end(), more.begin(), more.end());
    for (Draft& draft : drafts) {
      if (draft.cause.empty()) draft.cause = "journal:" + std::to_string(cause_of_drafts(entry, from));
      waiting.push_back(std::move(draft));
    }
  }
}

// Only what counted: an entry that changed nothing did not happen.
void World::note(const Entry& entry, const std::map<std::string, Run>& before) {
  if (entry.kind == "incident_task_done") tasks_.erase(string_or(entry.body, "task"));
  const std::string run_id = entry.kind == "playbook_run_started" ? entry.id("run") : string_or(entry.body, "run");
  const auto old = before.find(run_id);
  const auto found = state_.runs.find(run_id);
  if (found == state_.runs.end()) return;
  const Run& run = found->second;
  if (entry.kind == "playbook_run_started") {
    if (first_run_.empty()) first_run_ = run_id;
    const auto caller = paths_.find(run.parent_step);
    run_paths_[run_id] = run.parent_run.empty() || caller == paths_.end() ? "" : caller->second;
  } else if (entry.kind == "playbook_run_ended") {
    if (old == before.end() || old->second.ended) return seen.problems.push_back(run_id + " ended twice");
    seen.runs[run_paths_[run_id]] = run.outcome;
  } else if (entry.kind == "playbook_step_started") {
    const auto open = run.open.find(entry.index);
    if (open == run.open.end()) return;
    if (run.ended) seen.problems.push_back("a step started in a run that is over");
    const auto known = short_of_.find(open->second.step);
    if (known == short_of_.end()) return;  // start
    const std::string parent = open->second.parent.empty() ? run_paths_[run_id] : paths_[index_of(open->second.parent)];
    const std::string key = parent + "/" + known->second;
    paths_[entry.index] = key + "#" + std::to_string(times_[key]++);
    seen.starts[parent + "@" + ways_.at(known->second)].push_back(known->second);
  } else if (entry.kind == "playbook_step_ended") {
    const std::uint64_t index = index_of(string_or(entry.body, "activation"));
    if (old == before.end() || !old->second.open.contains(index) || run.open.contains(index) || !paths_.contains(index)) return;
    const std::string outcome = string_or(entry.body, "outcome");
    if (!seen.outcomes.emplace(paths_[index], outcome).second) seen.problems.push_back(paths_[index] + " ended twice");
    if (outcome != "success" && outcome != "failure") return;
    for (const auto& [other, activation] : run.open)  // a join comes after all that it joins
      if (index_of(activation.parent) == index && activation.parent.size() > 5) seen.problems.push_back(paths_[index] + " did not wait for " + paths_[other]);
  } else if (entry.kind == "playbook_approval_requested") {
    digests_[entry.id("appr")] = string_or(entry.body, "digest");
  } else if (entry.kind == "playbook_call_ordered" || entry.kind == "incident_task_opened") {
    if (!find(entry.body, "activation")) return;
    if (entry.kind == "incident_task_opened") tasks_.insert(entry.id("task"));
    // Decided before the end of its run, in the same group: a task is withdrawn, a call is nobody's.
  }
}

World::Message World::reply(const std::string& id, Try result, const Step& step, const std::string& path) const {
  JsonObject values;
  if (!step.gives.empty()) values[step.gives] = fate_.value(path);
  if (id.starts_with("task-")) {
    const char* const outcome = result == Try::kDone ? "success" : "failure";
    return {"command", JsonObject{{"name", "incident.task_done"}, {"args", JsonObject{{"incident", incident_}, {"task", id}, {"result", outcome}, {"outcome", outcome}, {"values", std::move(values)}}}}, "user:ana"};
  }
  if (id.starts_with("req-")) return {"options_offered", result == Try::kDone ? JsonObject{{"request", id}} : JsonObject{{"request", id}, {"error", "no"}}, "firebreak"};
  JsonObject body{{"call", id}, {"result", result == Try::kUnsent ? "failed" : result == Try::kUnknown ? "uncertain" : "done"}};
  if (result == Try::kDone) body["status"] = 200;
  if (result == Try::kRefused) body["status"] = 500;
  return {"playbook_call_ended", std::move(body), "firebreak"};
}

std::optional<World::Message> World::answer_to(const Run& run, std::uint64_t index, const Activation& open) {
  const auto path = paths_.find(index);
  if (path == paths_.end() || open.waits_for.empty()) return std::nullopt;
  const std::string& id = *open.waits_for.begin();
  const Step& step = *steps_.at(short_of_.at(open.step));
  if (id.starts_with("run-")) return std::nullopt;
  if (id.starts_with("appr-")) {
    const std::string who = "user:p" + std::to_string(open.approval.by.size());
    const bool yes = fate_.yes(path->second);
    Message message{"command", JsonObject{{"name", yes ? "playbook.approve" : "playbook.reject"}, {"args", JsonObject{{"approval", id}, {"digest", digests_[id]}}}}, who};
    if (step.silent_people) late_.emplace_back(index, message);
    return step.silent_people ? std::nullopt : std::optional(message);
  }
  if (step.silent || step.hangs) {
    late_.emplace_back(index, reply(id, Try::kDone, step, path->second));
    return std::nullopt;
  }
  static_cast<void>(run);
  return reply(id, fate_.attempt(path->second, static_cast<int>(open.unit), static_cast<int>(open.attempt)), step, path->second);
}

std::vector<World::Message> World::answers() {
  std::vector<Message> out;
  late_.clear();
  for (const auto& [id, run] : state_.runs)
    for (const auto& [index, open] : run.open)
      if (!run.ended)
        if (auto message = answer_to(run, index, open)) out.push_back(std::move(*message));
  return out;
}

void World::crash() {
  playbook::PlaybookState back;
  if (below(2) == 0) {
    for (const Entry& entry : entries_)
      if (entry.kind != "tick") playbook::apply(back, entry);
  } else {
    auto read = playbook::playbook_state_from_json(*parse_json(canonical_json(playbook::to_json(state_)), 64));
    if (read) back = std::move(*read);
  }
  if (!(back == state_)) seen.problems.push_back("the state after a crash is another one");
  state_ = std::move(back);
}

void World::once(bool quiet) {
  const auto overdue = late_;
  const std::vector<Message> ready = answers();
  for (const auto& [index, message] : overdue) {  // what was asked and is over: somebody answers all the same
    const bool open = std::any_of(state_.runs.begin(), state_.runs.end(), [&, at = index](const auto& item) { return !item.second.ended && item.second.open.contains(at); });
    if (!open) given_.push_back(message);
  }
  const std::uint64_t dice = below(100);
  if (dice < 50 && !ready.empty()) {
    const Message message = ready[below(ready.size())];
    given_.push_back(message);
    if (message.kind == "playbook_call_ended" && below(2) == 0) input("playbook_call_started", JsonObject{{"call", string_or(message.body, "call")}, {"attempt", 1}});
    return input(message.kind, message.body, message.actor);
  }
  if (dice < 60 && !given_.empty()) {
    const Message message = given_[below(given_.size())];
    return input(message.kind, message.body, message.actor);
  }
  if (dice < 66 && !quiet) return crash();
  if (dice < 74 && !quiet) {
    std::vector<const Run*> open;
    for (const auto& [id, run] : state_.runs)
      if (!run.ended) open.push_back(&run);
    if (open.empty()) return;
    const Run& run = *open[below(open.size())];
    return command("user:ana", run.paused ? "playbook.resume" : "playbook.pause", {{"run", run.id}});
  }
  if (dice < 80) {
    for (const auto& [id, run] : state_.runs)
      if (!run.ended && run.paused) return command("user:ana", "playbook.resume", {{"run", id}});
  }
  now_ = now_ + static_cast<std::int64_t>(below(4) == 0 ? 0 : below(30'000'000));
  input("tick", JsonObject{});
}

void World::play(std::size_t inputs) {
  if (incident_.empty()) {
    const std::size_t at = entries_.size();
    input("incident_opened", JsonObject{{"endpoint", "api"}, {"stream", "api"}, {"rule", "evasion"}, {"severity", "SEV-2"}});
    incident_ = entries_[at].id("inc");
  }
  for (std::size_t i = 0; i < inputs && seen.problems.empty(); ++i) {
    const auto run = state_.runs.find(first_run_);
    if (run == state_.runs.end() || run->second.ended) break;
    once(false);
  }
  const auto run = state_.runs.find(first_run_);
  seen.ended = run == state_.runs.end() || run->second.ended;
}

void World::stop() {
  if (below(2) == 0) command("user:ana", "playbook.cancel", {{"run", first_run_}});
  else input("incident_closed", JsonObject{{"incident", incident_}});
  const std::size_t before = entries_.size();
  for (int i = 0; i < 20; ++i) once(true);
  for (std::size_t i = before; i < entries_.size(); ++i)
    if (entries_[i].kind == "playbook_step_started" || entries_[i].kind == "playbook_run_started" || entries_[i].kind == "playbook_run_ended") seen.problems.push_back("after the end came " + entries_[i].kind);
  seen.ended = true;
}

void World::check_end() {
  for (const auto& [id, run] : state_.runs)
    if (!run.ended) seen.problems.push_back(id + " is not over");
  if (!state_.waits.empty() || !state_.timers.empty()) seen.problems.push_back("something is waited for after the end");
  if (!tasks_.empty()) seen.problems.push_back("a person is asked for " + *tasks_.begin() + " after the end");
  if (!playbook::open_calls(state_).empty()) seen.problems.push_back("a call is open after the end");
  crash();
}

}  // namespace firebreak::reference
