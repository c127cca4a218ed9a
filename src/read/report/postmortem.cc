#include "read/report/postmortem.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <set>

#include "read/report/brief_parts.h"
#include "read/report/casefile.h"
#include "types/casefile.h"

namespace firebreak::report {
namespace {

constexpr int kMeetingDays = 5;

struct Answer {
  std::string text;
  std::string by;
  std::int64_t index = 0;
};
using Answers = std::vector<Answer>;

std::string by_of(const Json& item) {
  const Json* const said = find(item, "said");
  return plain_actor(said != nullptr && said->is_object() ? string_or(*said, "by") : string_or(item, "by"));
}

JsonArray json_of(const Answers& answers) {
  JsonArray out;
  for (const Answer& one : answers) out.push_back(JsonObject{{"text", one.text}, {"by", one.by}, {"index", one.index == 0 ? Json(nullptr) : Json(one.index)}});
  return out;
}

Answers lessons_on(const Json& incident, std::string_view question) {
  Answers out;
  for (const Json& lesson : items_of(incident, "lessons"))
    if (string_or(lesson, "question") == question) out.push_back({string_or(lesson, "text"), by_of(lesson), int_or(lesson, "index")});
  return out;
}

// Rows that stand: a corrected one is told by its correction.
Answers facts_of(const Json& incident) {
  Answers out;
  for (const Json& line : items_of(incident, "timeline")) {
    if (string_or(line, "type") != "fact" || find(line, "corrected_by") != nullptr) continue;
    const std::string occurred = string_or(line, "occurred");
    out.push_back({(occurred.empty() ? "" : occurred + ": ") + string_or(line, "text"), plain_actor(string_or(line, "by")), int_or(line, "index")});
  }
  return out;
}

Answers what_happened(const Json& incident) {
  Answers out;
  if (const Json closed = member_or_null(incident, "closed"); closed.is_object()) out.push_back({string_or(closed, "summary"), plain_actor(string_or(closed, "by")), int_or(closed, "index")});
  for (Answer& fact : facts_of(incident)) out.push_back(std::move(fact));
  return out;
}

Answers indicators_of(const Json& incident) {
  Answers out;
  for (const Json& one : items_of(incident, "indicators"))
    if (string_or(one, "state") == "stands") out.push_back({fmt::format("{} ({}): {}, {}", string_or(one, "type"), string_or(one, "sign"), string_or(one, "value"), string_or(one, "tlp")), by_of(one), int_or(one, "index")});
  return out;
}

Answers corrective_of(const Json& incident) {
  Answers out;
  for (const Json& one : items_of(incident, "follow_ups")) out.push_back({fmt::format("{}: {}", string_or(one, "id"), string_or(one, "text")), string_or(one, "owner"), int_or(one, "index")});
  return out;
}

// What the record knows beside a question that only people can answer: a start for who writes it.
Answers near(const Json& incident, std::string_view question) {
  Answers out;
  if (question == "procedures")
    for (const Json& run : items_of(incident, "runs")) out.push_back({fmt::format("playbook {} ({}): {}", string_or(run, "name"), string_or(run, "id"), string_or(run, "state")), plain_actor(string_or(run, "by")), int_or(run, "index")});
  if (question == "inhibited")
    for (const Json& action : items_of(incident, "actions"))
      if (const std::string state = string_or(action, "state"); state == "failed" || state == "uncertain" || state == "expired" || state == "rejected")
        out.push_back({fmt::format("{} {}: {}", string_or(action, "id"), state, string_or(action, "what")), plain_actor(string_or(action, "requested_by")), int_or(action, "index")});
  if (question == "sharing")
    for (const Json& line : items_of(incident, "timeline"))
      if (const std::string kind = string_or(line, "kind"); kind == "message_delivered" || kind == "message_undelivered" || kind == "message_sent" || kind == "deadline_met" || kind == "update_overdue")
        out.push_back({string_or(line, "text"), plain_actor(string_or(line, "actor")), int_or(line, "index")});
  return out;
}

// Three questions the record itself answers, when it holds what they ask for; the others take a person.
Answers from_record(const Json& incident, std::string_view question) {
  if (question == "what_happened") return what_happened(incident);
  if (question == "precursors") return indicators_of(incident);
  if (question == "corrective") return corrective_of(incident);
  return {};
}

JsonArray questions_of(const Json& incident, JsonArray& unanswered) {
  JsonArray out;
  const std::string id = string_or(incident, "id");
  for (const std::string_view list : {words::kReviewQuestions, words::kRetrospect})
    for (const std::string& name : split_choices(list)) {
      const Answers said = lessons_on(incident, name), record = from_record(incident, name);
      const bool answered = !said.empty() || !record.empty();
      JsonObject one{{"question", name}, {"asks", review_question(name)}, {"source", list == words::kReviewQuestions ? "NIST SP 800-61r2 3.4.1" : "PagerDuty"}, {"answered", answered},
                     {"answers", json_of(said)}, {"record", json_of(record)}, {"near", json_of(near(incident, name))}};
      if (!answered) {
        one["command"] = fmt::format("firebreak incident lesson {} TEXT --question {}", id, name);
        unanswered.push_back(Json(name));
      }
      out.push_back(std::move(one));
    }
  return out;
}

const Json* field_of(const Json& incident, std::string_view name) {
  for (const Json& one : items_of(incident, "fields"))
    if (string_or(one, "field") == name) return &one;
  return nullptr;
}

Json field_value(const Json& incident, std::string_view name) {
  const Json* const field = field_of(incident, name);
  if (field == nullptr) return nullptr;
  return find(*field, "value") != nullptr ? field->at("value") : member_or_null(*field, "text");
}

JsonArray factors_of(const Json& incident) {
  JsonArray out;
  if (const Json* const cause = field_of(incident, "cause"))
    out.push_back(JsonObject{{"text", string_or(*cause, "text")}, {"by", by_of(*cause)}, {"index", member_or_null(cause->at("said"), "index")}});
  for (const Json& cause : items_of(incident, "causes")) {
    std::string kinds;
    if (const Json counted = member_or_null(cause, "kinds"); counted.is_object())
      for (const auto& kind : counted.get_object()) kinds += fmt::format("{}{} {}", kinds.empty() ? "" : ", ", canonical_json(kind.value()), plain_words(std::string(kind.key())));
    const Json* const began = find_pointer(cause, "/began/first");
    out.push_back(JsonObject{{"text", fmt::format("findings of cause {}: {}", int_or(cause, "cause"), kinds)}, {"by", "detectors"}, {"began", began == nullptr ? Json(nullptr) : *began}, {"index", nullptr}});
  }
  for (const Json& relation : items_of(incident, "relations"))
    if (string_or(relation, "state") == "holds" && string_or(relation, "relation") == "caused_by")
      out.push_back(JsonObject{{"text", fmt::format("caused by {}: {}", string_or(relation, "other"), string_or(relation, "reason"))}, {"by", by_of(relation)}, {"index", member_or_null(relation, "index")}});
  return out;
}

JsonArray resolution_of(const Json& incident) {
  JsonArray out;
  for (const Json& action : items_of(incident, "actions")) {
    const Json in_force = member_or_null(action, "in_force");
    if (!in_force.is_object() || in_force.get_object().empty()) continue;
    JsonArray approved;
    for (const Json& one : items_of(action, "approved_by")) approved.push_back(Json(plain_actor(string_or(one, "by"))));
    out.push_back(JsonObject{{"action", string_or(action, "id")}, {"what", string_or(action, "what")}, {"state", string_or(action, "state")}, {"from", member_or_null(in_force, "time")},
                             {"requested_by", plain_actor(string_or(action, "requested_by"))}, {"approved_by", std::move(approved)}, {"index", member_or_null(action, "index")}});
  }
  return out;
}

JsonObject impact_of(const Json& incident) {
  JsonObject out{{"change", impact_change(incident)}};
  for (const char* name : {"people_risk", "agent_acted", "data_impact", "business_impact", "labour_hours", "cost_amount", "cost_unit", "cost_status"}) out[name] = field_value(incident, name);
  const Json* const counts = find_pointer(incident, "/remedy/counts");
  out["remedy"] = counts == nullptr ? Json(nullptr) : *counts;
  out["affected"] = member_or_null(incident, "affected");
  return out;
}

// Each with what it counts from; null where it did not happen.
JsonArray times_of(const Json& incident) {
  const auto opened = get_time(incident, "opened"), began = get_time(incident, "first_time");
  JsonArray out;
  const auto add = [&](std::string_view what, const Result<Time>& from, const Result<Time>& to) {
    out.push_back(JsonObject{{"what", what}, {"seconds", from && to ? Json((*to - *from) / kSecond) : Json(nullptr)}});
  };
  const auto never = [] { return Result<Time>(fail(Code::kNotFound, "")); };
  const auto moment = [&](std::string_view pointer) {
    const Json* const at = find_pointer(incident, pointer);
    return at != nullptr && at->is_string() ? parse_time(std::string(at->get_string())) : never();
  };
  add("from the first sign to the opening", began, opened);
  add("from the opening to the acknowledgement", opened, moment("/acknowledged/time"));
  Result<Time> contained = never(), recovered = never();
  for (const Json& action : items_of(incident, "actions"))
    if (const Json in_force = member_or_null(action, "in_force"); in_force.is_object())
      if (const auto at = get_time(in_force, "time"); at && (!contained || *at < *contained)) contained = at;
  for (const Json& step : items_of(incident, "phases"))
    if (string_or(step, "phase") == "post_incident" && !recovered) recovered = get_time(step, "time");
  add("from the opening to the first measure in force", opened, contained);
  add("from the opening to the recovery", opened, recovered);
  add("from the opening to the close", opened, moment("/closed/time"));
  return out;
}

// Who took it up, judged, asked for, approved and wrote; a role held counts as well. Not who only kept the endpoint in order meanwhile (registered a
// release), and no program.
JsonArray responders_of(const Json& incident) {
  std::map<std::string, std::set<std::string>> roles;
  const auto acted = [&](const Json& from, std::string_view key) {
    const std::string actor = from.is_object() ? string_or(from, key) : "";
    if (const auto colon = actor.find(':'); colon == std::string::npos ? !actor.empty() && actor != "firebreak" : actor.starts_with("user:")) roles[plain_actor(actor)];
  };
  if (const Json held = member_or_null(incident, "roles"); held.is_object())
    for (const auto& [role, user] : held.get_object())
      if (user.is_string()) roles[std::string(user.get_string())].insert(std::string(role));
  for (const char* key : {"acknowledged", "triage", "closed"}) acted(member_or_null(incident, key), "by");
  for (const char* key : {"impacts", "measurements", "lessons", "fields", "checks", "contacts", "indicators", "relations", "follow_ups", "labels", "handovers", "tasks"})
    for (const Json& one : items_of(incident, key)) {
      acted(one, "by");
      for (const char* under : {"said", "done", "closed"}) acted(member_or_null(one, under), "by");
    }
  for (const Json& action : items_of(incident, "actions")) {
    acted(action, "requested_by");
    for (const Json& yes : items_of(action, "approved_by")) acted(yes, "by");
    for (const char* end : {"ended", "lifted", "rejected"}) acted(member_or_null(action, end), "by");
  }
  for (const Json& line : items_of(incident, "timeline"))
    if (string_or(line, "kind") != "release_registered" && string_or(line, "actor").starts_with("user:")) acted(line, "actor");
  JsonArray out;
  for (const auto& [user, held] : roles) out.push_back(JsonObject{{"user", user}, {"roles", JsonArray(held.begin(), held.end())}});
  return out;
}

// What was decided, done and written; a long attack's findings come and go by the hundred and stand in the report's own timeline.
JsonArray timeline_of(const Json& incident) {
  JsonArray out;
  for (const Json& line : items_of(incident, "timeline")) {
    const std::string kind = string_or(line, "kind");
    if (kind == "finding_opened" || kind == "finding_closed" || kind == "incident_finding_linked" || find(line, "corrected_by") != nullptr) continue;
    JsonObject row;
    for (const char* key : {"time", "occurred", "text", "log", "index"}) row[key] = member_or_null(line, key);
    out.push_back(std::move(row));
  }
  return out;
}

JsonArray messages_of(const Json& incident) {
  JsonArray out;
  for (const Json& line : items_of(incident, "timeline"))
    if (string_or(line, "kind").starts_with("message_") || string_or(line, "kind") == "update_given")
      out.push_back(JsonObject{{"time", member_or_null(line, "time")}, {"text", string_or(line, "text")}, {"index", member_or_null(line, "index")}});
  return out;
}

JsonArray reports_of(const Json& incident) {
  JsonArray out;
  for (const Json& duty : items_of(incident, "deadlines"))
    for (const Json& stage : items_of(duty, "stages"))
      if (const std::string state = string_or(stage, "state"); state != "does_not_apply")
        out.push_back(JsonObject{{"duty", string_or(duty, "id")}, {"what", fmt::format("{}: {}", string_or(duty, "name"), string_or(stage, "name", string_or(stage, "stage")))}, {"state", state}, {"due", member_or_null(stage, "due")}});
  return out;
}

// What an AI incident adds: its class, the gates that the candidate passed, what became of the decisions and of the training data.
JsonObject ai_of(const Json& incident) {
  JsonObject out, fields;
  for (const std::string_view name : kAttackFields) fields[name] = field_value(incident, name);
  fields[kNoAttack] = field_value(incident, kNoAttack);
  out["fields"] = std::move(fields);
  out["missing"] = JsonArray();
  for (const std::string& name : attack_class_missing(incident)) out["missing"].as_array().push_back(Json(name));
  JsonArray labels, gates;
  for (const Json& label : items_of(incident, "labels"))
    if (string_or(label, "state") == "holds") labels.push_back(Json(fmt::format("{} ({} {})", string_or(label, "label"), string_or(label, "framework"), string_or(label, "version"))));
  for (const Json& gate : items_of(incident, "gates")) {
    JsonObject one;
    for (const char* key : {"gate", "candidate", "figure", "limit", "passed", "index"}) one[key] = member_or_null(gate, key);
    gates.push_back(std::move(one));
  }
  out["labels"] = std::move(labels);
  out["gates"] = std::move(gates);
  out["taints"] = items_of(incident, "taints").size();
  return out;
}

}  // namespace

Time meeting_due(Time from) {
  std::int64_t day = from.us / kDay;  // 1 January 1970 was a Thursday
  for (int left = kMeetingDays; left > 0;) {
    ++day;
    const std::int64_t weekday = (day + 3) % 7;  // 0: Monday
    if (weekday < 5) --left;
  }
  return Time{(day + 1) * kDay - kSecond};
}

Json postmortem_of(const Json& incident, Time now, const std::string& endpoint_owner) {
  const Json closed = member_or_null(incident, "closed"), roles = member_or_null(incident, "roles");
  const auto role = [&](const char* name) { return roles.is_object() ? string_or(roles, name) : std::string(); };
  const std::string owner = !role("lead").empty() ? role("lead") : !role("commander").empty() ? role("commander") : closed.is_object() ? plain_actor(string_or(closed, "by")) : endpoint_owner;
  const auto ended = closed.is_object() ? get_time(closed, "time") : Result<Time>(fail(Code::kNotFound, ""));
  JsonArray unanswered;
  JsonArray questions = questions_of(incident, unanswered);
  JsonObject out{{"version", 1}, {"made", format_time(now)}};
  for (const char* key : {"id", "title", "severity", "endpoint", "opened", "phase", "state", "index"}) out[key == std::string_view("id") ? "incident" : key] = member_or_null(incident, key);
  out["owner"] = owner.empty() ? Json(nullptr) : Json(owner);
  out["meeting"] = JsonObject{{"due", ended ? Json(format_time(meeting_due(*ended))) : Json(nullptr)}, {"rule", "within five business days of the end"}};
  out["overview"] = closed.is_object() ? JsonObject{{"text", string_or(closed, "summary")}, {"by", plain_actor(string_or(closed, "by"))}, {"index", member_or_null(closed, "index")}}
                                       : JsonObject{{"text", nullptr}, {"by", nullptr}, {"index", nullptr}};
  out["residual_risk"] = closed.is_object() ? member_or_null(closed, "residual_risk") : Json(nullptr);
  out["impact"] = impact_of(incident);
  out["times"] = times_of(incident);
  out["factors"] = factors_of(incident);
  out["resolution"] = resolution_of(incident);
  out["responders"] = responders_of(incident);
  out["ai"] = ai_of(incident);
  out["questions"] = std::move(questions);
  out["unanswered"] = std::move(unanswered);
  JsonArray others;  // lessons that answer no question
  for (const Json& lesson : items_of(incident, "lessons"))
    if (string_or(lesson, "question").empty()) others.push_back(JsonObject{{"text", string_or(lesson, "text")}, {"by", by_of(lesson)}, {"index", member_or_null(lesson, "index")}});
  out["lessons"] = std::move(others);
  out["follow_ups"] = items_of(incident, "follow_ups");
  out["messages"] = messages_of(incident);
  out["reports"] = reports_of(incident);
  out["timeline"] = timeline_of(incident);
  return Json(std::move(out));
}

}  // namespace firebreak::report
