#include "cacao/schema.h"

#include <algorithm>
#include <iterator>

namespace firebreak::cacao {
namespace {

constexpr Property kPlaybook[] = {
    {"type", Kind::kText, true},
    {"spec_version", Kind::kText, true},
    {"id", Kind::kIdentifier, true, "playbook"},
    {"name", Kind::kText, true},
    {"description"},
    {"playbook_types", Kind::kWords, false, "playbook-type"},
    {"playbook_activities", Kind::kWords, false, "playbook-activity"},
    {"playbook_processing_summary", Kind::kObject},
    {"created_by", Kind::kIdentifier, true, "identity"},
    {"created", Kind::kMilliTime, true},
    {"modified", Kind::kMilliTime, true},
    {"revoked", Kind::kBool},
    {"valid_from", Kind::kTime},
    {"valid_until", Kind::kTime},
    {"derived_from", Kind::kIdentifiers, false, "playbook"},
    {"related_to", Kind::kIdentifiers},
    {"priority", Kind::kWhole, false, {}, 0, 100},
    {"severity", Kind::kWhole, false, {}, 0, 100},
    {"impact", Kind::kWhole, false, {}, 0, 100},
    {"industry_sectors", Kind::kWords, false, "industry-sector"},
    {"labels", Kind::kTexts},
    {"external_references", Kind::kReferences},
    {"markings", Kind::kIdentifiers},
    {"playbook_variables", Kind::kVariables},
    {"workflow_start", Kind::kIdentifier, true, "start"},
    {"workflow_exception", Kind::kIdentifier},
    {"workflow", Kind::kObject, true},
    {"playbook_extensions", Kind::kExtensions},
    {"authentication_info_definitions", Kind::kObject},
    {"agent_definitions", Kind::kObject},
    {"target_definitions", Kind::kObject},
    {"extension_definitions", Kind::kObject},
    {"data_marking_definitions", Kind::kObject},
    {"signatures", Kind::kObjects},
};

constexpr Property kSummary[] = {
    {"manual_playbook", Kind::kBool}, {"external_playbooks", Kind::kBool}, {"parallel_processing", Kind::kBool},
    {"if_logic", Kind::kBool}, {"while_logic", Kind::kBool}, {"switch_logic", Kind::kBool}, {"temporal_logic", Kind::kBool},
    {"data_markings", Kind::kBool}, {"digital_signatures", Kind::kBool}, {"countersigned_signatures", Kind::kBool}, {"extensions", Kind::kBool},
};

constexpr Property kVariable[] = {
    {"type", Kind::kText, true}, {"description"}, {"value", Kind::kAny}, {"constant", Kind::kBool}, {"external", Kind::kBool},
};

constexpr Property kReference[] = {{"name", Kind::kText, true}, {"description"}, {"source"}, {"url"}, {"external_id"}, {"reference_id"}};

constexpr Property kExtension[] = {
    {"type", Kind::kText, true}, {"name", Kind::kText, true}, {"description"}, {"created_by", Kind::kIdentifier, true, "identity"},
    {"schema", Kind::kText, true}, {"version", Kind::kText, true}, {"external_references", Kind::kReferences},
};

constexpr Property kSignature[] = {
    {"type", Kind::kText, true}, {"id", Kind::kIdentifier, true, "jss"}, {"created_by", Kind::kIdentifier, false, "identity"},
    {"created", Kind::kMilliTime, true}, {"modified", Kind::kMilliTime, true}, {"revoked", Kind::kBool}, {"signee", Kind::kText, true},
    {"valid_from", Kind::kTime}, {"valid_until", Kind::kTime}, {"related_to", Kind::kIdentifier, true, "playbook"},
    {"related_version", Kind::kTime, true}, {"hash_algorithm", Kind::kText, true}, {"algorithm", Kind::kWord, true, "signature-algorithm"},
    {"public_key"}, {"public_cert_chain", Kind::kTexts}, {"cert_url"}, {"thumbprint"}, {"value", Kind::kText, true}, {"signature", Kind::kObject},
};

// ---- steps

constexpr Property kStep[] = {
    {"type", Kind::kText, true}, {"name"}, {"description"}, {"external_references", Kind::kReferences}, {"delay", Kind::kWhole}, {"timeout", Kind::kWhole},
    {"step_variables", Kind::kVariables}, {"owner", Kind::kIdentifier, false, "identity"}, {"on_completion", Kind::kIdentifier},
    {"on_success", Kind::kIdentifier}, {"on_failure", Kind::kIdentifier}, {"step_extensions", Kind::kExtensions},
};
constexpr Property kAction[] = {
    {"commands", Kind::kObjects, true}, {"agent", Kind::kIdentifier, true}, {"targets", Kind::kIdentifiers}, {"in_args", Kind::kTexts}, {"out_args", Kind::kTexts},
};
constexpr Property kPlaybookAction[] = {
    {"playbook_id", Kind::kIdentifier, true, "playbook"}, {"playbook_version", Kind::kTime}, {"in_args", Kind::kTexts}, {"out_args", Kind::kTexts},
};
constexpr Property kParallel[] = {{"next_steps", Kind::kIdentifiers, true}};
constexpr Property kIf[] = {{"condition", Kind::kText, true}, {"on_true", Kind::kIdentifier, true}, {"on_false", Kind::kIdentifier}};
constexpr Property kWhile[] = {{"condition", Kind::kText, true}, {"on_true", Kind::kIdentifier, true}};
constexpr Property kSwitch[] = {{"switch", Kind::kText, true}, {"cases", Kind::kObject, true}};
constexpr Shape kSteps[] = {
    {"start", {}, kStep}, {"end", {}, kStep}, {"action", kAction, kStep}, {"playbook-action", kPlaybookAction, kStep}, {"parallel", kParallel, kStep},
    {"if-condition", kIf, kStep}, {"while-condition", kWhile, kStep}, {"switch-condition", kSwitch, kStep},
};

// ---- commands. Which of command and command_b64 a type needs: validate.cc.

constexpr Property kCommand[] = {
    {"type", Kind::kText, true}, {"description"}, {"version"}, {"playbook_activity", Kind::kWord, false, "playbook-activity"}, {"external_references", Kind::kReferences},
};
constexpr Property kPlain[] = {{"command"}, {"command_b64", Kind::kBase64}};
constexpr Property kEncoded[] = {{"command_b64", Kind::kBase64, true}};
constexpr Property kHttp[] = {{"command", Kind::kText, true}, {"headers", Kind::kObject}, {"content"}, {"content_b64", Kind::kBase64}};
constexpr Property kOpenC2[] = {{"command", Kind::kText, true}, {"headers", Kind::kObject}, {"content_b64", Kind::kBase64, true}};
constexpr Shape kCommands[] = {
    {"manual", kPlain, kCommand}, {"bash", kPlain, kCommand}, {"caldera-cmd", kPlain, kCommand}, {"powershell", kPlain, kCommand}, {"ssh", kPlain, kCommand},
    {"elastic", kEncoded, kCommand}, {"jupyter", kEncoded, kCommand}, {"kestrel", kEncoded, kCommand}, {"sigma", kEncoded, kCommand}, {"yara", kEncoded, kCommand},
    {"http-api", kHttp, kCommand}, {"openc2-http", kOpenC2, kCommand}, {"firebreak", kPlain, kCommand}, {"x-firebreak", kPlain, kCommand},
};
constexpr Shape kAnyCommand = {"", kPlain, kCommand};

// ---- agents, targets, authentication

constexpr Property kParty[] = {
    {"type", Kind::kText, true}, {"name", Kind::kText, true}, {"description"}, {"location", Kind::kObject}, {"agent_target_extensions", Kind::kExtensions},
};
constexpr Property kPerson[] = {{"contact", Kind::kObject}};
constexpr Property kPlace[] = {{"logical", Kind::kTexts}};
constexpr Property kSector[] = {{"sector", Kind::kWord, true, "industry-sector"}};
constexpr Property kCategory[] = {{"category", Kind::kWords, true, "security-category"}};
constexpr Property kNetAddress[] = {
    {"address", Kind::kObject, true}, {"authentication_info", Kind::kIdentifier}, {"category", Kind::kWords, false, "security-category"},
};
constexpr Property kHost[] = {
    {"address", Kind::kObject, true}, {"port"}, {"authentication_info", Kind::kIdentifier}, {"category", Kind::kWords, false, "security-category"},
};
constexpr Shape kParties[] = {
    {"group", kPerson, kParty}, {"individual", kPerson, kParty}, {"organization", kPerson, kParty}, {"location", kPlace, kParty}, {"sector", kSector, kParty},
    {"security-category", kCategory, kParty}, {"net-address", kNetAddress, kParty}, {"http-api", kHost, kParty}, {"linux", kHost, kParty}, {"ssh", kHost, kParty},
};
constexpr Shape kAnyParty = {"", {}, kParty};

constexpr Property kAuthentication[] = {
    {"type", Kind::kText, true}, {"name"}, {"description"}, {"authentication_info_extensions", Kind::kExtensions}, {"kms", Kind::kBool}, {"kms_key_identifier"},
};
constexpr Property kBasic[] = {{"user_id"}, {"password"}};
constexpr Property kOauth[] = {{"oauth_header", Kind::kText, true}, {"token", Kind::kText, true}};
constexpr Property kUser[] = {{"username"}, {"password"}};
constexpr Shape kAuthentications[] = {{"http-basic", kBasic, kAuthentication}, {"oauth2", kOauth, kAuthentication}, {"user-auth", kUser, kAuthentication}};

// ---- data markings

constexpr Property kMarking[] = {
    {"type", Kind::kText, true}, {"id", Kind::kIdentifier, true}, {"name"}, {"description"}, {"created_by", Kind::kIdentifier, true, "identity"},
    {"created", Kind::kMilliTime, true}, {"revoked", Kind::kBool}, {"valid_from", Kind::kTime}, {"valid_until", Kind::kTime}, {"labels", Kind::kTexts},
    {"external_references", Kind::kAny}, {"marking_extensions", Kind::kExtensions},
};
constexpr Property kTlp[] = {{"tlpv2_level", Kind::kText, true}};
constexpr Property kStatement[] = {{"statement", Kind::kText, true}};
constexpr Property kIep[] = {
    {"tlp", Kind::kText, true}, {"iep_version", Kind::kNumber, true}, {"start_date", Kind::kTime, true}, {"end_date", Kind::kAny, true},
    {"encrypt_in_transit", Kind::kText, true}, {"permitted_actions", Kind::kText, true}, {"affected_party_notifications", Kind::kText, true},
    {"attribution", Kind::kText, true}, {"unmodified_resale", Kind::kText, true},
};
constexpr Shape kMarkings[] = {{"marking-tlp", kTlp, kMarking}, {"marking-statement", kStatement, kMarking}, {"marking-iep", kIep, kMarking}};

// ---- vocabularies

constexpr std::string_view kTypeWords[] = {"attack", "detection", "engagement", "investigation", "mitigation", "notification", "prevention", "remediation"};
constexpr std::string_view kActivityWords[] = {
    "compose-content", "deliver-content", "identify-audience", "identify-channel", "scan-system", "match-indicator", "analyze-collected-data",
    "identify-indicators", "scan-vulnerabilities", "configure-systems", "restrict-access", "disconnect-system", "eliminate-risk", "revert-system",
    "restore-data", "restore-capabilities", "map-network", "identify-steps", "step-sequence", "prepare-engagement", "execute-operation",
    "analyze-engagement-results",
};
constexpr std::string_view kSectorWords[] = {
    "aerospace", "aviation", "agriculture", "automotive", "biotechnology", "chemical", "commercial", "consulting", "construction", "cosmetics",
    "critical-infrastructure", "dams", "defense", "education", "emergency-services", "energy", "non-renewable-energy", "renewable-energy", "media",
    "financial", "food", "gambling", "government", "local-government", "national-government", "regional-government", "public-services", "healthcare",
    "information-communications-technology", "electronics-hardware", "software", "telecommunications", "legal-services", "lodging", "manufacturing",
    "maritime", "metals", "mining", "non-profit", "humanitarian-aid", "human-rights", "nuclear", "petroleum", "pharmaceuticals", "research",
    "transportation", "logistics-shipping", "utilities", "video-game", "water",
};
constexpr std::string_view kCategoryWords[] = {
    "aaa", "analytics", "caldera", "content-gateway", "desktop", "endpoint", "firewall", "handset", "ids", "ips", "kali", "manx", "orchestrator",
    "os-linux", "os-mac", "os-windows", "redcanary-atomicred", "ragdoll", "router", "sandcat", "server", "siem", "switch", "ticketing", "tip", "wireless",
};
constexpr std::string_view kAlgorithmWords[] = {
    "RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "PS256", "PS384", "PS512", "Ed25519", "Ed448", "XMSS-SHA2_10_256", "XMSS-SHA2_16_256",
    "XMSS-SHA2_20_256", "LMS_SHA256_M32_H5", "LMS_SHA256_M32_H10", "LMS_SHA256_M32_H15", "LMS_SHA256_M32_H20", "LMS_SHA256_M32_H25",
};
struct Vocabulary {
  std::string_view name;
  std::span<const std::string_view> words;
};
constexpr Vocabulary kVocabularies[] = {
    {"playbook-type", kTypeWords}, {"playbook-activity", kActivityWords}, {"industry-sector", kSectorWords},
    {"security-category", kCategoryWords}, {"signature-algorithm", kAlgorithmWords},
};

template <std::size_t N>
const Shape* in(const Shape (&family)[N], std::string_view type) {
  const auto at = std::find_if(std::begin(family), std::end(family), [&](const Shape& shape) { return shape.type == type; });
  return at == std::end(family) ? nullptr : at;
}

}  // namespace

const Shape kPlaybookShape = {"playbook", kPlaybook, {}};
const Shape kVariableShape = {"variable", kVariable, {}};
const Shape kReferenceShape = {"external-reference", kReference, {}};
const Shape kExtensionShape = {"extension-definition", kExtension, {}};
const Shape kSummaryShape = {"playbook-processing-summary", kSummary, {}};
const Shape kSignatureShape = {"jss", kSignature, {}};

const Shape* step_shape(std::string_view type) { return in(kSteps, type); }
const Shape* command_shape(std::string_view type) { return in(kCommands, type); }
const Shape* party_shape(std::string_view type) { return in(kParties, type); }
const Shape* authentication_shape(std::string_view type) { return in(kAuthentications, type); }
const Shape* marking_shape(std::string_view type) { return in(kMarkings, type); }
const Shape& any_command_shape() { return kAnyCommand; }
const Shape& any_party_shape() { return kAnyParty; }

const Property* property_of(const Shape& shape, std::string_view name) {
  for (const std::span<const Property> part : {shape.own, shape.common}) {
    const auto at = std::find_if(part.begin(), part.end(), [&](const Property& property) { return property.name == name; });
    if (at != part.end()) return &*at;
  }
  return nullptr;
}

bool is_word_of(std::string_view vocabulary, std::string_view word) {
  for (const Vocabulary& one : kVocabularies)
    if (one.name == vocabulary) return std::find(one.words.begin(), one.words.end(), word) != one.words.end();
  return false;
}

}  // namespace firebreak::cacao
