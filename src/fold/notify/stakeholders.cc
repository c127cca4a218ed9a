// What somebody outside the incident sees by a link of their own: what was approved and told to their audience, and nothing else. The view
// is made of what may be seen, not of everything with parts taken away.
#include <fmt/core.h>

#include <algorithm>

#include "fold/notify/parts.h"
#include "types/command.h"

namespace firebreak::notify {
namespace {

constexpr std::size_t kLinks = 1'000;
constexpr std::int64_t kLongestLink = 90 * kDay;

std::string_view phase_words(const std::string& phase) {
  if (phase == "detection_analysis") return "being investigated";
  if (phase == "containment") return "being contained";
  if (phase == "eradication" || phase == "recovery") return "being repaired";
  return "over";
}

}  // namespace

Drafts stakeholder_command(const NotifyState& state, const Entry& entry) {
  const Json& args = command_args(entry);
  const std::string name = string_or(entry.body, "name");
  if (name == "stakeholder.remove") {
    const std::string id = string_or(args, "link");
    if (!state.links.contains(index_with(id, "stk-"))) return refuse(entry, Code::kNotFound, fmt::format("there is no link '{}'", id), "/link");
    return {make_draft("stakeholder_link_removed", "", {{"link", id}, {"by", entry.actor}})};
  }
  if (name != "stakeholder.add") return {};
  const std::string incident = string_or(args, "incident"), audience = string_or(args, "audience"), hash = string_or(args, "link_hash");
  const auto until = parse_time(string_or(args, "until"));
  if (!state.incidents.contains(incident)) return refuse(entry, Code::kNotFound, fmt::format("no incident '{}' is open", incident), "/incident");
  if (!state.settings.audiences.contains(audience)) return refuse(entry, Code::kNotFound, fmt::format("the communication plan has no audience '{}'", audience), "/audience");
  if (hash.size() != 64 || hash.find_first_not_of("0123456789abcdef") != std::string::npos) return refuse(entry, Code::kInvalid, "a link is named by its SHA-256", "/link_hash");
  if (!until || *until <= entry.time || *until - entry.time > kLongestLink) return refuse(entry, Code::kInvalid, "a link ends within 90 days, not in the past", "/until");
  if (state.links.size() >= kLinks) return refuse(entry, Code::kBusy, fmt::format("{} links stand", state.links.size()));
  return {make_draft("stakeholder_link_added", incident, {{"incident", incident}, {"audience", audience}, {"link_hash", hash}, {"until", format_time(*until)}, {"by", entry.actor}})};
}

Result<Json> stakeholder_view(const NotifyState& state, const std::string& link_hash, Time now) {
  const auto found = std::find_if(state.links.begin(), state.links.end(), [&](const auto& item) { return item.second.hash == link_hash && item.second.until > now; });
  if (found == state.links.end()) return fail(Code::kUnauthorized, "this link is not known or has ended; ask who gave it to you for another");
  const StakeholderLink& link = found->second;
  const auto incident = state.incidents.find(link.incident);
  const auto audience = state.settings.audiences.find(link.audience);
  JsonObject out{{"incident", link.incident}, {"state", "over"}, {"audience", audience == state.settings.audiences.end() ? link.audience : audience->second.title}, {"next_update", nullptr}};
  if (incident != state.incidents.end()) {
    out["severity"] = incident->second.severity;
    out["state"] = phase_words(incident->second.phase);
    out["since"] = format_time(incident->second.opened);
    if (const auto heard = incident->second.updates.find(link.audience); heard != incident->second.updates.end() && heard->second.due.us != 0) out["next_update"] = format_time(heard->second.due);
  }
  JsonArray messages;
  for (const auto& [index, one] : state.messages)
    if (one.incident == link.incident && one.audience == link.audience && one.given.us != 0) messages.push_back(JsonObject{{"time", format_time(one.given)}, {"subject", one.subject}, {"text", one.body}});
  std::reverse(messages.begin(), messages.end());
  out["messages"] = std::move(messages);
  return Json(std::move(out));
}

}  // namespace firebreak::notify
