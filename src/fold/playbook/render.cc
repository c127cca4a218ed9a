#include "fold/playbook/render.h"

#include <fmt/core.h>

#include "base/digest.h"
#include "base/utf8.h"
#include "cacao/http_request.h"
#include "cacao/insert.h"
#include "fold/playbook/verbs.h"

namespace firebreak::playbook {
namespace {

const Json* definition(const Json& document, std::string_view dictionary, const std::string& id) {
  const Json* const all = find(document, dictionary);
  return all != nullptr ? find(*all, id) : nullptr;
}

const Json* party(const Json& document, const std::string& id) {
  const Json* const target = definition(document, "target_definitions", id);
  return target != nullptr ? target : definition(document, "agent_definitions", id);
}

// A secret is named, never written: `kms_key_identifier` is its name in the configuration.
Result<JsonObject> authentication(const Json& document, const Json& of) {
  const std::string id = string_or(of, "authentication_info");
  if (id.empty()) return JsonObject{};
  const Json* const known = definition(document, "authentication_info_definitions", id);
  if (known == nullptr) return fail(Code::kInvalid, fmt::format("there is no authentication '{}'", id));
  const std::string type = string_or(*known, "type"), secret = string_or(*known, "kms_key_identifier");
  if (!bool_or(*known, "kms") || secret.empty())
    return fail(Code::kInvalid, "secrets are not taken from a playbook: set kms, and kms_key_identifier to the name of a secret in the configuration");
  if (type == "http-basic") return JsonObject{{"type", "basic"}, {"user", string_or(*known, "user_id", string_or(*known, "username"))}, {"secret", secret}};
  if (type == "oauth2") return JsonObject{{"type", "bearer"}, {"secret", secret}};
  return fail(Code::kInvalid, fmt::format("authentication of type '{}' is not done for requests", type));
}

Result<Rendered> http(const Plan& plan, const cacao::Step& step, std::size_t command, const std::string& target, const cacao::Lookup& lookup) {
  const Json& document = plan.read.document;
  const Json* const to = party(document, target.empty() ? step.agent : target);
  const Json* const source = find_pointer(document, cacao::child(cacao::child(step.pointer, "commands"), command));
  if (to == nullptr || source == nullptr) return fail(Code::kInvalid, "there is nobody to send the request to");
  FIREBREAK_ASSIGN(const cacao::HttpRequest request, cacao::render_http(*source, *to, lookup, plan.rules_for(step.id).raw));
  JsonArray headers;
  for (const auto& [name, value] : request.headers) headers.push_back(JsonArray{name, value});
  JsonObject what{{"method", request.method}, {"url", request.url}, {"headers", std::move(headers)}, {"body", request.body}};
  FIREBREAK_ASSIGN(JsonObject auth, authentication(document, *to));
  if (!auth.empty()) what["auth"] = std::move(auth);
  return Rendered{"http", std::move(what), cacao::printable(fmt::format("{} {}{}", request.method, request.url, request.body.empty() ? "" : " with " + shortened(request.body, 1'000)))};
}

Result<Rendered> verb(const std::string& line, const cacao::Lookup& lookup) {
  FIREBREAK_ASSIGN(const auto words, cacao::insert_words(line, lookup));
  FIREBREAK_ASSIGN(Verb read, parse_verb(words));
  std::string text;
  for (const cacao::Word& word : words) text += (text.empty() ? "" : " ") + word.text;
  return Rendered{"verb", JsonObject{{"name", read.name}, {"args", std::move(read.args)}}, cacao::printable(text)};
}

}  // namespace

std::string Rendered::digest() const { return sha256(canonical_json(JsonObject{{"kind", kind}, {"what", what}})).hex(); }

Result<Rendered> render(const Plan& plan, const cacao::Step& step, std::size_t unit, const cacao::Lookup& lookup) {
  const std::size_t targets = step.targets.empty() ? 1 : step.targets.size();
  const std::size_t command = unit / targets;
  if (command >= step.commands.size()) return fail(Code::kInvalid, "the action has no command");
  const cacao::Command& one = step.commands[command];
  const std::string target = step.targets.empty() ? "" : step.targets[unit % targets];
  if (one.type == "manual") {
    std::string text = cacao::insert_text(one.text, lookup);
    return Rendered{"manual", JsonObject{{"text", text}, {"target", target}}, std::move(text)};
  }
  if (one.type == "http-api" || one.type == "openc2-http") return http(plan, step, command, target, lookup);
  if (one.type == "firebreak" || one.type == "x-firebreak") return verb(one.text, lookup);
  return fail(Code::kInvalid, fmt::format("commands of type '{}' are not run", one.type));
}

}  // namespace firebreak::playbook
