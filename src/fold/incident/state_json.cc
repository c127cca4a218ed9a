// The state as a document, for snapshots.
#include "fold/incident/parts.h"

namespace firebreak::incident {
namespace {

Time time_of(const Json& object, std::string_view key) { return Time{int_or(object, key)}; }
JsonArray array_of(const std::vector<std::string>& list) { return JsonArray(list.begin(), list.end()); }

Json to_json(const Rule& rule) {
  JsonObject out{{"name", rule.name},
                 {"title", rule.title},
                 {"within_s", rule.within_us / kSecond},
                 {"at_least", severity_name(rule.at_least)}};
  if (rule.count > 0) {
    out["any_of"] = array_of(rule.any_of);
    out["count"] = rule.count;
  } else {
    out["kind"] = rule.kind;
    out["with"] = array_of(rule.with);
  }
  return out;
}

Json to_json(const Finding& f) {
  return JsonObject{{"kind", f.kind},
                    {"endpoint", f.endpoint},
                    {"stream", f.stream},
                    {"episode", f.episode},
                    {"summary", f.summary},
                    {"incident", f.incident},
                    {"severity", severity_name(f.severity)},
                    {"first_time", f.first_time.us},
                    {"last_time", f.last_time.us},
                    {"feature", f.feature},
                    {"segment", f.segment},
                    {"origin", f.origin},
                    {"verdict", f.verdict},
                    {"mute", f.mute},
                    {"onset_first", f.onset_first.us},
                    {"onset_last", f.onset_last.us},
                    {"callers", JsonArray(f.callers.begin(), f.callers.end())},
                    {"cause", f.cause},
                    {"closed", f.closed},
                    {"late", f.late}};
}

Finding read_finding(const std::string& id, const Json& d) {
  Finding f;
  f.id = id;
  for (const auto& [key, into] : {std::pair<std::string_view, std::string*>{"kind", &f.kind},
                                  {"endpoint", &f.endpoint},
                                  {"stream", &f.stream},
                                  {"episode", &f.episode},
                                  {"summary", &f.summary},
                                  {"incident", &f.incident},
                                  {"feature", &f.feature},
                                  {"segment", &f.segment},
                                  {"origin", &f.origin},
                                  {"verdict", &f.verdict},
                                  {"mute", &f.mute}})
    *into = string_or(d, key);
  f.severity = parse_severity(string_or(d, "severity")).value_or(Severity::kMedium);
  f.first_time = time_of(d, "first_time");
  f.last_time = time_of(d, "last_time");
  f.onset_first = time_of(d, "onset_first");
  f.onset_last = time_of(d, "onset_last");
  const auto callers = strings_or_empty(d, "callers");
  f.callers = {callers.begin(), callers.end()};
  f.cause = static_cast<int>(int_or(d, "cause"));
  f.closed = bool_or(d, "closed");
  f.late = bool_or(d, "late");
  return f;
}

Json to_json(const Incident& i) {
  JsonObject roles;
  JsonArray tasks, timeline;
  for (const auto& [role, user] : i.roles) roles[role] = user;
  for (const Task& task : i.tasks) {
    JsonObject one{{"id", task.id}, {"text", task.text}, {"owner", task.owner}, {"result", task.result},
                   {"due", task.due.us}, {"done", task.done}, {"form", task.form}};
    if (!task.key.empty()) one["key"] = task.key;
    if (!task.after.empty()) one["after"] = array_of(task.after);
    tasks.push_back(std::move(one));
  }
  for (const TimelineRow& row : i.timeline)
    timeline.push_back(JsonObject{{"index", row.index}, {"time", row.time.us}, {"text", row.text}});
  return JsonObject{{"endpoint", i.endpoint},
                    {"stream", i.stream},
                    {"title", i.title},
                    {"severity", i.severity},
                    {"rule", i.rule},
                    {"phase", i.phase},
                    {"acknowledged_by", i.acknowledged_by},
                    {"functional_now", i.functional_now},
                    {"functional_likely", i.functional_likely},
                    {"recoverability", i.recoverability},
                    {"information", array_of(i.information)},
                    {"findings", array_of(i.findings)},
                    {"roles", std::move(roles)},
                    {"tasks", std::move(tasks)},
                    {"timeline", std::move(timeline)},
                    {"opened", i.opened.us},
                    {"first_time", i.first_time.us},
                    {"last_time", i.last_time.us},
                    {"severity_by_hand", i.severity_by_hand},
                    {"people_at_risk", i.people_at_risk},
                    {"agent_acted", i.agent_acted},
                    {"classed", JsonArray(i.classed.begin(), i.classed.end())},
                    {"causes", i.causes},
                    {"remedy_open", i.remedy_open},
                    {"triage", to_json(i.triage)}};
}

// A list as well: its items have no key.
template <class Read>
void each(const Json& document, std::string_view key, Read read) {
  const Json* part = find(document, key);
  if (part != nullptr && part->is_array())
    for (const Json& item : part->get_array()) read(std::string(), item);
  each_member(document, key, read);
}

Incident read_incident(const std::string& id, const Json& d) {
  Incident i;
  i.id = id;
  i.endpoint = string_or(d, "endpoint");
  i.stream = string_or(d, "stream");
  i.title = string_or(d, "title");
  i.severity = string_or(d, "severity");
  i.rule = string_or(d, "rule");
  i.phase = string_or(d, "phase");
  i.acknowledged_by = string_or(d, "acknowledged_by");
  i.functional_now = string_or(d, "functional_now");
  i.functional_likely = string_or(d, "functional_likely");
  i.recoverability = string_or(d, "recoverability");
  i.information = strings_or_empty(d, "information");
  i.findings = strings_or_empty(d, "findings");
  each(d, "roles", [&](const std::string& role, const Json& user) {
    if (user.is_string()) i.roles[role] = std::string(user.get_string());
  });
  each(d, "tasks", [&](const std::string&, const Json& task) {
    i.tasks.push_back({string_or(task, "id"), string_or(task, "text"), string_or(task, "owner"),
                       string_or(task, "result"), time_of(task, "due"), bool_or(task, "done"), bool_or(task, "form"),
                       string_or(task, "key"), strings_or_empty(task, "after")});
  });
  each(d, "timeline", [&](const std::string&, const Json& row) {
    i.timeline.push_back({static_cast<std::uint64_t>(int_or(row, "index")), time_of(row, "time"), string_or(row, "text")});
  });
  i.opened = time_of(d, "opened");
  i.first_time = time_of(d, "first_time");
  i.last_time = time_of(d, "last_time");
  i.severity_by_hand = bool_or(d, "severity_by_hand");
  i.people_at_risk = bool_or(d, "people_at_risk");
  i.agent_acted = bool_or(d, "agent_acted");
  for (const std::string& field : strings_or_empty(d, "classed")) i.classed.insert(field);
  i.causes = static_cast<int>(int_or(d, "causes"));
  i.remedy_open = static_cast<std::uint64_t>(int_or(d, "remedy_open"));
  if (const Json* triage = find(d, "triage")) i.triage = triage_from_json(*triage);
  return i;
}

}  // namespace

Json to_json(const IncidentState& state) {
  JsonArray rules;
  JsonObject open, closed, findings, actions, by_endpoint;
  for (const Rule& rule : state.rules) rules.push_back(to_json(rule));
  for (const auto& [id, incident] : state.open) open[id] = to_json(incident);
  for (const auto& [endpoint, id] : state.open_by_endpoint) by_endpoint[endpoint] = id;
  for (const auto& [id, endpoint] : state.closed) closed[id] = endpoint;
  for (const auto& [id, finding] : state.findings) findings[id] = to_json(finding);
  for (const auto& [id, action] : state.actions)
    actions[id] = JsonObject{{"incident", action.incident}, {"measure", action.measure}, {"class", action.cls}, {"in_force", action.in_force}, {"on_ladder", action.on_ladder}};
  JsonObject document{{"rules", JsonObject{{"correlation", std::move(rules)}}},
                      {"open", std::move(open)},
                      {"open_by_endpoint", std::move(by_endpoint)},
                      {"closed", std::move(closed)},
                      {"findings", std::move(findings)},
                      {"actions", std::move(actions)},
                      {"endpoints", JsonArray(state.endpoints.begin(), state.endpoints.end())},
                      {"newest_event", state.newest_event.us}};
  if (!state.templates.empty()) document["templates"] = to_json(state.templates).at("templates");
  add_casework(state, document);
  add_joins(state, document);
  return document;
}

Result<IncidentState> incident_state_from_json(const Json& document) {
  if (!document.is_object()) return fail(Code::kInvalid, "a JSON object is expected");
  IncidentState state;
  const Json* rules = find(document, "rules");
  if (rules == nullptr) return fail(Code::kInvalid, "'rules' is missing", "/rules");
  FIREBREAK_ASSIGN(state.rules, rules_from_json(*rules));
  if (find(document, "templates") != nullptr) {
    FIREBREAK_ASSIGN(state.templates, templates_from_json(JsonObject{{"templates", document.at("templates")}}));
  }
  each(document, "open", [&](const std::string& id, const Json& d) { state.open[id] = read_incident(id, d); });
  each(document, "open_by_endpoint", [&](const std::string& endpoint, const Json& id) {
    if (id.is_string()) state.open_by_endpoint[endpoint] = std::string(id.get_string());
  });
  each(document, "closed", [&](const std::string& id, const Json& endpoint) {
    state.closed[id] = endpoint.is_string() ? std::string(endpoint.get_string()) : "";
  });
  each(document, "findings", [&](const std::string& id, const Json& d) {
    Finding finding = read_finding(id, d);
    state.finding_of[finding.stream + "\n" + finding.episode] = id;
    if (finding.closed && finding.incident.empty()) state.loose.emplace(finding.last_time, id);
    state.findings[id] = std::move(finding);
  });
  each(document, "actions", [&](const std::string& id, const Json& d) {
    state.actions[id] = {string_or(d, "incident"), string_or(d, "measure"), string_or(d, "class"), bool_or(d, "in_force"), bool_or(d, "on_ladder")};
  });
  const auto endpoints = strings_or_empty(document, "endpoints");
  state.endpoints = {endpoints.begin(), endpoints.end()};
  state.newest_event = time_of(document, "newest_event");
  FIREBREAK_TRY(read_casework(document, state));
  FIREBREAK_TRY(read_joins(document, state));
  return state;
}

}  // namespace firebreak::incident
