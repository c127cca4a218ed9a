#include "random_playbook.h"

#include "fold/playbook/steps_for_tests.h"

namespace firebreak::reference {
namespace {

class Generator {
 public:
  Generator(std::mt19937_64& random, int playbooks) : random_(random), playbooks_(playbooks) {}

  Playbook playbook(int number) {
    number_ = number;
    budget_ = 6 + static_cast<int>(below(20));
    Playbook out;
    out.id = "playbook--p" + std::to_string(number);
    out.first = way(0, false);
    if (one_in(2)) {
      budget_ = 4;
      out.exception = action(3, false);
    }
    return out;
  }

 private:
  std::uint64_t below(std::uint64_t end) { return random_() % end; }
  bool one_in(std::uint64_t n) { return below(n) == 0; }
  std::string name(const char* type) { return std::string(type) + "--" + std::to_string(++last_) + "x"; }

  StepPtr end() {
    auto step = std::make_unique<Step>();
    step->id = name("end");
    return step;
  }

  void routes(Step& step, int depth, bool in_loop) {
    step.next = budget_ > 0 && !one_in(3) ? way(depth, in_loop) : end();
    step.split = one_in(2);
    if (step.split && !one_in(3)) step.failure = budget_ > 0 && one_in(2) ? way(depth, in_loop) : end();
    if (one_in(10)) step.delay_ms = 1'000 + static_cast<int>(below(20'000));
  }

  StepPtr action(int depth, bool in_loop) {
    auto step = std::make_unique<Step>();
    --budget_;
    step->id = name("action");
    constexpr Kind kKinds[] = {Kind::kManual, Kind::kManual, Kind::kOptions, Kind::kGet, Kind::kPost};
    step->kind = kKinds[below(5)];
    if (one_in(4)) step->units = 2 + static_cast<int>(below(2));
    if (one_in(3)) step->attempts = 2 + static_cast<int>(below(2));
    if (one_in(6)) {
      step->approvers = 1 + static_cast<int>(below(2));
      step->silent_people = one_in(5);
    }
    step->silent = step->approvers == 0 && one_in(10);
    routes(*step, depth, in_loop);
    return step;
  }

  // Never answered, in a branching step that has a timeout.
  StepPtr hanging() {
    auto step = std::make_unique<Step>();
    --budget_;
    step->id = name("action");
    step->kind = one_in(2) ? Kind::kManual : Kind::kOptions;
    step->hangs = true;
    step->next = end();
    return step;
  }

  StepPtr parallel(int depth, bool in_loop) {
    auto step = branching(Kind::kParallel, "parallel");
    for (std::uint64_t i = 0, n = 2 + below(3); i < n; ++i) step->branches.push_back(way(depth + 1, in_loop));
    if (!in_loop && one_in(6)) {
      step->expires_ms = 20'000 + static_cast<int>(below(60'000));
      step->branches.push_back(hanging());
    }
    routes(*step, depth, in_loop);
    return step;
  }

  StepPtr choice(int depth, bool in_loop) {
    auto step = branching(Kind::kIf, "if-condition");
    step->value = one_in(2) ? "1" : "0";
    step->variable = "__v" + std::to_string(last_) + "__";
    const bool expires = step->value == "1" && !in_loop && one_in(6);
    if (expires) step->expires_ms = 20'000 + static_cast<int>(below(60'000));
    step->branches.push_back(expires ? hanging() : way(depth + 1, in_loop));
    if (one_in(2)) step->branches.push_back(way(depth + 1, in_loop));
    routes(*step, depth, in_loop);
    return step;
  }

  StepPtr cases(int depth, bool in_loop) {
    auto step = branching(Kind::kSwitch, "switch-condition");
    constexpr const char* kValues[] = {"a", "b", "c", ""};
    step->value = kValues[below(4)];
    step->variable = "__v" + std::to_string(last_) + "__";
    for (const char* one : {"a", "b", "default"})
      if (!one_in(3)) step->cases.push_back(one);
    if (step->cases.empty()) step->cases.push_back("a");
    for (std::size_t i = 0; i < step->cases.size(); ++i) step->branches.push_back(way(depth + 1, in_loop));
    routes(*step, depth, in_loop);
    return step;
  }

  // Its first step says whether there is another round.
  StepPtr loop(int depth, bool in_loop) {
    auto step = branching(Kind::kWhile, "while-condition");
    step->value = one_in(6) ? "no" : "yes";
    step->variable = "__v" + std::to_string(last_) + "__";
    step->bound = 1 + static_cast<int>(below(4));
    auto body = std::make_unique<Step>();
    --budget_;
    body->id = name("action");
    body->kind = Kind::kManual;
    body->gives = step->variable;
    routes(*body, depth + 1, true);
    step->branches.push_back(std::move(body));
    routes(*step, depth, in_loop);
    return step;
  }

  StepPtr call(int depth, bool in_loop) {
    auto step = branching(Kind::kCall, "playbook-action");
    step->calls = "playbook--p" + std::to_string(number_ + 1 + static_cast<int>(below(static_cast<std::uint64_t>(playbooks_ - number_ - 1))));
    routes(*step, depth, in_loop);
    return step;
  }

  StepPtr branching(Kind kind, const char* type) {
    auto step = std::make_unique<Step>();
    --budget_;
    step->id = name(type);
    step->kind = kind;
    return step;
  }

  StepPtr way(int depth, bool in_loop) {
    if (budget_ <= 0) return end();
    const std::uint64_t dice = below(depth < 4 ? 14 : 6);
    if (dice < 6) return action(depth, in_loop);
    if (dice < 9) return parallel(depth, in_loop);
    if (dice < 10) return choice(depth, in_loop);
    if (dice < 11) return cases(depth, in_loop);
    if (dice < 12) return loop(depth, in_loop);
    return number_ + 1 < playbooks_ ? call(depth, in_loop) : action(depth, in_loop);
  }

  std::mt19937_64& random_;
  const int playbooks_;
  int number_ = 0, budget_ = 0, last_ = 0;
};

// ---- as a document

JsonObject rules_of(const Step& step) {
  JsonObject rules;
  if (step.kind == Kind::kWhile) rules["iterations"] = step.bound;
  if (step.attempts > 1) rules["retry"] = JsonObject{{"attempts", step.attempts}, {"wait", 1'500}};
  if (step.approvers > 0) rules["approval"] = JsonObject{{"approvers", step.approvers}, {"within", step.silent_people ? 15'000 : 14 * 86'400'000}};
  return rules;
}

Json action_of(const Step& step) {
  const bool http = step.kind == Kind::kGet || step.kind == Kind::kPost;
  const std::string line = step.kind == Kind::kGet ? "GET /a HTTP/1.1" : step.kind == Kind::kPost ? "POST /a HTTP/1.1" : step.kind == Kind::kOptions ? "options 3" : "look";
  Json json = playbook::action(line, {}, http ? "http-api" : step.kind == Kind::kOptions ? "firebreak" : "manual");
  JsonArray& commands = json.as_object()["commands"].as_array();
  while (commands.size() < static_cast<std::size_t>(step.units)) commands.push_back(Json(commands[0]));
  if (!step.gives.empty()) json.as_object()["out_args"] = JsonArray{Json(step.gives)};
  if (step.silent) json.as_object()["timeout"] = 25'000;
  return json;
}

JsonObject base_of(const Step& step) {
  const auto branch = [&](std::size_t i) { return Json(step.branches[i]->id); };
  switch (step.kind) {
    case Kind::kEnd: return {{"type", "end"}};
    case Kind::kCall: return {{"type", "playbook-action"}, {"playbook_id", step.calls}};
    case Kind::kParallel: {
      JsonArray next;
      for (const StepPtr& one : step.branches) next.push_back(Json(one->id));
      return {{"type", "parallel"}, {"next_steps", std::move(next)}};
    }
    case Kind::kIf: {
      JsonObject out{{"type", "if-condition"}, {"condition", step.variable + ":value = 1"}, {"on_true", branch(0)}};
      if (step.branches.size() > 1) out["on_false"] = branch(1);
      return out;
    }
    case Kind::kSwitch: {
      JsonObject cases;
      for (std::size_t i = 0; i < step.cases.size(); ++i) cases[step.cases[i]] = branch(i);
      return {{"type", "switch-condition"}, {"switch", step.variable + ":value"}, {"cases", std::move(cases)}};
    }
    case Kind::kWhile: return {{"type", "while-condition"}, {"condition", step.variable + ":value = 'yes'"}, {"on_true", branch(0)}};
    default: return action_of(step).as_object();
  }
}

void write(const Step& step, JsonObject& workflow, JsonObject& variables) {
  JsonObject json = base_of(step);
  if (step.next) json[step.split ? "on_success" : "on_completion"] = step.next->id;
  if (step.failure) json["on_failure"] = step.failure->id;
  if (step.delay_ms > 0) json["delay"] = step.delay_ms;
  if (step.expires_ms > 0) json["timeout"] = step.expires_ms;
  if (JsonObject rules = rules_of(step); !rules.empty())
    for (const auto& member : playbook::rules(std::move(rules))) json[member.key()] = member.value();
  if (!step.variable.empty()) {
    JsonObject variable{{"type", step.kind == Kind::kIf ? "integer" : "string"}};
    if (!step.value.empty()) variable["value"] = step.value;
    variables[step.variable] = std::move(variable);
  }
  workflow[step.id] = std::move(json);
  for (const StepPtr& one : step.branches) write(*one, workflow, variables);
  if (step.next) write(*step.next, workflow, variables);
  if (step.failure) write(*step.failure, workflow, variables);
}

template <class Visit>
void walk(const Step& step, const std::string& way, const Visit& visit) {
  visit(step, way);
  for (const StepPtr& one : step.branches) walk(*one, one->id, visit);
  if (step.next) walk(*step.next, way, visit);
  if (step.failure) walk(*step.failure, way, visit);
}

template <class Visit>
void walk_all(const std::map<std::string, Playbook>& playbooks, const Visit& visit) {
  for (const auto& [id, one] : playbooks) {
    walk(*one.first, one.first->id, visit);
    if (one.exception) walk(*one.exception, one.exception->id, visit);
  }
}

}  // namespace

std::map<std::string, Playbook> random_playbooks(std::mt19937_64& random) {
  const int count = 1 + static_cast<int>(random() % 3);
  Generator generator(random, count);
  std::map<std::string, Playbook> out;
  for (int i = 0; i < count; ++i) {
    Playbook one = generator.playbook(i);
    out[one.id] = std::move(one);
  }
  return out;
}

Json to_document(const Playbook& of) {
  JsonObject workflow{{"start--1", JsonObject{{"type", "start"}, {"on_completion", of.first->id}}}}, variables;
  write(*of.first, workflow, variables);
  JsonObject more{{"id", of.id}, {"labels", of.id == "playbook--p0" ? JsonArray{"trigger:rule=evasion"} : JsonArray{"called"}}};
  if (of.exception) {
    write(*of.exception, workflow, variables);
    more["workflow_exception"] = of.exception->id;
  }
  more["playbook_variables"] = std::move(variables);
  return playbook::playbook_of(std::move(workflow), std::move(more));
}

const std::map<std::string, const Step*> steps_of(const std::map<std::string, Playbook>& playbooks) {
  std::map<std::string, const Step*> out;
  walk_all(playbooks, [&](const Step& step, const std::string&) { out[step.id] = &step; });
  return out;
}

const std::map<std::string, std::string> ways_of(const std::map<std::string, Playbook>& playbooks) {
  std::map<std::string, std::string> out;
  walk_all(playbooks, [&](const Step& step, const std::string& way) { out[step.id] = way; });
  return out;
}

}  // namespace firebreak::reference
