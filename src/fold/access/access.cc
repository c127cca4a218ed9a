#include "fold/access/access.h"

#include <fmt/core.h>

#include <algorithm>

#include "fold/access/parts.h"

namespace firebreak::access {
namespace {

// ---- facts

void add(AccessState& state, const Json& body, std::string_view key, Purpose purpose) {
  const auto digest = Digest::from_hex(string_or(body, key));
  if (!digest) return;
  Token token;
  token.user = string_or(body, "user");
  token.purpose = purpose;
  if (const auto expires = get_time(body, "expires")) token.expires = *expires;
  state.tokens[*digest] = std::move(token);
}

void remove(AccessState& state, const Json& body, std::string_view key) {
  if (const auto digest = Digest::from_hex(string_or(body, key))) state.tokens.erase(*digest);
}

User* user_in(AccessState& state, const Json& body) {
  const auto at = state.users.find(string_or(body, "user"));
  return at == state.users.end() ? nullptr : &at->second;
}

void apply_user_added(AccessState& state, const Entry& entry) {
  User user;
  user.role = string_or(entry.body, "role");
  user.scripted = bool_or(entry.body, "scripted");
  state.users[string_or(entry.body, "user")] = std::move(user);
}
void apply_roles(AccessState& state, const Entry& entry) {
  if (User* user = user_in(state, entry.body)) user->role = string_or(entry.body, "role");
}
void apply_token(AccessState& state, const Entry& entry) { add(state, entry.body, "token_hash", Purpose::kToken); }
void apply_token_revoked(AccessState& state, const Entry& entry) { remove(state, entry.body, "token_hash"); }
void apply_link(AccessState& state, const Entry& entry) { add(state, entry.body, "link_hash", Purpose::kLink); }
void apply_session(AccessState& state, const Entry& entry) {
  remove(state, entry.body, "link_hash");
  add(state, entry.body, "session_hash", Purpose::kSession);
}
void apply_session_closed(AccessState& state, const Entry& entry) { remove(state, entry.body, "session_hash"); }
void apply_key(AccessState& state, const Entry& entry) {
  add(state, entry.body, "key_hash", Purpose::kToken);
  const auto digest = Digest::from_hex(string_or(entry.body, "key_hash"));
  if (!digest) return;
  Token& token = state.tokens[*digest];
  token.key = entry.id("key");
  token.name = string_or(entry.body, "name");
  for (const std::string& duty : strings_or_empty(entry.body, "scope")) token.scope += (token.scope.empty() ? "" : " ") + duty;
}
void apply_key_revoked(AccessState& state, const Entry& entry) { remove(state, entry.body, "key_hash"); }

void apply_enrolled(AccessState& state, const Entry& entry) {
  if (User* user = user_in(state, entry.body)) user->secret = string_or(entry.body, "secret");
}
void apply_confirmed(AccessState& state, const Entry& entry) {
  if (User* user = user_in(state, entry.body)) user->confirmed = true;
}
void apply_reset(AccessState& state, const Entry& entry) {
  if (User* user = user_in(state, entry.body)) {
    user->secret.clear();
    user->confirmed = false;  // last_code stays: a new secret's codes are newer anyway
  }
}
void apply_password(AccessState& state, const Entry& entry) {
  if (User* user = user_in(state, entry.body)) user->password = string_or(entry.body, "password");
}
void apply_preset(AccessState& state, const Entry& entry) {
  if (const std::string preset = string_or(entry.body, "preset"); find_preset(preset) != nullptr) state.preset = preset;
}

void apply_excluded(AccessState& state, const Entry& entry) {
  state.excluded[string_or(entry.body, "incident")].insert(string_or(entry.body, "user"));
}
void apply_included(AccessState& state, const Entry& entry) {
  const auto at = state.excluded.find(string_or(entry.body, "incident"));
  if (at == state.excluded.end()) return;
  at->second.erase(string_or(entry.body, "user"));
  if (at->second.empty()) state.excluded.erase(at);
}

// Who is kept from an incident is kept from what becomes of it: of what was split off, and of what it was merged into.
void inherit(AccessState& state, const std::string& from, const std::string& to) {
  const auto at = state.excluded.find(from);
  if (at == state.excluded.end() || to.empty()) return;
  const std::set<std::string> people = at->second;
  state.excluded[to].insert(people.begin(), people.end());
}
void apply_split(AccessState& state, const Entry& entry) { inherit(state, string_or(entry.body, "split_of"), entry.id("inc")); }
void apply_merged(AccessState& state, const Entry& entry) { inherit(state, string_or(entry.body, "incident"), string_or(entry.body, "into")); }

// A code serves once, whatever becomes of what it came with.
void take_code(AccessState& state, const Entry& entry) {
  const Json* via = find(entry.body, "via");
  const auto user = state.users.find(user_of(entry.actor));
  if (via != nullptr && user != state.users.end()) user->second.last_code = std::max(user->second.last_code, int_or(*via, "mfa"));
}

void apply_requested(AccessState& state, const Entry& entry) {
  take_code(state, entry);
  Request request;
  request.name = string_or(entry.body, "name");
  request.by = entry.actor;
  request.role = string_or(entry.body, "role");
  request.digest = string_or(entry.body, "digest");
  const Json* args = find(entry.body, "args");
  request.args = args != nullptr ? *args : Json(JsonObject{});
  const Json* via = find(entry.body, "via");
  request.via = via != nullptr ? *via : Json(JsonObject{});
  request.expires = get_time(entry.body, "expires").value_or(entry.time + kRequestLife);
  state.requests[entry.id("ask")] = std::move(request);
}
void apply_answered(AccessState& state, const Entry& entry) { state.requests.erase(string_or(entry.body, "request")); }

void apply_opened(AccessState& state, const Entry& entry) {
  Glass glass;
  glass.by = string_or(entry.body, "by");
  glass.reason = string_or(entry.body, "reason");
  glass.since = entry.time;
  glass.until = get_time(entry.body, "until").value_or(entry.time + kGlassLasts);
  glass.review_by = get_time(entry.body, "review_by").value_or(entry.time + kGlassReview);
  state.glasses[entry.id("bg")] = std::move(glass);
}
void change_glass(AccessState& state, const Entry& entry, bool Glass::*what) {
  const auto at = state.glasses.find(string_or(entry.body, "break_glass"));
  if (at == state.glasses.end()) return;
  at->second.*what = true;
  if (at->second.ended && at->second.reviewed) state.glasses.erase(at);
}
void apply_ended(AccessState& state, const Entry& entry) { change_glass(state, entry, &Glass::ended); }
// A review is of all that was done: it ends what is left of the four hours.
void apply_reviewed(AccessState& state, const Entry& entry) {
  change_glass(state, entry, &Glass::ended);
  change_glass(state, entry, &Glass::reviewed);
}
void apply_overdue(AccessState& state, const Entry& entry) { change_glass(state, entry, &Glass::overdue); }

// The room that owns it has said no as soon as it was asked for.
void apply_impossible(AccessState& state, const Entry& entry) {
  if (const std::string request = string_or(entry.body, "request"); !request.empty()) state.requests.erase(request);
}

struct Row {
  std::string_view kind;
  void (*apply)(AccessState&, const Entry&);
};
constexpr Row kTable[] = {
    {"access_preset_set", apply_preset},
    {"break_glass_ended", apply_ended},
    {"break_glass_opened", apply_opened},
    {"break_glass_overdue", apply_overdue},
    {"break_glass_reviewed", apply_reviewed},
    {"command_accepted", take_code},
    {"command_refused", apply_impossible},
    {"command_requested", apply_requested},
    {"incident_merged", apply_merged},
    {"incident_opened", apply_split},
    {"incident_person_excluded", apply_excluded},
    {"incident_person_included", apply_included},
    {"key_added", apply_key},
    {"key_revoked", apply_key_revoked},
    {"mfa_confirmed", apply_confirmed},
    {"mfa_enrolled", apply_enrolled},
    {"mfa_reset", apply_reset},
    {"password_set", apply_password},
    {"request_approved", apply_answered},
    {"request_expired", apply_answered},
    {"request_rejected", apply_answered},
    {"session_closed", apply_session_closed},
    {"session_link_added", apply_link},
    {"session_opened", apply_session},
    {"token_added", apply_token},
    {"token_revoked", apply_token_revoked},
    {"user_added", apply_user_added},
    {"user_roles_set", apply_roles},
};

Drafts decide_accepted(const AccessState& state, const Entry& entry) {
  const std::string name = string_or(entry.body, "name");
  const Json* args = find(entry.body, "args");
  if (args == nullptr) return {};
  if (name == "request.approve" || name == "request.reject") return decide_answer(state, entry, name, *args);
  Answer answer = decide_glass(state, entry, name, *args);
  if (answer.kind.empty()) answer = decide_account(state, entry, name, *args);
  if (answer.kind.empty()) return {};
  if (!answer.body) return {refused(entry, name, answer.body.error())};
  return {fact(entry, std::move(answer.kind), std::move(*answer.body))};
}

std::string_view word_of(const Token& token) {
  switch (token.purpose) {
    case Purpose::kLink: return "link";
    case Purpose::kSession: return "session";
    case Purpose::kToken: break;
  }
  return token.key.empty() ? "token" : "key";
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

std::string user_of(std::string_view actor) {
  const std::size_t colon = actor.find(':');
  return colon == std::string_view::npos ? std::string() : std::string(actor.substr(colon + 1));
}

Draft refused(const Entry& entry, const std::string& name, const Error& error) {
  Draft draft;
  draft.kind = "command_refused";
  draft.actor = entry.actor;
  draft.body = firebreak::refusal(name, error.code, error.message, error.pointer);
  return draft;
}

Draft fact(const Entry& entry, std::string kind, JsonObject body) {
  Draft draft;
  draft.kind = std::move(kind);
  draft.actor = entry.actor;
  draft.body = std::move(body);
  return draft;
}

Result<Digest> digest_of(const Json& args, std::string_view key) {
  FIREBREAK_ASSIGN(const std::string hex, get_string(args, key));
  auto digest = Digest::from_hex(hex);
  if (!digest) return fail(Code::kInvalid, fmt::format("'{}' is a SHA-256 in 64 hex digits", key), fmt::format("/{}", key));
  return *digest;
}

std::vector<Draft> decide(const AccessState& state, const Entry& entry) {
  Drafts drafts;
  if (entry.kind == "command") drafts.push_back(decide_command(state, entry));
  if (entry.kind == "command_accepted") drafts = decide_accepted(state, entry);
  if (is_input_kind(entry.kind))
    for (Draft& due : times_due(state, entry.time)) drafts.push_back(std::move(due));
  return drafts;
}

void apply(AccessState& state, const Entry& entry) {
  const auto row = std::find_if(std::begin(kTable), std::end(kTable), [&](const Row& r) { return r.kind == entry.kind; });
  if (row != std::end(kTable)) row->apply(state, entry);
}

const Preset& preset_of(const AccessState& state) {
  const Preset* preset = find_preset(state.preset);
  return preset != nullptr ? *preset : *find_preset(kDefaultPreset);
}

std::string Principal::actor() const { return (is_program(role) ? "service:" : "user:") + user; }

Result<Principal> authenticate(const AccessState& state, const Digest& token_hash, Time now, Purpose purpose) {
  const auto token = state.tokens.find(token_hash);
  if (token == state.tokens.end() || token->second.purpose != purpose)
    return fail(Code::kUnauthorized, std::string(refusal(purpose)));
  const Time expires = token->second.expires;
  if (expires.us != 0 && expires <= now)
    return fail(Code::kUnauthorized, fmt::format("this {} expired at {}", word_of(token->second), format_time(expires)));
  const auto user = state.users.find(token->second.user);
  if (user == state.users.end()) return fail(Code::kUnauthorized, "this token's user is not known");
  Principal who{user->first, user->second.role, user->second.scripted, expires};
  who.rights = within(rights_of_user(state, who.user, now), token->second.scope);
  who.secret = token_hash;
  who.codes = user->second.confirmed;
  who.scoped = !token->second.scope.empty();
  return who;
}

bool may_see(const AccessState& state, const std::string& user, const std::string& incident) {
  const auto at = state.excluded.find(incident);
  return at == state.excluded.end() || !at->second.contains(user);
}

}  // namespace firebreak::access
