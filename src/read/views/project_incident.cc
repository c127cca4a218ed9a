// Findings, incidents, tasks.
#include <fmt/core.h>

#include <algorithm>

#include "read/views/projection.h"

namespace firebreak::views {
namespace {

constexpr std::string_view kFindingMembers[] = {"severity", "first",   "last",    "first_time", "last_time", "count",
                                                "summary",  "numbers", "feature", "segment",    "onset",     "origin"};

// Detectors name an episode; the views keep episode -> id.
std::string episode_key(const Json& body) {
  return fmt::format("{}|{}", string_or(body, "stream"), string_or(body, "episode"));
}

std::string finding_of(Store& store, const Json& body) {
  const std::string given = string_or(body, "finding_id", string_or(body, "finding"));
  if (!given.empty()) return given;
  return store.named(episode_key(body));
}

// Callers and digests come as news since the last update: the views keep their numbers only.
void count_members(JsonObject& finding, const Json& body) {
  const Json* callers = find(body, "callers");
  const auto new_callers = callers != nullptr && callers->is_array() ? callers->get_array().size() : 0;
  const auto new_digests = string_or(body, "digests").size() / 4 * 3 / 32;  // base64 of 32-octet pieces
  finding["callers"] = int_or(finding, "callers") + static_cast<std::int64_t>(new_callers);
  finding["digests"] = int_or(finding, "digests") + static_cast<std::int64_t>(new_digests);
}

void finding_opened(Store& store, const Entry& entry) {
  JsonObject finding = thing(entry, entry.id("find"), "open");
  copy_members(finding, entry.body, {"kind", "endpoint", "stream", "episode"});
  for (const std::string_view name : kFindingMembers) copy_members(finding, entry.body, {name});
  finding["incident"] = "";
  finding["updates"] = 0;
  finding["opened_with"] = int_or(entry.body, "count");
  for (const char* absent : {"verdict", "judged", "muted"}) finding[absent] = nullptr;
  count_members(finding, entry.body);
  store.put("finding", std::move(finding));
  store.name(episode_key(entry.body), entry.id("find"));
}

void change_finding(Store& store, const Entry& entry, const std::string& id, std::string_view state) {
  edit(store, entry, "finding", id, [&](JsonObject& finding) {
    for (const std::string_view name : kFindingMembers) copy_members(finding, entry.body, {name});
    finding["state"] = state;
    finding["updates"] = int_or(finding, "updates") + 1;
    count_members(finding, entry.body);
    const std::string incident = string_or(finding, "incident");
    if (state == "closed" && !incident.empty())
      store.add_timeline(
          incident, entry,
          fmt::format("Finding {} closed: {}", id, string_or(finding, "summary")));
  });
}

void finding_updated(Store& store, const Entry& entry) { change_finding(store, entry, finding_of(store, entry.body), "open"); }
void finding_closed(Store& store, const Entry& entry) {
  const std::string id = finding_of(store, entry.body);
  change_finding(store, entry, id, "closed");
  edit(store, entry, "late", id, [](JsonObject& late) { late["state"] = "closed"; });
}

// The finding's opening comes into the timeline at its own index, before the incident's.
void link_finding(Store& store, const Entry& entry, const std::string& incident, const std::string& id) {
  edit(store, entry, "finding", id, [&](JsonObject& finding) {
    finding["incident"] = incident;
    const Result<Time> opened = get_time(finding, "time");
    store.add_timeline(incident, static_cast<std::uint64_t>(int_or(finding, "index")),
                       opened ? *opened : entry.time, "finding_opened", "detect",
                       fmt::format("Finding {} ({}, {}): {}", id, words(string_or(finding, "kind")),
                                   string_or(finding, "severity"), string_or(finding, "summary")));
  });
}

// Which findings share a cause, each with the reason. Entries from before there were causes have one.
JsonArray causes_of(const Json& opened) {
  JsonArray out;
  const Json* causes = find(opened, "causes");
  if (causes == nullptr || !causes->is_array()) {
    JsonArray findings;
    for (const std::string& id : strings_or_empty(opened, "findings")) findings.push_back(JsonObject{{"id", id}, {"why", ""}});
    if (!findings.empty()) out.push_back(JsonObject{{"cause", 1}, {"findings", std::move(findings)}});
    return out;
  }
  for (const Json& cause : causes->get_array()) {
    const auto ids = strings_or_empty(cause, "findings"), why = strings_or_empty(cause, "why");
    JsonArray findings;
    for (std::size_t i = 0; i < ids.size(); ++i) findings.push_back(JsonObject{{"id", ids[i]}, {"why", i < why.size() ? why[i] : ""}});
    out.push_back(JsonObject{{"cause", int_or(cause, "cause")}, {"findings", std::move(findings)}});
  }
  return out;
}

void join_cause(JsonObject& incident, const Json& linked) {
  const std::int64_t id = int_or(linked, "cause", 1);
  JsonObject finding{{"id", string_or(linked, "finding")}, {"why", string_or(linked, "why")}};
  copy_members(finding, linked, {"repeats"});
  Json& causes = incident["causes"];
  if (!causes.is_array()) causes = JsonArray{};
  for (Json& cause : causes.get_array())
    if (int_or(cause, "cause") == id) return cause.as_object()["findings"].as_array().push_back(std::move(finding));
  causes.get_array().push_back(JsonObject{{"cause", id}, {"findings", JsonArray{std::move(finding)}}});
}

void leave_causes(JsonObject& incident, const std::vector<std::string>& gone) {
  Json& causes = incident["causes"];
  if (!causes.is_array()) return;
  JsonArray left;
  for (Json& cause : causes.get_array()) {
    JsonArray& findings = cause.as_object()["findings"].as_array();
    for (auto at = findings.begin(); at != findings.end();) at = std::find(gone.begin(), gone.end(), string_or(*at, "id")) != gone.end() ? findings.erase(at) : at + 1;
    if (!findings.empty()) left.push_back(std::move(cause));
  }
  causes = std::move(left);
}

void incident_opened(Store& store, const Entry& entry) {
  const std::string id = entry.id("inc");
  JsonObject incident = thing(entry, id, "open");
  copy_members(incident, entry.body,
               {"endpoint", "stream", "title", "severity", "rule", "findings", "declared_by", "first_time",
                "last_time", "split_of"});
  incident["impacts"] = JsonArray{};
  incident["opened"] = format_time(entry.time);
  incident["phase"] = "detection_analysis";
  incident["phases"] = JsonArray{JsonObject{{"phase", "detection_analysis"},
                                            {"time", format_time(entry.time)},
                                            {"index", entry.index},
                                            {"reason", "opened"}}};
  incident["roles"] = JsonObject{};
  incident["measurements"] = JsonArray{};
  incident["causes"] = causes_of(entry.body);
  for (const char* absent : {"acknowledged", "impact", "closed", "options", "triage"}) incident[absent] = nullptr;
  store.put("incident", incident);
  if (const std::string from = string_or(entry.body, "split_of"); !from.empty()) {
    const std::vector<std::string> gone = strings_or_empty(entry.body, "findings");
    edit(store, entry, "incident", from, [&](JsonObject& old) {
      std::vector<std::string> left = strings_or_empty(old, "findings");
      std::erase_if(left, [&](const std::string& one) { return std::find(gone.begin(), gone.end(), one) != gone.end(); });
      old["findings"] = JsonArray(left.begin(), left.end());
      leave_causes(old, gone);
    });
    store.add_timeline(from, entry, fmt::format("{} was split off with {}: {}", id, join(gone), string_or(entry.body, "reason")));
  }
  for (const std::string& finding : strings_or_empty(entry.body, "findings"))
    link_finding(store, entry, id, finding);
  const std::string by = string_or(entry.body, "declared_by");
  store.add_timeline(
      id, entry,
      fmt::format("Incident {} opened ({}): {}. {}", id, string_or(entry.body, "severity"),
                  string_or(entry.body, "title"),
                  by.empty() ? "Rule: " + string_or(entry.body, "rule") : "Declared by " + person(by)));
}

void incident_finding_linked(Store& store, const Entry& entry) {
  const std::string id = string_or(entry.body, "incident");
  const std::string finding = string_or(entry.body, "finding");
  edit(store, entry, "incident", id, [&](JsonObject& incident) {
    std::vector<std::string> findings = strings_or_empty(incident, "findings");
    if (std::find(findings.begin(), findings.end(), finding) == findings.end()) findings.push_back(finding);
    incident["findings"] = JsonArray(findings.begin(), findings.end());
    join_cause(incident, entry.body);
  });
  link_finding(store, entry, id, finding);
  store.add_timeline(
      id, entry,
      fmt::format("Finding {} ({}) joined the incident, cause {}{}", finding, words(string_or(entry.body, "kind")), int_or(entry.body, "cause", 1),
                  string_or(entry.body, "why").empty() ? "" : ": " + string_or(entry.body, "why")));
}

void incident_acknowledged(Store& store, const Entry& entry) {
  const std::string id = string_or(entry.body, "incident"), by = string_or(entry.body, "by");
  edit(store, entry, "incident", id,
       [&](JsonObject& incident) { incident["acknowledged"] = moment(entry, by); });
  store.add_timeline(id, entry, fmt::format("{} has the incident", person(by)));
}

void incident_phase(Store& store, const Entry& entry) {
  const std::string id = string_or(entry.body, "incident"), to = string_or(entry.body, "to");
  const std::string reason = string_or(entry.body, "reason");
  edit(store, entry, "incident", id, [&](JsonObject& incident) {
    incident["phase"] = to;
    if (to == "closed") incident["state"] = "closed";
    JsonObject step = moment(entry);
    step["phase"] = to;
    step["reason"] = reason;
    incident["phases"].as_array().push_back(std::move(step));
  });
  store.add_timeline(
      id, entry, fmt::format("Phase {} → {}: {}", words(string_or(entry.body, "from")), words(to), reason));
}

void incident_impact(Store& store, const Entry& entry) {
  const std::string id = string_or(entry.body, "incident");
  edit(store, entry, "incident", id, [&](JsonObject& incident) {
    JsonObject impact = moment(entry, string_or(entry.body, "by"));
    copy_members(impact, entry.body,
                 {"functional_now", "functional_likely", "information", "recoverability"});
    if (!incident["impacts"].is_array()) incident["impacts"] = JsonArray{};
    incident["impacts"].as_array().push_back(impact);
    incident["impact"] = std::move(impact);
  });
  store.add_timeline(
      id, entry,
      fmt::format("Impact rated by {}: functional {} now, {} likely; information {}; recoverability {}",
                  person(string_or(entry.body, "by")), string_or(entry.body, "functional_now"),
                  string_or(entry.body, "functional_likely"),
                  join(strings_or_empty(entry.body, "information")),
                  string_or(entry.body, "recoverability")));
}

void incident_severity(Store& store, const Entry& entry) {
  const std::string id = string_or(entry.body, "incident");
  edit(store, entry, "incident", id,
       [&](JsonObject& incident) { incident["severity"] = string_or(entry.body, "to"); });
  store.add_timeline(
      id, entry,
      fmt::format("Severity {} -> {} by {}: {}", string_or(entry.body, "from"), string_or(entry.body, "to"),
                  person(string_or(entry.body, "by")), string_or(entry.body, "reason")));
}

void incident_role(Store& store, const Entry& entry) {
  const std::string id = string_or(entry.body, "incident");
  const std::string role = string_or(entry.body, "role"), user = string_or(entry.body, "user");
  edit(store, entry, "incident", id, [&](JsonObject& incident) {
    if (incident["roles"].is_object()) incident["roles"].get_object()[role] = user;
  });
  store.add_timeline(id, entry, fmt::format("{} is {}", person(user), role));
}

void incident_note(Store& store, const Entry& entry) {
  const std::string by = person(string_or(entry.body, "by"));
  store.add_said(string_or(entry.body, "incident"), entry, fmt::format("Note by {}: {}", by, string_or(entry.body, "text")),
                 {.type = "note", .by = by, .source = {}, .said = {}, .reason = {}, .occurred = {}});
}

// The newest of a name stands for it; the timeline keeps all.
void incident_measured(Store& store, const Entry& entry) {
  const std::string id = string_or(entry.body, "incident"), name = string_or(entry.body, "name");
  JsonObject measurement = moment(entry, string_or(entry.body, "by"));
  copy_members(measurement, entry.body, {"name", "figures", "method"});
  edit(store, entry, "incident", id, [&](JsonObject& incident) {
    JsonArray& all = incident["measurements"].as_array();
    all.erase(std::remove_if(all.begin(), all.end(), [&](const Json& each) { return string_or(each, "name") == name; }),
              all.end());
    all.push_back(measurement);
  });
  store.add_timeline(id, entry, fmt::format("Measured by {}: {} {}", person(string_or(entry.body, "by")), name,
                                            canonical_json(entry.body.at("figures")).substr(0, 400)));
}

// `waits_for`: the ids of the open tasks that come before this one.
JsonArray open_before(Store& store, const JsonObject& task) {
  JsonArray open;
  const std::vector<std::string> after = strings_or_empty(task, "after");
  if (after.empty()) return open;
  for (const JsonObject& other : store.list({.kind = "task", .incident = string_or(task, "incident"), .endpoint = {}, .state = "open", .oldest_first = true}))
    if (std::find_if(after.begin(), after.end(), [&](const std::string& named) { return named == string_or(other, "id") || named == string_or(other, "key"); }) != after.end())
      open.push_back(other.at("id"));
  return open;
}

void incident_task_opened(Store& store, const Entry& entry) {
  JsonObject task = thing(entry, entry.id("task"), "open");
  copy_members(task, entry.body, {"incident", "text", "owner", "due", "run", "activation", "form", "template", "key", "after"});
  if (task.contains("after")) task["waits_for"] = open_before(store, task);
  store.put("task", task);
  store.add_timeline(string_or(entry.body, "incident"), entry,
                     fmt::format("Task {} for {}: {}", entry.id("task"),
                                 person(string_or(entry.body, "owner")), string_or(entry.body, "text")));
}

// Counted in the task and not one more row: it may be every hour of a night.
void incident_task_repeated(Store& store, const Entry& entry) {
  edit(store, entry, "task", string_or(entry.body, "task"), [&](JsonObject& task) {
    task["repeats"] = int_or(task, "repeats") + 1;
    task["repeated"] = moment(entry);
  });
}

void incident_task_done(Store& store, const Entry& entry) {
  const std::string id = string_or(entry.body, "task");
  edit(store, entry, "task", id, [&](JsonObject& task) {
    task["state"] = "done";
    task["done"] = moment(entry, string_or(entry.body, "by"));
    copy_members(task, entry.body, {"result"});
    task.erase("waits_for");
  });
  for (JsonObject& waiting : store.list({.kind = "task", .incident = string_or(entry.body, "incident"), .endpoint = {}, .state = "open", .oldest_first = true}))
    if (waiting.contains("after")) {
      waiting["waits_for"] = open_before(store, waiting);
      store.put("task", waiting);
    }
  store.add_timeline(string_or(entry.body, "incident"), entry,
                     fmt::format("Task {} done by {}: {}", id, person(string_or(entry.body, "by")),
                                 string_or(entry.body, "result")));
}

void incident_closed(Store& store, const Entry& entry) {
  const std::string id = string_or(entry.body, "incident");
  edit(store, entry, "incident", id, [&](JsonObject& incident) {
    JsonObject closed = moment(entry, string_or(entry.body, "by"));
    copy_members(closed, entry.body, {"summary", "residual_risk", "into"});
    incident["closed"] = std::move(closed);
    incident["state"] = "closed";
    if (string_or(incident, "phase") != "closed") {
      incident["phase"] = "closed";
      JsonObject step = moment(entry);
      step["phase"] = "closed";
      step["reason"] = string_or(entry.body, "summary");
      incident["phases"].as_array().push_back(std::move(step));
    }
  });
  store.add_timeline(id, entry,
                     fmt::format("Closed by {}: {} Residual risk: {}", person(string_or(entry.body, "by")),
                                 string_or(entry.body, "summary"), string_or(entry.body, "residual_risk")));
}

void incident_reopened(Store& store, const Entry& entry) {
  const std::string id = string_or(entry.body, "incident");
  edit(store, entry, "incident", id, [&](JsonObject& incident) {
    if (!incident["closed_before"].is_array()) incident["closed_before"] = JsonArray{};
    incident["closed_before"].as_array().push_back(incident["closed"]);
    incident["closed"] = nullptr;
    incident["reopen_asked"] = nullptr;
    incident["state"] = "open";
  });
  edit(store, entry, "reopen", id, [](JsonObject& asked) { asked["state"] = "done"; });
  for (JsonObject& late : store.list({.kind = "late", .incident = id, .endpoint = {}, .state = "open"})) {
    late["state"] = "opened_again";
    store.put("late", late);
  }
  store.add_timeline(id, entry, fmt::format("Opened again by {} and {}: {}", person(string_or(entry.body, "with")), person(string_or(entry.body, "by")), string_or(entry.body, "reason")));
}

void incident_merged(Store& store, const Entry& entry) {
  const std::string id = string_or(entry.body, "incident"), into = string_or(entry.body, "into"), by = person(string_or(entry.body, "by"));
  std::vector<std::string> findings;
  edit(store, entry, "incident", id, [&](JsonObject& incident) {
    incident["merged_into"] = into;
    findings = strings_or_empty(incident, "findings");
  });
  edit(store, entry, "incident", into, [&](JsonObject& incident) {
    if (!incident["merged"].is_array()) incident["merged"] = JsonArray{};
    incident["merged"].as_array().push_back(Json(id));
    std::vector<std::string> all = strings_or_empty(incident, "findings");
    for (const std::string& finding : findings)
      if (std::find(all.begin(), all.end(), finding) == all.end()) all.push_back(finding);
    incident["findings"] = JsonArray(all.begin(), all.end());
  });
  for (const std::string& finding : findings) edit(store, entry, "finding", finding, [&](JsonObject& of) { of["incident"] = into; });
  for (JsonObject& task : store.list({.kind = "task", .incident = id, .endpoint = {}, .state = "open", .oldest_first = true})) {
    task["incident"] = into;
    store.put("task", task);
  }
  for (JsonObject& follow_up : store.list({.kind = "follow_up", .incident = id, .endpoint = {}, .state = "open", .oldest_first = true})) {
    follow_up["incident"] = into;
    store.put("follow_up", follow_up);
  }
  store.add_timeline(id, entry, fmt::format("Merged into {} by {}: {}", into, by, string_or(entry.body, "reason")));
  store.add_timeline(into, entry, fmt::format("{} was merged into this incident by {}: {}", id, by, string_or(entry.body, "reason")));
}

void incident_finding_late(Store& store, const Entry& entry) {
  const std::string id = string_or(entry.body, "incident"), finding = string_or(entry.body, "finding");
  edit(store, entry, "incident", id, [&](JsonObject& incident) {
    if (!incident["late"].is_array()) incident["late"] = JsonArray{};
    JsonObject late = moment(entry);
    late["finding"] = finding;
    incident["late"].as_array().push_back(std::move(late));
  });
  JsonObject late = thing(entry, finding, "open");
  late["incident"] = id;
  store.put("late", late);
  store.add_timeline(id, entry, fmt::format("Finding {} goes on although the incident is closed: {}", finding, string_or(entry.body, "summary")));
}

constexpr Handler kHandlers[] = {
    {"incident_reopened", incident_reopened},
    {"incident_merged", incident_merged},
    {"incident_finding_late", incident_finding_late},
    {"finding_opened", finding_opened},
    {"finding_updated", finding_updated},
    {"finding_closed", finding_closed},
    {"incident_opened", incident_opened},
    {"incident_finding_linked", incident_finding_linked},
    {"incident_acknowledged", incident_acknowledged},
    {"incident_phase", incident_phase},
    {"incident_impact", incident_impact},
    {"incident_severity", incident_severity},
    {"incident_role", incident_role},
    {"incident_note", incident_note},
    {"incident_measured", incident_measured},
    {"incident_task_opened", incident_task_opened},
    {"incident_task_repeated", incident_task_repeated},
    {"incident_task_done", incident_task_done},
    {"incident_closed", incident_closed},
};

}  // namespace

std::span<const Handler> incident_handlers() { return kHandlers; }

}  // namespace firebreak::views
