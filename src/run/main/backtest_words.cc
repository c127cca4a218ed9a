// firebreak backtest: what another configuration would have found.
#include <CLI/CLI.hpp>
#include <fmt/core.h>

#include <cstdio>

#include "base/files.h"
#include "run/app/content.h"
#include "run/main/case_words.h"
#include "run/main/command_line.h"
#include "run/main/print.h"

namespace firebreak::cli {
namespace {

std::string count(const Json& part, std::string_view noun) {
  return fmt::format("{}: {} before, {} after; {} would appear, {} would vanish\n", noun, cell(find(part, "before")), cell(find(part, "after")),
                     cell(find(part, "appearing")), cell(find(part, "vanishing")));
}

std::string listed(const Json& part, std::string_view key, const std::vector<Column>& columns) {
  const Json* items = find(part, key);
  if (items == nullptr || !items->is_array() || items->get_array().empty()) return {};
  return fmt::format("\nwould {}\n{}", key, table(items->get_array(), columns));
}

std::string backtest_text(const Json& answer) {
  const Json &findings = answer.at("findings"), &incidents = answer.at("incidents");
  std::string out = fmt::format("{} from {} to {}, {} records\n", cell(find(answer, "endpoint")), cell(find(answer, "from")), cell(find(answer, "to")),
                                cell(find(answer, "records")));
  out += count(findings, "findings") + count(incidents, "incidents");
  out += fmt::format("alerts a week: {:.2f} before, {:.2f} after\n", number_or(answer.at("alerts_per_week"), "before"), number_or(answer.at("alerts_per_week"), "after"));
  if (const auto lost = int_or(answer, "vanishing_true"); lost > 0)
    out += fmt::format("{} of what would vanish were judged TRUE\n", lost);
  const std::vector<Column> finding{{"OPENED", "/opened", 26}, {"KIND", "/kind", 24}, {"SEVERITY", "/severity", 13}, {"ID", "/id", 16}, {"VERDICT", "/verdict", 9}, {"SUMMARY", "/summary", 90}};
  const std::vector<Column> incident{{"OPENED", "/opened", 26}, {"RULE", "/rule", 24}, {"SEVERITY", "/severity", 8}, {"FINDINGS", "/findings", 8}, {"TITLE", "/title", 70}};
  for (const char* key : {"appear", "vanish"}) out += listed(incidents, key, incident) + listed(findings, key, finding);
  out += fmt::format("\nassuming: {}\ndigest {}\n", cell(find(answer, "assumptions")), cell(find(answer, "digest")));
  return out;
}

Result<JsonObject> asked_of(Client& client, const CaseWords& c, const std::string& endpoint) {
  JsonObject asked;
  if (!endpoint.empty()) asked["endpoint"] = endpoint;
  PosixFiles files;
  for (const auto& [key, file] : {std::pair("config", c.config), std::pair("rules", c.rule)}) {
    if (file.empty()) continue;
    FIREBREAK_ASSIGN(asked[key], app::load_document(files, file));
  }
  FIREBREAK_ASSIGN(asked["from"], moment_of(client, c.since));
  return asked;
}

int backtest(Client& client, const CaseWords& c, const std::string& endpoint) {
  const bool json = client.connection().json;
  const auto asked = asked_of(client, c, endpoint);
  if (!asked) return report_error(asked.error(), json);
  const auto answer = client.post_slow("/api/v1/backtests", *asked);
  if (!answer) return report_error(answer.error(), json);
  std::fputs(json ? pretty_json(*answer).c_str() : backtest_text(*answer).c_str(), stdout);
  return kDone;
}

int propose(Client& client, const CaseWords& c, const std::string& endpoint, const std::string& reason) {
  const bool json = client.connection().json;
  auto asked = asked_of(client, c, endpoint);
  if (!asked) return report_error(asked.error(), json);
  (*asked)["reason"] = reason;
  const auto answer = client.post_slow("/api/v1/tunings", *asked);
  if (!answer) return report_error(answer.error(), json);
  if (json) {
    std::fputs(pretty_json(*answer).c_str(), stdout);
  } else {
    fmt::print("{}: somebody else approves it: firebreak detectors list\n", cell(find(*answer, "id")));
  }
  return kDone;
}

// JSON is YAML: what is printed can be edited and handed to backtest and propose.
int show_detectors(Client& client, const std::string& endpoint) {
  const auto answer = client.get("/api/v1/endpoints/" + net::percent_encode(endpoint) + "/detectors");
  if (!answer) return report_error(answer.error(), client.connection().json);
  if (!client.connection().json) fmt::print("# detectors of {}: {}\n", endpoint, string_or(*answer, "source"));
  std::fputs(pretty_json(client.connection().json ? *answer : answer->at("document")).c_str(), stdout);
  return kDone;
}

int list_proposals(Client& client) {
  const auto answer = client.get("/api/v1/tunings?limit=50");
  if (!answer) return report_error(answer.error(), client.connection().json);
  if (client.connection().json) {
    std::fputs(pretty_json(*answer).c_str(), stdout);
    return kDone;
  }
  const JsonArray& items = answer->at("items").as_array();
  if (items.empty()) fmt::print("no proposals\n");
  for (const Json& item : items) {
    const Json& test = item.at("backtest");
    fmt::print("{} {} of {} by {}: {}\n  from {}: findings {} appear, {} vanish ({} judged true); incidents {} appear, {} vanish; alerts a week {:.2f}, then {:.2f}\n",
               cell(find(item, "id")), cell(find(item, "state")), cell(find(item, "endpoint")), cell(find(item, "by")), cell(find(item, "reason")), cell(find(test, "from")),
               cell(find_pointer(test, "/findings/appearing")), cell(find_pointer(test, "/findings/vanishing")), cell(find(test, "vanishing_true")),
               cell(find_pointer(test, "/incidents/appearing")), cell(find_pointer(test, "/incidents/vanishing")), number_or(test.at("alerts_per_week"), "before"),
               number_or(test.at("alerts_per_week"), "after"));
    if (string_or(item, "state") == "proposed")
      fmt::print("  the whole list: GET /api/v1/blobs/{}\n  firebreak detectors approve {} --digest {}\n", cell(find(test, "blob")), cell(find(item, "id")), cell(find(item, "digest")));
  }
  return kDone;
}

}  // namespace

void CommandLine::add_tuning() {
  Words& w = words_;
  CaseWords& c = words_.cases;
  auto* detectors = noun("detectors", "change an endpoint's detectors: one proposes, another approves");
  auto* proposing = verb(detectors, "propose", "another configuration, with what it would change on recorded history",
                         [&w, &c](Client& client) { return propose(client, c, w.endpoint, w.reason); });
  proposing->add_option("--config", c.config, "detector configuration, as content/detectors/*.yaml")->required();
  proposing->add_option("--endpoint", w.endpoint, "without it the one that the configuration names");
  proposing->add_option("--from", c.since, "how far the backtest looks back")->default_val("-30d");
  proposing->add_option("--reason", w.reason)->required();
  verb(detectors, "show", "the configuration in use and where it is from; edit a copy for backtest and propose",
       [&w](Client& client) { return show_detectors(client, w.endpoint); })->add_option("endpoint", w.endpoint)->required();
  verb(detectors, "list", "proposals, newest first", [](Client& client) { return list_proposals(client); });
  auto* approving = verb(detectors, "approve", "exactly the configuration with this digest; never your own (as approver)", [&w](Client& client) {
    return give_command(client, "detectors.approve", JsonObject{{"proposal", w.id}, {"digest", w.digest}});
  });
  approving->add_option("proposal", w.id, "tune-N")->required();
  approving->add_option("--digest", w.digest, "as 'detectors list' prints it")->required();
  auto* rejecting = verb(detectors, "reject", "refuse it, or take it back", [&w](Client& client) {
    return give_command(client, "detectors.reject", JsonObject{{"proposal", w.id}, {"reason", w.reason}});
  });
  rejecting->add_option("proposal", w.id, "tune-N")->required();
  rejecting->add_option("--reason", w.reason)->required();
}

void CommandLine::add_backtest() {
  Words& w = words_;
  CaseWords& c = words_.cases;
  auto* sub = verb(app_.get(), "backtest", "replay recorded history with another configuration: what would appear, what would vanish; writes nothing",
                   [&w, &c](Client& client) { return backtest(client, c, w.endpoint); });
  sub->add_option("--config", c.config, "detector configuration, as content/detectors/*.yaml; without it the one in use");
  sub->add_option("--rules", c.rule, "correlation rules, as content/rules/correlation.yaml; without it those in use");
  sub->add_option("--endpoint", w.endpoint, "without it the one that the configuration names");
  sub->add_option("--from", c.since, "-30d, or a time")->required();
}

}  // namespace firebreak::cli
