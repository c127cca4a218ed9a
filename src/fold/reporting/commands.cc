// Commands on duties: what one person says at once, and what waits for a second one.
#include <fmt/core.h>

#include <algorithm>

#include "deadline/regime.h"
#include "fold/reporting/parts.h"
#include "types/command.h"

namespace firebreak::reporting {
namespace {

Result<const Duty*> duty_of(const ReportingState& state, const Json& args) {
  const std::string id = string_or(args, "duty");
  const Duty* const duty = find_duty(state, id);
  if (duty == nullptr) return fail(Code::kNotFound, fmt::format("there is no duty '{}': 'firebreak deadline status' has them", id), "/duty");
  return duty;
}

Json told(JsonArray events, JsonArray facts, std::string reason) {
  return JsonObject{{"do", "told"}, {"events", std::move(events)}, {"facts", std::move(facts)}, {"reason", std::move(reason)}};
}

// ---- what each command asks for, as a change

Result<Json> happened(const ReportingState& state, const Duty& duty, const Entry& entry, const Json& args) {
  FIREBREAK_ASSIGN(JsonArray events, events_of(state, args.at("events"), duty.incident, entry));
  if (events.empty()) return fail(Code::kInvalid, "name an event at least", "/events");
  return told(std::move(events), {}, string_or(args, "reason"));
}

Result<Json> fact(const ReportingState&, const Duty&, const Entry&, const Json& args) {
  FIREBREAK_ASSIGN(std::string reason, text_of(args, "reason"));
  return told({}, {JsonObject{{"fact", args.at("fact")}, {"holds", args.at("holds")}}}, std::move(reason));
}

Result<Json> restart(const ReportingState& state, const Duty& duty, const Entry& entry, const Json& args) {
  const Json* const on = find_pointer(state.versions.at(duty.version).document, "/restart/on");
  if (on == nullptr) return fail(Code::kConflict, fmt::format("'{}' knows nothing that starts its deadlines again", duty.regime), "/duty");
  FIREBREAK_ASSIGN(std::string reason, text_of(args, "reason"));
  Time at = entry.time;
  if (find(args, "at") != nullptr) {
    FIREBREAK_ASSIGN(at, past(string_or(args, "at"), "/at", entry.time));
  }
  return told({JsonObject{{"event", *on}, {"at", format_time(at)}}}, {}, std::move(reason));
}

Result<Json> withdraw(const ReportingState&, const Duty&, const Entry&, const Json& args) {
  FIREBREAK_ASSIGN(const std::string reason, text_of(args, "reason"));
  JsonObject change{{"do", "withdraw"}, {"event", args.at("event")}, {"reason", reason}};
  if (find(args, "at") != nullptr) {
    FIREBREAK_ASSIGN(const Time at, get_time(args, "at"));
    change["at"] = format_time(at);
  }
  return change;
}

Result<Json> stop(const ReportingState&, const Duty&, const Entry& entry, const Json& args) {
  FIREBREAK_ASSIGN(const std::string reason, text_of(args, "reason"));
  FIREBREAK_ASSIGN(const Time until, get_time(args, "until"));
  Time from = entry.time;
  if (find(args, "from") != nullptr) {
    FIREBREAK_ASSIGN(from, get_time(args, "from"));
  }
  return JsonObject{{"do", "stop"}, {"from", format_time(from)}, {"until", format_time(until)}, {"reason", reason}};
}

Result<Json> resume(const ReportingState&, const Duty&, const Entry& entry, const Json& args) {
  Time at = entry.time;
  if (find(args, "at") != nullptr) {
    FIREBREAK_ASSIGN(at, get_time(args, "at"));
  }
  return JsonObject{{"do", "resume"}, {"stop", args.at("stop")}, {"at", format_time(at)}};
}

Result<Json> set_aside(const ReportingState&, const Duty& duty, const Entry&, const Json& args) {
  FIREBREAK_ASSIGN(const std::string reason, text_of(args, "reason"));
  JsonArray stages;
  if (find(args, "stage") != nullptr) stages.push_back(args.at("stage"));
  else
    for (const StageState& stage : duty.stages)
      if (stage.met.us == 0 && stage.state != "does_not_apply" && !duty.aside.contains(stage.id)) stages.push_back(Json(stage.id));
  if (stages.empty()) return fail(Code::kConflict, fmt::format("nothing of {} is left to set aside", duty.id), "/duty");
  return JsonObject{{"do", "set_aside"}, {"stages", std::move(stages)}, {"reason", reason}};
}

Result<Json> reopen(const ReportingState&, const Duty&, const Entry&, const Json& args) {
  FIREBREAK_ASSIGN(const std::string reason, text_of(args, "reason"));
  return JsonObject{{"do", "reopen"}, {"stages", JsonArray{args.at("stage")}}, {"reason", reason}};
}

Result<Json> override_hold(const ReportingState&, const Duty&, const Entry&, const Json& args) {
  FIREBREAK_ASSIGN(const std::string reason, text_of(args, "reason"));
  return JsonObject{{"do", "override"}, {"reason", reason}};
}

struct Row {
  std::string_view name;
  Result<Json> (*ask)(const ReportingState&, const Duty&, const Entry&, const Json& args);
};
constexpr Row kTable[] = {
    {"deadline.fact", fact},     {"deadline.happened", happened}, {"deadline.override", override_hold}, {"deadline.reopen", reopen},
    {"deadline.restart", restart}, {"deadline.resume", resume},   {"deadline.set_aside", set_aside},    {"deadline.stop", stop},
    {"deadline.withdraw", withdraw},
};

// ---- decided at once, or proposed

bool needs_two(const Json& change, const Duty& before, const Duty& after) {
  const std::string what = string_or(change, "do");
  return what == "set_aside" || what == "override" || !loosened(before, after).empty();
}

// What waits for the second person, with the due times that he is asked to move.
Result<Draft> relief_from(const Duty& duty, const Duty& after, const Entry& entry, const Json& change) {
  if (string_or(change, "reason").empty()) return fail(Code::kInvalid, "this moves a deadline back or takes it away: it needs a reason, and a second person", "/reason");
  if (!who(entry).starts_with("user:")) return fail(Code::kForbidden, "what moves a deadline back or takes it away, people say");
  if (duty.reliefs.size() >= kReliefs) return fail(Code::kBusy, fmt::format("{} reliefs of {} wait to be confirmed or rejected", duty.reliefs.size(), duty.id));
  const auto stages = loosened(duty, after);
  JsonObject dues;
  for (const std::string& stage : stages) dues[stage] = format_time(find_stage(duty, stage)->due);
  return make_draft("deadline_relief_proposed", duty.id,
                    {{"duty", duty.id}, {"incident", duty.incident}, {"regime", duty.regime}, {"change", change}, {"eases", JsonArray(stages.begin(), stages.end())}, {"dues", std::move(dues)},
                     {"reason", string_or(change, "reason")}, {"by", who(entry)}});
}

Result<Draft> change_by(const ReportingState& state, const Duty& duty, const Entry& entry, const Json& change) {
  Duty after = duty;
  FIREBREAK_TRY(bring_in(state, after, change, entry));
  if (!needs_two(change, duty, after)) return changed(duty, after, change, entry);
  return relief_from(duty, after, entry, change);
}

Result<Draft> met(const ReportingState& state, const Duty& duty, const Entry& entry, const Json& args) {
  const std::string id = string_or(args, "stage"), reference = string_or(args, "reference"), evidence = string_or(args, "evidence");
  if (find_stage(duty, id) == nullptr) return fail(Code::kNotFound, fmt::format("'{}' has no stage '{}'", duty.regime, id), "/stage");
  if (reference.find_first_not_of(" \t\r\n") == std::string::npos && evidence.empty())
    return fail(Code::kInvalid, "a report is proven by a reference (the receipt's number) or by evidence (ev-N), or both", "/reference");
  if (!evidence.empty()) {
    const auto known = evidence.starts_with("ev-") ? state.evidence.find(index_of(evidence)) : state.evidence.end();
    if (known == state.evidence.end() || known->second != duty.incident)
      return fail(Code::kNotFound, fmt::format("{} has no evidence '{}'", duty.incident, evidence), "/evidence");
  }
  Time at = entry.time;
  if (find(args, "at") != nullptr) {
    FIREBREAK_ASSIGN(at, past(string_or(args, "at"), "/at", entry.time));
  }
  // A report about what had not happened yet proves nothing.
  Time first = entry.time;
  for (const Told& one : duty.told)
    if (!one.event.starts_with("filed:")) first = std::min(first, one.at);
  if (at < first) return fail(Code::kInvalid, fmt::format("at {} nothing of {} had happened yet: its first event is of {}", format_time(at), duty.id, format_time(first)), "/at");
  // A first report has its proof. Another one of the same stage may start what comes after it anew: that moves a deadline back.
  const StageState before = *find_stage(duty, id);
  const Json change = told({JsonObject{{"event", "filed:" + id}, {"at", format_time(at)}, {"reference", reference}, {"evidence", evidence}}}, {},
                           before.met.us == 0 ? std::string() : fmt::format("'{}' was proven at {} already; another report of it is told of", id, format_time(before.met)));
  Duty after = duty;
  FIREBREAK_TRY(bring_in(state, after, change, entry));
  if (before.met.us != 0 && !loosened(duty, after).empty()) return relief_from(duty, after, entry, change);
  const StageState& stage = *find_stage(after, id);
  if (stage.met.us == 0)
    return fail(Code::kConflict, fmt::format("what was filed at {} does not count for '{}', which began anew at {}", format_time(at), id, format_time(stage.start)), "/at");
  return make_draft("deadline_met", duty.id,
                    {{"duty", duty.id}, {"incident", duty.incident}, {"regime", duty.regime}, {"stage", id}, {"at", format_time(at)}, {"reference", reference},
                     {"evidence", evidence}, {"due", stage.due.us == 0 ? Json(nullptr) : Json(format_time(stage.due))}, {"late", stage.due.us != 0 && at > stage.due},
                     {"by", who(entry)}, {"stages", to_json(after.stages)}});
}

// ---- the second person

Result<std::pair<const Duty*, const Relief*>> relief_of(const ReportingState& state, const Json& args) {
  const std::string id = string_or(args, "relief");
  for (const auto& [number, duty] : state.duties)
    if (const auto found = duty.reliefs.find(id); found != duty.reliefs.end()) return std::pair(&duty, &found->second);
  return fail(Code::kNotFound, fmt::format("no relief '{}' waits", id), "/relief");
}

Result<Drafts> confirm(const ReportingState& state, const Entry& entry, const Json& args) {
  FIREBREAK_ASSIGN(const auto found, relief_of(state, args));
  const auto& [duty, relief] = found;
  const std::string by = who(entry), id = string_or(args, "relief");
  if (!by.starts_with("user:")) return fail(Code::kForbidden, "only a person can confirm");
  if (by == relief->by) return fail(Code::kForbidden, "who proposed it cannot confirm it: a second person must");
  Duty after = *duty;
  FIREBREAK_TRY(bring_in(state, after, relief->change, entry));
  return Drafts{make_draft("deadline_relief_confirmed", duty->id, {{"relief", id}, {"duty", duty->id}, {"incident", duty->incident}, {"by", by}}),
                changed(*duty, after, relief->change, entry, {{"relief", id}, {"by", relief->by}, {"with", by}})};
}

Result<Drafts> reject(const ReportingState& state, const Entry& entry, const Json& args) {
  FIREBREAK_ASSIGN(const auto found, relief_of(state, args));
  FIREBREAK_ASSIGN(const std::string reason, text_of(args, "reason"));
  return Drafts{make_draft("deadline_relief_rejected", found.first->id,
                           {{"relief", string_or(args, "relief")}, {"duty", found.first->id}, {"incident", found.first->incident}, {"reason", reason}, {"by", who(entry)}})};
}

Result<Drafts> on_duty(const ReportingState& state, const Entry& entry, const std::string& name, const Json& args) {
  const auto row = std::find_if(std::begin(kTable), std::end(kTable), [&](const Row& one) { return one.name == name; });
  if (row == std::end(kTable) && name != "deadline.met") return Drafts{};
  FIREBREAK_ASSIGN(const Duty* const duty, duty_of(state, args));
  if (row == std::end(kTable)) {
    FIREBREAK_ASSIGN(Draft draft, met(state, *duty, entry, args));
    return Drafts{std::move(draft)};
  }
  FIREBREAK_ASSIGN(const Json change, row->ask(state, *duty, entry, args));
  FIREBREAK_ASSIGN(Draft draft, change_by(state, *duty, entry, change));
  return Drafts{std::move(draft)};
}

}  // namespace

std::string who(const Entry& entry) { return string_or(entry.body, "by", entry.actor); }

Result<std::string> text_of(const Json& args, std::string_view key) {
  FIREBREAK_ASSIGN(std::string text, get_string(args, key));
  if (text.find_first_not_of(" \t\r\n") == std::string::npos) return fail(Code::kInvalid, fmt::format("'{}' must say something", key), fmt::format("/{}", key));
  return text;
}

Draft refuse(const Entry& entry, const Error& error) {
  return make_draft("command_refused", "", refusal(string_or(entry.body, "name"), error.code, error.message, error.pointer));
}

Drafts decide_command(const ReportingState& state, const Entry& entry) {
  const Json& args = command_args(entry);
  const std::string name = string_or(entry.body, "name");
  if (!name.starts_with("deadline.")) return {};
  if (name == "deadline.start") return decide_start(state, entry, args);
  auto drafts = name == "deadline.confirm" ? confirm(state, entry, args) : name == "deadline.reject" ? reject(state, entry, args) : on_duty(state, entry, name, args);
  if (!drafts) return {refuse(entry, drafts.error())};
  return std::move(*drafts);
}

}  // namespace firebreak::reporting
