// Users and their roles, tokens, links, sessions, API keys, one-time codes, passwords, and from whom an incident is kept.
#include <fmt/format.h>

#include <algorithm>

#include "fold/access/parts.h"

namespace firebreak::access {
namespace {

constexpr std::int64_t kLongestKey = 400 * kDay;

Result<std::string> roles_of(const Json& args) {
  FIREBREAK_ASSIGN(const std::string given, get_string(args, "role"));
  std::string roles = normal_roles(given);
  if (roles.empty())
    return fail(Code::kInvalid, fmt::format("role '{}' is none of {}, gateway, producer (several of the first ten, with blanks between them, or one of the last two)", given, kHumans), "/role");
  return roles;
}

Result<JsonObject> add_user(const AccessState& state, const Json& args) {
  FIREBREAK_ASSIGN(const std::string user, get_string(args, "user"));
  if (!is_name(user))
    return fail(Code::kInvalid, "a user's name is 1 to 64 of a-z, 0-9, '.', '_', '-', starting with a letter or digit", "/user");
  FIREBREAK_ASSIGN(const std::string role, roles_of(args));
  bool scripted = false;
  if (find(args, "scripted") != nullptr) {
    FIREBREAK_ASSIGN(scripted, get_bool(args, "scripted"));
  }
  if (state.users.contains(user)) return fail(Code::kConflict, fmt::format("user '{}' exists already", user), "/user");
  return JsonObject{{"user", user}, {"role", role}, {"scripted", scripted}};
}

Result<std::string> known_user(const AccessState& state, const Json& args) {
  FIREBREAK_ASSIGN(std::string user, get_string(args, "user"));
  if (!state.users.contains(user)) return fail(Code::kNotFound, fmt::format("there is no user '{}'", user), "/user");
  return user;
}

// Nobody can be left who looks after users; a program stays one.
Result<JsonObject> set_roles(const AccessState& state, const Entry& entry, const Json& args) {
  FIREBREAK_ASSIGN(const std::string user, known_user(state, args));
  FIREBREAK_ASSIGN(const std::string role, roles_of(args));
  const std::string& before = state.users.at(user).role;
  if (is_program(role) || is_program(before))
    return fail(Code::kConflict, "a program keeps its role, and a person becomes none", "/role");
  bool admin = has_word(role, "admin");
  for (const auto& [name, other] : state.users) admin = admin || (name != user && has_word(other.role, "admin"));
  if (!admin) return fail(Code::kConflict, fmt::format("'{}' is the last admin", user), "/role");
  // What counsel is told is not for whoever looks after the users: another admin makes somebody counsel.
  if (has_word(role, "legal") && !has_word(before, "legal") && user_of(entry.actor) == user)
    return fail(Code::kForbidden, "nobody makes themselves counsel: another admin gives this role, or gives it to somebody else", "/role");
  return JsonObject{{"user", user}, {"from", before}, {"role", role}, {"by", entry.actor}, {"reason", string_or(args, "reason")}};
}

Result<void> copy_expiry(const Json& args, Time now, JsonObject& body) {
  if (find(args, "expires") == nullptr) return {};
  FIREBREAK_ASSIGN(const Time expires, get_time(args, "expires"));
  if (expires <= now) return fail(Code::kInvalid, "'expires' lies in the past", "/expires");
  body["expires"] = format_time(expires);
  return {};
}

// A token, link, key or session: `key` names its hash.
Result<JsonObject> add_secret(const AccessState& state, const Json& args, std::string_view key, const std::string& user, Time now) {
  if (!state.users.contains(user)) return fail(Code::kNotFound, fmt::format("there is no user '{}'", user), "/user");
  FIREBREAK_ASSIGN(const Digest digest, digest_of(args, key));
  if (state.tokens.contains(digest)) return fail(Code::kConflict, "this one stands already", fmt::format("/{}", key));
  JsonObject body{{"user", user}, {key, digest.hex()}};
  FIREBREAK_TRY(copy_expiry(args, now, body));
  return body;
}

Result<JsonObject> revoke_token(const AccessState& state, const Json& args) {
  FIREBREAK_ASSIGN(const std::string user, get_string(args, "user"));
  FIREBREAK_ASSIGN(const Digest digest, digest_of(args, "token_hash"));
  const auto token = state.tokens.find(digest);
  if (token == state.tokens.end() || token->second.user != user)
    return fail(Code::kNotFound, fmt::format("user '{}' has no such token", user), "/token_hash");
  return JsonObject{{"user", user}, {"token_hash", digest.hex()}};
}

// With `link_hash` the link must stand for this very user; without one the caller has shown a token of the user's.
Result<JsonObject> open_session(const AccessState& state, const Json& args, const std::string& user, Time now) {
  FIREBREAK_ASSIGN(JsonObject body, add_secret(state, args, "session_hash", user, now));
  if (find(args, "link_hash") == nullptr) return body;
  FIREBREAK_ASSIGN(const Digest link, digest_of(args, "link_hash"));
  FIREBREAK_ASSIGN(const Principal who, authenticate(state, link, now, Purpose::kLink));
  if (who.user != user) return fail(Code::kForbidden, "this sign-in link is somebody else's", "/link_hash");
  body["link_hash"] = link.hex();
  return body;
}

Result<JsonObject> close_session(const AccessState& state, const Json& args, const std::string& user) {
  FIREBREAK_ASSIGN(const Digest digest, digest_of(args, "session_hash"));
  const auto session = state.tokens.find(digest);
  if (session == state.tokens.end() || session->second.purpose != Purpose::kSession || session->second.user != user)
    return fail(Code::kNotFound, fmt::format("user '{}' has no such session", user), "/session_hash");
  return JsonObject{{"user", user}, {"session_hash", digest.hex()}};
}

// Somebody else's account: only who administers, and then for programs too.
Result<std::string> whose(const AccessState& state, const Entry& entry, const Json& args) {
  const std::string own = user_of(entry.actor);
  if (find(args, "user") == nullptr || string_or(args, "user") == own) return own;
  FIREBREAK_ASSIGN(std::string user, known_user(state, args));
  if (cell_of(rights_of_user(state, own, entry.time), Duty::kAdminister) < Cell::kDoSecond)
    return fail(Code::kForbidden, "this is somebody else's account", "/user");
  return user;
}

Result<JsonObject> add_key(const AccessState& state, const Entry& entry, const Json& args) {
  FIREBREAK_ASSIGN(const std::string user, whose(state, entry, args));
  FIREBREAK_ASSIGN(const std::string name, get_string(args, "name"));
  if (!is_name(name)) return fail(Code::kInvalid, "a key's name is 1 to 64 of a-z, 0-9, '.', '_', '-', starting with a letter or digit", "/name");
  FIREBREAK_ASSIGN(const std::vector<std::string> scope, get_strings(args, "scope"));
  JsonArray duties;
  for (const std::string_view duty : kDutyNames)
    if (std::find(scope.begin(), scope.end(), duty) != scope.end()) duties.emplace_back(duty);
  if (duties.empty() || duties.size() != scope.size())
    return fail(Code::kInvalid, fmt::format("'scope' names one or more of {}, each once", fmt::join(kDutyNames, ", ")), "/scope");
  const Rights rights = rights_of(state.users.at(user).role, preset_of(state));
  for (const std::string& duty : scope)
    if (cell_of(rights, *duty_named(duty)) == Cell::kNone)
      return fail(Code::kForbidden, fmt::format("'{}' is not among the duties of {}: a key can do no more than its owner", duty, user), "/scope");
  FIREBREAK_ASSIGN(JsonObject body, add_secret(state, args, "key_hash", user, entry.time));
  if (const Time expires = *get_time(args, "expires"); expires - entry.time > kLongestKey)
    return fail(Code::kInvalid, "a key lasts 400 days at most", "/expires");
  body["name"] = name;
  body["scope"] = std::move(duties);
  return body;
}

Result<JsonObject> revoke_key(const AccessState& state, const Entry& entry, const Json& args) {
  FIREBREAK_ASSIGN(const std::string id, get_string(args, "key"));
  const std::string own = user_of(entry.actor);
  for (const auto& [digest, token] : state.tokens) {
    if (token.key.empty() || token.key != id) continue;
    if (token.user != own && cell_of(rights_of_user(state, own, entry.time), Duty::kAdminister) < Cell::kDoSecond) break;
    return JsonObject{{"key", id}, {"user", token.user}, {"key_hash", digest.hex()}, {"by", entry.actor}};
  }
  return fail(Code::kNotFound, fmt::format("there is no key '{}' of yours", id), "/key");
}

Result<JsonObject> enroll(const AccessState& state, const std::string& user, const Json& args) {
  FIREBREAK_ASSIGN(const Digest secret, digest_of(args, "secret"));
  if (state.users.at(user).confirmed)
    return fail(Code::kConflict, "you have one-time codes already; an admin forgets them with mfa.reset");
  return JsonObject{{"user", user}, {"secret", secret.hex()}};
}

Result<JsonObject> confirm(const AccessState& state, const Entry& entry, const std::string& user, const Json& args) {
  const User& own = state.users.at(user);
  if (own.secret.empty() || own.secret != string_or(args, "secret") || own.confirmed)
    return fail(Code::kConflict, "no such secret waits for its first code: firebreak mfa enroll", "/secret");
  const Json* via = find(entry.body, "via");
  if (via == nullptr || int_or(*via, "mfa") == 0) return fail(Code::kForbidden, "its first code is missing");
  return JsonObject{{"user", user}, {"secret", own.secret}};
}

Result<JsonObject> exclude(const AccessState& state, const Entry& entry, const Json& args, bool add) {
  FIREBREAK_ASSIGN(const std::string incident, get_string(args, "incident"));
  if (!incident.starts_with("inc-") || index_of(incident) == 0) return fail(Code::kInvalid, "'incident' is an incident's id", "/incident");
  FIREBREAK_ASSIGN(const std::string user, known_user(state, args));
  if (user == user_of(entry.actor)) return fail(Code::kForbidden, "not for yourself: another person decides that", "/user");
  if (may_see(state, user, incident) != add)
    return fail(Code::kConflict, add ? fmt::format("'{}' is excluded already", user) : fmt::format("'{}' is not excluded", user), "/user");
  if (!may_see(state, user_of(entry.actor), incident)) return fail(Code::kNotFound, fmt::format("there is no incident '{}'", incident), "/incident");
  return JsonObject{{"incident", incident}, {"user", user}, {"by", entry.actor}, {"reason", string_or(args, "reason")}};
}

Result<JsonObject> set_preset(const AccessState& state, const Entry& entry, const Json& args) {
  FIREBREAK_ASSIGN(const std::string name, get_string(args, "preset"));
  if (find_preset(name) == nullptr) return fail(Code::kInvalid, fmt::format("preset '{}' is none of solo, pair, team, enterprise", name), "/preset");
  return JsonObject{{"preset", name}, {"from", state.preset}, {"by", entry.actor}, {"reason", string_or(args, "reason")}};
}

Result<JsonObject> reset_codes(const AccessState& state, const Entry& entry, const Json& args) {
  FIREBREAK_ASSIGN(const std::string user, known_user(state, args));
  if (user == user_of(entry.actor)) return fail(Code::kForbidden, "another admin forgets your codes", "/user");
  return JsonObject{{"user", user}, {"by", entry.actor}, {"reason", string_or(args, "reason")}};
}

Result<JsonObject> set_password(const AccessState& state, const Entry& entry, const Json& args) {
  FIREBREAK_ASSIGN(const std::string user, whose(state, entry, args));
  if (is_program(state.users.at(user).role)) return fail(Code::kConflict, "a program has tokens, no password", "/user");
  FIREBREAK_ASSIGN(const Digest password, digest_of(args, "password"));
  return JsonObject{{"user", user}, {"password", password.hex()}};
}

}  // namespace

Answer decide_account(const AccessState& state, const Entry& entry, const std::string& name, const Json& args) {
  const std::string own = user_of(entry.actor);
  if (name == "user.add") return {"user_added", add_user(state, args)};
  if (name == "user.roles") return {"user_roles_set", set_roles(state, entry, args)};
  if (name == "token.add") return {"token_added", add_secret(state, args, "token_hash", string_or(args, "user"), entry.time)};
  if (name == "token.revoke") return {"token_revoked", revoke_token(state, args)};
  if (name == "session.link") return {"session_link_added", add_secret(state, args, "link_hash", string_or(args, "user"), entry.time)};
  if (name == "session.open") return {"session_opened", open_session(state, args, own, entry.time)};
  if (name == "session.close") return {"session_closed", close_session(state, args, own)};
  if (name == "access.preset") return {"access_preset_set", set_preset(state, entry, args)};
  if (name == "key.add") return {"key_added", add_key(state, entry, args)};
  if (name == "key.revoke") return {"key_revoked", revoke_key(state, entry, args)};
  if (name == "mfa.enroll") return {"mfa_enrolled", enroll(state, own, args)};
  if (name == "mfa.confirm") return {"mfa_confirmed", confirm(state, entry, own, args)};
  if (name == "mfa.reset") return {"mfa_reset", reset_codes(state, entry, args)};
  if (name == "password.set") return {"password_set", set_password(state, entry, args)};
  if (name == "incident.exclude") return {"incident_person_excluded", exclude(state, entry, args, true)};
  if (name == "incident.include") return {"incident_person_included", exclude(state, entry, args, false)};
  return {};
}

}  // namespace firebreak::access
