#include "cacao/diagnostic.h"

#include <fmt/core.h>

#include <algorithm>

namespace firebreak::cacao {
namespace {

constexpr Level kError = Level::kError, kWarning = Level::kWarning, kKept = Level::kKept;

// In the order of docs/playbooks.md; a test holds both against each other.
constexpr Rule kRules[] = {
    // The document as such
    {"not-a-playbook", kError, kError, "no JSON object of type playbook", "pass a JSON object with \"type\": \"playbook\""},
    {"too-large", kError, kError, "more steps or deeper nesting than is looked at", "split the playbook and call its parts by playbook-action"},
    {"missing-property", kError, kError, "a required property is not there", "add the property"},
    {"wrong-type", kError, kError, "a property has another JSON type than the specification gives it", "write it in the type named"},
    {"unknown-property", kError, kKept, "a property that CACAO 2.0 does not know here", "remove it, or move it into an extension (extension_definitions and …_extensions)"},
    {"empty-list", kError, kWarning, "a list that must have an item has none", "add an item or leave the property out"},
    {"out-of-range", kError, kError, "a number outside the range of its property", "write a number of the range named"},
    {"bad-identifier", kError, kError, "an identifier is not type--UUID, or names another type", "write it as type--UUID with the type named"},
    {"uuid-newer", kError, kKept, "a UUID of a version after RFC 4122 (6, 7, 8)", "use version 4 (random); lenient-import keeps it"},
    {"step-id-not-v4", kError, kKept, "the UUID of a step is not of version 4", "give the step a random UUID (version 4)"},
    {"reused-uuid", kError, kWarning, "one UUID stands for two objects", "give each object a UUID of its own"},
    {"bad-timestamp", kError, kError, "no RFC 3339 time in UTC", "write YYYY-MM-DDThh:mm:ss.sssZ"},
    {"timestamp-not-milliseconds", kError, kWarning, "created or modified without exactly three decimals", "write three decimals: 2026-03-01T09:00:00.000Z"},
    {"modified-before-created", kError, kError, "modified is earlier than created", "set modified to the time of this version"},
    {"validity-empty", kError, kError, "valid_until is not after valid_from", "correct the two times"},
    {"activities-missing", kError, kWarning, "playbook_types without playbook_activities", "name at least one activity for each type"},
    {"activity-not-in-workflow", kError, kWarning, "an activity of the playbook that no command has", "set playbook_activity on the command that does it, or take the activity off the list"},
    {"own-word", kWarning, kKept, "a word that the vocabulary does not have", "use a word of the vocabulary, or accept that other programs may not know this one"},
    // Steps
    {"workflow-too-small", kError, kWarning, "a workflow has a start, an action or playbook-action, and an end", "add the step that is missing"},
    {"unknown-step-type", kError, kError, "a step of a type that CACAO 2.0 does not have", "use start, end, action, playbook-action, parallel, if-condition, while-condition or switch-condition"},
    {"dangling-reference", kError, kError, "a reference leads to nothing, or to a thing of another kind", "correct the id, or define what it names"},
    {"successors-conflict", kError, kError, "on_completion together with on_success or on_failure", "keep on_completion alone, or on_success with on_failure"},
    {"no-way-on-success", kError, kError, "on_failure without on_success: a success leads nowhere", "add on_success"},
    {"no-successor", kError, kError, "a step that is no end step has no successor", "add on_completion, or on_success with on_failure"},
    {"successor-forbidden", kError, kError, "a successor that this type of step may not have", "remove it"},
    {"while-on-false", kError, kError, "a while-condition has no on_false", "move what follows the loop to on_completion or on_success"},
    {"delay-zero", kError, kKept, "a delay of 0: the specification allows it, its JSON schema does not", "leave delay out; it means the same"},
    // Commands, agents, targets
    {"unknown-command-type", kError, kWarning, "a command type that neither the vocabulary nor Firebreak has", "use a type of the vocabulary; a type nobody knows is run by nobody"},
    {"command-missing", kError, kError, "the command lacks what its type needs", "add the property named"},
    {"command-not-http", kError, kError, "no HTTP start line", "write METHOD, a space, the path: GET /api/v1/status HTTP/1.1"},
    {"bad-base64", kError, kError, "a *_b64 property that is no base64", "encode the octets as RFC 4648, section 4, with padding"},
    {"agent-type-own", kError, kKept, "an agent or target of a type outside the vocabulary (open in the specification, closed in its JSON schema)", "use a type of the vocabulary: security-category with a category, or organization"},
    {"bad-address", kError, kError, "an address that is none of its kind", "correct the address"},
    {"address-variable", kError, kKept, "a variable in an address: the specification allows it, its JSON schema does not", "keep it for readers that follow the specification; lenient-import keeps it"},
    {"host-not-public", kError, kKept, "a URL whose host has no dot and top-level domain (localhost, an address, one label); the JSON schema refuses it", "use a full name; lenient-import keeps it"},
    // Variables
    {"variable-name", kError, kError, "a variable's name is not __name__", "two underscores, a letter, letters, digits, _ or -, two underscores; at most 200 between"},
    {"variable-type-unknown", kError, kWarning, "a variable of a type outside the vocabulary", "use bool, dictionary, float, hexstring, integer, ipv4-addr, ipv6-addr, long, mac-addr, hash, md5-hash, sha256-hash, string, uri or uuid"},
    {"variable-value-not-text", kError, kError, "a variable's value that is not a string or null", "write the value as a JSON string; lenient-import does"},
    {"variable-value", kError, kError, "a value that is none of the variable's type", "correct the value or the type"},
    {"variable-external-in-step", kError, kWarning, "external on a variable of a step", "declare it in playbook_variables: only a playbook is called from outside"},
    {"variable-undeclared", kError, kError, "a variable that is declared nowhere in reach", "declare it in playbook_variables (external if the caller gives it) or in the step's step_variables"},
    {"variable-unused", kWarning, kWarning, "a variable that nothing reads or writes", "remove the declaration, or use it"},
    {"variable-constant-written", kError, kError, "a constant among the out_args of a step", "take constant off, or write to another variable"},
    {"bad-condition", kError, kError, "a condition that is no comparison of STIX patterning over variables", "compare by =, !=, <, >, <=, >=, IN, LIKE, MATCHES, ISSUBSET or ISSUPERSET, join by AND, OR, NOT (…); quote text: __name__:value = 'text'"},
    // The way through
    {"unreachable-step", kWarning, kWarning, "no path leads to this step", "link it, or remove it"},
    {"path-comes-back", kError, kError, "a path returns to a step it came from", "use a while-condition: loops have a condition and a bound"},
    {"branch-shares-step", kError, kError, "a step belongs to two branches, or to a branch and what follows it", "end each branch in an end step of its own; go on at the branching step's on_completion"},
    {"loop-unbounded", kWarning, kWarning, "a while-condition without a timeout may run for ever", "give the while-condition a timeout"},
    // Safety
    {"acts-before-evidence", kWarning, kWarning, "a step acts, and on a path to it no evidence was captured", "capture evidence first; bounded containment may run beside it in a parallel step, destruction may not"},
    {"destructive-without-approval", kError, kError, "a destructive command that nobody approves on some path to it", "put a manual step that asks for approval before it"},
    {"secret-in-text", kError, kError, "what looks like a secret stands in the playbook", "take it out, change it where it is valid, and pass it by an external variable or a KMS key"},
    {"raw-insertion", kWarning, kWarning, "a variable that is put into the content of a request as it is: what it holds can end the text it stands in", "write the content as JSON or a form, where values are put in safely; or make sure that only trusted steps write the variable"},
    {"no-failure-route", kWarning, kWarning, "a failure of this step has nowhere to go", "add on_success and on_failure, or workflow_exception to the playbook"},
};

}  // namespace

std::string_view profile_name(Profile profile) {
  return profile == Profile::kStrictCs01 ? "strict-cs01" : "lenient-import";
}

std::optional<Profile> profile_from_name(std::string_view name) {
  for (const Profile profile : {Profile::kStrictCs01, Profile::kLenientImport})
    if (profile_name(profile) == name) return profile;
  return std::nullopt;
}

std::string_view level_name(Level level) {
  switch (level) {
    case Level::kError: return "error";
    case Level::kWarning: return "warning";
    case Level::kKept: return "kept";
  }
  return "error";
}

std::span<const Rule> rules() { return kRules; }

const Rule& rule(std::string_view name) {
  const auto at = std::find_if(std::begin(kRules), std::end(kRules), [&](const Rule& r) { return r.name == name; });
  FIREBREAK_ASSERT(at != std::end(kRules));
  return *at;
}

bool has_errors(std::span<const Diagnostic> diagnostics) {
  return std::any_of(diagnostics.begin(), diagnostics.end(), [](const Diagnostic& d) { return d.level == Level::kError; });
}

std::string to_text(const Diagnostic& diagnostic) {
  return printable(fmt::format("{} {}: {} [{}]: {}", level_name(diagnostic.level), diagnostic.pointer.empty() ? "/" : diagnostic.pointer,
                               diagnostic.message, diagnostic.rule, diagnostic.remedy));
}

JsonObject to_json(const Diagnostic& diagnostic) {
  return {{"rule", diagnostic.rule},
          {"level", level_name(diagnostic.level)},
          {"pointer", diagnostic.pointer},
          {"message", diagnostic.message},
          {"remedy", diagnostic.remedy}};
}

void Findings::add(std::string_view rule_name, std::string pointer, std::string message) {
  const Rule& broken = rule(rule_name);
  found_.push_back({std::string(broken.name), std::move(pointer), std::move(message), std::string(broken.remedy), broken.level(profile_)});
}

std::string child(std::string_view pointer, std::string_view key) {
  std::string out(pointer);
  out += '/';
  for (const char c : key) {
    if (c == '~') out += "~0";
    else if (c == '/') out += "~1";
    else out += c;
  }
  return out;
}

std::string child(std::string_view pointer, std::size_t index) { return fmt::format("{}/{}", pointer, index); }

std::string printable(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  return out;
}

}  // namespace firebreak::cacao
