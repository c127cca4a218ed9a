#include <CLI/CLI.hpp>

#include "fold/playbook/verbs.h"
#include "run/main/command_line.h"
#include "types/casefile.h"

namespace firebreak::cli {

void CommandLine::add_incident() {
  Words& w = words_;
  auto* declare = verb(incident_, "declare", "open an incident by hand", [&w](Client& c) {
    JsonObject args{{"endpoint", w.endpoint}};
    if (!w.title.empty()) args["title"] = w.title;
    if (!w.template_name.empty()) args["template"] = w.template_name;
    if (!w.severity.empty() || w.template_name.empty()) args["severity"] = w.severity.empty() ? "SEV-3" : w.severity;
    return give_command(c, "incident.declare", args);
  });
  declare->add_option("--endpoint", w.endpoint)->required();
  declare->add_option("--title", w.title, "what is wrong, in a line");
  declare->add_option("--severity", w.severity, "SEV-1 to SEV-4; without it the template's, or SEV-3");
  declare->add_option("--template", w.template_name, "title, severity and tasks: 'firebreak incident templates'");
  auto* ack = verb(incident_, "ack", "say that you have it", [&w](Client& c) {
    return give_command(c, "incident.ack", JsonObject{{"incident", w.id}});
  });
  ack->add_option("id", w.id)->required();
  auto* note = verb(incident_, "note", "add a comment to the timeline", [&w](Client& c) {
    return give_command(c, "incident.note", JsonObject{{"incident", w.id}, {"text", w.text}});
  });
  note->add_option("id", w.id)->required();
  note->add_option("text", w.text)->required();
  auto* grade = verb(incident_, "severity", "change the severity", [&w](Client& c) {
    return give_command(c, "incident.severity", JsonObject{{"incident", w.id}, {"severity", w.severity}, {"reason", w.reason}});
  });
  grade->add_option("id", w.id)->required();
  grade->add_option("severity", w.severity, "SEV-1 to SEV-4")->required();
  grade->add_option("--reason", w.reason)->required();
  auto* assign = verb(incident_, "assign", "give a person a role: commander, lead, communications, scribe", [&w](Client& c) {
    return give_command(c, "incident.assign", JsonObject{{"incident", w.id}, {"role", w.role}, {"user", w.user}});
  });
  assign->add_option("id", w.id)->required();
  assign->add_option("role", w.role)->required();
  assign->add_option("user", w.user)->required();
  auto* impact = verb(incident_, "impact", "rate the impact in the words of NIST SP 800-61r2", [&w](Client& c) {
    return give_command(c, "incident.impact",
                        JsonObject{{"incident", w.id}, {"functional_now", w.now}, {"functional_likely", w.likely},
                                   {"information", JsonArray(w.items.begin(), w.items.end())},
                                   {"recoverability", w.recoverability}});
  });
  impact->add_option("id", w.id)->required();
  impact->add_option("--now", w.now, "None, Low, Medium, High")->required();
  impact->add_option("--likely", w.likely, "if nothing is done: None, Low, Medium, High")->required();
  impact->add_option("--information", w.items, "None, Privacy Breach, Proprietary Breach, Integrity Loss")->required();
  impact->add_option("--recoverability", w.recoverability, "Regular, Supplemented, Extended, Not Recoverable")->required();
  auto* close = verb(incident_, "close", "end the incident", [&w](Client& c) {
    if (!w.casefile.value.empty())
      if (const int code = give_command(c, "incident.record", JsonObject{{"incident", w.id}, {"field", kNoAttack}, {"text", w.casefile.value}}); code != kDone) return code;
    return give_command(c, "incident.close",
                        w.reason.empty() ? JsonObject{{"incident", w.id}, {"summary", w.summary}, {"residual_risk", w.residual}}
                                         : JsonObject{{"incident", w.id}, {"summary", w.summary}, {"residual_risk", w.residual}, {"reason", w.reason}});
  });
  close->add_option("id", w.id)->required();
  close->add_option("--summary", w.summary)->required();
  close->add_option("--residual-risk", w.residual, "what remains")->required();
  close->add_option("--reason", w.reason, "needed before its last phase, or with tasks open");
  close->add_option("--no-attack", w.casefile.value, "why it is no attack: needed when its class by NIST AI 100-2 is not set");
}

// Proposes one measure; the incident is optional, the lease is not.
void CommandLine::propose_verb(CLI::App* contain, const std::string& name, const std::string& help,
                  std::function<Json()> measure, const std::function<void(CLI::App*)>& options) {
  auto* sub = verb(contain, name, help, [this, measure = std::move(measure)](Client& c) {
    if (words_.endpoint.empty()) return report_error({Code::kInvalid, "name the endpoint", {}, 0}, words_.connection.json);
    std::int64_t seconds = words_.lease_minutes * 60;
    if (!words_.span.empty()) {
      const auto span = playbook::parse_span(words_.span);
      if (!span) return report_error(span.error(), words_.connection.json);
      seconds = *span / kSecond;
    }
    JsonObject args{{"endpoint", words_.endpoint}, {"lease_s", seconds}, {"measure", measure()}};
    if (!words_.incident.empty()) args["incident"] = words_.incident;
    return give_command(c, "action.propose", args);
  });
  sub->add_option("endpoint,--endpoint", words_.endpoint, "the endpoint to contain");
  sub->add_option("--incident", words_.incident);
  auto* minutes = sub->add_option("--lease-minutes", words_.lease_minutes, "it ends by itself after this")->capture_default_str();
  sub->add_option("--for", words_.span, "the same as 4h, 30m or 14d")->excludes(minutes);
  options(sub);
}

void CommandLine::add_contain() {
  Words& w = words_;
  auto* contain = noun("contain", "propose a measure; a second person approves it");
  auto* option = verb(contain, "option", "take an option of the incident's card", [&w](Client& c) {
    return give_command(c, "action.propose",
                        JsonObject{{"endpoint", w.endpoint}, {"incident", w.incident}, {"option", w.option},
                                   {"lease_s", w.lease_minutes * 60}});
  });
  option->add_option("--endpoint", w.endpoint)->required();
  option->add_option("--incident", w.incident)->required();
  option->add_option("--option", w.option, "its name, as chain_quarantine")->required();
  option->add_option("--lease-minutes", w.lease_minutes)->capture_default_str();
  propose_verb(contain, "quarantine", "the rules answer these callers and exact queries",
               [&w]() -> Json {
                 return JsonObject{{"kind", "quarantine"}, {"incident", w.incident},
                                   {"callers", JsonArray(w.callers.begin(), w.callers.end())},
                                   {"digests", JsonArray{}}};
               },
               [&w](CLI::App* sub) { sub->add_option("--caller", w.callers, "caller name, several times"); });
  propose_verb(contain, "limit", "at most so many requests a minute",
               [&w]() -> Json {
                 return JsonObject{{"kind", "rate_limit"}, {"scope", w.scope}, {"per_minute", w.per_minute},
                                   {"burst", w.burst}};
               },
               [&w](CLI::App* sub) {
                 sub->add_option("--scope", w.scope, "endpoint, caller or young_keys")->capture_default_str();
                 sub->add_option("--per-minute", w.per_minute)->capture_default_str();
                 sub->add_option("--burst", w.burst)->capture_default_str();
               });
  propose_verb(contain, "review", "answers in a score band go to people",
               [&w]() -> Json { return JsonObject{{"kind", "review"}, {"low", w.low}, {"high", w.high}}; },
               [&w](CLI::App* sub) {
                 sub->add_option("--low", w.low)->required();
                 sub->add_option("--high", w.high)->required();
               });
  propose_verb(contain, "route", "all traffic to another release, or to the rules",
               [&w]() -> Json {
                 if (w.release_name == "fallback") return JsonObject{{"kind", "fallback"}};
                 return JsonObject{{"kind", "weights"}, {"weights", JsonObject{{w.release_name, 100}}}};
               },
               [&w](CLI::App* sub) { sub->add_option("--to", w.release_name, "a release, last-known-good, or fallback")->required(); });
  propose_verb(contain, "mirror", "copies of the requests go to another release, whose answers reach nobody",
               [&w]() -> Json { return JsonObject{{"kind", "mirror"}, {"release", w.release_name}}; },
               [&w](CLI::App* sub) { sub->add_option("--to", w.release_name, "a release, or last-known-good")->required(); });
  propose_verb(contain, "block", "refuse these callers",
               [&w]() -> Json {
                 return JsonObject{{"kind", "block"}, {"callers", JsonArray(w.callers.begin(), w.callers.end())}};
               },
               [&w](CLI::App* sub) { sub->add_option("--caller", w.callers, "caller name, several times")->required(); });
}

void CommandLine::add_action() {
  Words& w = words_;
  auto* approve = verb(action_, "approve", "approve exactly the measure with this digest", [&w](Client& c) {
    return give_command(c, "action.approve", JsonObject{{"action", w.id}, {"digest", w.digest}});
  });
  approve->add_option("id", w.id)->required();
  approve->add_option("--digest", w.digest, "as 'action show' prints it")->required();
  for (const auto& [name, help] : {std::pair("reject", "refuse an action"), std::pair("lift", "end an action now")}) {
    auto* sub = verb(action_, name, help, [&w, command = std::string("action.") + name](Client& c) {
      return give_command(c, command, JsonObject{{"action", w.id}, {"reason", w.reason}});
    });
    sub->add_option("id", w.id)->required();
    sub->add_option("--reason", w.reason)->required();
  }
  for (const auto& [name, help] : {std::pair("freeze", "let nothing new leave Firebreak; policies in force stay"),
                                   std::pair("thaw", "end a freeze; takes two people")}) {
    auto* sub = verb(app_.get(), name, help, [&w, command = std::string(name)](Client& c) {
      return give_command(c, command, JsonObject{{"reason", w.reason}});
    });
    sub->add_option("--reason", w.reason)->required();
  }
}

}  // namespace firebreak::cli
