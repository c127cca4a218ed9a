#include "fold/notify/notify.h"

#include <fmt/core.h>

#include "fold/notify/parts.h"
#include "types/command.h"

namespace firebreak::notify {

Drafts refuse(const Entry& command, Code code, std::string reason, std::string pointer) {
  return {make_draft("command_refused", "", refusal(string_or(command.body, "name"), code, std::move(reason), std::move(pointer)))};
}

std::uint64_t index_with(const std::string& id, std::string_view prefix) { return id.starts_with(prefix) ? index_of(id) : 0; }

std::optional<std::string> on_call(const NotifyState& state, const std::string& name, Time now) {
  if (state.settings.contacts.contains(name)) return name;
  const auto rotation = state.settings.rotations.find(name);
  if (rotation == state.settings.rotations.end()) return std::nullopt;
  std::optional<std::string> found;
  for (const auto& [index, one] : state.overrides)  // the newest counts
    if (one.rotation == name && one.from <= now && now < one.until) found = one.contact;
  if (found) return found;
  const auto zone = state.settings.zones.find(rotation->second.zone);
  const std::int64_t turn = turn_at(rotation->second, zone == state.settings.zones.end() ? Zone{} : zone->second, now);
  if (turn < 0) return std::nullopt;
  return rotation->second.people[static_cast<std::size_t>(turn) % rotation->second.people.size()];
}

std::vector<std::string> contacts_of(const NotifyState& state, const std::vector<std::string>& names, Time now) {
  std::set<std::string> seen;
  std::vector<std::string> out;
  for (const std::string& name : names)
    if (const auto contact = on_call(state, name, now); contact && state.settings.contacts.contains(*contact) && seen.insert(*contact).second) out.push_back(*contact);
  return out;
}

Drafts decide(const NotifyState& state, const Entry& entry) {
  if (entry.kind == "command_accepted") {
    Drafts drafts = oncall_command(state, entry);
    join(drafts, decide_messages(state, entry));
    join(drafts, stakeholder_command(state, entry));
    return drafts;
  }
  Drafts drafts = decide_alerts(state, entry);
  join(drafts, decide_deliveries(state, entry));
  join(drafts, decide_messages(state, entry));
  if (is_input_kind(entry.kind) && state.wake.us != 0 && state.wake <= entry.time && entry.kind != "delivery_ended" && entry.kind != "server_started") {
    join(drafts, deliveries_due(state, entry.time));
    join(drafts, alerts_due(state, entry.time));
    join(drafts, updates_due(state, entry.time));
  }
  return drafts;
}

}  // namespace firebreak::notify
