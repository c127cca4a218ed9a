// firebreak metrics: how long incidents took, each of them and as distributions.
#include <fmt/core.h>

#include <CLI/CLI.hpp>

#include "run/main/command_line.h"
#include "run/main/print.h"
#include "world/net/message.h"

namespace firebreak::cli {
namespace {

std::string span_text(const Json* seconds) {
  if (seconds == nullptr || seconds->is_null()) return "-";
  const double s = seconds->to_number<double>();
  if (s < 120) return fmt::format("{:.0f} s", s);
  if (s < 2 * 3600) return fmt::format("{:.0f} min", s / 60);
  if (s < 2 * 86400) return fmt::format("{:.1f} h", s / 3600);
  return fmt::format("{:.1f} days", s / 86400);
}

JsonArray rows_of(const Json& metrics, std::string_view key, std::initializer_list<std::string_view> spans) {
  JsonArray rows;
  const Json* const items = find(metrics, key);
  if (items == nullptr || !items->is_array()) return rows;
  for (const Json& item : items->get_array()) {
    JsonObject row = item.as_object();
    for (const std::string_view span : spans) row[span] = span_text(find(item, span));
    rows.push_back(std::move(row));
  }
  return rows;
}

std::string distributions(const Json& metrics, std::string_view key, std::string_view title) {
  const JsonArray rows = rows_of(metrics, key, {"median_s", "p90_s", "shortest_s", "longest_s"});
  if (rows.empty()) return {};
  return "\n" + table(rows, {{title, "/name", 24}, {"N", "/n", 6}, {"MEDIAN", "/median_s", 10}, {"P90", "/p90_s", 10}, {"SHORTEST", "/shortest_s", 10}, {"LONGEST", "/longest_s", 10},
                             {"NOT YET", "/missing", 8}, {"FROM WHAT TO WHAT", "/what", 60}});
}

std::string metrics_text(const Json& metrics) {
  std::string out = fmt::format("{} incidents, {} open\n", int_or(metrics, "incidents"), int_or(metrics, "open"));
  out += distributions(metrics, "times", "TIME") + distributions(metrics, "phases", "PHASE");
  if (const JsonArray rows = rows_of(metrics, "each", {"to_detect_s", "to_acknowledge_s", "to_contain_s", "to_recover_s", "to_close_s"}); !rows.empty())
    out += "\n" + table(rows, {{"INCIDENT", "/id", 14}, {"SEVERITY", "/severity", 8}, {"ENDPOINT", "/endpoint", 24}, {"DETECT", "/to_detect_s", 10}, {"RECORDS BEFORE", "/records_before_detection", 14},
                               {"ACK", "/to_acknowledge_s", 10}, {"CONTAIN", "/to_contain_s", 10}, {"RECOVER", "/to_recover_s", 10}, {"CLOSE", "/to_close_s", 10}});
  for (const Json& one : rows_of(metrics, "recurrences", {}))
    out += fmt::format("\n{} is like {} within a year: {}\n", string_or(one, "incident"), string_or(one, "of"), canonical_json(one.at("kinds")));
  if (const JsonArray rows = rows_of(metrics, "overdue", {"late_s"}); !rows.empty())
    out += "\n" + table(rows, {{"OVERDUE", "/id", 14}, {"INCIDENT", "/incident", 14}, {"OWNER", "/owner", 20}, {"LATE", "/late_s", 10}, {"TASK", "/text", 80}});
  if (int_or(metrics, "incidents") < 50)
    out += "\nOf so few, a median says little and a trend nothing: look at each.\n";
  return out;
}

int metrics(Client& client, const std::string& since, const std::string& endpoint, const std::string& severity) {
  std::string query;
  for (const auto& [key, value] : {std::pair<const char*, const std::string&>{"since", since}, {"endpoint", endpoint}, {"severity", severity}})
    if (!value.empty()) query += fmt::format("{}{}={}", query.empty() ? "?" : "&", key, net::percent_encode(value));
  const auto answer = client.get("/api/v1/metrics/incidents" + query);
  if (const auto code = told_whole(client, answer)) return *code;
  std::fputs(metrics_text(*answer).c_str(), stdout);
  return kDone;
}

}  // namespace

void CommandLine::add_metrics() {
  MetricsWords& w = words_.metrics;
  auto* sub = verb(app_.get(), "metrics", "how long incidents took: median, 90th percentile and each, never a mean",
                   [&w](Client& c) { return metrics(c, w.since, w.endpoint, w.severity); });
  sub->add_option("--since", w.since, "opened at or after this moment, as 2026-03-01T00:00:00Z");
  sub->add_option("--endpoint", w.endpoint);
  sub->add_option("--severity", w.severity, "SEV-1 to SEV-4");
}

}  // namespace firebreak::cli
