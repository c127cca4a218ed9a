// What a tracker tells: once, of tickets that are linked, and not what is only the echo of a call of ours.
#include <fmt/core.h>

#include "fold/ticket/parts.h"

namespace firebreak::ticket {
namespace {

// `ours` was seen by who read it: our account wrote it, or our mark stands in it. The id of a comment comes back with its call; a status
// that we asked for comes back as news.
bool is_echo(const Ticket& of, const Json& body) {
  if (bool_or(body, "ours") || of.ours.contains(string_or(body, "comment", "\n"))) return true;
  return string_or(body, "what") == "status" && bool_or(body, "closed") && of.closing;
}

}  // namespace

Drafts decide_news(const TicketState& state, const Entry& entry) {
  const Json& body = entry.body;
  const std::string tracker = string_or(body, "tracker");
  const auto first = state.heard.find(tracker + "\n" + string_or(body, "event"));
  if (first == state.heard.end() || first->second != entry.index) return {};  // told before
  const auto known = state.by_reference.find(tracker + "\n" + string_or(body, "reference"));
  if (known == state.by_reference.end()) return {};
  const Ticket& of = state.tickets.at(known->second);
  if (is_echo(of, body)) return {};
  JsonObject news{{"ticket", ticket_id(known->second)}, {"incident", of.incident}, {"tracker", tracker}, {"reference", of.reference}, {"what", string_or(body, "what")}};
  if (!of.follow_up.empty()) news["follow_up"] = of.follow_up;
  for (const char* key : {"status", "text", "at"})
    if (const std::string said = string_or(body, key); !said.empty()) news[key] = said;
  const bool over = string_or(body, "what") == "status" && bool_or(body, "closed");
  if (over) news["proposes"] = of.follow_up.empty() ? "close" : "follow_up_done";
  return {make_draft("ticket_news", ticket_id(known->second), std::move(news))};
}

}  // namespace firebreak::ticket
