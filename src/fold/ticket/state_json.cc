// The state as a document and back, for snapshots.
#include "fold/ticket/parts.h"

namespace firebreak::ticket {
namespace {

Json to_json(const std::map<std::string, Subject>& subjects) {
  JsonObject out;
  for (const auto& [id, of] : subjects) out[id] = JsonObject{{"incident", of.incident}, {"title", of.title}, {"severity", of.severity}, {"endpoint", of.endpoint}};
  return out;
}

std::map<std::string, Subject> subjects_from(const Json& document, std::string_view key) {
  std::map<std::string, Subject> out;
  each_member(document, key, [&](const std::string& id, const Json& of) { out[id] = {string_or(of, "incident"), string_or(of, "title"), string_or(of, "severity"), string_or(of, "endpoint")}; });
  return out;
}

std::uint64_t whole(const Json& of, std::string_view key) { return static_cast<std::uint64_t>(int_or(of, key)); }

}  // namespace

Json to_json(const TicketState& state) {
  JsonObject trackers, tickets, calls, heard;
  for (const auto& [name, shape] : state.trackers) trackers[name] = shape;
  for (const auto& [index, of] : state.tickets)
    tickets[ticket_id(index)] = JsonObject{{"incident", of.incident}, {"follow_up", of.follow_up}, {"tracker", of.tracker}, {"reference", of.reference}, {"status", of.status},
                                           {"closing", of.closing}, {"closed_there", of.closed_there}, {"ours", JsonArray(of.ours.begin(), of.ours.end())}};
  for (const auto& [index, of] : state.calls)
    calls[call_id(index)] = JsonObject{{"ticket", of.ticket}, {"what", of.what}, {"text", of.text}, {"severity", of.severity}, {"state", static_cast<int>(of.state)}, {"attempt", of.attempt}, {"until", of.until.us}};
  for (const auto& [key, index] : state.heard) heard[key] = index;
  return JsonObject{{"digest", state.digest}, {"trackers", std::move(trackers)}, {"incidents", to_json(state.incidents)}, {"follow_ups", to_json(state.follow_ups)},
                    {"tickets", std::move(tickets)}, {"calls", std::move(calls)}, {"heard", std::move(heard)}};
}

Result<TicketState> ticket_state_from_json(const Json& document) {
  if (find(document, "tickets") == nullptr || find(document, "calls") == nullptr) return fail(Code::kCorrupt, "ticket: not a state of this fold");
  TicketState state;
  state.digest = string_or(document, "digest");
  each_member(document, "trackers", [&](const std::string& name, const Json& shape) {
    if (shape.is_string()) state.trackers[name] = std::string(shape.get_string());
  });
  state.incidents = subjects_from(document, "incidents");
  state.follow_ups = subjects_from(document, "follow_ups");
  each_member(document, "tickets", [&](const std::string& id, const Json& of) {
    const auto ours = strings_or_empty(of, "ours");
    Ticket& one = state.tickets[index_of(id)];
    one = {string_or(of, "incident"), string_or(of, "follow_up"), string_or(of, "tracker"), string_or(of, "reference"), string_or(of, "status"), bool_or(of, "closing"), bool_or(of, "closed_there"), {ours.begin(), ours.end()}};
    if (!one.reference.empty()) state.by_reference[one.tracker + "\n" + one.reference] = index_of(id);
  });
  each_member(document, "calls", [&](const std::string& id, const Json& of) {
    state.calls[index_of(id)] = {whole(of, "ticket"), string_or(of, "what"), string_or(of, "text"), string_or(of, "severity"), static_cast<Calling>(int_or(of, "state")), int_or(of, "attempt"), Time{int_or(of, "until")}};
  });
  if (const Json* const heard = find(document, "heard"); heard != nullptr && heard->is_object())
    for (const auto& member : heard->get_object()) {
      const std::string key(member.key());
      state.heard[key] = whole(*heard, key);
      state.heard_order[state.heard[key]] = key;
    }
  return state;
}

}  // namespace firebreak::ticket
