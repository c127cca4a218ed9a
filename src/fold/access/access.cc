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
  draft.body = refusal(name, error.code, error.message, error.pointer);
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

Result<Digest> digest_of(const Json& args, std::string_view key) {
  FIREBREAK_ASSIGN(const std::string hex, get_string(args, key));
  auto digest = Digest::from_hex(hex);
  if (!digest) return fail(Code::kInvalid, fmt::format("'{}' is a SHA-256 in 64 hex digits", key), fmt::format("/{}", key));
  return *digest;
}

Result<void> copy_expiry(const Json& args, Time now, JsonObject& body) {
  if (find(args, "expires") == nullptr) return {};
  FIREBREAK_ASSIGN(const Time expires, get_time(args, "expires"));
  if (expires <= now) return fail(Code::kInvalid, "'expires' lies in the past", "/expires");
  body["expires"] = format_time(expires);
  return {};
}

// A token, link or session: `key` names its hash.
Result<JsonObject> add_secret(const AccessState& state, const Json& args, std::string_view key, const std::string& user,
                              Time now) {
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
    body = add_secret(state, *args, "token_hash", string_or(*args, "user"), entry.time);
    kind = "token_added";
  } else if (name == "token.revoke") {
    body = revoke_token(state, *args);
    kind = "token_revoked";
  } else if (name == "session.link") {
    body = add_secret(state, *args, "link_hash", string_or(*args, "user"), entry.time);
    kind = "session_link_added";
  } else if (name == "session.open") {
    body = open_session(state, *args, user_of(entry.actor), entry.time);
    kind = "session_opened";
  } else if (name == "session.close") {
    body = close_session(state, *args, user_of(entry.actor));
    kind = "session_closed";
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

void add(AccessState& state, const Json& body, std::string_view key, Purpose purpose) {
  const auto digest = Digest::from_hex(string_or(body, key));
  if (!digest) return;
  Token token{string_or(body, "user"), {}, purpose};
  if (const auto expires = get_time(body, "expires")) token.expires = *expires;
  state.tokens[*digest] = std::move(token);
}

void remove(AccessState& state, const Json& body, std::string_view key) {
  if (const auto digest = Digest::from_hex(string_or(body, key))) state.tokens.erase(*digest);
}

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

std::string_view refusal(Purpose purpose) {
  switch (purpose) {
    case Purpose::kLink:
      return "this sign-in link is not known or was used already; 'firebreak sign-in USER' makes a new one";
    case Purpose::kSession: return "this session is not known or was signed out; sign in again";
    case Purpose::kToken: break;
  }
  return "this token is not known";
}

}  // namespace

std::vector<Draft> decide(const AccessState& state, const Entry& entry) {
  if (entry.kind == "command") return {decide_command(state, entry)};
  if (entry.kind == "command_accepted") return decide_accepted(state, entry);
  return {};
}

void apply(AccessState& state, const Entry& entry) {
  if (entry.kind == "user_added") apply_user_added(state, entry.body);
  if (entry.kind == "token_added") add(state, entry.body, "token_hash", Purpose::kToken);
  if (entry.kind == "token_revoked") remove(state, entry.body, "token_hash");
  if (entry.kind == "session_link_added") add(state, entry.body, "link_hash", Purpose::kLink);
  if (entry.kind == "session_opened") {
    remove(state, entry.body, "link_hash");
    add(state, entry.body, "session_hash", Purpose::kSession);
  }
  if (entry.kind == "session_closed") remove(state, entry.body, "session_hash");
}

Json to_json(const AccessState& state) {
  JsonObject users, tokens;
  for (const auto& [name, user] : state.users)
    users[name] = JsonObject{{"role", user.role}, {"scripted", user.scripted}};
  for (const auto& [digest, token] : state.tokens)
    tokens[digest.hex()] = JsonObject{
        {"user", token.user}, {"expires_us", token.expires.us}, {"purpose", word_of(token.purpose)}};
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
    FIREBREAK_ASSIGN(token.purpose, purpose_of(string_or(member.value(), "purpose")));
    state.tokens[digest] = std::move(token);
  }
  return state;
}

std::string Principal::actor() const { return (is_service(role) ? "service:" : "user:") + user; }

Result<Principal> authenticate(const AccessState& state, const Digest& token_hash, Time now, Purpose purpose) {
  const auto token = state.tokens.find(token_hash);
  if (token == state.tokens.end() || token->second.purpose != purpose)
    return fail(Code::kUnauthorized, std::string(refusal(purpose)));
  const Time expires = token->second.expires;
  if (expires.us != 0 && expires <= now)
    return fail(Code::kUnauthorized, fmt::format("this {} expired at {}", word_of(purpose), format_time(expires)));
  const auto user = state.users.find(token->second.user);
  if (user == state.users.end()) return fail(Code::kUnauthorized, "this token's user is not known");
  return Principal{user->first, user->second.role, user->second.scripted, expires};
}

}  // namespace firebreak::access
