// What people may do to an incident, and why it is refused when it is.
#include <fmt/core.h>

#include <algorithm>

#include "fold/incident/parts.h"
#include "types/command.h"
#include "types/incident.h"

namespace firebreak::incident {
namespace {

template <std::size_t N>
bool is_word(const std::string_view (&words)[N], std::string_view word) {
  return std::find(std::begin(words), std::end(words), word) != std::end(words);
}

template <std::size_t N>
std::string list(const std::string_view (&words)[N]) {
  std::string text;
  for (const std::string_view word : words) text += fmt::format("{}{}", text.empty() ? "" : ", ", word);
  return text;
}

Drafts declare(const IncidentState& state, const Entry& entry, const Json& args, const Refusal& refused) {
  const std::string endpoint = string_or(args, "endpoint"), name = string_or(args, "template");
  const auto from = state.templates.find(name);
  if (!name.empty() && from == state.templates.end()) return refused(Code::kNotFound, unknown_template(state, name), "/template");
  const std::string severity = string_or(args, "severity", name.empty() ? "" : from->second.severity);
  if (!state.endpoints.contains(endpoint))
    return refused(Code::kNotFound, fmt::format("there is no endpoint '{}'", endpoint), "/endpoint");
  if (const Incident* open = incident_of_endpoint(state, endpoint))
    return refused(Code::kConflict, fmt::format("{0} is open on this endpoint: add what you know to it (firebreak incident fact {0} TEXT --at TIME), or make an incident of its own of some of its findings (firebreak incident split {0} --finding FIND --title TEXT --reason TEXT)", open->id), "/endpoint");
  if (!is_word(words::kIncidentSeverity, severity))
    return refused(Code::kInvalid, "'severity' is one of: " + list(words::kIncidentSeverity), "/severity");
  const bool titled = name.empty() || !string_or(args, "title").empty();
  const Result<std::string> title = titled ? text_of(args, "title") : Result<std::string>(title_of(from->second, endpoint));
  if (!title) return refused(title.error().code, title.error().message, title.error().pointer);
  std::vector<const Finding*> findings;
  for (const auto& [id, finding] : state.findings)
    if (finding.endpoint == endpoint && finding.incident.empty() && !finding.closed && counts(finding) && in_a_rule(state, finding.kind))
      findings.push_back(&finding);
  JsonObject body = opening(state, endpoint, endpoint, *title, severity, "declared", findings);
  body["declared_by"] = who(entry);
  if (!name.empty()) body["template"] = name;
  if (findings.empty()) body["first_time"] = body["last_time"] = format_time(entry.time);
  return {make_draft("incident_opened", "", std::move(body))};
}

Drafts acknowledge(const Incident& incident, const Entry& entry, const Json&, const Refusal& refused) {
  if (!incident.acknowledged_by.empty())
    return refused(Code::kConflict, fmt::format("{} has acknowledged it already", incident.acknowledged_by), "/incident");
  return {make_draft("incident_acknowledged", incident.id, {{"incident", incident.id}, {"by", who(entry)}})};
}

Drafts note(const Incident& incident, const Entry& entry, const Json& args, const Refusal& refused) {
  auto text = text_of(args, "text");
  if (!text) return refused(text.error().code, text.error().message, text.error().pointer);
  return {make_draft("incident_note", incident.id, {{"incident", incident.id}, {"text", std::move(*text)}, {"by", who(entry)}})};
}

Drafts impact(const Incident& incident, const Entry& entry, const Json& args, const Refusal& refused) {
  for (const std::string_view key : {"functional_now", "functional_likely"})
    if (!is_word(words::kFunctionalImpact, string_or(args, key)))
      return refused(Code::kInvalid, fmt::format("'{}' is one of: {}", key, list(words::kFunctionalImpact)),
                     fmt::format("/{}", key));
  if (!is_word(words::kRecoverability, string_or(args, "recoverability")))
    return refused(Code::kInvalid, "'recoverability' is one of: " + list(words::kRecoverability), "/recoverability");
  const auto information = strings_or_empty(args, "information");
  for (const std::string& one : information)
    if (!is_word(words::kInformationImpact, one))
      return refused(Code::kInvalid, "'information' takes: " + list(words::kInformationImpact), "/information");
  const bool none = std::find(information.begin(), information.end(), "None") != information.end();
  if (information.empty() || (none && information.size() > 1))
    return refused(Code::kInvalid, "'information' names what was breached, or None alone", "/information");
  return {make_draft("incident_impact", incident.id,
               {{"incident", incident.id},
                {"functional_now", string_or(args, "functional_now")},
                {"functional_likely", string_or(args, "functional_likely")},
                {"information", JsonArray(information.begin(), information.end())},
                {"recoverability", string_or(args, "recoverability")},
                {"by", who(entry)}})};
}

Drafts severity(const Incident& incident, const Entry& entry, const Json& args, const Refusal& refused) {
  const std::string to = string_or(args, "severity"), by = who(entry);
  if (!is_word(words::kIncidentSeverity, to))
    return refused(Code::kInvalid, "'severity' is one of: " + list(words::kIncidentSeverity), "/severity");
  if (to == incident.severity) return refused(Code::kConflict, "it has this severity already", "/severity");
  const auto reason = text_of(args, "reason");
  if (!reason) return refused(reason.error().code, reason.error().message, reason.error().pointer);
  // Up by anyone; down is the commander's.
  const auto commander = incident.roles.find("commander");
  if (is_graver(incident.severity, to) && commander == incident.roles.end())
    return refused(Code::kForbidden, fmt::format("only the commander lowers the severity, and there is none: 'firebreak incident assign {} commander USER'", incident.id), "/severity");
  if (is_graver(incident.severity, to) && by != commander->second && by != "user:" + commander->second)
    return refused(Code::kForbidden, fmt::format("only the commander lowers the severity: {}", commander->second), "/severity");
  return {make_draft("incident_severity", incident.id,
               {{"incident", incident.id}, {"from", incident.severity}, {"to", to}, {"reason", *reason}, {"by", by}})};
}

Drafts phase(const Incident& incident, const Entry& entry, const Json& args, const Refusal& refused) {
  const std::string to = string_or(args, "to");
  if (!is_word(words::kPhases, to)) return refused(Code::kInvalid, "'to' is one of: " + list(words::kPhases), "/to");
  if (to == "closed") return refused(Code::kConflict, "an incident ends by incident.close", "/to");
  if (!may_move(incident.phase, to))
    return refused(Code::kConflict, fmt::format("there is no way from {} to {}", incident.phase, to), "/to");
  const auto reason = text_of(args, "reason");
  if (!reason) return refused(reason.error().code, reason.error().message, reason.error().pointer);
  return {make_draft("incident_phase", incident.id,
               {{"incident", incident.id}, {"from", incident.phase}, {"to", to}, {"reason", *reason}, {"by", who(entry)}})};
}

Drafts assign(const Incident& incident, const Entry& entry, const Json& args, const Refusal& refused) {
  constexpr std::string_view kIncidentRoles[] = {"commander", "lead", "communications", "scribe"};
  const std::string role = string_or(args, "role"), user = string_or(args, "user");
  if (!is_word(kIncidentRoles, role)) return refused(Code::kInvalid, "'role' is one of: " + list(kIncidentRoles), "/role");
  if (!is_name(user)) return refused(Code::kInvalid, "'user' is no user name", "/user");
  return {make_draft("incident_role", incident.id,
               {{"incident", incident.id}, {"role", role}, {"user", user}, {"by", who(entry)}})};
}

// Figures that somebody took while the incident was open; what they mean is in `method`.
Drafts measure(const Incident& incident, const Entry& entry, const Json& args, const Refusal& refused) {
  const auto name = text_of(args, "name"), method = text_of(args, "method");
  for (const auto* text : {&name, &method})
    if (!*text) return refused(text->error().code, text->error().message, text->error().pointer);
  const Json& figures = args.at("figures");
  if (canonical_json(figures).size() > kTextBytes)
    return refused(Code::kTooLarge, fmt::format("'figures' has at most {} octets", kTextBytes), "/figures");
  return {make_draft("incident_measured", incident.id,
               {{"incident", incident.id}, {"name", *name}, {"figures", figures}, {"method", *method}, {"by", who(entry)}})};
}

Drafts close(const Incident& incident, const Entry& entry, const Json& args, const Refusal& refused) {
  const auto summary = text_of(args, "summary"), residual = text_of(args, "residual_risk");
  for (const auto* text : {&summary, &residual})
    if (!*text) return refused(text->error().code, text->error().message, text->error().pointer);
  const std::string reason = string_or(args, "reason");
  std::string undone;
  for (const Task& task : incident.tasks)
    if (!task.done) undone += (undone.empty() ? "" : ", ") + task.id;
  if (!undone.empty() && reason.empty())
    return refused(Code::kConflict, fmt::format("open tasks: {}; finish them, or give a reason for closing with them open", undone), "/reason");
  if (incident.remedy_open != 0 && reason.empty())
    return refused(Code::kConflict,
                   fmt::format("{} decisions of the remedy list are open; settle them, or give a reason for closing with them open", incident.remedy_open), "/reason");
  if (incident.phase != "post_incident" && reason.empty())
    return refused(Code::kConflict,
                   fmt::format("it is in {}; close it from post_incident, or give a reason for closing it now", incident.phase),
                   "/reason");
  if (incident.remedy_open != 0) undone += fmt::format("{}{} decisions", undone.empty() ? "" : ", ", incident.remedy_open);
  Drafts drafts;
  if (incident.phase != "post_incident" || !undone.empty())
    drafts.push_back(make_draft("incident_note", incident.id,
                          {{"incident", incident.id},
                           {"text", fmt::format("closed from {}{}: {}", incident.phase, undone.empty() ? "" : " with " + undone + " open", reason)},
                           {"by", who(entry)}}));
  drafts.push_back(make_draft("incident_closed", incident.id,
                        {{"incident", incident.id},
                         {"summary", *summary},
                         {"residual_risk", *residual},
                         {"reason", reason},
                         {"from", incident.phase},
                         {"by", who(entry)}}));
  return drafts;
}

struct Row {
  std::string_view name;
  Drafts (*decide)(const Incident&, const Entry&, const Json&, const Refusal&);
};
constexpr Row kTable[] = {
    {"incident.ack", acknowledge}, {"incident.assign", assign},     {"incident.close", close},
    {"incident.impact", impact},   {"incident.measure", measure},   {"incident.note", note},
    {"incident.phase", phase},
    {"incident.severity", severity}, {"incident.task", decide_task}, {"incident.task_done", decide_task_done},
};

}  // namespace

// The text of an argument, or why it cannot be taken.
Result<std::string> text_of(const Json& args, std::string_view key) {
  FIREBREAK_ASSIGN(std::string text, get_string(args, key));
  if (text.find_first_not_of(" \t\r\n") == std::string::npos)
    return fail(Code::kInvalid, fmt::format("'{}' must say something", key), fmt::format("/{}", key));
  if (text.size() > kTextBytes)
    return fail(Code::kTooLarge, fmt::format("'{}' has at most {} octets", key, kTextBytes), fmt::format("/{}", key));
  return text;
}

Drafts Refusal::operator()(Code code, std::string reason, std::string pointer) const {
  return {make_draft("command_refused", "", refusal(name, code, std::move(reason), std::move(pointer)))};
}

Drafts refuse(const Entry& entry, Code code, std::string reason, std::string pointer) {
  return {make_draft("command_refused", "", refusal(string_or(entry.body, "name"), code, std::move(reason), std::move(pointer)))};
}

Drafts decide_command(const IncidentState& state, const Entry& entry) {
  const Refusal refused{string_or(entry.body, "name")};
  const Json& args = command_args(entry);
  if (refused.name == "incident.declare") return declare(state, entry, args, refused);
  if (refused.name.starts_with("detectors.")) return decide_tuning(state, entry, refused.name, args);
  if (refused.name == "finding.verdict") return decide_verdict(state, entry, args);
  if (refused.name.starts_with("change.") || refused.name.starts_with("mute.")) return decide_calendar(state, entry, refused.name, args);
  const auto row = std::find_if(std::begin(kTable), std::end(kTable), [&](const Row& r) { return r.name == refused.name; });
  const bool triage = refused.name == "incident.triage";
  const bool split = refused.name == "incident.split", templated = refused.name == "incident.template";
  if (row == std::end(kTable) && !triage && !split && !templated) return {};
  const std::string id = string_or(args, "incident");
  const Incident* incident = find_open(state, id);
  if (incident == nullptr && state.closed.contains(id)) return refused(Code::kConflict, id + " is closed", "/incident");
  if (incident == nullptr) return refused(Code::kNotFound, fmt::format("there is no incident '{}'", id), "/incident");
  // What was brought in is watched to the end of its window: until then nobody ends the incident, whatever the reason.
  if (refused.name == "incident.close" || (refused.name == "incident.phase" && string_or(args, "to") == "post_incident"))
    for (const auto& [action, facts] : state.actions)
      if (facts.incident == id && facts.on_ladder)
        return refused(Code::kConflict, fmt::format("{} is on its ladder or in its watch: wait for its end, or take it back with 'firebreak action lift {} --reason TEXT'", action, action), "/incident");
  if (split) return decide_split(state, entry, *incident, args);
  if (templated) return decide_template(state, entry, *incident, args, refused);
  if (triage) return decide_triage_by_hand(state, entry, *incident, args);
  Drafts drafts = row->decide(*incident, entry, args, refused);
  if (!drafts.empty() && drafts.back().kind == "incident_closed")
    if (std::string why = why_unclassified(state, *incident); !why.empty()) return refused(Code::kConflict, std::move(why), "/incident");
  return drafts;
}

}  // namespace firebreak::incident
