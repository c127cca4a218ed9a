// A command that its giver may only propose, or that takes two: kept until another person says yes to exactly this.
#include <fmt/core.h>

#include "fold/access/parts.h"

namespace firebreak::access {
namespace {

// The same way in: one sign-in, or one browser where the preset tells browsers apart.
bool same_way(const Json& asked, const Json& via) {
  for (const char* key : {"session", "browser"})
    if (const std::string one = string_or(asked, key); !one.empty() && one == string_or(via, key)) return true;
  return false;
}

Result<void> check_second(const AccessState& state, const Entry& entry, const Request& request, const Json& args) {
  if (!entry.actor.starts_with("user:")) return fail(Code::kForbidden, "only a person can approve");
  if (entry.actor == request.by) return fail(Code::kForbidden, "who asked for it cannot approve it", "/request");
  const Json* via = find(entry.body, "via");
  if (via != nullptr && same_way(request.via, *via))
    return fail(Code::kForbidden, "it was asked for in this very session: the second person signs in elsewhere", "/request");
  if (entry.time >= request.expires) return fail(Code::kConflict, fmt::format("it expired at {}", format_time(request.expires)), "/request");
  if (string_or(args, "digest") != request.digest)
    return fail(Code::kConflict, fmt::format("you approve digest {}, the request has {}: look at it again", string_or(args, "digest"), request.digest), "/digest");
  const CommandSpec* command = find_command(request.name);
  const Cell cell = command == nullptr ? Cell::kNone : cell_of(rights_of_user(state, user_of(entry.actor), entry.time), command->duty);
  if (cell < Cell::kDoSecond)
    return fail(Code::kForbidden, fmt::format("'{}' is not yours to approve: it takes somebody who may do it", request.name), "/request");
  return {};
}

}  // namespace

std::string command_digest(std::string_view name, const Json& args, std::string_view actor) {
  return sha256(canonical_json(JsonObject{{"name", name}, {"args", args}, {"by", actor}})).hex();
}

Draft request(const AccessState& state, const Entry& entry, const CommandSpec& command, const Json& args, const std::string& role) {
  JsonObject body{{"name", command.name},
                  {"args", args},
                  {"role", role},
                  {"duty", duty_name(command.duty)},
                  {"digest", command_digest(command.name, args, entry.actor)},
                  {"expires", format_time(entry.time + kRequestLife)}};
  if (const Json* via = find(entry.body, "via")) {
    JsonObject kept;
    if (const std::string token = string_or(*via, "token"); !token.empty()) kept["session"] = token.substr(0, 16);
    if (const std::string browser = string_or(*via, "browser"); !browser.empty() && preset_of(state).own_browsers) kept["browser"] = browser;
    if (const std::int64_t code = int_or(*via, "mfa"); code != 0) kept["mfa"] = code;
    if (!kept.empty()) body["via"] = std::move(kept);
  }
  return fact(entry, "command_requested", std::move(body));
}

Drafts decide_answer(const AccessState& state, const Entry& entry, const std::string& name, const Json& args) {
  const std::string id = string_or(args, "request");
  const auto at = state.requests.find(id);
  if (at == state.requests.end())
    return {refused(entry, name, {Code::kNotFound, fmt::format("nothing waits as '{}': it was answered, has expired, or never was", id), "/request", 0})};
  const Request& request = at->second;
  if (name == "request.reject") {
    const CommandSpec* command = find_command(request.name);
    const bool own = entry.actor == request.by;
    if (!own && (command == nullptr || cell_of(rights_of_user(state, user_of(entry.actor), entry.time), command->duty) < Cell::kDoSecond))
      return {refused(entry, name, {Code::kForbidden, "it takes who asked, or somebody who may do it", "/request", 0})};
    return {fact(entry, "request_rejected", {{"request", id}, {"by", entry.actor}, {"reason", string_or(args, "reason")}})};
  }
  if (auto second = check_second(state, entry, request, args); !second) return {refused(entry, name, second.error())};
  // What the requester may do today, not what he might when he asked.
  const CommandSpec* command = find_command(request.name);
  const auto asker = state.users.find(user_of(request.by));
  if (asker == state.users.end() || cell_of(rights_of_user(state, asker->first, entry.time), command->duty) < Cell::kPropose)
    return {refused(entry, name, {Code::kConflict, fmt::format("{} may not ask for '{}' any more", request.by, request.name), "/request", 0})};
  Draft approved = fact(entry, "request_approved", {{"request", id}, {"by", entry.actor}, {"digest", request.digest}});
  Draft carried = fact(entry, "command_accepted", {{"name", request.name}, {"args", request.args}, {"role", asker->second.role},
                                                   {"request", id}, {"approved_by", entry.actor}});
  carried.actor = request.by;
  return {std::move(approved), std::move(carried)};
}

}  // namespace firebreak::access
