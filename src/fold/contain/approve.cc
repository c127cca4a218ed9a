// The second person, the end by hand, and the big stop.
#include <fmt/core.h>

#include "fold/contain/parts.h"

namespace firebreak::contain {
namespace {

// The base may have moved between proposal and approval: then nobody approved what would happen now.
bool base_moved(const ContainState& state, const Action& action) {
  const auto slot = state.endpoints.find(action.endpoint);
  return is_open_ended(action) && (slot == state.endpoints.end() || slot->second.base_release != action.base_before);
}

// The same sign-in, or the same browser where the installation tells browsers apart, is not a second person.
bool same_way(const Action& action, const Entry& entry) {
  const Json* via = find(entry.body, "via");
  if (via == nullptr) return false;
  return (!action.session.empty() && action.session == string_or(*via, "session")) ||
         (!action.browser.empty() && action.browser == string_or(*via, "browser"));
}

bool is_owner(const ContainState& state, const Action& action, const std::string& by) {
  const auto slot = state.endpoints.find(action.endpoint);
  return slot != state.endpoints.end() && !slot->second.endpoint.owner.empty() && by == "user:" + slot->second.endpoint.owner;
}

}  // namespace

Drafts decide_approve(const ContainState& state, const Entry& entry, const Json& args) {
  const std::string id = string_or(args, "action"), digest = string_or(args, "digest"), by = who(entry);
  const auto refused = [](Code code, std::string reason, std::string pointer) -> Drafts {
    return {refuse("action.approve", code, std::move(reason), std::move(pointer))};
  };
  const Action* action = find_action(state, id);
  if (action == nullptr) return refused(Code::kNotFound, fmt::format("there is no action '{}'", id), "/action");
  if (action->status != ActionStatus::kProposed)
    return refused(Code::kConflict, fmt::format("{} is {}", id, status_name(action->status)), "/action");
  if (entry.time >= action->expires)
    return refused(Code::kConflict, fmt::format("{} expired at {}", id, format_time(action->expires)), "/action");
  if (!by.starts_with("user:")) return refused(Code::kForbidden, "only a person can approve", "");
  // Under a broken glass (fold/access marks the command) one person is enough, and what is done says so.
  const std::string glass = string_or(entry.body, "break_glass");
  if (glass.empty()) {
    if (by == action->requested_by)
      return refused(Code::kForbidden, "who asked for an action cannot approve it", "/action");
    if (is_owner(state, *action, by))
      return refused(Code::kForbidden, fmt::format("the owner of {} cannot approve an action on it", action->endpoint), "/action");
    if (same_way(*action, entry))
      return refused(Code::kForbidden, "it was asked for in this very session: the second person signs in elsewhere", "/action");
  }
  if (action->approved_by.contains(by)) return refused(Code::kConflict, "you have approved it already", "/action");
  if (digest != action->digest)
    return refused(Code::kConflict,
                   fmt::format("you approve digest {}, the action has {}: look at it again", digest, action->digest),
                   "/digest");
  // A hold may have come since the proposal.
  if (auto free = not_held(state, action->cls, action->incident, action->endpoint); !free)
    return refused(free.error().code, free.error().message, "/action");
  if (action->cls == "destructive" && !evidence_complete(state, action->incident))
    return refused(Code::kConflict, "a destructive action waits until the incident's evidence is captured", "/action");
  if (base_moved(state, *action))
    return refused(Code::kConflict, "the endpoint's base release has changed since the proposal", "/action");
  JsonObject body{{"action", id}, {"by", by}, {"digest", digest}};
  if (!glass.empty()) body["break_glass"] = glass;
  return {make_draft("action_approved", id, std::move(body))};
}

Drafts decide_reject(const ContainState& state, const Entry& entry, const Json& args) {
  const std::string id = string_or(args, "action");
  const Action* action = find_action(state, id);
  if (action == nullptr)
    return {refuse("action.reject", Code::kNotFound, fmt::format("there is no action '{}'", id), "/action")};
  if (action->status != ActionStatus::kProposed || entry.time >= action->expires)
    return {refuse("action.reject", Code::kConflict, fmt::format("{} is not waiting for approval", id), "/action")};
  return {make_draft("action_rejected", id, {{"action", id}, {"by", who(entry)}, {"reason", string_or(args, "reason")}})};
}

Drafts decide_lift(const ContainState& state, const Entry& entry, const Json& args) {
  const std::string id = string_or(args, "action"), reason = string_or(args, "reason");
  const Action* action = find_action(state, id);
  if (action == nullptr)
    return {refuse("action.lift", Code::kNotFound, fmt::format("there is no action '{}'", id), "/action")};
  if (!is_live(*action) || lease_over(*action, entry.time))
    return {refuse("action.lift", Code::kConflict,
                   fmt::format("{} is {}: there is nothing to lift", id, status_name(action->status)), "/action")};
  return {lift(*action, reason.empty() ? "lifted by hand" : reason, who(entry))};
}

Drafts decide_freeze(const ContainState& state, const Entry& entry, const Json& args) {
  if (state.frozen) return {refuse("freeze", Code::kConflict, "Firebreak is frozen already")};
  return {make_draft("frozen", "", {{"by", who(entry)}, {"reason", string_or(args, "reason")}})};
}

Drafts decide_thaw(const ContainState& state, const Entry& entry, const Json& args) {
  const std::string by = who(entry);
  if (!state.frozen) return {refuse("thaw", Code::kConflict, "Firebreak is not frozen")};
  if (!by.starts_with("user:")) return {refuse("thaw", Code::kForbidden, "only people can thaw")};
  if (state.thaw_proposed_by.empty())
    return {make_draft("thaw_proposed", "", {{"by", by}, {"reason", string_or(args, "reason")}})};
  if (state.thaw_proposed_by == by)
    return {refuse("thaw", Code::kForbidden, "a thaw needs a second person")};
  return {make_draft("thawed", "", {{"by", by}, {"with", state.thaw_proposed_by}, {"reason", string_or(args, "reason")}})};
}

}  // namespace firebreak::contain
