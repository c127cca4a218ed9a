// firebreak readiness: is each endpoint ready for its next incident, and what mends it where it is not.
#include <fmt/core.h>

#include <CLI/CLI.hpp>

#include "run/main/command_line.h"
#include "run/main/print.h"
#include "run/main/screens.h"
#include "world/net/message.h"

namespace firebreak::cli {
std::string readiness_text(const Json& item) {
  std::string out = fmt::format("{}: {} of {}\n", string_or(item, "endpoint"), int_or(item, "ready"), int_or(item, "of"));
  JsonArray rows;
  for (const Json& check : item.at("checks").as_array()) {
    const std::string ready = string_or(check, "ready");
    rows.push_back(JsonObject{{"ready", ready == "yes" ? "ready" : ready == "no" ? "NOT" : "-"}, {"name", string_or(check, "name")}, {"why", string_or(check, "why")}});
    if (const std::string command = string_or(check, "command"); !command.empty()) rows.push_back(JsonObject{{"ready", ""}, {"name", ""}, {"why", "mend: " + command}});
  }
  return out + table(rows, {{"", "/ready", 5}, {"CHECK", "/name", 20}, {"WHY", "/why", 180}});
}

namespace {

// 1 when something is not ready, so that a pipeline can hold on it.
int readiness(Client& client, const std::string& endpoint, bool fail) {
  const auto answer = client.get("/api/v1/readiness" + (endpoint.empty() ? std::string() : "?endpoint=" + net::percent_encode(endpoint)));
  if (!answer) return report_error(answer.error(), client.connection().json);
  bool red = false;
  const Json* const items = find(*answer, "items");
  std::string out;
  if (items != nullptr && items->is_array())
    for (const Json& item : items->get_array()) {
      red |= int_or(item, "ready") < int_or(item, "of");
      out += (out.empty() ? "" : "\n") + readiness_text(item);
    }
  if (out.empty()) out = "no endpoint is registered; firebreak onboard NAME takes one up\n";
  std::fputs((client.connection().json ? pretty_json(*answer) : out).c_str(), stdout);
  return red && fail ? kNegative : kDone;
}

}  // namespace

void CommandLine::add_readiness() {
  Words& w = words_;
  auto* sub = verb(app_.get(), "readiness", "is each endpoint ready for its next incident; what mends it where it is not",
                   [&w](Client& c) { return readiness(c, w.endpoint, w.all); });
  sub->add_option("endpoint", w.endpoint, "one; all without it");
  sub->add_flag("--fail", w.all, "exit code 1 when something is not ready");
}

}  // namespace firebreak::cli
