// Break-glass: one person, a reason, four hours; whatever follows is marked, and somebody else looks at it within a day.
#include <fmt/core.h>

#include "fold/access/parts.h"

namespace firebreak::access {
namespace {

Result<JsonObject> open(const AccessState& state, const Entry& entry, const Json& args) {
  FIREBREAK_ASSIGN(const std::string reason, get_string(args, "reason"));
  if (reason.find_first_not_of(" \t\r\n") == std::string::npos) return fail(Code::kInvalid, "'reason' must say something", "/reason");
  if (const std::string id = glass_of(state, user_of(entry.actor), entry.time); !id.empty())
    return fail(Code::kConflict, fmt::format("you act alone already ({}), until {}", id, format_time(state.glasses.at(id).until)));
  for (const auto& [id, glass] : state.glasses)
    if (glass.by == entry.actor && glass.overdue && !glass.reviewed)
      return fail(Code::kForbidden, fmt::format("{} still waits for its review: somebody else must review it first", id));
  return JsonObject{{"by", entry.actor},
                    {"reason", reason},
                    {"until", format_time(entry.time + kGlassLasts)},
                    {"review_by", format_time(entry.time + kGlassReview)}};
}

Result<JsonObject> review(const AccessState& state, const Entry& entry, const Json& args) {
  FIREBREAK_ASSIGN(const std::string id, get_string(args, "break_glass"));
  const auto at = state.glasses.find(id);
  if (at == state.glasses.end() || at->second.reviewed)
    return fail(Code::kNotFound, fmt::format("no review of '{}' is open", id), "/break_glass");
  if (!entry.actor.starts_with("user:")) return fail(Code::kForbidden, "only a person can review it");
  if (entry.actor == at->second.by) return fail(Code::kForbidden, "who broke the glass cannot review it", "/break_glass");
  FIREBREAK_ASSIGN(const std::string verdict, get_string(args, "verdict"));
  if (verdict != "justified" && verdict != "not_justified")
    return fail(Code::kInvalid, "'verdict' is justified or not_justified", "/verdict");
  FIREBREAK_ASSIGN(const std::string text, get_string(args, "text"));
  if (text.find_first_not_of(" \t\r\n") == std::string::npos) return fail(Code::kInvalid, "'text' must say something", "/text");
  return JsonObject{{"break_glass", id}, {"by", entry.actor}, {"verdict", verdict}, {"text", text}};
}

}  // namespace

Answer decide_glass(const AccessState& state, const Entry& entry, const std::string& name, const Json& args) {
  if (name == "break_glass.open") return {"break_glass_opened", open(state, entry, args)};
  if (name == "break_glass.review") return {"break_glass_reviewed", review(state, entry, args)};
  return {};
}

Drafts times_due(const AccessState& state, Time now) {
  Drafts drafts;
  for (const auto& [id, request] : state.requests)
    if (now >= request.expires) drafts.push_back(make_draft("request_expired", id, {{"request", id}}));
  for (const auto& [id, glass] : state.glasses) {
    if (!glass.ended && now >= glass.until) drafts.push_back(make_draft("break_glass_ended", id, {{"break_glass", id}, {"by", glass.by}}));
    if (!glass.reviewed && !glass.overdue && now >= glass.review_by)
      drafts.push_back(make_draft("break_glass_overdue", id, {{"break_glass", id}, {"by", glass.by}, {"review_by", format_time(glass.review_by)}}));
  }
  return drafts;
}

}  // namespace firebreak::access
