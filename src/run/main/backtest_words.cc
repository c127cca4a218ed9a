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

int backtest(Client& client, const CaseWords& c, const std::string& endpoint) {
  const bool json = client.connection().json;
  JsonObject asked;
  if (!endpoint.empty()) asked["endpoint"] = endpoint;
  PosixFiles files;
  for (const auto& [key, file] : {std::pair("config", c.config), std::pair("rules", c.rule)}) {
    if (file.empty()) continue;
    auto document = app::load_document(files, file);
    if (!document) return report_error(document.error(), json);
    asked[key] = std::move(*document);
  }
  auto from = moment_of(client, c.from);
  if (!from) return report_error(from.error(), json);
  asked["from"] = std::move(*from);
  const auto answer = client.post_slow("/api/v1/backtests", asked);
  if (!answer) return report_error(answer.error(), json);
  std::fputs(json ? pretty_json(*answer).c_str() : backtest_text(*answer).c_str(), stdout);
  return kDone;
}

}  // namespace

void CommandLine::add_backtest() {
  Words& w = words_;
  CaseWords& c = words_.cases;
  auto* sub = verb(app_.get(), "backtest", "replay recorded history with another configuration: what would appear, what would vanish; writes nothing",
                   [&w, &c](Client& client) { return backtest(client, c, w.endpoint); });
  sub->add_option("--config", c.config, "detector configuration, as content/detectors/*.yaml; without it the one in use");
  sub->add_option("--rules", c.rule, "correlation rules, as content/rules/correlation.yaml; without it those in use");
  sub->add_option("--endpoint", w.endpoint, "without it the one that the configuration names");
  sub->add_option("--from", c.from, "-30d, or a time")->required();
}

}  // namespace firebreak::cli
