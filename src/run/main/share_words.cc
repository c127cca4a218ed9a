// incident export: to share it; framework: what ids there are to classify by.
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>

#include "run/main/command_line.h"
#include "run/main/print.h"
#include "types/casefile.h"

namespace firebreak::cli {
namespace {

int export_stix(Client& client, const Words& w) {
  const CasefileWords& c = w.casefile;
  std::string mark = c.tlp.empty() ? "TLP:AMBER" : c.tlp;
  if (const std::size_t plus = mark.find('+'); plus != std::string::npos) mark.replace(plus, 1, "%2B");
  const auto answer = client.get(fmt::format("/api/v1/incidents/{}/stix?tlp={}", w.id, mark));
  if (!answer) return report_error(answer.error(), client.connection().json);
  const std::string text = pretty_json(*answer);
  if (c.file.empty()) {
    std::fputs(text.c_str(), stdout);
    return kDone;
  }
  std::ofstream out(c.file, std::ios::binary);
  if (!(out << text).flush()) return report_error({Code::kIo, fmt::format("'{}' cannot be written", c.file), {}, 0}, client.connection().json);
  fmt::print("{}\n", c.file);
  return kDone;
}

int list(Client& client) {
  const auto answer = client.get("/api/v1/frameworks");
  if (const auto code = told_whole(client, answer)) return *code;
  std::fputs(table(answer->at("items").as_array(), {{"FRAMEWORK", "/framework", 10}, {"VERSION", "/version", 10}, {"IDS", "/ids", 5}, {"TECHNIQUES", "/technique", 10}, {"BELOW THEM", "/sub_technique", 10},
                                                    {"MITIGATIONS", "/mitigation", 11}, {"CASES", "/case_study", 5}, {"NAME", "/name", 44}, {"FROM", "/source", 60}}).c_str(), stdout);
  return kDone;
}

int show(Client& client, const CasefileWords& c) {
  const auto answer = client.get(fmt::format("/api/v1/frameworks/{}/{}{}", c.framework, c.version, c.kind.empty() ? "" : "?kind=" + c.kind));
  if (const auto code = told_whole(client, answer)) return *code;
  std::fputs(table(answer->at("items").as_array(), {{"ID", "/id", 16}, {"KIND", "/kind", 14}, {"NAME", "/name", 120}}).c_str(), stdout);
  return kDone;
}

}  // namespace

void CommandLine::add_share() {
  Words& w = words_;
  CasefileWords& c = words_.casefile;
  auto* exporting = verb(incident_, "export", "the incident as a STIX 2.1 bundle, to share it: nothing that people typed but indicators, no person", [&w](Client& client) { return export_stix(client, w); });
  exporting->add_option("id", w.id)->required();
  exporting->add_option("--tlp", c.tlp, "mark of the bundle (TLP:AMBER without it); indicators of a stricter one stay here: " + std::string(words::kTlp));
  exporting->add_option("--out", c.file, "into this file");
  auto* framework = noun("framework", "public frameworks that incidents are classified by: MITRE ATLAS, OWASP");
  verb(framework, "list", "which versions are known, and how much they have", [](Client& client) { return list(client); });
  auto* showing = verb(framework, "show", "the ids and names of one version", [&c](Client& client) { return show(client, c); });
  showing->add_option("framework", c.framework, "atlas, owasp_ml, owasp_llm")->required();
  showing->add_option("version", c.version, "5.6.0, 2023, 2025")->required();
  showing->add_option("--kind", c.kind, "tactic, technique, sub_technique, mitigation, case_study, risk");
}

}  // namespace firebreak::cli
