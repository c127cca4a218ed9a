#include "run/app/report_draft.h"

#include <fmt/core.h>

#include <algorithm>

#include "run/app/content.h"

namespace firebreak::app {

std::string_view report_forms();  // content/deadlines/reports.yaml, embedded

namespace {

constexpr std::size_t kListed = 10;  // of a list, in one field

const JsonArray& list_of(const Json& object, std::string_view key) {
  static const JsonArray kNone;
  const Json* const list = find(object, key);
  return list != nullptr && list->is_array() ? list->get_array() : kNone;
}

// "a; b; and 3 more"
template <class Text>
std::string joined(const JsonArray& items, Text text) {
  std::string out;
  std::size_t told = 0;
  for (const Json& item : items) {
    const std::string one = text(item);
    if (one.empty()) continue;
    if (told++ < kListed) out += (out.empty() ? "" : "; ") + one;
  }
  return told > kListed ? fmt::format("{}; and {} more", out, told - kListed) : out;
}

std::string text_in(const Json& object, std::string_view pointer) {
  const Json* const at = find_pointer(object, pointer);
  return at != nullptr && at->is_string() ? std::string(at->get_string()) : "";
}

std::string malice_of(const std::string& verdict) {
  if (verdict == "suspected_malice") return "yes, malice is suspected";
  return verdict == "benign_drift" ? "no, it is held to be drift without malice" : "";
}

std::string triage_of(const Json& incident) {
  const std::string verdict = text_in(incident, "/triage/verdict");
  if (verdict.empty()) return "";
  const std::string reason = text_in(incident, "/triage/reason");
  return "triage: " + verdict + (reason.empty() ? "" : " (" + reason + ")");
}

// When recovery was over: the first move on to post_incident.
std::string recovered_of(const Json& incident) {
  for (const Json& step : list_of(incident, "phases"))
    if (string_or(step, "phase") == "post_incident") return string_or(step, "time");
  return "";
}

std::string affected_of(const Json& incident) {
  const Json* const told = find(incident, "affected");
  if (told == nullptr || !told->is_object()) return "";
  return fmt::format("{} inferences of {} callers", int_or(*told, "inferences"), int_or(*told, "caller_count"));
}

std::string releases_of(const Json& incident) {
  return joined(list_of(incident, "actions"), [](const Json& action) { return string_or(action, "release").empty() ? std::string() : fmt::format("{} ({})", string_or(action, "what"), string_or(action, "state")); });
}

const Json* duty_on(const Json& incident, const std::string& regime) {
  for (const Json& duty : list_of(incident, "deadlines"))
    if (string_or(duty, "regime") == regime) return &duty;
  return nullptr;
}

// What the duty was told, and what was filed; of an event told more than once the last.
void add_duty(deadline::Facts& facts, const Json& duty) {
  for (const Json& one : list_of(duty, "events")) {
    const std::string event = string_or(one, "event"), at = string_or(one, "at");
    if (!event.starts_with("filed:")) {
      facts["event." + event] = at;
      continue;
    }
    const std::string reference = string_or(one, "reference"), evidence = string_or(one, "evidence");
    facts["filed." + event.substr(6)] = fmt::format("{}{}{} of {}", reference, reference.empty() || evidence.empty() ? "" : ", ", evidence, at);
  }
  facts["facts"] = joined(list_of(duty, "facts"), [](const Json& fact) { return fact.is_string() ? std::string(fact.get_string()) : std::string(); });
}

}  // namespace

Result<std::vector<deadline::Form>> load_forms() {
  const std::string name = "content/deadlines/reports.yaml";
  FIREBREAK_ASSIGN(const Json document, yaml_to_json(report_forms(), name));
  auto forms = deadline::forms_from_json(document);
  if (!forms) return fail(std::move(forms.error()).with(name));
  return forms;
}

deadline::Facts facts_of_incident(const Json& incident, const std::string& regime, const Json& organisation) {
  deadline::Facts facts;
  for (const char* name : {"title", "endpoint", "severity", "phase", "opened"}) facts[name] = string_or(incident, name);
  facts["incident"] = string_or(incident, "id");
  facts["began"] = string_or(incident, "first_time");
  const std::string declared = string_or(incident, "declared_by"), rule = string_or(incident, "rule");
  facts["detected_by"] = !declared.empty() ? "declared by " + declared : rule.empty() ? "" : "detectors, by the rule " + rule;
  facts["findings"] = joined(list_of(incident, "findings"), [](const Json& finding) { return string_or(finding, "summary"); });
  std::set<std::string> kinds;
  for (const Json& finding : list_of(incident, "findings")) kinds.insert(string_or(finding, "kind"));
  facts["kinds"] = joined(JsonArray(kinds.begin(), kinds.end()), [](const Json& kind) { return std::string(kind.get_string()); });
  facts["triage"] = triage_of(incident);
  facts["suspected_malice"] = malice_of(text_in(incident, "/triage/verdict"));
  facts["functional_impact"] = text_in(incident, "/impact/functional_now");
  facts["likely_impact"] = text_in(incident, "/impact/functional_likely");
  facts["recoverability"] = text_in(incident, "/impact/recoverability");
  if (const Json* const impact = find(incident, "impact"); impact != nullptr && impact->is_object())
    facts["information_impact"] = joined(list_of(*impact, "information"), [](const Json& one) { return one.is_string() ? std::string(one.get_string()) : std::string(); });
  for (const auto& [name, word] : {std::pair("functional_impact", "functional impact now: "), std::pair("likely_impact", "functional impact if not contained: "), std::pair("information_impact", "information impact: ")})
    if (!facts[name].empty()) facts[name] = word + facts[name];
  facts["affected"] = affected_of(incident);
  facts["measures"] = joined(list_of(incident, "actions"), [](const Json& action) {
    const std::string state = string_or(action, "state");
    return state == "in_force" || state == "lifted" || state == "promoted" ? fmt::format("{} ({})", string_or(action, "what"), state) : std::string();
  });
  facts["releases"] = releases_of(incident);
  facts["evidence"] = joined(list_of(incident, "evidence"), [](const Json& one) {
    return string_or(one, "state") == "captured" ? fmt::format("{} {} (SHA-256 {})", string_or(one, "id"), string_or(one, "name", string_or(one, "item")), string_or(one, "digest")) : std::string();
  });
  facts["measurements"] = joined(list_of(incident, "measurements"), [](const Json& one) { return string_or(one, "name"); });
  facts["recovered"] = recovered_of(incident);
  facts["summary"] = text_in(incident, "/closed/summary");
  facts["residual_risk"] = text_in(incident, "/closed/residual_risk");
  facts["closed"] = text_in(incident, "/closed/time");
  facts["other_regimes"] = joined(list_of(incident, "deadlines"), [&](const Json& duty) {
    std::string met;
    for (const Json& stage : list_of(duty, "stages"))
      if (string_or(stage, "state") == "met" && string_or(duty, "regime") != regime) met += (met.empty() ? "" : ", ") + string_or(stage, "recipient");
    return met;
  });
  if (const Json* const duty = duty_on(incident, regime)) add_duty(facts, *duty);
  if (organisation.is_object())
    for (const auto& member : organisation.get_object())
      if (member.value().is_string()) facts["organisation." + std::string(member.key())] = std::string(member.value().get_string());
  return facts;
}

Result<Json> draft_report(const views::Views& views, const Json& organisation, const std::string& id, const std::string& regime, const std::string& stage) {
  FIREBREAK_ASSIGN(const auto forms, load_forms());
  const deadline::Form* const form = deadline::form_of(forms, regime, stage);
  if (form == nullptr) {
    std::string known;
    for (const deadline::Form& one : forms) known += fmt::format("{}{} {}", known.empty() ? "" : ", ", one.regime, one.stage);
    return fail(Code::kNotFound, fmt::format("there is no form for '{} {}'; there are: {}", regime, stage, known));
  }
  FIREBREAK_ASSIGN(const Json incident, views.incident(id));
  JsonObject draft = deadline::filled(*form, facts_of_incident(incident, regime, organisation));
  draft["incident"] = id;
  if (const Json* const duty = duty_on(incident, regime)) {
    draft["duty"] = string_or(*duty, "id");
    for (const Json& one : list_of(*duty, "stages"))
      if (string_or(one, "stage") == stage && !string_or(one, "due").empty()) draft["due"] = string_or(one, "due");
  }
  return Json(std::move(draft));
}

}  // namespace firebreak::app
