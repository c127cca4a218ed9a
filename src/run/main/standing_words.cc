// firebreak standing: approvals that two people give in advance for a narrow class of measures.
#include <fmt/core.h>

#include <CLI/CLI.hpp>

#include "base/json.h"
#include "fold/playbook/verbs.h"
#include "run/main/case_words.h"
#include "run/main/command_line.h"
#include "run/main/print.h"
#include "world/net/message.h"

namespace firebreak::cli {
namespace {

Result<Json> conditions_of(const StandingWords& words) {
  JsonObject conditions;
  if (words.incident) conditions["incident"] = true;
  if (!words.severities.empty()) conditions["severity"] = JsonArray(words.severities.begin(), words.severities.end());
  if (!words.people.empty()) {
    JsonArray people;
    for (const std::string& one : words.people) people.push_back(Json(one.find(':') == std::string::npos ? "user:" + one : one));
    conditions["requested_by"] = std::move(people);
  }
  if (!words.hours.empty()) {
    const std::size_t dash = words.hours.find('-');
    if (dash == std::string::npos) return fail(Code::kInvalid, "--hours is FROM-TO by UTC, as 22:00-06:00", "/conditions/hours");
    conditions["hours"] = JsonObject{{"from", words.hours.substr(0, dash)}, {"to", words.hours.substr(dash + 1)}};
  }
  if (!words.option.empty()) conditions["option"] = words.option;
  if (words.max_callers > 0) conditions["max_callers"] = words.max_callers;
  if (!words.measure.empty()) {
    auto measure = parse_json(words.measure);
    if (!measure) return fail(std::move(measure.error()).at("/conditions/measure"));
    conditions["measure"] = std::move(*measure);
  }
  return conditions;
}

int propose(Client& client, const Words& w) {
  const bool json = client.connection().json;
  const auto lease = playbook::parse_span(w.standing.max_lease);
  if (!lease) return report_error(lease.error(), json);
  const auto until = moment_of(client, w.standing.until);
  if (!until) return report_error(until.error(), json);
  auto conditions = conditions_of(w.standing);
  if (!conditions) return report_error(conditions.error(), json);
  JsonObject args{{"endpoint", w.endpoint}, {"covers", w.standing.covers}, {"max_lease_s", *lease / kSecond}, {"uses", w.standing.uses}, {"until", *until}, {"reason", w.reason}};
  if (!conditions->get_object().empty()) args["conditions"] = std::move(*conditions);
  return give_command(client, "standing.propose", args);
}

int list_standing(Client& client, const std::string& endpoint) {
  const auto answer = client.get("/api/v1/standing-approvals" + (endpoint.empty() ? std::string() : "?endpoint=" + net::percent_encode(endpoint)));
  if (const auto told = told_whole(client, answer)) return *told;
  const JsonArray& items = answer->at("items").as_array();
  if (items.empty()) fmt::print("nothing is approved in advance\n");
  else std::fputs(table(items, {{"APPROVAL", "/id", 16}, {"STATE", "/state", 10}, {"ENDPOINT", "/endpoint", 24}, {"COVERS", "/covers", 12}, {"USED", "/used", 5}, {"OF", "/uses", 5}, {"UNTIL", "/until", 24}, {"GIVEN BY", "/approved_by", 40}}).c_str(), stdout);
  return kDone;
}

int show_standing(Client& client, const std::string& id) {
  const auto answer = client.get("/api/v1/standing-approvals/" + net::percent_encode(id));
  if (const auto told = told_whole(client, answer)) return *told;
  std::fputs(details(*answer).c_str(), stdout);
  return kDone;
}

}  // namespace

void CommandLine::add_standing() {
  Words& w = words_;
  StandingWords& s = words_.standing;
  auto* standing = noun("standing", "approvals given in advance by two people: a kind of measure on an endpoint, for a time and a number of uses");
  auto* asking = verb(standing, "propose", "ask for one; other people approve it", [&w](Client& c) { return propose(c, w); });
  asking->add_option("endpoint", w.endpoint)->required();
  asking->add_option("covers", s.covers, "weights, mirror, rate_limit, quarantine, block, review, fallback")->required();
  asking->add_option("--max-lease", s.max_lease, "the longest lease: 1h, 30m")->required();
  asking->add_option("--uses", s.uses, "how often, 1 to 100")->required();
  asking->add_option("--until", s.until, "at most 90 days away: +30d, or a time")->required();
  asking->add_option("--reason", w.reason)->required();
  asking->add_flag("--incident", s.incident, "only for an open incident");
  asking->add_option("--severity", s.severities, "only for incidents of these: SEV-1,SEV-2")->delimiter(',');
  asking->add_option("--by", s.people, "only when one of these asks")->delimiter(',');
  asking->add_option("--hours", s.hours, "only then, by UTC: 22:00-06:00");
  asking->add_option("--option", s.option, "only this option of an incident's card");
  asking->add_option("--max-callers", s.max_callers, "only up to so many callers");
  asking->add_option("--measure", s.measure, "members that the measure has to have, as JSON");
  auto* approving = verb(standing, "approve", "yes in advance to exactly this digest", [&w](Client& c) { return give_command(c, "standing.approve", JsonObject{{"standing", w.id}, {"digest", w.digest}}); });
  approving->add_option("standing", w.id, "std-N")->required();
  approving->add_option("--digest", w.digest, "as 'standing show' prints it")->required();
  auto* rejecting = verb(standing, "reject", "refuse what was asked for", [&w](Client& c) { return give_command(c, "standing.reject", JsonObject{{"standing", w.id}, {"reason", w.reason}}); });
  rejecting->add_option("standing", w.id, "std-N")->required();
  rejecting->add_option("--reason", w.reason)->required();
  auto* revoking = verb(standing, "revoke", "end it at once; what has not come into force under it does not", [&w](Client& c) { return give_command(c, "standing.revoke", JsonObject{{"standing", w.id}, {"reason", w.reason}}); });
  revoking->add_option("standing", w.id, "std-N")->required();
  revoking->add_option("--reason", w.reason)->required();
  auto* listing = verb(standing, "list", "those that wait, stand or have ended", [&w](Client& c) { return list_standing(c, w.endpoint); });
  listing->add_option("--endpoint", w.endpoint);
  auto* showing = verb(standing, "show", "what it covers, its digest, what came under it", [&w](Client& c) { return show_standing(c, w.id); });
  showing->add_option("standing", w.id, "std-N")->required();
}

}  // namespace firebreak::cli
