// firebreak backtest: what another configuration would have found; with --open, what new rules would have matched.
#include <CLI/CLI.hpp>
#include <fmt/core.h>

#include <cstdio>

#include "base/files.h"
#include "run/app/content.h"
#include "run/app/rule_files.h"
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

// "28.0 h": what the rates beside it are of.
std::string span_of(const Json& answer) {
  const double hours = static_cast<double>(int_or(answer, "span_s")) / 3'600;
  return hours < 1 ? fmt::format("{:.0f} min", 60 * hours) : hours < 72 ? fmt::format("{:.1f} h", hours) : fmt::format("{:.1f} days", hours / 24);
}

std::string backtest_text(const Json& answer) {
  const Json &findings = answer.at("findings"), &incidents = answer.at("incidents");
  std::string out = fmt::format("{} from {} to {}, {} records over {}\n", cell(find(answer, "endpoint")), cell(find(answer, "since")), cell(find(answer, "to")),
                                cell(find(answer, "records")), span_of(answer));
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

// ---- the retro-hunt

// "3, 7, 12-40": neighbours as one.
std::string ranges(const JsonArray& indexes) {
  std::string out;
  for (std::size_t i = 0; i < indexes.size() && out.size() < 60;) {
    std::size_t last = i;
    while (last + 1 < indexes.size() && indexes[last + 1].to_number<std::int64_t>() == indexes[last].to_number<std::int64_t>() + 1) ++last;
    out += fmt::format("{}{}", out.empty() ? "" : ", ", cell(&indexes[i]));
    if (last > i) out += fmt::format("-{}", cell(&indexes[last]));
    i = last + 1;
    if (i < indexes.size() && out.size() >= 60) out += ", ...";
  }
  return out;
}

std::string hunt_text(const Json& answer) {
  std::string out;
  for (const Json& stream : answer.at("streams").as_array()) {
    out += fmt::format("{} from {} to {}: {} records over {}, {} matches ({:.2f} a week), {} findings, {} incidents, {:.2f} alerts a week\n", cell(find(stream, "endpoint")),
                       cell(find(stream, "since")), cell(find(stream, "to")), cell(find(stream, "records")), span_of(stream), cell(find(stream, "total")),
                       number_or(stream, "per_week"), cell(find(stream, "findings")), stream.at("incidents").as_array().size(), number_or(stream, "alerts_per_week"));
    for (const Json& match : stream.at("matches").as_array()) {
      const std::string group = string_or(match, "group");
      out += fmt::format("  {} '{}' ({}){}: {} matches, {:.2f} a week, {} to {}\n    records {}\n", string_or(match, "level"), string_or(match, "title"), string_or(match, "rule"),
                         group.empty() ? "" : " for " + group, cell(find(match, "matches")), number_or(match, "per_week"), string_or(match, "first_time"),
                         string_or(match, "last_time"), ranges(match.at("indexes").as_array()));
      if (const Json* callers = find(match, "callers"); callers != nullptr) out += fmt::format("    callers {}\n", cell(callers));
    }
    if (const auto more = int_or(stream, "left_out"); more > 0) out += fmt::format("  and {} more rules and groups\n", more);
  }
  out += fmt::format("{} rules, {} matches; nothing was written\nassuming: {}\ndigest {}\n", int_or(answer, "loaded"), int_or(answer, "total"),
                     cell(find_pointer(answer, "/streams/0/assumptions")), string_or(answer, "digest"));
  return out;
}

int hunt(Client& client, const CaseWords& c, const std::string& endpoint) {
  const bool json = client.connection().json;
  PosixFiles files;
  const auto read = app::read_rule_files(files, c.open);
  if (!read) return report_error(read.error(), json);
  if (read->sources.empty()) {
    const std::string why = read->refused.empty() ? "there is no rule in it" : rules::to_text(read->refused.front());
    return report_error(Error{Code::kInvalid, fmt::format("none of the rules can be used: {}", why), {}, 0}, json);
  }
  const auto from = moment_of(client, c.since);
  if (!from) return report_error(from.error(), json);
  JsonObject asked{{"from", *from}, {"open", app::to_json(read->sources)}};
  if (!endpoint.empty()) asked["endpoint"] = endpoint;
  auto answer = client.post_slow("/api/v1/backtests", asked);
  if (!answer) return report_error(answer.error(), json);
  JsonArray& refused = answer->as_object()["refused"].as_array();
  for (Json& one : app::as_json(read->refused)) refused.push_back(std::move(one));
  std::fputs(json ? pretty_json(*answer).c_str() : hunt_text(*answer).c_str(), stdout);
  if (!json) print_refused("backtest", refused);
  return refused.empty() ? kDone : kNegative;
}

// ---- proposals

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
  if (const auto code = told_whole(client, answer)) return *code;
  const JsonArray& items = answer->at("items").as_array();
  if (items.empty()) fmt::print("no proposals\n");
  for (const Json& item : items) {
    const Json& test = item.at("backtest");
    fmt::print("{} {} of {} by {}: {}\n  from {}{}: findings {} appear, {} vanish ({} judged true); incidents {} appear, {} vanish; alerts a week {:.2f}, then {:.2f}\n",
               cell(find(item, "id")), cell(find(item, "state")), cell(find(item, "endpoint")), cell(find(item, "by")), cell(find(item, "reason")),
               string_or(test, "since", string_or(test, "from")), find(test, "span_s") == nullptr ? "" : " over " + span_of(test),
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
                   [&w, &c](Client& client) { return c.open.empty() ? backtest(client, c, w.endpoint) : hunt(client, c, w.endpoint); });
  auto* config = sub->add_option("--config", c.config, "detector configuration, as content/detectors/*.yaml; without it the one in use");
  auto* rules = sub->add_option("--rules", c.rule, "correlation rules, as content/rules/correlation.yaml; without it those in use");
  sub->add_option("--open", c.open, "Sigma rules, file or folder: what they would have matched (a retro-hunt)")->excludes(config)->excludes(rules);
  sub->add_option("--endpoint", w.endpoint, "without it the one that the configuration names; with --open every stream");
  sub->add_option("--from", c.since, "-30d, or a time")->required();
}

}  // namespace firebreak::cli
