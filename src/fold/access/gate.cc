// Who may give the command, by the matrix (types/roles.h), within the key it came with, under the glass that is broken.
#include <fmt/core.h>

#include <algorithm>

#include "fold/access/parts.h"

namespace firebreak::access {
namespace {

// What a broken glass lifts: acting and deciding in an incident. Never users, keys, reports or messages.
constexpr Duty kUnderGlass[] = {Duty::kEvidence, Duty::kContain, Duty::kDisrupt, Duty::kOverride, Duty::kPromote, Duty::kClose};

enum class Way { kNow, kRequest };

// A second admin cannot be asked for while there is none.
bool has_second(const AccessState& state, Duty duty, const std::string& user) {
  for (const auto& [name, other] : state.users)
    if (name != user && !other.scripted && cell_of(rights_of(other.role, preset_of(state)), duty) >= Cell::kDoSecond) return true;
  return false;
}

std::string needs(const CommandSpec& command, Cell least, const AccessState& state) {
  std::string roles;
  for (const std::string_view role : kHumanRoles)
    if (cell_of(rights_of(role, preset_of(state)), command.duty) >= least) roles += (roles.empty() ? "" : ", ") + std::string(role);
  return roles.empty() ? "of nobody" : roles;
}

Result<Way> way_of(const AccessState& state, const CommandSpec& command, const std::string& user, const std::string& role, const Rights& rights) {
  const Cell cell = cell_of(rights, command.duty);
  const Cell least = command.step == Step::kApprove ? Cell::kDoSecond : Cell::kPropose;
  if (cell < least)
    return fail(Code::kForbidden, fmt::format("'{}' needs the role {}; user:{} is {}", command.name, needs(command, least, state), user, role));
  if (command.step != Step::kDo || cell == Cell::kDo) return Way::kNow;
  if (cell == Cell::kDoSecond && command.duty == Duty::kAdminister && !has_second(state, command.duty, user)) return Way::kNow;
  return Way::kRequest;
}

// The code was checked where the secret is; here each of them serves once, and is there when it must be.
Result<void> check_code(const AccessState& state, const User& user, const CommandSpec& command, std::int64_t code) {
  if (code != 0 && code <= user.last_code)
    return fail(Code::kForbidden, "this one-time code was used already: wait for the next one");
  const bool approves = command.step == Step::kApprove || command.name == "request.approve";
  if (!approves || code != 0) return {};
  if (user.confirmed) return fail(Code::kForbidden, fmt::format("'{}' takes your one-time code (Firebreak-Code, or --code)", command.name));
  if (preset_of(state).mfa)
    return fail(Code::kForbidden, fmt::format("'{}' takes a one-time code here, and you have none yet: firebreak mfa enroll", command.name));
  return {};
}

// What of the way in the accepted entry repeats: which sign-in, which browser where that counts, which code.
JsonObject told(const AccessState& state, const Json& via) {
  JsonObject out;
  if (const std::string token = string_or(via, "token"); !token.empty()) out["session"] = token.substr(0, 16);
  if (const std::string browser = string_or(via, "browser"); !browser.empty() && preset_of(state).own_browsers) out["browser"] = browser;
  if (const std::int64_t code = int_or(via, "mfa"); code != 0) out["mfa"] = code;
  return out;
}

// Who is to have a role in an incident is a person of this installation who may see it and write in it.
Result<void> check_taker(const AccessState& state, const CommandSpec& command, const Json& args) {
  const std::string_view key = command.name == "incident.assign" ? "user" : command.name == "incident.handover" || command.name == "evidence.offer" ? "to" : "";
  if (key.empty() || find(args, key) == nullptr) return {};
  const std::string given = string_or(args, key), name = given.find(':') == std::string::npos ? given : user_of(given);
  const auto taker = state.users.find(name);
  const bool can = taker != state.users.end() && cell_of(rights_of(taker->second.role, preset_of(state)), Duty::kTimeline) >= Cell::kDo && may_see(state, name, string_or(args, "incident"));
  if (can) return {};
  return fail(Code::kInvalid, fmt::format("'{}' is no person who can work on this incident", name), fmt::format("/{}", key));
}

Result<Way> program_way(const User& user, const Entry& entry, const CommandSpec& command) {
  if (has_word(command.programs, user.role)) return Way::kNow;
  return fail(Code::kForbidden, fmt::format("'{}' is for people; {} is {}", command.name, entry.actor, user.role));
}

Result<Way> person_way(const AccessState& state, const Entry& entry, const CommandSpec& command, const std::string& name, const User& user, const Json& via) {
  Rights rights = rights_of_user(state, name, entry.time);
  if (const auto digest = Digest::from_hex(string_or(via, "token")); digest && state.tokens.contains(*digest)) {
    const std::string& scope = state.tokens.at(*digest).scope;
    if (!scope.empty() && (command.step == Step::kOwn || command.step == Step::kAnswer || command.name.starts_with("break_glass.")))
      return fail(Code::kForbidden, fmt::format("'{}' is not for an API key: sign in", command.name));
    if (!scope.empty() && !has_word(scope, duty_name(command.duty)))
      return fail(Code::kForbidden, fmt::format("'{}' belongs to '{}', and this API key is for: {}", command.name, duty_name(command.duty), scope));
    rights = within(rights, scope);
  }
  if (const std::string incident = string_or(command_args(entry), "incident"); !may_see(state, name, incident))
    return fail(Code::kNotFound, fmt::format("there is no incident '{}'", incident), "/incident");
  FIREBREAK_TRY(check_code(state, user, command, int_or(via, "mfa")));
  if (command.step == Step::kOwn || command.step == Step::kAnswer) return Way::kNow;
  FIREBREAK_ASSIGN(const Way way, way_of(state, command, name, user.role, rights));
  FIREBREAK_TRY(check_taker(state, command, command_args(entry)));
  return way;
}

}  // namespace

std::string glass_of(const AccessState& state, const std::string& user, Time now) {
  for (const auto& [id, glass] : state.glasses)
    if (glass.by == "user:" + user && glass.since <= now && now < glass.until && !glass.ended) return id;
  return {};
}

Rights rights_of_user(const AccessState& state, const std::string& user, Time now) {
  const auto at = state.users.find(user);
  if (at == state.users.end()) return {};
  Rights rights = rights_of(at->second.role, preset_of(state));
  if (glass_of(state, user, now).empty()) return rights;
  for (const Duty duty : kUnderGlass)
    if (Cell& cell = rights[static_cast<std::size_t>(duty)]; cell >= Cell::kPropose) cell = Cell::kDo;
  return rights;
}

Rights within(Rights rights, std::string_view scope) {
  if (scope.empty()) return rights;
  for (std::size_t duty = 0; duty < kDuties; ++duty)
    if (!has_word(scope, kDutyNames[duty])) rights[duty] = Cell::kNone;
  return rights;
}

Draft decide_command(const AccessState& state, const Entry& entry) {
  const std::string name = string_or(entry.body, "name");
  const CommandSpec* command = find_command(name);
  if (command == nullptr) return refused(entry, name, {Code::kNotFound, fmt::format("there is no command '{}'", name), {}, 0});
  const Json* given_via = find(entry.body, "via");
  const Json via = given_via != nullptr ? *given_via : Json(JsonObject{});
  std::string role = "admin";
  Result<Way> way = Way::kNow;
  if (entry.actor == kSelf) {
    if (command->duty != Duty::kAdminister || command->step != Step::kDo)
      way = fail(Code::kForbidden, fmt::format("'{}' is for people; the program may not give it", name));
  } else if (const auto user = state.users.find(user_of(entry.actor)); user == state.users.end()) {
    way = fail(Code::kForbidden, fmt::format("'{}' is no user; an admin adds users with user.add", entry.actor));
  } else {
    role = user->second.role;
    way = is_program(role) ? program_way(user->second, entry, *command)
                           : person_way(state, entry, *command, user->first, user->second, via);
  }
  if (!way) return refused(entry, name, way.error());
  const Json* given = find(entry.body, "args");
  const Json args = given != nullptr ? *given : Json(JsonObject{});
  if (auto checked = check_command(name, args); !checked) return refused(entry, name, checked.error());
  if (*way == Way::kRequest) return request(state, entry, *command, args, role);
  JsonObject body{{"name", name}, {"args", args}, {"role", role}};
  if (JsonObject said = told(state, via); !said.empty()) body["via"] = std::move(said);
  if (std::string glass = glass_of(state, user_of(entry.actor), entry.time); !glass.empty()) body["break_glass"] = std::move(glass);
  // Which measure it comes to, containment knows: of who may propose bounded ones alone, it takes no other.
  if (name == "action.propose" && cell_of(rights_of_user(state, user_of(entry.actor), entry.time), Duty::kDisrupt) < Cell::kPropose) body["bounded_only"] = true;
  return fact(entry, "command_accepted", std::move(body));
}

}  // namespace firebreak::access
