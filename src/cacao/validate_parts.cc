#include "cacao/validate_parts.h"

#include <fmt/core.h>

#include <algorithm>

#include "cacao/shape_check.h"
#include "cacao/value.h"

namespace firebreak::cacao {
namespace {

constexpr std::string_view kRoutes[] = {"on_completion", "on_success", "on_failure"};

bool is_step(const Json& document, std::string_view id) { return !id.empty() && find_pointer(document, child("/workflow", id)) != nullptr; }

void check_step_item(Findings& findings, const Json& document, const Json& id, const std::string& pointer) {
  if (id.is_string() && !is_step(document, id.get_string()))
    findings.add("dangling-reference", pointer, fmt::format("the workflow has no step '{}'", std::string_view(id.get_string())));
}

// ---- steps

void check_successors(Findings& findings, const Json& step, const std::string& pointer, std::string_view type) {
  const bool completion = find(step, "on_completion") != nullptr, success = find(step, "on_success") != nullptr, failure = find(step, "on_failure") != nullptr;
  if (type == "end" || type == "start")
    for (const std::string_view key : kRoutes)
      if (find(step, key) != nullptr && (type == "end" || key != "on_completion"))
        findings.add("successor-forbidden", child(pointer, key), fmt::format("{} step has no '{}'", type == "end" ? "an end" : "a start", key));
  if (type == "end") return;
  if (type == "start") {
    if (!completion) findings.add("no-successor", pointer, "a start step goes on at 'on_completion'");
    return;
  }
  if (completion && (success || failure)) {
    findings.add("successors-conflict", child(pointer, "on_completion"), "'on_completion' excludes 'on_success' and 'on_failure'");
  } else if (failure && !success && !completion) {
    findings.add("no-way-on-success", child(pointer, "on_failure"), "'on_failure' without 'on_success'");
  } else if (!completion && !success) {
    findings.add("no-successor", pointer, "the step has neither 'on_completion' nor 'on_success'");
  }
}

void check_start_line(Findings& findings, const Json& command, const std::string& pointer, bool only_post) {
  const std::string line = string_or(command, "command");
  if (line.empty()) return;  // missing: told by its shape
  const std::size_t space = line.find(' ');
  const std::string method = line.substr(0, space);
  const std::string path = space == std::string::npos ? "" : line.substr(space + 1, line.find(' ', space + 1) - space - 1);
  const bool upper = !method.empty() && std::all_of(method.begin(), method.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
  if (!upper || path.empty()) findings.add("command-not-http", child(pointer, "command"), "the command is METHOD path HTTP/1.1");
  else if (only_post && method != "POST") findings.add("command-not-http", child(pointer, "command"), "openc2-http is sent by POST");
}

void check_command(Findings& findings, const Json& command, const std::string& pointer) {
  if (!command.is_object()) return;  // told by the step's shape
  const std::string type = string_or(command, "type");
  const Shape* const shape = command_shape(type);
  check_shape(findings, command, pointer, shape == nullptr ? any_command_shape() : *shape);
  if (shape == nullptr && !type.empty())
    findings.add("unknown-command-type", child(pointer, "type"), fmt::format("'{}' is a command type that nobody defines", type));
  if (type == "http-api" || type == "openc2-http") {
    check_start_line(findings, command, pointer, type == "openc2-http");
    if (const Json* const headers = find(command, "headers"); headers != nullptr && headers->is_object())
      for (const auto& header : headers->get_object())
        if (get_strings(*headers, header.key()).has_value() == false)
          findings.add("wrong-type", child(child(pointer, "headers"), header.key()), "a header's value is a list of strings");
    return;
  }
  const bool takes_plain = shape == nullptr || property_of(*shape, "command") != nullptr;
  if (takes_plain && string_or(command, "command").empty() && string_or(command, "command_b64").empty())
    findings.add("command-missing", child(pointer, "command"), fmt::format("a command of type '{}' needs 'command' or 'command_b64'", type));
}

void check_action(Findings& findings, const Json& document, const Json& step, const std::string& pointer) {
  const std::string agent = string_or(step, "agent");
  if (!agent.empty() && find(document, "agent_definitions") == nullptr)
    findings.add("dangling-reference", child(pointer, "agent"), "the playbook has no agent_definitions");
  else if (!agent.empty() && find_pointer(document, child("/agent_definitions", agent)) == nullptr)
    findings.add("dangling-reference", child(pointer, "agent"), fmt::format("agent_definitions has no '{}'", agent));
  const std::vector<std::string> targets = strings_or_empty(step, "targets");
  for (std::size_t i = 0; i < targets.size(); ++i)
    if (find_pointer(document, child("/target_definitions", targets[i])) == nullptr)
      findings.add("dangling-reference", child(child(pointer, "targets"), i), fmt::format("target_definitions has no '{}'", targets[i]));
  const Json* const commands = find(step, "commands");
  if (commands == nullptr || !commands->is_array()) return;
  for (std::size_t i = 0; i < commands->get_array().size(); ++i)
    check_command(findings, commands->get_array()[i], child(child(pointer, "commands"), i));
}

void check_branches(Findings& findings, const Json& document, const Json& step, const std::string& pointer, std::string_view type) {
  if (type == "if-condition" || type == "while-condition")
    for (const std::string_view key : {"on_true", "on_false"})
      if (type == "if-condition" || key == "on_true") check_step_reference(findings, document, step, pointer, key);
  if (const Json* const next = find(step, "next_steps"); type == "parallel" && next != nullptr && next->is_array()) {
    const std::string at = child(pointer, "next_steps");
    if (next->get_array().size() == 1) findings.add("out-of-range", at, "a parallel step has at least two branches");
    for (std::size_t i = 0; i < next->get_array().size(); ++i) check_step_item(findings, document, next->get_array()[i], child(at, i));
  }
  if (const Json* const cases = find(step, "cases"); type == "switch-condition" && cases != nullptr && cases->is_object()) {
    const std::string at = child(pointer, "cases");
    if (cases->get_object().empty()) findings.add("empty-list", at, "'cases' has no case");
    for (const auto& one : cases->get_object()) {
      if (!one.value().is_string()) findings.add("wrong-type", child(at, one.key()), "a case names a step");
      check_step_item(findings, document, one.value(), child(at, one.key()));
    }
  }
}

// ---- agents and targets

void check_url(Findings& findings, const std::string& url, const std::string& at) {
  if (!is_url(url)) return findings.add("bad-address", at, fmt::format("'{}' is no http or https URL", url));
  if (!is_public_host(host_of_url(url)))
    findings.add("host-not-public", at, fmt::format("the host '{}' has no dot and top-level domain", host_of_url(url)));
}

void check_address_item(Findings& findings, std::string_view kind, const Json& item, const std::string& at) {
  if (kind == "vlan") {
    // The text of the specification says strings, its schema whole numbers.
    if (!item.is_string() && (!item.is_int64() || item.get_int64() < 0 || item.get_int64() > 4095)) findings.add("bad-address", at, "a VLAN is 0 to 4095");
    return;
  }
  if (!item.is_string()) return findings.add("wrong-type", at, "an address is a string");
  const std::string text(item.get_string());
  if (!references_in(text).empty()) {
    if (kind != "dname") findings.add("address-variable", at, "the address comes from a variable");
    return;
  }
  if (kind == "url") check_url(findings, text, at);
  else if ((kind == "ipv4" && !is_ipv4(text)) || (kind == "ipv6" && !is_ipv6(text)) || (kind == "l2mac" && !is_mac(text)) || (kind == "dname" && !is_host_name(text)))
    findings.add("bad-address", at, fmt::format("'{}' is no address of kind {}", text, kind));
}

void check_address(Findings& findings, const Json& address, const std::string& pointer) {
  constexpr std::string_view kKinds[] = {"dname", "ipv4", "ipv6", "l2mac", "vlan", "url"};
  for (const auto& kind : address.get_object()) {
    const std::string at = child(pointer, kind.key());
    if (std::find(std::begin(kKinds), std::end(kKinds), std::string_view(kind.key())) == std::end(kKinds)) {
      findings.add("unknown-property", at, "an address is dname, ipv4, ipv6, l2mac, vlan or url");
    } else if (!kind.value().is_array()) {
      findings.add("wrong-type", at, "a list of addresses is expected");
    } else {
      for (std::size_t i = 0; i < kind.value().get_array().size(); ++i)
        check_address_item(findings, kind.key(), kind.value().get_array()[i], child(at, i));
    }
  }
}

// contact: {"email": {"work": "a@b.example", …}, "phone": …}
void check_mail(Findings& findings, const Json& party, const std::string& pointer) {
  const Json* const contact = find(party, "contact");
  const Json* const mail = contact == nullptr ? nullptr : find(*contact, "email");
  if (mail == nullptr || !mail->is_object()) return;
  for (const auto& one : mail->get_object())
    if (!one.value().is_string() || !is_email(one.value().get_string()))
      findings.add("bad-address", child(child(child(pointer, "contact"), "email"), one.key()), "this is no mail address");
}

}  // namespace

void check_step_reference(Findings& findings, const Json& document, const Json& object, const std::string& pointer, std::string_view key) {
  if (const Json* const id = find(object, key)) check_step_item(findings, document, *id, child(pointer, key));
}

void check_step(Findings& findings, const Json& document, const Json& step, const std::string& pointer) {
  const std::string type = string_or(step, "type");
  check_shape(findings, step, pointer, *step_shape(type));
  check_successors(findings, step, pointer, type);
  for (const std::string_view key : kRoutes) check_step_reference(findings, document, step, pointer, key);
  if (const Json* const delay = find(step, "delay"); delay != nullptr && delay->is_int64() && delay->get_int64() == 0)
    findings.add("delay-zero", child(pointer, "delay"), "'delay' is 0");
  if (type == "action") check_action(findings, document, step, pointer);
  check_branches(findings, document, step, pointer, type);
}

void check_party(Findings& findings, const Json& document, const Json& party, const std::string& pointer) {
  const std::string type = string_or(party, "type");
  const Shape* const shape = party_shape(type);
  if (shape == nullptr && !type.empty()) {
    findings.add("agent-type-own", child(pointer, "type"), fmt::format("'{}' is no type of the vocabulary", type));
    // What else such a thing has is its own matter.
    for (const std::string_view key : {"type", "name"})
      if (string_or(party, key).empty()) findings.add("missing-property", child(pointer, key), fmt::format("'{}' is missing", key));
  } else {
    check_shape(findings, party, pointer, shape == nullptr ? any_party_shape() : *shape);
  }
  if (const Json* const address = find(party, "address"); address != nullptr && address->is_object()) check_address(findings, *address, child(pointer, "address"));
  check_mail(findings, party, pointer);
  if (const std::string reference = string_or(party, "authentication_info");
      !reference.empty() && find_pointer(document, child("/authentication_info_definitions", reference)) == nullptr)
    findings.add("dangling-reference", child(pointer, "authentication_info"), fmt::format("authentication_info_definitions has no '{}'", reference));
}

void check_authentication(Findings& findings, const Json& authentication, const std::string& pointer) {
  const std::string type = string_or(authentication, "type");
  const Shape* const shape = authentication_shape(type);
  if (shape == nullptr) return findings.add("wrong-type", child(pointer, "type"), "authentication is http-basic, oauth2 or user-auth");
  const bool kms = bool_or(authentication, "kms");
  // With a key management service there is no inline secret to ask for.
  Findings own(findings.profile());
  check_shape(own, authentication, pointer, *shape);
  for (Diagnostic& one : own.take())
    if (!kms || one.rule != "missing-property") findings.add(one.rule, std::move(one.pointer), std::move(one.message));
  const bool named = !string_or(authentication, "kms_key_identifier").empty();
  if (kms != named) findings.add("missing-property", child(pointer, kms ? "kms_key_identifier" : "kms"), "'kms': true and 'kms_key_identifier' go together");
}

}  // namespace firebreak::cacao
