#include "fold/access/access.h"

#include <fmt/core.h>

#include <algorithm>

#include "types/command.h"
#include "types/incident.h"

namespace firebreak::access {
namespace {

constexpr std::string_view kSelf = "firebreak";

// "user:ana" -> "ana"; an actor without a colon is no user.
std::string user_of(std::string_view actor) {
  const std::size_t colon = actor.find(':');
  return colon == std::string_view::npos ? std::string() : std::string(actor.substr(colon + 1));
}

bool is_service(std::string_view role) { return role == "gateway" || role == "producer"; }

Draft refused(const Entry& entry, const std::string& name, const Error& error) {
  Draft draft;
  draft.kind = "command_refused";
  draft.actor = entry.actor;
  JsonObject body{{"name", name}, {"code", code_name(error.code)}, {"reason", error.message}};
  if (!error.pointer.empty()) body["pointer"] = error.pointer;
  draft.body = std::move(body);
  return draft;
}

Draft fact(const Entry& entry, std::string kind, JsonObject body) {
  Draft draft;
  draft.kind = std::move(kind);
  draft.actor = entry.actor;
  draft.body = std::move(body);
  return draft;
}

// ---- who may give the command

Result<std::string> role_for(const AccessState& state, const Entry& entry, const CommandSpec& command) {
  if (entry.actor == kSelf) {
    if (command.roles == "admin") return std::string("admin");
    return fail(Code::kForbidden, fmt::format("'{}' is for people; the program may not give it", command.name));
  }
  const auto user = state.users.find(user_of(entry.actor));
  if (user == state.users.end())
    return fail(Code::kForbidden, fmt::format("'{}' is no user; an admin adds users with user.add", entry.actor));
  if (!role_may(command, user->second.role))
    return fail(Code::kForbidden, fmt::format("'{}' needs the role {}; {} is {}", command.name, command.roles,
                                              entry.actor, user->second.role));
  return user->second.role;
}

Draft decide_command(const AccessState& state, const Entry& entry) {
  const std::string name = string_or(entry.body, "name");
  const CommandSpec* command = find_command(name);
  if (command == nullptr)
    return refused(entry, name, {Code::kNotFound, fmt::format("there is no command '{}'", name), {}, 0});
  auto role = role_for(state, entry, *command);
  if (!role) return refused(entry, name, role.error());
  const Json* given = find(entry.body, "args");
  const Json args = given != nullptr ? *given : Json(JsonObject{});
  if (auto checked = check_command(name, args); !checked) return refused(entry, name, checked.error());
  return fact(entry, "command_accepted", {{"name", name}, {"args", args}, {"role", *role}});
}

// ---- the commands this fold owns, once accepted

Result<JsonObject> add_user(const AccessState& state, const Json& args) {
  FIREBREAK_ASSIGN(const std::string user, get_string(args, "user"));
  if (!is_name(user))
    return fail(Code::kInvalid, "a user's name is 1 to 64 of a-z, 0-9, '.', '_', '-', starting with a letter or digit",
                "/user");
  FIREBREAK_ASSIGN(const std::string role, get_string(args, "role"));
  if (std::find(std::begin(words::kRoles), std::end(words::kRoles), role) == std::end(words::kRoles))
    return fail(Code::kInvalid, fmt::format("role '{}' is none of admin, analyst, approver, gateway, producer", role),
                "/role");
  bool scripted = false;
  if (find(args, "scripted") != nullptr) {
    FIREBREAK_ASSIGN(scripted, get_bool(args, "scripted"));
  }
  if (state.users.contains(user)) return fail(Code::kConflict, fmt::format("user '{}' exists already", user), "/user");
  return JsonObject{{"user", user}, {"role", role}, {"scripted", scripted}};
}

Result<Digest> token_digest(const Json& args) {
  FIREBREAK_ASSIGN(const std::string hex, get_string(args, "token_hash"));
  auto digest = Digest::from_hex(hex);
  if (!digest) return fail(Code::kInvalid, "'token_hash' is the SHA-256 of the token in 64 hex digits", "/token_hash");
  return *digest;
}

Result<JsonObject> add_token(const AccessState& state, const Json& args, Time now) {
  FIREBREAK_ASSIGN(const std::string user, get_string(args, "user"));
  if (!state.users.contains(user)) return fail(Code::kNotFound, fmt::format("there is no user '{}'", user), "/user");
  FIREBREAK_ASSIGN(const Digest digest, token_digest(args));
  if (state.tokens.contains(digest)) return fail(Code::kConflict, "this token stands already", "/token_hash");
  JsonObject body{{"user", user}, {"token_hash", digest.hex()}};
  if (find(args, "expires") != nullptr) {
    FIREBREAK_ASSIGN(const Time expires, get_time(args, "expires"));
    if (expires <= now) return fail(Code::kInvalid, "'expires' lies in the past", "/expires");
    body["expires"] = format_time(expires);
  }
  return body;
}

Result<JsonObject> revoke_token(const AccessState& state, const Json& args) {
  FIREBREAK_ASSIGN(const std::string user, get_string(args, "user"));
  FIREBREAK_ASSIGN(const Digest digest, token_digest(args));
  const auto token = state.tokens.find(digest);
  if (token == state.tokens.end() || token->second.user != user)
    return fail(Code::kNotFound, fmt::format("user '{}' has no such token", user), "/token_hash");
  return JsonObject{{"user", user}, {"token_hash", digest.hex()}};
}

std::vector<Draft> decide_accepted(const AccessState& state, const Entry& entry) {
  const std::string name = string_or(entry.body, "name");
  const Json* args = find(entry.body, "args");
  if (args == nullptr) return {};
  Result<JsonObject> body;
  std::string kind;
  if (name == "user.add") {
    body = add_user(state, *args);
    kind = "user_added";
  } else if (name == "token.add") {
    body = add_token(state, *args, entry.time);
    kind = "token_added";
  } else if (name == "token.revoke") {
    body = revoke_token(state, *args);
    kind = "token_revoked";
  } else {
    return {};
  }
  if (!body) return {refused(entry, name, body.error())};
  return {fact(entry, std::move(kind), std::move(*body))};
}

// ---- facts

void apply_user_added(AccessState& state, const Json& body) {
  state.users[string_or(body, "user")] = {string_or(body, "role"), bool_or(body, "scripted")};
}

void apply_token_added(AccessState& state, const Json& body) {
  const auto digest = Digest::from_hex(string_or(body, "token_hash"));
  if (!digest) return;
  Token token{string_or(body, "user"), {}};
  if (const auto expires = get_time(body, "expires")) token.expires = *expires;
  state.tokens[*digest] = std::move(token);
}

void apply_token_revoked(AccessState& state, const Json& body) {
  if (const auto digest = Digest::from_hex(string_or(body, "token_hash"))) state.tokens.erase(*digest);
}

}  // namespace

std::vector<Draft> decide(const AccessState& state, const Entry& entry) {
  if (entry.kind == "command") return {decide_command(state, entry)};
  if (entry.kind == "command_accepted") return decide_accepted(state, entry);
  return {};
}

void apply(AccessState& state, const Entry& entry) {
  if (entry.kind == "user_added") apply_user_added(state, entry.body);
  if (entry.kind == "token_added") apply_token_added(state, entry.body);
  if (entry.kind == "token_revoked") apply_token_revoked(state, entry.body);
}

Json to_json(const AccessState& state) {
  JsonObject users, tokens;
  for (const auto& [name, user] : state.users)
    users[name] = JsonObject{{"role", user.role}, {"scripted", user.scripted}};
  for (const auto& [digest, token] : state.tokens)
    tokens[digest.hex()] = JsonObject{{"user", token.user}, {"expires_us", token.expires.us}};
  return JsonObject{{"users", std::move(users)}, {"tokens", std::move(tokens)}};
}

Result<AccessState> state_from_json(const Json& document) {
  AccessState state;
  const Json* users = find(document, "users");
  const Json* tokens = find(document, "tokens");
  if (users == nullptr || tokens == nullptr || !users->is_object() || !tokens->is_object())
    return fail(Code::kInvalid, "the state of access has 'users' and 'tokens'");
  for (const auto& member : users->get_object()) {
    User user;
    FIREBREAK_ASSIGN(user.role, get_string(member.value(), "role"));
    FIREBREAK_ASSIGN(user.scripted, get_bool(member.value(), "scripted"));
    state.users[std::string(member.key())] = std::move(user);
  }
  for (const auto& member : tokens->get_object()) {
    FIREBREAK_ASSIGN(const Digest digest, Digest::from_hex(member.key()));
    Token token;
    FIREBREAK_ASSIGN(token.user, get_string(member.value(), "user"));
    FIREBREAK_ASSIGN(token.expires.us, get_int(member.value(), "expires_us"));
    state.tokens[digest] = std::move(token);
  }
  return state;
}

std::string Principal::actor() const { return (is_service(role) ? "service:" : "user:") + user; }

Result<Principal> authenticate(const AccessState& state, const Digest& token_hash, Time now) {
  const auto token = state.tokens.find(token_hash);
  if (token == state.tokens.end()) return fail(Code::kUnauthorized, "this token is not known");
  if (token->second.expires.us != 0 && token->second.expires <= now)
    return fail(Code::kUnauthorized,
                fmt::format("this token expired at {}", format_time(token->second.expires)));
  const auto user = state.users.find(token->second.user);
  if (user == state.users.end()) return fail(Code::kUnauthorized, "this token's user is not known");
  return Principal{user->first, user->second.role, user->second.scripted};
}

}  // namespace firebreak::access
