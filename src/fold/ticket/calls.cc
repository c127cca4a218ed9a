// Ordered -> started -> ended, each an entry. A tracker that is down is tried again, ever more seldom, until it is back.
#include <algorithm>
#include <fmt/core.h>

#include "fold/ticket/parts.h"

namespace firebreak::ticket {
namespace {

constexpr std::int64_t kPauses[] = {5 * kSecond, 20 * kSecond, kMinute, 5 * kMinute, 15 * kMinute, kHour};

Draft due(std::uint64_t index, const Call& call) { return make_draft("ticket_call_due", call_id(index), {{"call", call_id(index)}, {"ticket", ticket_id(call.ticket)}}); }

Drafts ended(const TicketState& state, const Entry& entry) {
  const std::uint64_t index = number_of(string_or(entry.body, "call"), "tcall-");
  const auto at = state.calls.find(index);
  if (at == state.calls.end() || at->second.state != Calling::kStarted || at->second.attempt != int_or(entry.body, "attempt")) return {};
  const Call& call = at->second;
  const std::string incident = state.tickets.at(call.ticket).incident;
  JsonObject body{{"call", call_id(index)}, {"ticket", ticket_id(call.ticket)}, {"incident", incident}};
  if (bool_or(entry.body, "permanent")) {
    body["what"] = call.what;
    body["detail"] = string_or(entry.body, "detail");
    return {make_draft("ticket_call_stuck", call_id(index), std::move(body))};
  }
  body["until"] = format_time(entry.time + kPauses[std::min<std::size_t>(static_cast<std::size_t>(std::max<std::int64_t>(call.attempt, 1) - 1), std::size(kPauses) - 1)]);
  return {make_draft("ticket_call_postponed", call_id(index), std::move(body))};
}

}  // namespace

Drafts decide_calls(const TicketState& state, const Entry& entry) {
  if (entry.kind == "ticket_call_ended" && string_or(entry.body, "result") != "done") return ended(state, entry);
  Drafts drafts;
  // Whether the tracker has it nobody knows: it is sent again with the same key, which the tracker is asked for first.
  if (entry.kind == "server_started")
    for (const auto& [index, call] : state.calls)
      if (call.state == Calling::kStarted) drafts.push_back(due(index, call));
  return drafts;
}

Drafts calls_due(const TicketState& state, Time now) {
  Drafts drafts;
  for (const auto& [index, call] : state.calls)
    if (call.state == Calling::kWaiting && call.until <= now) drafts.push_back(due(index, call));
  return drafts;
}

std::vector<std::uint64_t> ready(const TicketState& state) {
  std::vector<std::uint64_t> out;
  std::set<std::uint64_t> seen;
  for (const auto& [index, call] : state.calls)
    if (seen.insert(call.ticket).second && call.state == Calling::kOrdered) out.push_back(index);
  return out;
}

}  // namespace firebreak::ticket
