// Parts of this fold that its files share. Not for other rooms.
#pragma once

#include <string>
#include <vector>

#include "fold/ticket/ticket.h"

namespace firebreak::ticket {

using Drafts = std::vector<Draft>;

std::string ticket_id(std::uint64_t index);
std::string call_id(std::uint64_t index);
std::uint64_t number_of(const std::string& id, std::string_view prefix);  // "ticket-7" -> 7; 0: it is none
Draft call(std::uint64_t ticket, const Ticket& of, std::string_view what, std::string text, std::string severity = {});

// calls.cc
Drafts decide_calls(const TicketState& state, const Entry& entry);
Drafts calls_due(const TicketState& state, Time now);
// news.cc
Drafts decide_news(const TicketState& state, const Entry& entry);

}  // namespace firebreak::ticket
