#include "cacao/validate.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/time.h"
#include "cacao/shape_check.h"
#include "cacao/validate_parts.h"
#include "cacao/value.h"

namespace firebreak::cacao {
namespace {

class Validator {
 public:
  Validator(Findings& findings, const Json& document) : findings_(findings), document_(document) {}

  void run() {
    if (!document_.is_object() || string_or(document_, "type") != "playbook")
      return findings_.add("not-a-playbook", document_.is_object() ? "/type" : "", "this is no playbook");
    const Json* const workflow = find(document_, "workflow");
    if (workflow != nullptr && workflow->is_object() && workflow->get_object().size() > kMostSteps)
      return findings_.add("too-large", "/workflow", fmt::format("at most {} steps", kMostSteps));
    check_shape(findings_, document_, "", kPlaybookShape);
    check_head();
    check_definitions();
    check_workflow();
    check_used_definitions();
    check_uuids();
  }

 private:
  void check_head() {
    if (const std::string version = string_or(document_, "spec_version"); !version.empty() && version != "cacao-2.0")
      findings_.add("wrong-type", "/spec_version", fmt::format("'spec_version' is \"cacao-2.0\" here, not \"{}\"", version));
    check_order("created", "modified", "modified-before-created", true);
    check_order("valid_from", "valid_until", "validity-empty", false);
    const std::string id = string_or(document_, "id");
    if (const auto parts = split_identifier(id); parts && uuid_version(parts->second) > 5)
      findings_.add("uuid-newer", "/id", fmt::format("the UUID is of version {}", uuid_version(parts->second)));
    if (find(document_, "playbook_types") != nullptr && find(document_, "playbook_activities") == nullptr)
      findings_.add("activities-missing", "/playbook_types", "'playbook_types' needs 'playbook_activities'");
    if (const Json* const summary = find(document_, "playbook_processing_summary"))
      check_shape(findings_, *summary, "/playbook_processing_summary", kSummaryShape);
    if (const Json* const signatures = find(document_, "signatures"); signatures != nullptr && signatures->is_array())
      for (std::size_t i = 0; i < signatures->get_array().size(); ++i) check_signature(signatures->get_array()[i], child("/signatures", i));
  }

  void check_order(std::string_view first, std::string_view second, std::string_view rule_name, bool may_be_equal) {
    const auto from = parse_time(string_or(document_, first)), to = parse_time(string_or(document_, second));
    if (from && to && (*to < *from || (!may_be_equal && *to == *from)))
      findings_.add(rule_name, child("", second), fmt::format("{} is {}, {} is {}", first, string_or(document_, first), second, string_or(document_, second)));
  }

  void check_signature(const Json& signature, const std::string& pointer) {
    check_shape(findings_, signature, pointer, kSignatureShape);
    int keys = 0;
    for (const std::string_view key : {"public_key", "public_cert_chain", "cert_url", "thumbprint"}) keys += find(signature, key) != nullptr;
    if (keys != 1) findings_.add("missing-property", pointer, "a signature has exactly one of public_key, public_cert_chain, cert_url, thumbprint");
    if (const Json* const inner = find(signature, "signature")) check_signature(*inner, child(pointer, "signature"));
  }

  // The entries of a dictionary of the playbook, where it is one.
  template <class Check>
  void each(std::string_view dictionary, Check check) {
    const Json* const entries = find(document_, dictionary);
    if (entries == nullptr || !entries->is_object()) return;
    for (const auto& entry : entries->get_object()) {
      const std::string at = child(child("", dictionary), entry.key());
      if (!entry.value().is_object()) findings_.add("wrong-type", at, "an object is expected");
      else check(std::string_view(entry.key()), entry.value(), at);
    }
  }

  void check_definitions() {
    const std::initializer_list<std::string_view> parties = {"agent_definitions", "target_definitions"};
    for (const std::string_view dictionary : parties)
      each(dictionary, [&](std::string_view key, const Json& object, const std::string& at) {
        if (const std::string type = string_or(object, "type"); !type.empty()) check_key(findings_, key, type, at);  // without one: told by its shape
        check_party(findings_, document_, object, at);
      });
    each("authentication_info_definitions", [&](std::string_view key, const Json& object, const std::string& at) {
      check_key(findings_, key, string_or(object, "type"), at);
      check_authentication(findings_, object, at);
    });
    each("extension_definitions", [&](std::string_view key, const Json& object, const std::string& at) {
      check_key(findings_, key, "extension-definition", at);
      check_shape(findings_, object, at, kExtensionShape);
    });
    each("data_marking_definitions", [&](std::string_view key, const Json& object, const std::string& at) {
      const std::string type = string_or(object, "type");
      check_key(findings_, key, type, at);
      if (const Shape* const shape = marking_shape(type)) check_shape(findings_, object, at, *shape);
      else findings_.add("wrong-type", child(at, "type"), "a data marking is marking-tlp, marking-statement or marking-iep");
    });
  }

  void check_workflow() {
    std::set<std::string> types;
    each("workflow", [&](std::string_view key, const Json& step, const std::string& at) {
      const std::string type = string_or(step, "type");
      types.insert(type == "playbook-action" ? "action" : type);
      if (step_shape(type) == nullptr) {
        findings_.add("unknown-step-type", child(at, "type"), fmt::format("'{}' is no type of a step", type));
        return;
      }
      if (check_key(findings_, key, type, at))
        if (const int version = uuid_version(split_identifier(key)->second); version <= 5 && version != 4)
          findings_.add("step-id-not-v4", at, fmt::format("the UUID of a step is random (version 4), not of version {}", version));
      check_step(findings_, document_, step, at);
    });
    if (find(document_, "workflow") == nullptr || !find(document_, "workflow")->is_object()) return;
    for (const std::string_view needed : {"start", "action", "end"})
      if (!types.contains(std::string(needed))) findings_.add("workflow-too-small", "/workflow", fmt::format("the workflow has no {} step", needed));
    check_step_reference(findings_, document_, document_, "", "workflow_start");
    check_step_reference(findings_, document_, document_, "", "workflow_exception");
    const Json* const start = find_pointer(document_, child("/workflow", string_or(document_, "workflow_start")));
    if (start != nullptr && string_or(*start, "type") != "start")
      findings_.add("dangling-reference", "/workflow_start", "'workflow_start' names a step that is no start step");
    check_activities();
  }

  // "Each listed activity MUST be reflected in a CACAO workflow step object."
  void check_activities() {
    std::set<std::string> done;
    each("workflow", [&](std::string_view, const Json& step, const std::string&) {
      const Json* const commands = find(step, "commands");
      if (commands != nullptr && commands->is_array())
        for (const Json& command : commands->get_array()) done.insert(string_or(command, "playbook_activity"));
    });
    const std::vector<std::string> activities = strings_or_empty(document_, "playbook_activities");
    for (std::size_t i = 0; i < activities.size(); ++i)
      if (!done.contains(activities[i]))
        findings_.add("activity-not-in-workflow", child("/playbook_activities", i), fmt::format("no command has playbook_activity '{}'", activities[i]));
  }

  void check_used_definitions() {
    const std::vector<std::string> markings = strings_or_empty(document_, "markings");
    for (std::size_t i = 0; i < markings.size(); ++i)
      if (find_pointer(document_, child("/data_marking_definitions", markings[i])) == nullptr)
        findings_.add("dangling-reference", child("/markings", i), fmt::format("data_marking_definitions has no '{}'", markings[i]));
    check_extensions_defined(document_, "", "playbook_extensions");
    each("workflow", [&](std::string_view, const Json& step, const std::string& at) { check_extensions_defined(step, at, "step_extensions"); });
    for (const std::string_view dictionary : {"agent_definitions", "target_definitions"})
      each(dictionary, [&](std::string_view, const Json& object, const std::string& at) { check_extensions_defined(object, at, "agent_target_extensions"); });
  }

  void check_extensions_defined(const Json& object, const std::string& pointer, std::string_view key) {
    const Json* const extensions = find(object, key);
    if (extensions == nullptr || !extensions->is_object()) return;
    for (const auto& extension : extensions->get_object())
      if (find_pointer(document_, child("/extension_definitions", extension.key())) == nullptr)
        findings_.add("dangling-reference", child(child(pointer, key), extension.key()), "extension_definitions has no such extension");
  }

  void check_uuids() {
    struct Place {
      std::string pointer, key;
    };
    std::map<std::string, Place> places;
    const std::string id = string_or(document_, "id");
    if (const auto parts = split_identifier(id)) places[std::string(parts->second)] = {"/id", id};
    for (const std::string_view dictionary :
         {"workflow", "agent_definitions", "target_definitions", "authentication_info_definitions", "extension_definitions", "data_marking_definitions"})
      each(dictionary, [&](std::string_view key, const Json&, const std::string& at) {
        const auto parts = split_identifier(key);
        if (!parts || uuid_version(parts->second) == 0) return;
        const auto [first, is_new] = places.emplace(parts->second, Place{at, std::string(key)});
        // The same thing may be an agent here and a target there.
        if (!is_new && first->second.key != key) findings_.add("reused-uuid", at, fmt::format("{} has the same UUID", first->second.pointer));
      });
  }

  Findings& findings_;
  const Json& document_;
};

}  // namespace

void validate(Findings& findings, const Json& document) { Validator(findings, document).run(); }

}  // namespace firebreak::cacao
