// The daily work with findings: verdicts, planned changes, mutes, triage.
#include <CLI/CLI.hpp>
#include <fmt/core.h>

#include <charconv>
#include <cstdio>

#include "run/main/case_words.h"
#include "run/main/command_line.h"
#include "run/main/print.h"

namespace firebreak::cli {
namespace {

// Times are read first: what cannot be read is refused before anything is sent.
int give_timed(Client& client, const std::string& name, JsonObject args, std::initializer_list<const char*> times) {
  for (auto at = args.begin(); at != args.end();) at = at->value().is_string() && at->value().get_string().empty() ? args.erase(at) : at + 1;
  for (const char* key : times) {
    if (find(args, key) == nullptr) continue;
    auto moment = moment_of(client, string_or(args, key));
    if (!moment) return report_error(moment.error(), client.connection().json);
    args[key] = std::move(*moment);
  }
  return give_command(client, name, args);
}

int list_of(Client& client, const std::string& path, const std::string& none, const std::vector<Column>& columns) {
  const auto answer = client.get(path);
  if (const auto code = told_whole(client, answer)) return *code;
  const Json* items = find(*answer, "items");
  if (items == nullptr || !items->is_array() || items->get_array().empty()) {
    fmt::print("{}\n", none);
    return kDone;
  }
  std::fputs(table(items->get_array(), columns).c_str(), stdout);
  return kDone;
}

}  // namespace

Result<std::string> moment_of(Client& client, const std::string& text) {
  if (text.empty() || (text != "now" && text[0] != '+' && text[0] != '-')) return text;
  FIREBREAK_ASSIGN(const Json status, client.get("/api/v1/status"));
  const Json* clock = find(status, "clock");
  FIREBREAK_ASSIGN(const Time now, get_time(clock != nullptr ? *clock : status, "time"));
  if (text == "now") return format_time(now);
  std::int64_t count = 0;
  const char* const end = text.data() + text.size() - 1;
  const auto [stopped, problem] = std::from_chars(text.data() + 1, end, count);
  const std::int64_t unit = text.back() == 'd' ? kDay : text.back() == 'h' ? kHour : text.back() == 'm' ? kMinute : 0;
  if (problem != std::errc() || stopped != end || unit == 0 || count > 3'660'000)
    return fail(Code::kInvalid, fmt::format("'{}' is no time: now, +2h, -30d, +15m or 2026-03-07T03:00:00Z", text));
  return format_time(now + (text[0] == '-' ? -count : count) * unit);
}

void CommandLine::add_cases() {
  Words& w = words_;
  CaseWords& c = words_.cases;
  auto* verdict = verb(finding_, "verdict", "say what it was: true, benign, test or duplicate; a later one revises it", [&w, &c](Client& client) {
    return give_timed(client, "finding.verdict", {{"finding", w.id}, {"verdict", c.verdict}, {"reason", w.reason}, {"duplicate_of", c.duplicate_of}}, {});
  });
  verdict->add_option("id", w.id)->required();
  verdict->add_option("verdict", c.verdict, "true, benign, test, duplicate")->required();
  verdict->add_option("--reason", w.reason)->required();
  verdict->add_option("--duplicate-of", c.duplicate_of, "the finding that it is a duplicate of");
  verb(finding_, "precision", "of each kind and endpoint: what people said of its findings", [](Client& client) {
    return list_of(client, "/api/v1/precision", "no findings yet",
                   {{"ENDPOINT", "/endpoint", 24}, {"KIND", "/kind", 24}, {"TOOL", "/origin", 16}, {"OPENED", "/opened", 8}, {"TRUE", "/true", 6},
                    {"BENIGN", "/benign", 6}, {"TEST", "/test", 6}, {"DUPLICATE", "/duplicate", 9}, {"PRECISION", "/precision", 9}});
  });
  auto* triage = verb(incident_, "triage", "say whether it is drift or malice; what you say stands until a person says otherwise", [&w, &c](Client& client) {
    return give_timed(client, "incident.triage", {{"incident", w.id}, {"verdict", c.verdict}, {"reason", w.reason}}, {});
  });
  triage->add_option("id", w.id)->required();
  triage->add_option("verdict", c.verdict, "benign_drift, suspected_malice, undetermined")->required();
  triage->add_option("--reason", w.reason)->required();
  add_changes();
  add_mutes();
  add_backtest();
  add_tuning();
}

void CommandLine::add_changes() {
  Words& w = words_;
  CaseWords& c = words_.cases;
  auto* change = noun("change", "planned deploys, retrains, campaigns, A/B tests: what explains a shift");
  auto* adding = verb(change, "add", "enter one; promotions enter themselves", [&w, &c](Client& client) {
    return give_timed(client, "change.add", {{"kind", c.kind}, {"endpoint", w.endpoint}, {"from", c.from}, {"to", c.to}, {"reason", w.reason}}, {"from", "to"});
  });
  adding->add_option("--kind", c.kind, "deploy, retrain, campaign, ab_test, other")->required();
  adding->add_option("--endpoint", w.endpoint, "without it all");
  adding->add_option("--from", c.from, "now, +2h, -1d or a time; without it now");
  adding->add_option("--to", c.to, "+2h or a time")->required();
  adding->add_option("--reason", w.reason, "what is done, and by whom")->required();
  auto* cancelling = verb(change, "cancel", "it does not take place", [&w](Client& client) {
    return give_command(client, "change.cancel", JsonObject{{"change", w.id}, {"reason", w.reason}});
  });
  cancelling->add_option("change", w.id, "chg-N")->required();
  cancelling->add_option("--reason", w.reason)->required();
  verb(change, "list", "newest first", [](Client& client) {
    return list_of(client, "/api/v1/changes?limit=200", "no changes",
                   {{"CHANGE", "/id", 16}, {"KIND", "/kind", 10}, {"STATE", "/state", 10}, {"ENDPOINT", "/endpoint", 24}, {"FROM", "/from", 26},
                    {"TO", "/to", 26}, {"BY", "/by", 20}, {"REASON", "/reason", 60}});
  });
}

void CommandLine::add_mutes() {
  Words& w = words_;
  CaseWords& c = words_.cases;
  auto* mute = noun("mute", "what keeps findings from alerting for a while; they are recorded as ever");
  auto* adding = verb(mute, "add", "mute a rule, a kind of finding, an endpoint, or where all that you name meet; never what is critical", [&w, &c](Client& client) {
    return give_timed(client, "mute.add",
                      {{"rule", c.rule}, {"kind", c.kind}, {"endpoint", w.endpoint}, {"from", c.from}, {"until", c.to}, {"reason", w.reason}}, {"from", "until"});
  });
  adding->add_option("--rule", c.rule, "a correlation rule, or the id, name or title of an applied Sigma rule");
  adding->add_option("--kind", c.kind, "as 'finding list' prints it");
  adding->add_option("--endpoint", w.endpoint);
  adding->add_option("--from", c.from, "for a maintenance window to come; without it now");
  adding->add_option("--until", c.to, "+2h or a time, at most 90 days; it ends by itself")->required();
  adding->add_option("--reason", w.reason)->required();
  auto* lifting = verb(mute, "lift", "end it now", [&w](Client& client) {
    return give_command(client, "mute.lift", JsonObject{{"mute", w.id}, {"reason", w.reason}});
  });
  lifting->add_option("mute", w.id, "mute-N")->required();
  lifting->add_option("--reason", w.reason)->required();
  verb(mute, "list", "newest first: what, until when, who and why, how many findings", [](Client& client) {
    return list_of(client, "/api/v1/mutes?limit=200", "no mutes",
                   {{"MUTE", "/id", 16}, {"STATE", "/state", 8}, {"RULE", "/rule", 36}, {"KIND", "/kind", 24}, {"ENDPOINT", "/endpoint", 24},
                    {"FROM", "/from", 26}, {"UNTIL", "/until", 26}, {"MUTED", "/muted", 6}, {"BY", "/by", 20}, {"REASON", "/reason", 60}});
  });
}

}  // namespace firebreak::cli
