// The state as a snapshot holds it, and back.
#include <fmt/core.h>

#include "fold/access/parts.h"

namespace firebreak::access {
namespace {

std::string_view word_of(Purpose purpose) {
  switch (purpose) {
    case Purpose::kLink: return "link";
    case Purpose::kSession: return "session";
    case Purpose::kToken: break;
  }
  return "token";
}

Result<Purpose> purpose_of(std::string_view word) {
  for (const Purpose purpose : {Purpose::kToken, Purpose::kLink, Purpose::kSession})
    if (word == word_of(purpose)) return purpose;
  return fail(Code::kInvalid, fmt::format("'{}' is no purpose of a token", word));
}

Result<User> user_from(const Json& document) {
  User user;
  FIREBREAK_ASSIGN(user.role, get_string(document, "role"));
  FIREBREAK_ASSIGN(user.scripted, get_bool(document, "scripted"));
  FIREBREAK_ASSIGN(user.secret, get_string(document, "secret"));
  FIREBREAK_ASSIGN(user.confirmed, get_bool(document, "confirmed"));
  FIREBREAK_ASSIGN(user.last_code, get_int(document, "last_code"));
  FIREBREAK_ASSIGN(user.password, get_string(document, "password"));
  return user;
}

Result<Token> token_from(const Json& document) {
  Token token;
  FIREBREAK_ASSIGN(token.user, get_string(document, "user"));
  FIREBREAK_ASSIGN(token.expires.us, get_int(document, "expires_us"));
  FIREBREAK_ASSIGN(token.purpose, purpose_of(string_or(document, "purpose")));
  FIREBREAK_ASSIGN(token.key, get_string(document, "key"));
  FIREBREAK_ASSIGN(token.name, get_string(document, "name"));
  FIREBREAK_ASSIGN(token.scope, get_string(document, "scope"));
  return token;
}

Result<Request> request_from(const Json& document) {
  Request request;
  FIREBREAK_ASSIGN(request.name, get_string(document, "name"));
  FIREBREAK_ASSIGN(request.by, get_string(document, "by"));
  FIREBREAK_ASSIGN(request.role, get_string(document, "role"));
  FIREBREAK_ASSIGN(request.digest, get_string(document, "digest"));
  FIREBREAK_ASSIGN(request.expires.us, get_int(document, "expires_us"));
  const Json* args = find(document, "args");
  const Json* via = find(document, "via");
  if (args == nullptr || via == nullptr) return fail(Code::kInvalid, "a request has 'args' and 'via'");
  request.args = *args;
  request.via = *via;
  return request;
}

Result<Glass> glass_from(const Json& document) {
  Glass glass;
  FIREBREAK_ASSIGN(glass.by, get_string(document, "by"));
  FIREBREAK_ASSIGN(glass.reason, get_string(document, "reason"));
  FIREBREAK_ASSIGN(glass.since.us, get_int(document, "since_us"));
  FIREBREAK_ASSIGN(glass.until.us, get_int(document, "until_us"));
  FIREBREAK_ASSIGN(glass.review_by.us, get_int(document, "review_by_us"));
  FIREBREAK_ASSIGN(glass.ended, get_bool(document, "ended"));
  FIREBREAK_ASSIGN(glass.reviewed, get_bool(document, "reviewed"));
  FIREBREAK_ASSIGN(glass.overdue, get_bool(document, "overdue"));
  return glass;
}

Result<const JsonObject*> part(const Json& document, std::string_view name) {
  const Json* found = find(document, name);
  if (found == nullptr || !found->is_object()) return fail(Code::kInvalid, fmt::format("the state of access has '{}'", name));
  return &found->get_object();
}

}  // namespace

Json to_json(const AccessState& state) {
  JsonObject users, tokens, requests, glasses, excluded;
  for (const auto& [name, user] : state.users)
    users[name] = JsonObject{{"role", user.role},           {"scripted", user.scripted},   {"secret", user.secret},
                             {"confirmed", user.confirmed}, {"last_code", user.last_code}, {"password", user.password}};
  for (const auto& [digest, token] : state.tokens)
    tokens[digest.hex()] = JsonObject{{"user", token.user}, {"expires_us", token.expires.us}, {"purpose", word_of(token.purpose)},
                                      {"key", token.key},   {"name", token.name},             {"scope", token.scope}};
  for (const auto& [id, one] : state.requests)
    requests[id] = JsonObject{{"name", one.name}, {"by", one.by},     {"role", one.role}, {"digest", one.digest},
                              {"args", one.args}, {"via", one.via}, {"expires_us", one.expires.us}};
  for (const auto& [id, one] : state.glasses)
    glasses[id] = JsonObject{{"by", one.by},           {"reason", one.reason},         {"since_us", one.since.us},
                             {"until_us", one.until.us}, {"review_by_us", one.review_by.us}, {"ended", one.ended},
                             {"reviewed", one.reviewed}, {"overdue", one.overdue}};
  for (const auto& [incident, people] : state.excluded) {
    JsonArray list;
    for (const std::string& user : people) list.emplace_back(user);
    excluded[incident] = std::move(list);
  }
  return JsonObject{{"users", std::move(users)},     {"tokens", std::move(tokens)},     {"requests", std::move(requests)},
                    {"glasses", std::move(glasses)}, {"excluded", std::move(excluded)}, {"preset", state.preset}};
}

Result<AccessState> state_from_json(const Json& document) {
  AccessState state;
  FIREBREAK_ASSIGN(const JsonObject* users, part(document, "users"));
  for (const auto& member : *users) {
    FIREBREAK_ASSIGN(state.users[std::string(member.key())], user_from(member.value()));
  }
  FIREBREAK_ASSIGN(const JsonObject* tokens, part(document, "tokens"));
  for (const auto& member : *tokens) {
    FIREBREAK_ASSIGN(const Digest digest, Digest::from_hex(member.key()));
    FIREBREAK_ASSIGN(state.tokens[digest], token_from(member.value()));
  }
  FIREBREAK_ASSIGN(const JsonObject* requests, part(document, "requests"));
  for (const auto& member : *requests) {
    FIREBREAK_ASSIGN(state.requests[std::string(member.key())], request_from(member.value()));
  }
  FIREBREAK_ASSIGN(const JsonObject* glasses, part(document, "glasses"));
  for (const auto& member : *glasses) {
    FIREBREAK_ASSIGN(state.glasses[std::string(member.key())], glass_from(member.value()));
  }
  FIREBREAK_ASSIGN(const JsonObject* excluded, part(document, "excluded"));
  for (const auto& member : *excluded) {
    FIREBREAK_ASSIGN(const std::vector<std::string> people, get_strings(JsonObject{{"people", member.value()}}, "people"));
    state.excluded[std::string(member.key())] = {people.begin(), people.end()};
  }
  FIREBREAK_ASSIGN(state.preset, get_string(document, "preset"));
  return state;
}

}  // namespace firebreak::access
