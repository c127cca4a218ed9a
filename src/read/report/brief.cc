#include "read/report/brief.h"

#include <fmt/core.h>

#include <algorithm>

#include "read/report/brief_parts.h"
#include "types/casefile.h"
#include "types/roles.h"

namespace firebreak::report {
namespace {

constexpr std::int64_t kSoon = 30 * kMinute;      // a lease that ends, a word that is due
constexpr std::int64_t kReportSoon = 4 * kHour;   // a report that is due

JsonObject burning(std::string what, std::string command, std::string since = {}) {
  JsonObject out{{"what", std::move(what)}, {"command", std::move(command)}};
  if (!since.empty()) out["since"] = std::move(since);
  return out;
}

bool is_soon(const Json& from, std::string_view key, Time now, std::int64_t within) {
  const auto at = get_time(from, key);
  return at && *at - now <= within;
}

std::size_t open_findings(const Json& incident) {
  const JsonArray& all = items_of(incident, "findings");
  return static_cast<std::size_t>(std::count_if(all.begin(), all.end(), [](const Json& one) { return string_or(one, "state") == "open"; }));
}

// What is worst first. Each line is something that somebody can end.
JsonArray burning_of(const BriefInput& in, const JsonArray& alerts, const JsonArray& in_force, const JsonArray& updates, const JsonArray& deadlines) {
  const std::string id = string_or(in.incident, "id");
  JsonArray out;
  for (const Json& alert : alerts)
    if (string_or(alert, "state") == "unanswered")
      out.push_back(burning(fmt::format("{} is unanswered: nobody is called any more", string_or(alert, "id")), fmt::format("firebreak alert ack {}", string_or(alert, "id")), string_or(alert, "raised")));
  for (const Json& one : deadlines)
    if (bool_or(one, "overdue"))
      out.push_back(burning(fmt::format("the report is overdue since {}: {}", minute_text(string_or(one, "time")), string_or(one, "what")), string_or(one, "command"), string_or(one, "time")));
  for (const Json& action : items_of(in.incident, "actions"))
    if (string_or(action, "state") == "uncertain")
      out.push_back(burning(fmt::format("{}: nobody knows whether it took effect", string_or(action, "id")), fmt::format("firebreak action show {}", string_or(action, "id"))));
  if (const Json frozen = member_or_null(in.status, "frozen"); frozen.is_object())
    out.push_back(burning(fmt::format("frozen by {}: nothing new leaves Firebreak", plain_actor(string_or(frozen, "by"))), "firebreak thaw --reason TEXT", string_or(frozen, "time")));
  for (const Json& one : in_force)
    if (string_or(one, "verdict") == "red")
      out.push_back(burning(fmt::format("{} is in force and its effect check is red: {}", string_or(one, "id"), string_or(one, "reason")), fmt::format("firebreak action show {}", string_or(one, "id"))));
  if (const std::size_t findings = open_findings(in.incident); findings != 0 && in_force.empty())
    out.push_back(burning(fmt::format("{} finding{} on and nothing is in force", findings, findings == 1 ? " goes" : "s go"), fmt::format("firebreak incident show {}", id)));
  for (const Json& one : updates)
    if (bool_or(one, "overdue"))
      out.push_back(burning(fmt::format("{} should have heard by {}", string_or(one, "audience"), minute_text(string_or(one, "due"))), string_or(one, "command"), string_or(one, "due")));
  for (const Json& one : deadlines)
    if (!bool_or(one, "overdue") && is_soon(one, "time", in.now, kReportSoon))
      out.push_back(burning(fmt::format("the report is due {}: {}", minute_text(string_or(one, "time")), string_or(one, "what")), string_or(one, "command")));
  for (const Json& one : in_force)
    if (is_soon(one, "until", in.now, kSoon))
      out.push_back(burning(fmt::format("the lease of {} ends {}: {}", string_or(one, "id"), minute_text(string_or(one, "until")), string_or(one, "what")), fmt::format("firebreak action show {}", string_or(one, "id"))));
  if (find(in.incident, "acknowledged") == nullptr || in.incident.at("acknowledged").is_null())
    out.push_back(burning("nobody has said that they have it", fmt::format("firebreak incident ack {}", id), string_or(in.incident, "opened")));
  for (const Json& alert : alerts)
    if (string_or(alert, "state") == "open")
      out.push_back(burning(fmt::format("{} is not acknowledged; called: {}", string_or(alert, "id"), listed(items_of(alert, "told"), "nobody")), fmt::format("firebreak alert ack {}", string_or(alert, "id")), string_or(alert, "raised")));
  return out;
}

// "SEV-1 for 1 h 12 min, containment: 2 findings go on and nothing is in force; and 3 more"
std::string top_line(const BriefInput& in, const JsonArray& burning, const Json& next) {
  const Json* const closed = find(in.incident, "closed");
  if (closed != nullptr && closed->is_object()) return fmt::format("closed {} by {}: {}", minute_text(string_or(*closed, "time")), plain_actor(string_or(*closed, "by")), string_or(*closed, "summary"));
  const auto opened = get_time(in.incident, "opened");
  const std::string head = fmt::format("{} for {}, {}", string_or(in.incident, "severity"), opened ? span_text(in.now - *opened) : "an unknown time", plain_words(string_or(in.incident, "phase")));
  if (!burning.empty()) return fmt::format("{}: {}{}", head, string_or(burning.front(), "what"), burning.size() == 1 ? "" : fmt::format("; and {} more", burning.size() - 1));
  return fmt::format("{}: nothing burns; {}", head, next.is_object() ? fmt::format("next, {}: {}", minute_text(string_or(next, "time")), string_or(next, "what")) : "nothing is due");
}

bool is_his(const BriefInput& in, const Json& need) {
  const std::string who = string_or(need, "who");
  if (who == in.user || who == "user:" + in.user || who == "anyone" || has_word(in.roles, who)) return true;
  const Json* const roles = find(in.incident, "roles");
  return roles != nullptr && roles->is_object() && string_or(*roles, who) == in.user;
}

// "SEV-1 follows from: Severity SEV-3 -> SEV-1 by firebreak: a report is due in 4 h"
std::string severity_from(const Json& incident) {
  const std::string severity = string_or(incident, "severity");
  const Json* last = nullptr;
  for (const Json& line : items_of(incident, "timeline"))
    if (string_or(line, "kind") == "incident_severity") last = &line;
  if (last != nullptr) return fmt::format("{} follows from {}: {}", severity, minute_text(string_or(*last, "time")), string_or(*last, "text"));
  if (const std::string by = plain_actor(string_or(incident, "declared_by")); !by.empty()) return fmt::format("{} is what {} declared", severity, by);
  if (const std::string rule = string_or(incident, "rule"); !rule.empty() && rule != "declared") return fmt::format("{} follows from what opened it: {}", severity, rule);
  return fmt::format("{} is what it was opened with", severity);
}

// What nobody decides but who commands; the command that does it beside each.
JsonArray decisions_of(const BriefInput& in, const Json& commander) {
  const std::string id = string_or(in.incident, "id");
  JsonArray out;
  const auto decide = [&](std::string what, std::string command) { out.push_back(JsonObject{{"what", std::move(what)}, {"command", std::move(command)}}); };
  const auto absent = [&](std::string_view key) { return find(in.incident, key) == nullptr || in.incident.at(key).is_null(); };
  if (commander.is_null()) decide("nobody commands: take it, or name who does", fmt::format("firebreak incident assign {} commander USER", id));
  if (absent("impact"))
    decide("the impact is not rated; " + severity_from(in.incident), fmt::format("firebreak incident impact {} --now LEVEL --likely LEVEL --information BREACH --recoverability LEVEL", id));
  const Json* const triage = find(in.incident, "triage");
  if (triage == nullptr || !triage->is_object() || string_or(*triage, "verdict") == "undetermined")
    decide("drift or malice: nobody has said", fmt::format("firebreak incident triage {} VERDICT --reason TEXT", id));
  const Json* const options = find(in.incident, "options");
  if (options != nullptr && options->is_object() && !items_of(*options, "options").empty() && items_of(in.incident, "actions").empty())
    decide(fmt::format("{} measures are worked out and none is proposed", items_of(*options, "options").size()), fmt::format("firebreak contain option --endpoint {} --incident {} --option NAME", string_or(in.incident, "endpoint"), id));
  if (const auto missing = attack_class_missing(in.incident); !missing.empty() && string_or(in.incident, "phase") == "post_incident") {
    std::string names;
    for (const std::string& name : missing) names += (names.empty() ? "" : ", ") + name;
    decide(fmt::format("its class by NIST AI 100-2 has no {}: it cannot be closed", names), fmt::format("firebreak incident set {} {} VALUE", id, missing.front()));
  }
  return out;
}

// With the words to choose from, so that a page can ask for them.
JsonArray class_missing(const Json& incident) {
  JsonArray out;
  for (const std::string& name : attack_class_missing(incident)) {
    const auto choices = split_choices(find_record_field(name)->choices);
    out.push_back(JsonObject{{"field", name}, {"choices", JsonArray(choices.begin(), choices.end())}});
  }
  return out;
}

Json first_of(const JsonArray& list) { return list.empty() ? Json(nullptr) : list.front(); }

// The nearest of what has a time: the next word, the next report, a lease, a task.
Json next_of(const JsonArray& updates, const JsonArray& deadlines, const JsonArray& in_force, const JsonArray& due) {
  JsonArray all;
  const auto add = [&](const Json& from, std::string_view key, std::string what) {
    if (!string_or(from, key).empty()) all.push_back(JsonObject{{"time", string_or(from, key)}, {"what", std::move(what)}});
  };
  for (const Json& one : updates) add(one, "due", string_or(one, "audience") + " is to hear");
  for (const Json& one : deadlines) add(one, "time", string_or(one, "what"));
  for (const Json& one : in_force) add(one, "until", fmt::format("the lease of {} ends", string_or(one, "id")));
  for (const Json& one : due) add(one, "time", string_or(one, "what"));
  const auto least = std::min_element(all.begin(), all.end(), [](const Json& a, const Json& b) { return string_or(a, "time") < string_or(b, "time"); });
  return least == all.end() ? Json(nullptr) : *least;
}

}  // namespace

Json brief_of(const BriefInput& in) {
  const std::string id = string_or(in.incident, "id");
  const bool open = string_or(in.incident, "state") == "open";
  const JsonArray in_force = in_force_of(in), alerts = alerts_of(in), updates = updates_of(in), deadlines = deadlines_of(in);
  const JsonArray needs = of_incident(items_of(in.status, "needs_person"), id), waiting = of_incident(items_of(in.status, "waiting"), id), due = of_incident(items_of(in.status, "due"), id);
  const JsonArray burns = open ? burning_of(in, alerts, in_force, updates, deadlines) : JsonArray{};
  const Json* const roles = find(in.incident, "roles");
  const std::string commander = roles != nullptr && roles->is_object() ? string_or(*roles, "commander") : "";
  const Json commands = commander.empty() ? Json(nullptr) : Json(commander);
  JsonArray yours, others;
  for (const Json& need : needs) (is_his(in, need) ? yours : others).push_back(need);
  JsonObject out{{"version", 1}, {"incident", id}, {"now", format_time(in.now)}};
  for (const char* key : {"title", "severity", "phase", "state", "endpoint", "opened", "acknowledged", "index"}) out[key] = member_or_null(in.incident, key);
  out["commander"] = commands;
  out["line"] = top_line(in, burns, next_of(updates, deadlines, in_force, due));
  out["burning"] = burns;
  out["decisions"] = open ? decisions_of(in, commands) : JsonArray{};
  out["class_missing"] = class_missing(in.incident);
  out["yours"] = std::move(yours);
  out["others"] = std::move(others);
  out["harm"] = harm_of(in);
  out["money"] = money_of(in);
  out["in_force"] = in_force;
  out["waiting"] = waiting;
  out["due"] = due;
  out["alerts"] = alerts;
  out["updates"] = updates;
  out["next_update"] = first_of(updates);
  out["deadlines"] = deadlines;
  out["next_deadline"] = first_of(deadlines);
  return Json(std::move(out));
}

}  // namespace firebreak::report
