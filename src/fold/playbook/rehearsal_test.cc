#include <gtest/gtest.h>

#include <re2/re2.h>

#include "cacao/step_rules.h"
#include "fold/playbook/parts.h"
#include "fold/playbook/rehearsal_for_tests.h"
#include "fold/playbook/story_for_tests.h"
#include "fold/playbook/verbs.h"

namespace firebreak::playbook {
namespace {

// Beside the fold: what the rooms of containment and of releases answer at once to a command of a run.
std::vector<Draft> decide_with_rooms(const PlaybookState& state, const Entry& entry) {
  std::vector<Draft> drafts = playbook::decide(state, entry);
  if (entry.kind != "command_accepted" || string_or(entry.body, "role") != "playbook") return drafts;
  const std::string name = string_or(entry.body, "name");
  const Json& args = entry.body.at("args");
  const std::string cause = "journal:" + std::to_string(entry.index);
  if (name == "action.propose") drafts.push_back(make_draft("action_proposed", cause, {{"incident", string_or(args, "incident")}, {"class", "bounded"}}));
  if (name == "action.lift") drafts.push_back(make_draft("action_lifted", cause, {{"action", string_or(args, "action")}}));
  if (name == "deadline.start") drafts.push_back(make_draft("deadline_started", cause, {{"incident", string_or(args, "incident")}, {"regime", string_or(args, "regime")}, {"stages", JsonArray{}}}));
  if (name == "release.gate") drafts.push_back(make_draft("gate_requested", cause, {{"incident", string_or(args, "incident")}, {"release", string_or(args, "release")}}));
  return drafts;
}

void add(std::vector<std::string>& to, const std::string& value) {
  if (std::find(to.begin(), to.end(), value) == to.end()) to.push_back(value);
}

// A value of the type that is none of the others.
std::string another(const std::string& type) {
  if (type == "bool") return "true";
  if (type == "float") return "0.75";
  if (type == "sha256-hash") return std::string(64, '7');
  return type == "integer" || type == "long" ? "7" : "something else";
}

}  // namespace

Candidates candidates_of(const Json& document) {
  static const RE2 kComparison(R"((__\w+?__):value\s*(?:=|!=|<=|>=|<|>|LIKE)\s*('[^']*'|true|false|-?[0-9.]+))");
  const cacao::Playbook playbook = cacao::read_playbook(document);
  Candidates out;
  for (const auto& [id, step] : playbook.steps) {
    re2::StringPiece rest(step.condition);
    for (std::string name, literal; RE2::FindAndConsume(&rest, kComparison, &name, &literal);) {
      std::vector<std::string>& values = out[name];
      if (literal == "true" || literal == "false") {
        for (const std::string& value : {literal, std::string(literal == "true" ? "false" : "true")}) add(values, value);
      } else if (literal.front() == '\'') {
        std::string text = literal.substr(1, literal.size() - 2);
        std::erase(text, '%');
        for (const std::string& value : {text, std::string("something else")}) add(values, value);
      } else {
        for (const double off : {-0.25, 0.25}) add(values, std::to_string(std::stod(literal) + off));
      }
    }
    if (step.switch_on.empty()) continue;
    const std::string name = step.switch_on.substr(0, step.switch_on.find(":value"));
    for (const cacao::Branch& branch : step.branches)
      if (branch.label.starts_with("case '")) add(out[name], branch.label.substr(6, branch.label.size() - 7));
    add(out[name], "something else");
  }
  return out;
}

bool ends_at_once(const Plan& plan, const cacao::Step& step) {
  if (step.type != "action" || plan.rules_for(step.id).approvers > 0) return false;
  return std::all_of(step.commands.begin(), step.commands.end(), [](const cacao::Command& command) {
    const auto verb = command.type == "manual" ? Result<Verb>(Verb{}) : check_verb(command.text);
    return verb && (verb->name == "task" || verb->name == "phase" || verb->name == "deadline");
  });
}

Json with_failing(const Json& document, const std::string& step) {
  Json out = document;
  out.as_object()["modified"] = "2099-01-01T00:00:00.000Z";
  out.at("playbook_variables").as_object()["__nobody_has_it__"] = JsonObject{{"type", "string"}};
  out.at("workflow").at(step).at("commands").as_array()[0].as_object()["command"] = "task lead __nobody_has_it__:value";
  return out;
}

// Configured: whatever connector a line names, and a value for each variable that the caller must give.
Rehearsal::Rehearsal(const std::vector<Json>& documents) : GroupDriver(&decide_with_rooms, &playbook::apply, Time{1'796'461'200 * kSecond}) {
  JsonObject variables, callers;
  for (const Json& document : documents)
    for (const auto& [name, variable] : cacao::read_playbook(document).variables)
      if (variable.external && !variable.value && !is_given(name)) variables[name] = another(variable.type);
  for (const char* const name : {"models", "endpoints", "training"}) callers[name] = JsonObject{};
  input("config_applied", JsonObject{{"document", JsonObject{{"playbooks", JsonObject{{"variables", std::move(variables)}}}, {"callers", std::move(callers)}}}});
  for (const Json& document : documents) {
    const auto group = command("user:root", "playbook.install", {{"document", document}});
    EXPECT_NE(find_kind(group, "playbook_installed"), nullptr) << refusal_of(group);
  }
}

void Rehearsal::play(const std::string& playbook, const Candidates& candidates, const Recipe& recipe) {
  candidates_ = candidates;
  recipe_ = recipe;
  const auto given = [&](const std::string& name, const std::string& fallback) { return recipe.answers.contains(name) ? recipe.answers.at(name) : fallback; };
  const auto finding = input("finding_opened", JsonObject{{"kind", given("__finding_kinds__", "query_chain")}, {"stream", "api"}, {"endpoint", "api"}, {"episode", "e1"}, {"first", 100}, {"last", 180}});
  const auto opened = input("incident_opened", JsonObject{{"endpoint", "api"}, {"stream", "api"}, {"rule", "declared"}, {"severity", given("__severity__", "SEV-2")}, {"findings", JsonArray{finding[0].id("find")}}});
  incident_ = opened[0].id("inc");
  JsonObject variables;
  for (const auto& [name, variable] : state().installed.at(playbook).rbegin()->second.plan->read.variables)
    if (variable.external && !is_given(name) && recipe.answers.contains(name)) variables[name] = recipe.answers.at(name);
  const auto group = command("user:ana", "playbook.run", {{"playbook", playbook}, {"incident", incident_}, {"variables", std::move(variables)}});
  const Entry* const started = find_kind(group, "playbook_run_started");
  ASSERT_NE(started, nullptr) << refusal_of(group);
  run_ = started->id("run");
  for (int i = 0; i < 20'000 && !ended(); ++i) {
    if (answer_one()) continue;
    if (state().timers.empty()) return;
    const std::int64_t wait = std::get<0>(*state().timers.begin()) - now();
    if (wait > 0) advance(wait);
    input("tick", JsonObject{});
  }
}

bool Rehearsal::ended() const {
  const auto run = state().runs.find(run_);
  return run == state().runs.end() || run->second.ended;
}

std::string Rehearsal::outcome() const { return state().runs.at(run_).outcome; }

std::set<std::string> Rehearsal::activated() const {
  std::set<std::string> out;
  for (const Entry& entry : entries())
    if (entry.kind == "playbook_step_started" && string_or(entry.body, "run") == run_) out.insert(string_or(entry.body, "step"));
  return out;
}

const Entry* Rehearsal::end_of(const std::string& step) const {
  for (const Entry& entry : entries())
    if (entry.kind == "playbook_step_ended" && string_or(entry.body, "run") == run_ && string_or(entry.body, "step") == step && string_or(entry.body, "outcome") != "success") return &entry;
  return nullptr;
}

// The first thing that is waited for and can be answered.
bool Rehearsal::answer_one() {
  const auto waits = state().waits;
  for (const auto& [id, run, index] : waits)
    if (const auto one = at(state(), run, index); one && answer(*one, id)) return true;
  return false;
}

bool Rehearsal::fails(const At& at) {
  if (at.run->id != run_) return false;
  if (recipe_.fail_always.contains(at.step->id)) return true;
  return recipe_.fail_once.contains(at.step->id) && failing_.emplace(at.step->id, at.index).first->second == at.index;
}

bool Rehearsal::told(std::string_view kind, const At& at, JsonObject body) {
  body["incident"] = incident_;
  if (fails(at)) body["error"] = "simulated";
  return !input(std::string(kind), std::move(body)).empty();
}

bool Rehearsal::answer(const At& at, const std::string& id) {
  const bool failing = fails(at);
  if (id.starts_with("measure:")) {
    if (failing) return false;  // nobody proposes one: its time runs out
    const auto proposed = input("action_proposed", JsonObject{{"incident", incident_}, {"class", "bounded"}});
    return !input("action_in_force", JsonObject{{"action", proposed[0].id("act")}}).empty();
  }
  if (state().runs.contains(id)) {
    if (failing) command("user:ben", "playbook.cancel", {{"run", id}, {"reason", "simulated"}});
    return failing;
  }
  const std::uint64_t index = index_of(id);
  if (index >= entries().size()) return false;
  const Entry asked = entries()[index];
  if (asked.kind == "evidence_requested") {
    for (const std::string& item : std::set<std::string>(at.activation->items))
      input(failing ? "evidence_failed" : "evidence_captured", JsonObject{{"request", id}, {"incident", incident_}, {"item", item}, {"reason", "simulated"}});
    return true;
  }
  if (asked.kind == "forecast_requested") return told("options_offered", at, {{"request", id}});
  if (asked.kind == "impact_requested") return told("impact_told", at, {{"request", id}, {"values", JsonObject{{"__inferences__", "81"}, {"__callers__", "k1"}, {"__caller_count__", "1"}}}});
  if (asked.kind == "replay_requested") return told("replay_told", at, {{"request", id}, {"values", JsonObject{{"__verdict__", "model"}}}});
  if (asked.kind == "gate_requested") return !input(failing ? "candidate_refused" : "candidate_cleared", JsonObject{{"request", id}, {"incident", incident_}}).empty();
  if (asked.kind == "action_proposed") return !input(failing ? "action_rejected" : "action_in_force", JsonObject{{"action", id}, {"reason", "simulated"}}).empty();
  if (asked.kind == "playbook_call_ordered") {
    JsonObject values;
    for (const std::string& name : at.step->out_args) {
      std::string value = value_for(at, name);
      // A switch without default takes none but its cases, and people are told so.
      const auto choices = choices_of(*at.plan, name);
      if (!choices.empty() && std::find(choices.begin(), choices.end(), value) == choices.end()) value = choices.front();
      values[name] = std::move(value);
    }
    return !input("playbook_call_ended", JsonObject{{"call", id}, {"result", failing ? "failed" : "done"}, {"detail", "simulated"}, {"values", std::move(values)}}).empty();
  }
  if (asked.kind == "incident_task_opened") answer_task(at, id);
  else if (asked.kind == "playbook_approval_requested") approve(at, id);
  else return false;
  return true;
}

void Rehearsal::answer_task(const At& at, const std::string& task) {
  JsonObject args{{"task", task}, {"outcome", fails(at) ? "failure" : "success"}, {"note", "simulated"}};
  if (!fails(at)) {
    JsonObject values;
    for (const std::string& name : at.step->out_args) {
      std::string value = value_for(at, name);
      // A switch without default takes none but its cases, and people are told so.
      const auto choices = choices_of(*at.plan, name);
      if (!choices.empty() && std::find(choices.begin(), choices.end(), value) == choices.end()) value = choices.front();
      values[name] = std::move(value);
    }
    args["values"] = std::move(values);
  }
  const auto group = command("user:ben", "playbook.answer", std::move(args));
  ASSERT_EQ(refusal_of(group), "") << at.step->title();
}

std::string Rehearsal::value_for(const At& at, const std::string& variable) {
  const cacao::Variable* const declaration = declared(*at.plan, at.step, variable);
  const std::string type = declaration != nullptr ? declaration->type : "string";
  const auto own = candidates_.find(variable);
  if (at.run->id != run_ || own == candidates_.end()) {
    // Of a playbook that is called: as if it were rehearsed alone, with its first candidates.
    auto known = of_called_.find(at.run->playbook);
    if (known == of_called_.end()) known = of_called_.emplace(at.run->playbook, candidates_of(at.plan->read.document)).first;
    const Candidates& theirs = known->second;
    const auto found = theirs.find(variable);
    return found == theirs.end() ? another(type) : found->second[asked_[at.run->id + variable]++ % found->second.size()];
  }
  const std::vector<std::string>& values = own->second;
  const auto wanted = recipe_.answers.find(variable);
  const std::size_t first = wanted == recipe_.answers.end() ? 0 : static_cast<std::size_t>(std::find(values.begin(), values.end(), wanted->second) - values.begin());
  return values[(first + (recipe_.stuck ? 0 : asked_[variable]++)) % values.size()];
}

void Rehearsal::approve(const At& at, const std::string& approval) {
  const std::string digest = string_or(entries()[index_of(approval)].body, "digest"), person = "user:approver-" + std::to_string(at.activation->approval.by.size());
  const auto group = fails(at) ? command(person, "playbook.reject", {{"approval", approval}, {"reason", "simulated"}})
                               : command(person, "playbook.approve", {{"approval", approval}, {"digest", digest}});
  ASSERT_EQ(refusal_of(group), "") << at.step->title();
}

namespace {

const JsonObject kEnd = {{"type", "end"}};

Json asking() {
  return document({{"start--1", JsonObject{{"type", "start"}, {"on_completion", "action--ask"}}},
                   {"action--ask", with(action("which?", {{"on_success", "switch-condition--1"}, {"on_failure", "action--late"}}, "manual").as_object(), {{"out_args", JsonArray{"__which__"}}})},
                   {"action--late", action("task lead late", {{"on_completion", "end--late"}})},
                   {"switch-condition--1", JsonObject{{"type", "switch-condition"}, {"switch", "__which__:value"}, {"cases", JsonObject{{"a", "end--a"}, {"b", "end--b"}}}, {"on_completion", "end--all"}}},
                   {"end--a", kEnd},
                   {"end--b", kEnd},
                   {"end--late", kEnd}},
                  {{"playbook_variables", JsonObject{{"__which__", JsonObject{{"type", "string"}}}}}});
}

TEST(Rehearsal, leads_where_the_answers_lead) {
  const Json text = asking();
  const Candidates candidates = candidates_of(text);
  EXPECT_EQ(candidates.at("__which__"), (std::vector<std::string>{"a", "b", "something else"}));
  Rehearsal one({text});
  one.play(string_or(text, "id"), candidates, {{{"__which__", "b"}}, {}, {}, {}, false});
  ASSERT_TRUE(one.ended());
  EXPECT_TRUE(one.started(long_id("end--b")));
  EXPECT_FALSE(one.started(long_id("end--a")));
  EXPECT_EQ(one.replayed(), one.state());
}

TEST(Rehearsal, fails_the_step_that_it_is_told_to_and_no_other) {
  const Json text = asking();
  Rehearsal one({text});
  one.play(string_or(text, "id"), candidates_of(text), {{}, {long_id("action--ask")}, {}, {}, false});
  ASSERT_TRUE(one.ended());
  ASSERT_NE(one.end_of(long_id("action--ask")), nullptr);
  EXPECT_TRUE(one.started(long_id("action--late")));
  EXPECT_EQ(one.end_of(long_id("action--late")), nullptr);
  const Json failing = with_failing(text, long_id("action--late"));
  Rehearsal two({failing});
  two.play(string_or(text, "id"), candidates_of(text), {{}, {long_id("action--ask")}, {}, {}, false});
  ASSERT_TRUE(two.ended());
  EXPECT_NE(two.end_of(long_id("action--late")), nullptr);
}

}  // namespace
}  // namespace firebreak::playbook
