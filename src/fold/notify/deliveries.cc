// Ordered -> started -> ended, each an entry: tried again after a while, over the contact's next channel when one is given up.
#include <fmt/core.h>

#include <algorithm>

#include "fold/notify/parts.h"

namespace firebreak::notify {
namespace {

std::string id_of(std::uint64_t index) { return fmt::format("dlv-{}", index); }

bool is_wanted(const NotifyState& state, const Delivery& delivery) {
  if (delivery.action != "trigger") return true;
  if (const std::uint64_t alert = index_with(delivery.of, "alert-")) {
    const auto found = state.alerts.find(alert);
    return found != state.alerts.end() && found->second.acknowledged_by.empty();
  }
  if (const std::uint64_t use = index_with(delivery.of, "use-")) return state.uses.contains(use);
  return state.messages.contains(index_with(delivery.of, "msg-"));
}

// Who gave an approval in advance is told of each use of it, where a contact bears the name.
Drafts used(const NotifyState& state, const Entry& entry) {
  Drafts drafts;
  if (!state.settings.on()) return drafts;
  const auto incident = state.incidents.find(string_or(entry.body, "incident"));
  for (const std::string& person : strings_or_empty(entry.body, "tells")) {
    const std::string name = person.substr(person.find(':') + 1);
    if (incident == state.incidents.end() || !incident->second.excluded.contains(name)) join(drafts, order(state, entry.id("use"), "trigger", name, 1, 0));
  }
  return drafts;
}

Draft give_up(std::uint64_t index, const Delivery& delivery) {
  return make_draft("delivery_given_up", id_of(index), {{"delivery", id_of(index)}, {"of", delivery.of}, {"action", delivery.action}, {"contact", delivery.contact}, {"channel", delivery.channel},
                                                        {"step", delivery.step}, {"way", delivery.way}, {"attempts", delivery.attempt}});
}

Drafts settled(const NotifyState& state, const std::string& of, Time now) {
  if (const std::uint64_t alert = index_with(of, "alert-")) return settle_step(state, alert, now);
  if (of.starts_with("use-")) return {};  // nobody has to answer
  return settle_message(state, index_with(of, "msg-"), now);
}

Drafts ended(const NotifyState& state, const Entry& entry) {
  const std::uint64_t index = index_with(string_or(entry.body, "delivery"), "dlv-");
  if (string_or(entry.body, "result") == "delivered") return settled(state, string_or(entry.body, "of"), entry.time);
  const auto found = state.deliveries.find(index);
  if (found == state.deliveries.end() || found->second.state != Delivering::kFailed || found->second.attempt != int_or(entry.body, "attempt")) return {};
  const Delivery& delivery = found->second;
  if (!is_wanted(state, delivery)) return {make_draft("delivery_dropped", id_of(index), {{"delivery", id_of(index)}, {"reason", "acknowledged"}})};
  if (bool_or(entry.body, "permanent") || delivery.attempt >= state.settings.attempts)
    return {give_up(index, delivery)};
  const auto& backoff = state.settings.backoff_us;
  const std::int64_t wait = backoff[std::min(static_cast<std::size_t>(delivery.attempt - 1), backoff.size() - 1)];
  return {make_draft("delivery_postponed", id_of(index), {{"delivery", id_of(index)}, {"attempt", delivery.attempt + 1}, {"until", format_time(entry.time + wait)}})};
}

// Whether the other side has it nobody knows: it is sent again with the same key, as far as attempts go.
Drafts interrupted(const NotifyState& state) {
  Drafts drafts;
  for (const auto& [index, delivery] : state.deliveries) {
    if (delivery.state != Delivering::kStarted) continue;
    if (!is_wanted(state, delivery)) drafts.push_back(make_draft("delivery_dropped", id_of(index), {{"delivery", id_of(index)}, {"reason", "acknowledged"}}));
    else if (delivery.attempt >= state.settings.attempts) drafts.push_back(give_up(index, delivery));
    else drafts.push_back(make_draft("delivery_due", id_of(index), {{"delivery", id_of(index)}, {"attempt", delivery.attempt + 1}}));
  }
  return drafts;
}

// Their channel is gone from the configuration: nobody would ever carry them out.
Drafts unconfigured(const NotifyState& state) {
  Drafts drafts;
  for (const auto& [index, delivery] : state.deliveries)
    if (delivery.state != Delivering::kStarted && !state.settings.channels.contains(delivery.channel)) drafts.push_back(give_up(index, delivery));
  return drafts;
}

Drafts given_up(const NotifyState& state, const Entry& entry) {
  const Json& body = entry.body;
  const std::string of = string_or(body, "of"), contact = string_or(body, "contact");
  if (string_or(body, "action") != "trigger") return {};
  Drafts drafts = order(state, of, "trigger", contact, int_or(body, "step"), int_or(body, "way") + 1);
  if (!drafts.empty()) return drafts;
  return {make_draft("contact_missed", of, {{"of", of}, {"contact", contact}, {"step", int_or(body, "step")}})};
}

}  // namespace

Drafts order(const NotifyState& state, const std::string& of, std::string_view action, const std::string& contact, std::int64_t step, std::int64_t way) {
  const auto found = state.settings.contacts.find(contact);
  if (found == state.settings.contacts.end() || static_cast<std::size_t>(way) >= found->second.size()) return {};
  const std::string& channel = found->second[static_cast<std::size_t>(way)];
  return {make_draft("delivery_ordered", of, {{"of", of}, {"action", action}, {"contact", contact}, {"channel", channel}, {"step", step}, {"way", way}})};
}

bool under_way(const NotifyState& state, const std::string& of, std::int64_t step) {
  return std::any_of(state.deliveries.begin(), state.deliveries.end(), [&](const auto& item) { return item.second.of == of && item.second.step == step && item.second.action == "trigger"; });
}

Drafts decide_deliveries(const NotifyState& state, const Entry& entry) {
  if (entry.kind == "delivery_ended") return ended(state, entry);
  if (entry.kind == "standing_used") return used(state, entry);
  if (entry.kind == "server_started") return interrupted(state);
  if (entry.kind == "notify_applied") return unconfigured(state);
  if (entry.kind == "delivery_ordered") {  // acknowledged in the same group
    const auto found = state.deliveries.find(entry.index);
    if (found != state.deliveries.end() && !is_wanted(state, found->second)) return {make_draft("delivery_dropped", id_of(entry.index), {{"delivery", id_of(entry.index)}, {"reason", "acknowledged"}})};
  }
  if (entry.kind == "delivery_given_up") return given_up(state, entry);
  if (entry.kind == "contact_missed") return settled(state, string_or(entry.body, "of"), entry.time);
  return {};
}

Drafts deliveries_due(const NotifyState& state, Time now) {
  Drafts drafts;
  for (const auto& [index, delivery] : state.deliveries)
    if (delivery.state == Delivering::kWaiting && delivery.until <= now)
      drafts.push_back(make_draft("delivery_due", id_of(index), {{"delivery", id_of(index)}, {"attempt", delivery.attempt + 1}}));
  return drafts;
}

std::vector<std::string> ready(const NotifyState& state) {
  std::vector<std::string> out;
  for (const auto& [index, delivery] : state.deliveries)
    if (delivery.state == Delivering::kOrdered) out.push_back(id_of(index));
  return out;
}

const Delivery* find_delivery(const NotifyState& state, const std::string& id) {
  const auto found = state.deliveries.find(index_with(id, "dlv-"));
  return found == state.deliveries.end() ? nullptr : &found->second;
}

}  // namespace firebreak::notify
