#include "fold/ticket/ticket.h"

#include <fmt/core.h>

#include <algorithm>

#include "fold/ticket/parts.h"
#include "types/command.h"

namespace firebreak::ticket {
namespace {

struct Asked {
  const TicketState& state;
  const Entry& entry;
  const Json& args;
  std::string name;

  std::string text(std::string_view key) const { return string_or(args, key); }
  Drafts refused(Code code, std::string reason, std::string pointer = {}) const {
    return {make_draft("command_refused", "", refusal(name, code, std::move(reason), std::move(pointer)))};
  }
};

// ticket.open, ticket.link: of an incident, or of one of its follow-ups.
Drafts link(const Asked& asked) {
  const std::string incident = asked.text("incident"), tracker = asked.text("tracker"), follow_up = asked.text("follow_up"), reference = asked.text("reference");
  if (!asked.state.trackers.contains(tracker)) {
    std::string known;
    for (const auto& [name, shape] : asked.state.trackers) known += (known.empty() ? "" : ", ") + name;
    return asked.refused(Code::kNotFound, fmt::format("the configuration has no tracker '{}' (tickets: trackers: {})", tracker, known.empty() ? "none" : known), "/tracker");
  }
  // A follow-up outlives its incident, and so does its ticket.
  if (follow_up.empty() && !asked.state.incidents.contains(incident)) return asked.refused(Code::kNotFound, fmt::format("there is no open incident '{}'", incident), "/incident");
  if (!follow_up.empty()) {
    const auto known = asked.state.follow_ups.find(follow_up);
    if (known == asked.state.follow_ups.end() || known->second.incident != incident) return asked.refused(Code::kNotFound, fmt::format("{} has no open follow-up '{}'", incident, follow_up), "/follow_up");
  }
  if (asked.name == "ticket.link" && (reference.empty() || reference.size() > 100 || reference.find_first_of(" \t\r\n/?#") != std::string::npos))
    return asked.refused(Code::kInvalid, "'reference' is the ticket's id there: SEC-12, or the sys_id", "/reference");
  if (const auto known = asked.state.by_reference.find(tracker + "\n" + reference); !reference.empty() && known != asked.state.by_reference.end())
    return asked.refused(Code::kConflict, fmt::format("{} of {} is linked already, as {}", reference, tracker, ticket_id(known->second)), "/reference");
  std::size_t of_this = 0;
  for (const auto& [index, one] : asked.state.tickets) {
    of_this += one.incident == incident ? 1 : 0;
    if (reference.empty() && one.incident == incident && one.follow_up == follow_up && one.tracker == tracker)
      return asked.refused(Code::kConflict, fmt::format("{} has {} in {} already", follow_up.empty() ? incident : follow_up, ticket_id(index), tracker), "/tracker");
  }
  if (of_this >= kTicketsOfOne || asked.state.tickets.size() >= kTickets) return asked.refused(Code::kTooLarge, fmt::format("an incident has at most {} tickets", kTicketsOfOne));
  JsonObject body{{"incident", incident}, {"tracker", tracker}, {"by", asked.entry.actor}};
  if (!follow_up.empty()) body["follow_up"] = follow_up;
  if (!reference.empty()) body["reference"] = reference;
  return {make_draft("ticket_linked", incident, std::move(body))};
}

const std::pair<const std::uint64_t, Ticket>* ticket_of(const Asked& asked) {
  const auto at = asked.state.tickets.find(number_of(asked.text("ticket"), "ticket-"));
  return at == asked.state.tickets.end() || at->second.incident != asked.text("incident") ? nullptr : &*at;
}

Drafts about(const Asked& asked) {
  const auto* const known = ticket_of(asked);
  if (known == nullptr) return asked.refused(Code::kNotFound, fmt::format("{} has no ticket '{}'", asked.text("incident"), asked.text("ticket")), "/ticket");
  const auto& [index, of] = *known;
  if (asked.name == "ticket.comment") {
    if (asked.text("text").find_first_not_of(" \t\r\n") == std::string::npos) return asked.refused(Code::kInvalid, "'text' must say something", "/text");
    if (asked.state.calls.size() >= kCalls) return asked.refused(Code::kBusy, "too many calls wait for trackers");
    return {call(index, of, "comment", asked.text("text"))};
  }
  if (asked.name == "ticket.unlink")
    return {make_draft("ticket_unlinked", ticket_id(index), {{"ticket", ticket_id(index)}, {"incident", of.incident}, {"reason", asked.text("reason")}, {"by", asked.entry.actor}})};
  for (const auto& [number, one] : asked.state.calls)
    if (one.ticket == index && (one.state == Calling::kStuck || one.state == Calling::kWaiting)) return {make_draft("ticket_call_due", call_id(number), {{"call", call_id(number)}, {"ticket", ticket_id(index)}, {"by", asked.entry.actor}})};
  return asked.refused(Code::kConflict, fmt::format("no call of {} is refused or waits for its next try", ticket_id(index)), "/ticket");
}

Drafts decide_command(const TicketState& state, const Entry& entry) {
  const Asked asked{state, entry, command_args(entry), string_or(entry.body, "name")};
  if (asked.name == "ticket.open" || asked.name == "ticket.link") return link(asked);
  if (asked.name == "ticket.comment" || asked.name == "ticket.unlink" || asked.name == "ticket.retry") return about(asked);
  return {};
}

// What an incident's life says to its tickets. A follow-up's ticket lives by the follow-up.
Drafts tell(const TicketState& state, const std::string& incident, const std::string& follow_up, std::string_view what, const std::string& text, const std::string& severity = {}) {
  Drafts drafts;
  for (const auto& [index, of] : state.tickets)
    if (of.incident == incident && of.follow_up == follow_up && !(of.closing && what == "close")) drafts.push_back(call(index, of, what, text, severity));
  return drafts;
}

std::string severity_of(const TicketState& state, const std::string& incident) {
  const auto at = state.incidents.find(incident);
  return at == state.incidents.end() ? "" : at->second.severity;
}

}  // namespace

std::string ticket_id(std::uint64_t index) { return fmt::format("ticket-{}", index); }
std::string call_id(std::uint64_t index) { return fmt::format("tcall-{}", index); }
std::uint64_t number_of(const std::string& id, std::string_view prefix) { return id.starts_with(prefix) ? index_of(id) : 0; }

Draft call(std::uint64_t ticket, const Ticket& of, std::string_view what, std::string text, std::string severity) {
  JsonObject body{{"ticket", ticket_id(ticket)}, {"incident", of.incident}, {"tracker", of.tracker}, {"what", what}};
  if (!text.empty()) body["text"] = std::move(text);
  if (!severity.empty()) body["severity"] = std::move(severity);
  return make_draft("ticket_call_ordered", ticket_id(ticket), std::move(body));
}

Words words_of(const TicketState& state, const Call& call) {
  Words out;
  const auto ticket = state.tickets.find(call.ticket);
  if (ticket == state.tickets.end()) return out;
  const auto incident = state.incidents.find(ticket->second.incident);
  const auto follow_up = state.follow_ups.find(ticket->second.follow_up);
  const std::string& named = ticket->second.follow_up.empty() ? ticket->second.incident : ticket->second.follow_up;
  const std::string title = follow_up != state.follow_ups.end() ? follow_up->second.title : incident != state.incidents.end() ? incident->second.title : "";
  out.title = fmt::format("[{}] {}", named, title);
  out.text = call.text;
  if (call.what != "open") return out;
  if (!ticket->second.follow_up.empty()) out.text = fmt::format("Follow-up of {} in Firebreak.", ticket->second.incident);
  else if (incident != state.incidents.end()) out.text = fmt::format("Incident of {}, {}, in Firebreak.", incident->second.endpoint, incident->second.severity);
  return out;
}

std::vector<Draft> decide(const TicketState& state, const Entry& entry) {
  Drafts drafts;
  const Json& body = entry.body;
  const std::string incident = string_or(body, "incident");
  if (entry.kind == "command_accepted") drafts = decide_command(state, entry);
  else if (entry.kind == "ticket_linked" && find(body, "reference") == nullptr) drafts.push_back(call(entry.index, state.tickets.at(entry.index), "open", {}, severity_of(state, incident)));
  else if (entry.kind == "incident_severity") drafts = tell(state, incident, "", "update", fmt::format("severity {} (was {})", string_or(body, "to"), string_or(body, "from")), string_or(body, "to"));
  else if (entry.kind == "incident_closed") drafts = tell(state, incident, "", "close", "closed in Firebreak");
  else if (entry.kind == "incident_reopened") drafts = tell(state, incident, "", "comment", "opened again in Firebreak");
  else if (entry.kind == "follow_up_closed") drafts = tell(state, incident, string_or(body, "follow_up"), "close", "done, with " + string_or(body, "evidence"));
  else if (entry.kind == "ticket_heard") drafts = decide_news(state, entry);
  else drafts = decide_calls(state, entry);
  if (is_input_kind(entry.kind) && !state.calls.empty())
    for (Draft& due : calls_due(state, entry.time))  // not again what a person hurries
      if (std::none_of(drafts.begin(), drafts.end(), [&](const Draft& one) { return one.kind == due.kind && one.cause == due.cause; })) drafts.push_back(std::move(due));
  return drafts;
}

bool was_heard(const TicketState& state, const std::string& tracker, const std::string& event) { return state.heard.contains(tracker + "\n" + event); }

}  // namespace firebreak::ticket
