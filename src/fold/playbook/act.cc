// Commands, one unit (command × target) after the other: what each becomes, and what follows when it is over.
#include <fmt/core.h>

#include <algorithm>

#include "cacao/diagnostic.h"
#include "cacao/http_request.h"
#include "cacao/insert.h"
#include "cacao/value.h"
#include "fold/playbook/parts.h"
#include "fold/playbook/render.h"

namespace firebreak::playbook {
namespace {

Draft of(const At& at, std::string_view kind, JsonObject more = {}) {
  JsonObject body = at.body();
  for (auto& member : more) body[member.key()] = std::move(member.value());
  return make_draft(kind, at.run->id, std::move(body));
}

const IncidentFacts* facts_of(const At& at) {
  const auto found = at.state->incidents.find(at.run->incident);
  return found == at.state->incidents.end() ? nullptr : &found->second;
}

// What people are asked to give back, with the types that their answers must have.
JsonArray form_of(const At& at) {
  JsonArray form;
  for (const std::string& name : at.step->out_args) {
    const cacao::Variable* const variable = declared(*at.plan, at.step, name);
    JsonObject field{{"name", name}, {"type", variable != nullptr ? variable->type : "string"}, {"description", variable != nullptr ? variable->description : ""}};
    if (const auto choices = choices_of(*at.plan, name); !choices.empty()) field["choices"] = JsonArray(choices.begin(), choices.end());
    form.push_back(std::move(field));
  }
  return form;
}

Draft task(const At& at, std::string text, std::string owner) {
  Draft draft = of(at, "incident_task_opened", {{"text", std::move(text)}, {"owner", std::move(owner)}});
  if (JsonArray form = form_of(at); !form.empty()) draft.body.as_object()["form"] = std::move(form);
  return draft;
}

std::string agent_name(const At& at) {
  const cacao::Party* const agent = at.plan->read.party(at.step->agent);
  return agent == nullptr || agent->name.empty() ? "lead" : agent->name;
}

// The same for every try of one unit, so that a receiver that has seen it does not do it twice.
std::string key_of(const At& at) { return fmt::format("{}-{}", at.id(), at.activation->unit); }

// What is taken from the answer. A pointer may go by what a variable holds, /weights/__variant__:value; a value is one token of it.
Result<Json> wanted_of(const At& at) {
  const auto lookup = lookup_in(*at.state, *at.run, *at.plan, at.step, at.activation);
  const cacao::Lookup as_token = [&](std::string_view name) {
    auto value = lookup(name);
    if (value) value->text = cacao::child("", value->text).substr(1);
    return value;
  };
  Json out = at.rules().results;
  for (Json& rule : out.as_array()) {
    const std::string pointer = string_or(rule, "pointer");
    if (cacao::references_in(pointer).empty()) continue;
    FIREBREAK_ASSIGN(rule.as_object()["pointer"], cacao::insert_raw(pointer, as_token));
  }
  return out;
}

Drafts order(const At& at, std::string_view kind, Json request, bool once) {
  auto wanted = wanted_of(at);
  if (!wanted) return unit_failed(at, "failure", wanted.error().message, false);
  return {of(at, "playbook_call_ordered",
             {{"call", kind}, {"request", std::move(request)}, {"key", key_of(at)}, {"once", once}, {"results", std::move(*wanted)}, {"attempt", at.activation->attempt}})};
}

// ---- verbs: each an entry that another room answers

Drafts request(const At& at, const IncidentFacts& facts, std::string_view kind, JsonObject more = {}) {
  more["endpoint"] = facts.endpoint;
  more["stream"] = facts.stream;
  more["first"] = facts.first;
  more["last"] = facts.last;
  return {of(at, kind, std::move(more))};
}

// A command as a person gives it, to the room that decides on it. It bears the name of who started the run: who asked for
// a measure cannot approve it, whichever way it was asked for.
Drafts give(const At& at, std::string_view name, JsonObject args) {
  Draft draft = of(at, "command_accepted", {{"name", name}, {"args", std::move(args)}, {"role", "playbook"}});
  draft.actor = at.run->by.starts_with("user:") ? at.run->by : "playbook:" + at.run->id;
  return {std::move(draft)};
}

Drafts wait(const At& at, const JsonObject&, const IncidentFacts&) {
  for (const auto& [action, in] : at.state->action_of)
    if (in == at.run->incident) return unit_done(at, {{"__action__", action}});
  return {of(at, "playbook_measure_awaited")};
}

Drafts capture(const At& at, const JsonObject& args, const IncidentFacts& facts) { return request(at, facts, "evidence_requested", {{"items", args.at("items")}}); }
Drafts offer(const At& at, const JsonObject& args, const IncidentFacts& facts) { return request(at, facts, "forecast_requested", {{"days", args.at("days")}}); }
Drafts impact(const At& at, const JsonObject&, const IncidentFacts& facts) { return request(at, facts, "impact_requested"); }
Drafts replay(const At& at, const JsonObject& args, const IncidentFacts& facts) { return request(at, facts, "replay_requested", {{"old", args.at("old")}, {"new", args.at("new")}}); }

Drafts contain(const At& at, const JsonObject& args, const IncidentFacts& facts) {
  JsonObject given = args;
  given["incident"] = at.run->incident;
  if (!given.contains("endpoint")) given["endpoint"] = facts.endpoint;
  if (const auto measure = given.find("measure"); measure != given.end() && string_or(measure->value(), "kind") == "quarantine") measure->value().as_object()["incident"] = at.run->incident;
  return give(at, "action.propose", std::move(given));
}
Drafts lift(const At& at, const JsonObject& args, const IncidentFacts&) { return give(at, "action.lift", args); }
Drafts gate(const At& at, const JsonObject& args, const IncidentFacts& facts) {
  JsonObject given = args;
  given["incident"] = at.run->incident;
  if (!given.contains("endpoint")) given["endpoint"] = facts.endpoint;
  return give(at, "release.gate", std::move(given));
}

// To whom the configuration names under notify, else over the channel of this name. Without either a person does it: a page must not be lost because nobody configured a receiver.
Drafts tell(const At& at, std::string_view verb, const JsonObject& args, const IncidentFacts& facts) {
  const std::string channel(args.at("channel").as_string()), text(args.at("text").as_string());
  if (at.state->people.contains(channel)) return order(at, "notify", JsonObject{{"verb", verb}, {"to", channel}, {"text", text}, {"incident", at.run->incident}, {"severity", facts.severity}, {"endpoint", facts.endpoint}}, false);
  if (!at.state->channels.contains(channel)) return {task(at, fmt::format("Tell {} by hand (no channel of this name is configured): {}", channel, text), channel)};
  return order(at, "channel", JsonObject{{"channel", channel}, {"text", text}, {"incident", at.run->incident}, {"severity", facts.severity}, {"endpoint", facts.endpoint}}, false);
}

Drafts page(const At& at, const JsonObject& args, const IncidentFacts& facts) { return tell(at, "page", args, facts); }
Drafts notify(const At& at, const JsonObject& args, const IncidentFacts& facts) { return tell(at, "notify", args, facts); }

Drafts ask_connector(const At& at, const JsonObject& args, const IncidentFacts&) {
  const std::string name(args.at("connector").as_string());
  constexpr std::string_view kReading[] = {"read", "recent", "snapshot"};
  const std::string what = string_or(args.at("request"), "do");
  if (std::find(std::begin(kReading), std::end(kReading), what) == std::end(kReading))
    for (const auto& [duty, incident] : at.state->holds)
      if (incident == at.run->incident)
        return unit_failed(at, "failure", fmt::format("{} holds the evidence of {}: '{}' would change the system; it waits until the notice is proven or two people override the hold", duty, incident, what), false);
  if (!at.state->connectors.contains(name)) return unit_failed(at, "failure", fmt::format("no connector '{}' is configured", name), false);
  return order(at, "connector", JsonObject{{"connector", name}, {"request", args.at("request")}}, false);
}

// One that is open and says the same to the same person counts the repetition: a loop that waits for people all night leaves one task.
Drafts open_task(const At& at, const JsonObject& args, const IncidentFacts&) {
  if (const std::string open = open_reminder(*at.state, at.run->incident, string_or(args, "owner"), string_or(args, "text")); !open.empty()) {
    Drafts drafts{make_draft("incident_task_repeated", at.run->id, {{"incident", at.run->incident}, {"task", open}, {"run", at.run->id}})};
    join(drafts, unit_done(at, {}));
    return drafts;
  }
  Drafts drafts{make_draft("incident_task_opened", at.run->id, {{"incident", at.run->incident}, {"text", args.at("text")}, {"owner", args.at("owner")}, {"run", at.run->id}})};
  join(drafts, unit_done(at, {}));
  return drafts;
}

Drafts start_deadline(const At& at, const JsonObject& args, const IncidentFacts&) {
  if (args.contains("regime")) {
    JsonObject given = args;
    given["incident"] = at.run->incident;
    return give(at, "deadline.start", std::move(given));
  }
  const std::string due = format_time(at.activation->begin + args.at("within_us").to_number<std::int64_t>());
  Drafts drafts{make_draft("incident_task_opened", at.run->id,
                     {{"incident", at.run->incident}, {"text", fmt::format("Deadline {}", std::string_view(args.at("name").as_string()))}, {"owner", args.at("owner")}, {"due", due}, {"run", at.run->id}})};
  join(drafts, unit_done(at, {{"__due__", due}}));
  return drafts;
}

Drafts move_phase(const At& at, const JsonObject& args, const IncidentFacts&) {
  Drafts drafts{make_draft("phase_requested", at.run->id, {{"incident", at.run->incident}, {"to", args.at("to")}, {"reason", args.at("reason")}, {"run", at.run->id}})};
  join(drafts, unit_done(at, {}));
  return drafts;
}

struct Row {
  std::string_view name;
  Drafts (*act)(const At&, const JsonObject& args, const IncidentFacts&);
};
constexpr Row kVerbs[] = {
    {"capture", capture}, {"options", offer}, {"wait", wait},    {"contain", contain},         {"lift", lift},         {"impact", impact},   {"replay2x2", replay},
    {"gate", gate},       {"page", page},     {"notify", notify}, {"deadline", start_deadline}, {"connector", ask_connector}, {"task", open_task}, {"phase", move_phase},
};

// "api.example.com", or with a port "127.0.0.1:8080": as it stands in the address.
std::string host_of(const Json& request) {
  const std::string url = string_or(request, "url");
  const std::size_t from = url.find("://") + 3;
  return url.substr(from, std::min(url.find('/', from), url.size()) - from);
}

Drafts act(const At& at, const Rendered& unit) {
  if (unit.kind == "manual") return {task(at, unit.text, agent_name(at))};
  if (unit.kind == "http") {
    if (const std::string host = host_of(unit.what); !at.state->hosts.contains(host))
      return unit_failed(at, "failure", fmt::format("'{}' is not among the hosts that playbooks may reach: playbooks: hosts in the configuration", host), false);
    return order(at, "http", unit.what, !(at.rules().idempotent || cacao::is_idempotent(string_or(unit.what, "method"))));
  }
  const IncidentFacts* const facts = facts_of(at);
  if (facts == nullptr) return unit_failed(at, "failure", "the incident is closed", false);
  const std::string name = string_or(unit.what, "name");
  const auto row = std::find_if(std::begin(kVerbs), std::end(kVerbs), [&](const Row& one) { return one.name == name; });
  return row->act(at, unit.what.at("args").as_object(), *facts);
}

}  // namespace

Drafts go_on(const At& at) {
  if (at.run->paused) return {of(at, "playbook_command_held")};
  const auto unit = render(*at.plan, *at.step, at.activation->unit, lookup_in(*at.state, *at.run, *at.plan, at.step, at.activation));
  if (!unit) return unit_failed(at, "failure", unit.error().message, false);
  if (!is_approved(at, unit->digest())) return ask(at);
  return act(at, *unit);
}

// `values`: all that came back. A step gives what its out_args and results name, and no more.
Drafts unit_done(const At& at, Values values) {
  std::erase_if(values, [&](const auto& item) { return std::find(at.step->out_args.begin(), at.step->out_args.end(), item.first) == at.step->out_args.end(); });
  if (const std::string& when = at.rules().when; !when.empty()) {
    const auto before = lookup_in(*at.state, *at.run, *at.plan, at.step, at.activation);
    const cacao::Lookup after = [&](std::string_view name) -> std::optional<cacao::Value> {
      const auto known = before(name);
      const auto now = values.find(std::string(name));
      return now == values.end() ? known : std::optional(cacao::Value{known ? known->type : "string", now->second});
    };
    const auto condition = cacao::Condition::parse(when);
    const auto yes = condition ? condition->holds(after) : Result<bool>(fail(condition.error()));
    if (!yes || !*yes) return unit_failed(at, "failure", yes ? fmt::format("it came back, but not so that {}", when) : yes.error().message);
  }
  if (at.activation->unit + 1 >= at.plan->units(*at.step)) return end_step(at, "success", "", std::move(values));
  if (auto problem = problem_of(*at.plan, at.step, values)) return unit_failed(at, "failure", std::move(*problem), false);
  JsonObject given;
  for (const auto& [name, value] : values) given[name] = value;
  JsonObject body{{"unit", at.activation->unit}, {"variables", std::move(given)}};
  if (at.state->at_once >= kAtOnce) body["later"] = true;
  return {of(at, "playbook_unit_ended", std::move(body))};
}

Drafts unit_failed(const At& at, std::string_view outcome, std::string detail, bool may_retry) {
  const StepRules& rules = at.rules();
  if (!may_retry || at.activation->attempt >= rules.attempts) return end_step(at, outcome, std::move(detail));
  return {of(at, "playbook_step_retried", {{"attempt", at.activation->attempt + 1}, {"wait_ms", rules.retry_wait_ms}, {"detail", shortened(cacao::printable(detail), 2'000)}})};
}

}  // namespace firebreak::playbook
