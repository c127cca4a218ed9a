// Approvals that people gave in advance: what each covers, how often it was used, and who is to look at what came into force under it.
#include <fmt/core.h>

#include "fold/contain/standing.h"
#include "run/api/api.h"

namespace firebreak::api {
namespace {

const contain::ContainState& state_of(const journal::View& view) { return view.state<contain::ContainState>(contain::kFoldName); }

std::string named(const std::set<std::string>& people) {
  std::string out;
  for (const std::string& one : people) out += (out.empty() ? "" : ", ") + one.substr(one.find(':') + 1);
  return out;
}

}  // namespace

JsonArray Api::standing_approvals(const std::string& endpoint) const {
  JsonArray items;
  const Time now = parts_.clock.now();
  parts_.journal.with_state([&](const journal::View& view) {
    for (const auto& [id, one] : state_of(view).standing)
      if (endpoint.empty() || one.endpoint == endpoint) items.push_back(contain::standing_view(id, one, now));
  });
  return items;
}

void Api::add_standing_needs(JsonArray& needs) const {
  const auto need = [&](std::string who, std::string what, std::string incident, const std::string& subject, std::string command) {
    needs.push_back(JsonObject{{"who", std::move(who)}, {"what", std::move(what)}, {"since", ""}, {"incident", std::move(incident)}, {"subject", subject}, {"command", std::move(command)}});
  };
  parts_.journal.with_state([&](const journal::View& view) {
    const contain::ContainState& state = state_of(view);
    for (const auto& [id, one] : state.standing)
      if (one.state == "proposed")
        need("approver", fmt::format("approve in advance, or refuse, {}: {} on {}, {} times until {} (asked for by {}: {})", id, one.measure, one.endpoint, one.uses, format_time(one.until), one.asked_by, one.reason), "", id,
             fmt::format("firebreak standing approve {} --digest {}", id, one.digest));
    for (const auto& [id, action] : state.actions) {
      if (action.standing.empty() || action.status != contain::ActionStatus::kInForce) continue;
      const auto one = state.standing.find(action.standing);
      need(one == state.standing.end() ? "approver" : named(one->second.approved_by), fmt::format("{} came into force under {}, which you gave in advance: look at it, lift it if it should not be", id, action.standing), action.incident, id,
           fmt::format("firebreak action show {}", id));
    }
  });
}

void Api::add_standing_routes() {
  guarded("GET", "/api/v1/standing-approvals", kPeople, [this](const net::Request& request, const access::Principal&) { return shown(Json(JsonObject{{"items", standing_approvals(request.query_or("endpoint"))}})); });
  guarded("GET", "/api/v1/standing-approvals/{id}", kPeople, [this](const net::Request& request, const access::Principal&) -> Result<net::Response> {
    for (Json& one : standing_approvals(""))
      if (string_or(one, "id") == request.param("id")) return shown(std::move(one));
    return fail(Code::kNotFound, fmt::format("there is no standing approval '{}'", request.param("id")));
  });
}

}  // namespace firebreak::api
