// Words of an incident's record: its fields (NIST SP 800-61r2 §3.2.5, app. B; NIST AI 100-2 E2025), the items of r2 table 3-5, and the
// lists that rows of the record choose from. The fold checks by them, the views fill by them, the command line helps by them.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace firebreak {

struct RecordField {
  std::string_view name;
  std::string_view source;   // where the field is asked for
  std::string_view type;     // text, time, one, several, number; derived: nobody types it
  std::string_view choices;  // of one and several, separated by '|'
  std::string_view label;
};
std::span<const RecordField> record_fields();
const RecordField* find_record_field(std::string_view name);  // nullptr when there is none
bool is_choice(std::string_view choices, std::string_view word);
std::vector<std::string> split_choices(std::string_view choices);

namespace words {

inline constexpr std::string_view kChecklistItems[] = {"1", "1.1", "1.2", "1.3", "1.4", "2", "3",   "4",   "5",  "6",
                                                       "6.1", "6.2", "6.3", "7", "7.1", "7.2", "7.3", "8", "9"};
// What is done again when 6.3 finds more hosts: 1.1 and 1.2, then 5 and 6.
inline constexpr std::string_view kLoopItems[] = {"1.1", "1.2", "5", "6", "6.1", "6.2", "6.3"};
inline constexpr std::string_view kChecks = "done|open|not_applicable|more_found";
inline constexpr std::string_view kTlp = "TLP:RED|TLP:AMBER+STRICT|TLP:AMBER|TLP:GREEN|TLP:CLEAR";
inline constexpr std::string_view kIndicatorTypes =
    "ip|domain|url|email|hash|file|caller|query|prompt|user_agent|model_digest|dataset_digest|account|other";
inline constexpr std::string_view kSigns = "indicator|precursor";
inline constexpr std::string_view kAssetTypes =
    "model|dataset|feature_store|embedding_index|prompt|agent|tool|guardrail|pipeline|registry|endpoint|vendor_api|baseline|holdout|"
    "host|service|database|storage|network|account|other";
inline constexpr std::string_view kCriticality = "low|medium|high|critical";
inline constexpr std::string_view kCompromise = "unknown|suspected|compromised|not_compromised|cleaned";
inline constexpr std::string_view kContactKinds =
    "reporter|handler|system_owner|administrator|vendor|legal|law_enforcement|regulator|customer|other_team|other";
inline constexpr std::string_view kRelations = "related|duplicate_of|caused_by";
// What a review asks (NIST SP 800-61r2 §3.4.1); a lesson may answer one of these.
inline constexpr std::string_view kReviewQuestions =
    "what_happened|performance|procedures|needed_sooner|inhibited|differently|sharing|corrective|precursors|tools";
// What a lesson changes (amendment.propose); retire: the end of a regression trace.
inline constexpr std::string_view kAmendments = "rule|playbook|regression|retire";
// What a post-mortem asks besides (PagerDuty).
inline constexpr std::string_view kRetrospect = "went_well|went_badly|lucky";
inline constexpr std::string_view kFrameworks = "atlas|owasp_ml|owasp_llm";

}  // namespace words

// The question as a sentence; empty: there is none of this name.
std::string_view review_question(std::string_view name);

// Whether the id has the form of the framework's ids: AML.T0043.001, ML08:2023, LLM01:2025.
bool is_framework_id(std::string_view framework, std::string_view id);

// The class of an attack by NIST AI 100-2 E2025: an incident that is one is not closed without these fields of its record.
inline constexpr std::string_view kAttackFields[] = {"ai_system_type", "ai_stage", "ai_goal", "ai_capability", "ai_knowledge"};
inline constexpr std::string_view kNoAttack = "no_attack";  // the field that says why it is none
// What a kind of finding says of an attack while nobody has said otherwise. A drift says nothing: it need be no attack.
struct AttackClass {
  std::string_view finding, system, stage, goal, capability, knowledge;
};
std::span<const AttackClass> attack_classes();  // the first that fits counts
bool is_attack_finding(std::string_view kind);

}  // namespace firebreak
