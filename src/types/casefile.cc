#include "types/casefile.h"

#include <algorithm>

namespace firebreak {
namespace {

constexpr RecordField kFields[] = {
    // The eleven items of the tracker.
    {"status", "r2 3.2.5", "derived", "", "Status"},
    {"summary", "r2 3.2.5", "text", "", "Summary"},
    {"indicators", "r2 3.2.5", "derived", "", "Indicators"},
    {"related_incidents", "r2 3.2.5", "derived", "", "Related incidents"},
    {"actions", "r2 3.2.5", "derived", "", "Actions by all handlers"},
    {"chain_of_custody", "r2 3.2.5", "derived", "", "Chain of custody"},
    {"impact", "r2 3.2.5", "derived", "", "Impact assessments"},
    {"contacts", "r2 3.2.5", "derived", "", "Contacts of other parties"},
    {"evidence", "r2 3.2.5", "derived", "", "Evidence gathered"},
    {"comments", "r2 3.2.5", "derived", "", "Comments of handlers"},
    {"next_steps", "r2 3.2.5", "text", "", "Next steps"},
    // Appendix B.1.
    {"reporter", "r2 B.1", "derived", "", "Who reported it"},
    {"handlers", "r2 B.1", "derived", "", "Who handles it"},
    {"started", "r2 B.1", "time", "", "When it started"},
    {"discovered", "r2 B.1", "time", "", "When it was discovered"},
    {"reported", "r2 B.1", "time", "", "When it was reported"},
    {"resolved", "r2 B.1", "time", "", "When it was resolved"},
    {"location", "r2 B.1", "text", "", "Physical location"},
    {"cause", "r2 B.1", "text", "", "Source or cause"},
    {"how_detected", "r2 B.1", "text", "", "How it was detected"},
    {"affected_resources", "r2 B.1", "derived", "", "Affected resources"},
    {"category", "r2 B.1", "derived", "", "Category"},
    {"vectors", "r2 3.2.1", "several", "removable media|attrition|web|e-mail|impersonation|improper usage|loss or theft|other", "Attack vectors"},
    {"asset_criticality", "r3 RS.MA", "one", words::kCriticality, "Criticality of what is affected"},
    {"data_impact", "r3 RS.MA", "text", "", "Which data are affected, and how"},
    {"stage_observed", "r3 RS.MA", "text", "", "How far the activity had come when it was seen"},
    {"threat_actor", "r3 RS.MA", "text", "", "What is known of the attacker"},
    {"mitigating_factors", "r2 B.1", "text", "", "What made it less bad"},
    {"response_actions", "r2 B.1", "derived", "", "Response actions"},
    {"other_organisations", "r2 B.1", "text", "", "Other organisations contacted"},
    {"people_risk", "severity", "one", "none|low|high", "Risk to people whose data were breached"},
    {"agent_acted", "severity", "one", "no|yes", "An agent acted on money or production"},
    // Appendix B.2.
    {"labour_hours", "r2 B.2", "number", "", "Hours of labour"},
    {"cost_amount", "r2 B.2", "number", "", "Cost"},
    {"cost_unit", "r2 B.2", "text", "", "Currency, and what is counted"},
    {"cost_status", "r2 B.2", "one", "estimated|declared|validated", "How sure the cost is"},
    {"business_impact", "r2 B.2", "text", "", "Impact on the business"},
    // NIST AI 100-2 E2025.
    {"ai_system_type", "AI 100-2", "one", "predictive|generative", "Type of the AI system"},
    {"ai_stage", "AI 100-2", "one", "training|deployment", "Stage of the attack"},
    {"ai_goal", "AI 100-2", "several", "availability breakdown|integrity violation|privacy compromise|misuse enablement", "Goal of the attacker"},
    {"ai_capability", "AI 100-2", "several", "training data control|model control|testing data control|label limit|source code control|query access|resource control", "What the attacker can do"},
    {"ai_knowledge", "AI 100-2", "one", "white-box|gray-box|black-box|unknown", "What the attacker knows"},
    {kNoAttack, "AI 100-2", "text", "", "Why it is no attack"},
    {"classification", "ATLAS, OWASP", "derived", "", "Ids of public frameworks"},
};

constexpr AttackClass kAttacks[] = {
    {"query_chain", "predictive", "deployment", "integrity violation", "query access", "black-box"},
    {"outlier_burst", "predictive", "deployment", "integrity violation", "query access", "black-box"},
    {"unknown_model", "predictive", "training", "integrity violation", "model control", "unknown"},
};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// '#' stands for a digit.
bool has_form(std::string_view text, std::string_view form) {
  return text.size() == form.size() && std::equal(text.begin(), text.end(), form.begin(), [](char c, char f) { return f == '#' ? is_digit(c) : c == f; });
}

}  // namespace

std::span<const RecordField> record_fields() { return kFields; }

const RecordField* find_record_field(std::string_view name) {
  const auto* const at = std::find_if(std::begin(kFields), std::end(kFields), [&](const RecordField& field) { return field.name == name; });
  return at == std::end(kFields) ? nullptr : at;
}

std::span<const AttackClass> attack_classes() { return kAttacks; }

bool is_attack_finding(std::string_view kind) {
  return std::any_of(std::begin(kAttacks), std::end(kAttacks), [&](const AttackClass& attack) { return attack.finding == kind; });
}

std::vector<std::string> split_choices(std::string_view choices) {
  std::vector<std::string> out;
  while (!choices.empty()) {
    const std::size_t end = std::min(choices.find('|'), choices.size());
    out.emplace_back(choices.substr(0, end));
    choices.remove_prefix(std::min(end + 1, choices.size()));
  }
  return out;
}

bool is_choice(std::string_view choices, std::string_view word) {
  const auto all = split_choices(choices);
  return std::find(all.begin(), all.end(), word) != all.end();
}

std::string_view review_question(std::string_view name) {
  constexpr std::pair<std::string_view, std::string_view> kQuestions[] = {
      {"what_happened", "Exactly what happened, and at what times?"},
      {"performance", "How well did staff and management deal with it?"},
      {"procedures", "Were the documented procedures followed, and were they adequate?"},
      {"needed_sooner", "What information was needed sooner?"},
      {"inhibited", "Were any steps taken that may have inhibited the recovery?"},
      {"differently", "What would be done differently the next time?"},
      {"sharing", "How could information sharing with others have been better?"},
      {"corrective", "What corrective actions can prevent the like in future?"},
      {"precursors", "Which precursors or indicators should be watched for?"},
      {"tools", "What further tools or resources are needed to detect, analyse and mitigate?"},
      {"went_well", "What went well?"},
      {"went_badly", "What did not go so well?"},
      {"lucky", "Where were we lucky?"},
  };
  for (const auto& [known, question] : kQuestions)
    if (known == name) return question;
  return {};
}

bool is_framework_id(std::string_view framework, std::string_view id) {
  if (framework == "atlas")
    for (const std::string_view form : {"AML.T####", "AML.T####.###", "AML.TA####", "AML.M####", "AML.CS####"})
      if (has_form(id, form)) return true;
  // Both lists of OWASP number their risks from 01 to 10.
  const std::string_view form = framework == "owasp_ml" ? "ML##:####" : framework == "owasp_llm" ? "LLM##:####" : "";
  if (form.empty() || !has_form(id, form)) return false;
  const std::string_view number = id.substr(form.find('#'), 2);
  return number == "10" || (number[0] == '0' && number[1] != '0');
}

}  // namespace firebreak
