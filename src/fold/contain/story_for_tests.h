// An endpoint with two releases, an incident and a chain, as the tests of this room start from it.
#pragma once

#include "fold/contain/contain.h"
#include "types/finding.h"
#include "types/group_driver.h"

namespace firebreak::contain {

inline Digest query(std::uint64_t number) { return sha256("query " + std::to_string(number)); }

class Story : public GroupDriver<ContainState> {
 public:
  Story() : GroupDriver(&contain::decide, &contain::apply, Time{1'772'850'000 * kSecond}) {
    Endpoint endpoint;
    endpoint.name = "api";
    endpoint.gateway = "gw-1";
    endpoint.state = EndpointState::kEnforce;
    endpoint.features.numeric = {"amount"};
    endpoint.amount_field = "amount";
    endpoint.last_known_good = "1.0.0";
    input("endpoint_registered", JsonObject{{"endpoint", firebreak::to_json(endpoint)}});
    for (const char* release : {"1.0.0", "1.2.0"})
      input("release_registered", JsonObject{{"endpoint", "api"},
                                             {"release", release},
                                             {"upstream", "http://127.0.0.1:9000"},
                                             {"model", JsonObject{{"digest", sha256(release).hex()}}}});
    carry_out();
    const auto opened = input("finding_opened", chain(1, {"mallory"}, {query(1), query(2)}));
    const auto incident_entry = input("incident_opened", JsonObject{{"endpoint", "api"},
                                                                    {"findings", JsonArray{opened[0].id("find")}}});
    incident = incident_entry[0].id("inc");
  }

  Json chain(int number, std::vector<std::string> callers, std::vector<Digest> digests) const {
    FindingUpdate update;
    update.episode = "query_chain/" + std::to_string(number);
    update.kind = "query_chain";
    update.endpoint = update.stream = "api";
    update.first_time = update.last_time = now();
    update.callers = std::move(callers);
    update.digests = std::move(digests);
    return firebreak::to_json(update);
  }

  // Starts and finishes every open order; returns how many there were.
  int carry_out(const std::string& result = "done") {
    int count = 0;
    for (auto open = open_orders(state()); !open.empty() && count < 50; open = open_orders(state())) {
      const OpenOrder& order = open.front();
      input("order_started", JsonObject{{"order", order.id}, {"attempt", order.attempt}});
      input("order_outcome",
            JsonObject{{"order", order.id}, {"attempt", order.attempt}, {"result", result}, {"detail", "as told"}});
      ++count;
    }
    return count;
  }

  JsonObject quarantine() const { return {{"kind", "quarantine"}, {"incident", incident}}; }

  std::vector<Entry> propose(JsonObject measure, std::int64_t lease_s = 86'400, const std::string& by = "user:ana") {
    return command(by, "action.propose",
                   {{"endpoint", "api"}, {"incident", incident}, {"measure", std::move(measure)}, {"lease_s", lease_s}});
  }
  std::vector<Entry> approve(const std::string& id, const std::string& by = "user:ben") {
    const auto at = state().actions.find(id);
    return command(by, "action.approve",
                   {{"action", id}, {"digest", at == state().actions.end() ? "" : at->second.digest}});
  }
  // A measure brought into force; its action's id.
  std::string in_force(JsonObject measure, std::int64_t lease_s = 86'400) {
    const auto group = propose(std::move(measure), lease_s);
    const Entry* proposed = find_kind(group, "action_proposed");
    if (proposed == nullptr) return {};
    const std::string id = proposed->id("act");
    approve(id);
    carry_out();
    return id;
  }
  std::vector<Entry> check(const std::string& id, const std::string& verdict, int failed = 0, int changed = 0, int of = 100) {
    return input("effect_check", JsonObject{{"action", id},
                                            {"window", JsonObject{{"from", format_time(now())}, {"to", format_time(now())}}},
                                            {"works", JsonObject{{"not_served", 5}, {"of", 5}}},
                                            {"harm", JsonObject{{"changed", changed}, {"failed", failed}, {"of", of}}},
                                            {"verdict", verdict},
                                            {"reason", "told by the test"}});
  }
  ActionStatus status(const std::string& id) const { return state().actions.at(id).status; }

  std::string incident;
};

inline std::string refusal(const std::vector<Entry>& group) {
  const Entry* refused = find_kind(group, "command_refused");
  return refused == nullptr ? "" : string_or(refused->body, "code");
}

}  // namespace firebreak::contain
