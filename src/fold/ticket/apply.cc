// What entries change.
#include <algorithm>

#include "fold/ticket/parts.h"

namespace firebreak::ticket {
namespace {

Ticket* ticket_in(TicketState& state, const Json& body) {
  const auto at = state.tickets.find(number_of(string_or(body, "ticket"), "ticket-"));
  return at == state.tickets.end() ? nullptr : &at->second;
}
Call* call_in(TicketState& state, const Json& body) {
  const auto at = state.calls.find(number_of(string_or(body, "call"), "tcall-"));
  return at == state.calls.end() ? nullptr : &at->second;
}
void refer(TicketState& state, std::uint64_t index, Ticket& of, const std::string& reference) {
  of.reference = reference;
  if (!reference.empty()) state.by_reference[of.tracker + "\n" + reference] = index;
}

void configured(TicketState& state, const Entry& entry) {
  state.digest = string_or(entry.body, "digest");
  state.trackers.clear();
  each_member(entry.body.at("document"), "trackers", [&](const std::string& name, const Json& one) { state.trackers[name] = string_or(one, "shape"); });
}

void opened(TicketState& state, const Entry& entry, const std::string& id) {
  state.incidents[id] = {id, string_or(entry.body, "title"), string_or(entry.body, "severity"), string_or(entry.body, "endpoint")};
}

// A closed incident is forgotten when nothing is linked to it.
void closed(TicketState& state, const Entry& entry) {
  const std::string id = string_or(entry.body, "incident");
  if (std::none_of(state.tickets.begin(), state.tickets.end(), [&](const auto& one) { return one.second.incident == id; })) state.incidents.erase(id);
}

void merged(TicketState& state, const Entry& entry) {
  for (auto& [index, of] : state.tickets)
    if (of.incident == string_or(entry.body, "incident")) of.incident = string_or(entry.body, "into");
  for (auto& [id, follow_up] : state.follow_ups)
    if (follow_up.incident == string_or(entry.body, "incident")) follow_up.incident = string_or(entry.body, "into");
}

void linked(TicketState& state, const Entry& entry) {
  Ticket& of = state.tickets[entry.index];
  of.incident = string_or(entry.body, "incident");
  of.follow_up = string_or(entry.body, "follow_up");
  of.tracker = string_or(entry.body, "tracker");
  refer(state, entry.index, of, string_or(entry.body, "reference"));
}

void unlinked(TicketState& state, const Entry& entry) {
  const std::uint64_t index = number_of(string_or(entry.body, "ticket"), "ticket-");
  std::erase_if(state.calls, [&](const auto& one) { return one.second.ticket == index; });
  std::erase_if(state.by_reference, [&](const auto& one) { return one.second == index; });
  state.tickets.erase(index);
}

void ordered(TicketState& state, const Entry& entry) {
  const std::uint64_t ticket = number_of(string_or(entry.body, "ticket"), "ticket-");
  state.calls[entry.index] = {ticket, string_or(entry.body, "what"), string_or(entry.body, "text"), string_or(entry.body, "severity"), Calling::kOrdered, 0, {}};
  if (Ticket* const of = ticket_in(state, entry.body); of != nullptr && string_or(entry.body, "what") == "close") of->closing = true;
}

void started(TicketState& state, const Entry& entry) {
  if (Call* const call = call_in(state, entry.body)) {
    call->state = Calling::kStarted;
    call->attempt = int_or(entry.body, "attempt");
  }
}

void ended(TicketState& state, const Entry& entry) {
  const Call* const call = call_in(state, entry.body);
  if (call == nullptr || string_or(entry.body, "result") != "done") return;
  const std::uint64_t index = call->ticket;
  if (const auto at = state.tickets.find(index); at != state.tickets.end()) {
    if (const std::string reference = string_or(entry.body, "reference"); !reference.empty()) refer(state, index, at->second, reference);
    if (const std::string comment = string_or(entry.body, "comment"); !comment.empty() && at->second.ours.size() < kOurs) at->second.ours.insert(comment);
  }
  state.calls.erase(number_of(string_or(entry.body, "call"), "tcall-"));
}

void postponed(TicketState& state, const Entry& entry) {
  Call* const call = call_in(state, entry.body);
  if (call == nullptr) return;
  call->state = entry.kind == "ticket_call_postponed" ? Calling::kWaiting : entry.kind == "ticket_call_stuck" ? Calling::kStuck : Calling::kOrdered;
  call->until = get_time(entry.body, "until").value_or(Time{});
}

void heard(TicketState& state, const Entry& entry) {
  const std::string key = string_or(entry.body, "tracker") + "\n" + string_or(entry.body, "event");
  if (!state.heard.try_emplace(key, entry.index).second) return;
  state.heard_order[entry.index] = key;
  if (state.heard_order.size() > kHeard) {
    state.heard.erase(state.heard_order.begin()->second);
    state.heard_order.erase(state.heard_order.begin());
  }
}

void news(TicketState& state, const Entry& entry) {
  Ticket* const of = ticket_in(state, entry.body);
  if (of == nullptr || string_or(entry.body, "what") != "status") return;
  of->status = string_or(entry.body, "status");
  of->closed_there = find(entry.body, "proposes") != nullptr;
}

void reopened(TicketState& state, const Entry& entry) {
  opened(state, entry, string_or(entry.body, "incident"));
  for (auto& [index, of] : state.tickets)
    if (of.incident == string_or(entry.body, "incident") && of.follow_up.empty()) of.closing = false;
}

void follow_up(TicketState& state, const Entry& entry) {
  state.follow_ups[entry.id("follow")] = {string_or(entry.body, "incident"), string_or(entry.body, "text"), "", ""};
}

void severity(TicketState& state, const Entry& entry) {
  if (const auto at = state.incidents.find(string_or(entry.body, "incident")); at != state.incidents.end()) at->second.severity = string_or(entry.body, "to");
}

struct Row {
  std::string_view kind;
  void (*apply)(TicketState&, const Entry&);
};
constexpr Row kRows[] = {
    {"follow_up_opened", follow_up},       {"incident_closed", closed},          {"incident_merged", merged},     {"incident_reopened", reopened},
    {"incident_severity", severity},       {"ticket_call_due", postponed},       {"ticket_call_ended", ended},    {"ticket_call_ordered", ordered},
    {"ticket_call_postponed", postponed},  {"ticket_call_started", started},     {"ticket_call_stuck", postponed}, {"ticket_heard", heard},
    {"ticket_linked", linked},             {"ticket_news", news},                {"ticket_unlinked", unlinked},   {"tickets_applied", configured},
};

}  // namespace

void apply(TicketState& state, const Entry& entry) {
  if (entry.kind == "incident_opened") return opened(state, entry, entry.id("inc"));
  if (entry.kind == "follow_up_closed") {  // its text is not said again
    state.follow_ups.erase(string_or(entry.body, "follow_up"));
    return;
  }
  const auto* const row = std::find_if(std::begin(kRows), std::end(kRows), [&](const Row& one) { return one.kind == entry.kind; });
  if (row != std::end(kRows)) row->apply(state, entry);
}

}  // namespace firebreak::ticket
