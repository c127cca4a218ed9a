// amendment: what a lesson changes so that it does not happen again; one person proposes it, another approves exactly that.
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "base/files.h"
#include "run/app/content.h"
#include "run/app/rule_files.h"
#include "run/main/command_line.h"
#include "run/main/print.h"

namespace firebreak::cli {
namespace {

int propose(Client& client, const Words& w, std::string_view kind, JsonObject more) {
  const bool json = client.connection().json;
  more["lesson"] = w.casefile.other;
  more["kind"] = kind;
  more["reason"] = w.reason;
  const auto answer = client.post_slow(fmt::format("/api/v1/incidents/{}/amendments", w.id), more);
  if (!answer) return report_error(answer.error(), json);
  if (json) {
    fmt::print("{}", pretty_json(*answer));
  } else {
    const std::string id = string_or(*answer, "id");
    fmt::print("{}\nit waits for another person: firebreak amendment show {}\n", id, id);
  }
  return kDone;
}

int propose_rule(Client& client, const Words& w) {
  PosixFiles files;
  const auto read = app::read_rule_files(files, w.casefile.file);
  if (!read) return report_error(read.error(), client.connection().json);
  if (!read->refused.empty()) return report_error({Code::kInvalid, rules::to_text(read->refused.front()), {}, 0}, client.connection().json);
  return propose(client, w, "rule", {{"rules", app::to_json(read->sources).at("rules")}});
}

int propose_playbook(Client& client, const Words& w) {
  PosixFiles files;
  auto document = app::load_document(files, w.casefile.file);
  if (!document) return report_error(document.error(), client.connection().json);
  return propose(client, w, "playbook", {{"playbook", std::move(*document)}});
}

int list(Client& client, const Words& w) {
  const CasefileWords& c = w.casefile;
  const auto answer = client.get(fmt::format("/api/v1/amendments?limit={}{}{}", w.limit, w.incident.empty() ? "" : "&incident=" + w.incident, c.state.empty() ? "" : "&state=" + c.state));
  if (const auto code = told_whole(client, answer)) return *code;
  std::fputs(table(answer->at("items").as_array(), {{"AMENDMENT", "/id", 16}, {"STATE", "/state", 10}, {"CHANGE", "/change", 10}, {"INCIDENT", "/incident", 14}, {"LESSON", "/lesson", 16}, {"REASON", "/reason", 80}}).c_str(), stdout);
  return kDone;
}

int show(Client& client, const Words& w) {
  const auto answer = client.get("/api/v1/amendments/" + w.id);
  if (const auto code = told_whole(client, answer)) return *code;
  std::fputs(details(*answer).c_str(), stdout);
  if (string_or(*answer, "state") == "proposed")
    fmt::print("\nanother person than {} brings it into force: firebreak amendment approve {} --digest {}\n", string_or(answer->at("said"), "by"), w.id, string_or(*answer, "digest"));
  return kDone;
}

// The incident stands in the amendment: whom it is kept from finds neither.
int decide(Client& client, const Words& w, const std::string& verb) {
  const auto known = client.get("/api/v1/amendments/" + w.id);
  if (!known) return report_error(known.error(), client.connection().json);
  JsonObject args{{"incident", string_or(*known, "incident")}, {"amendment", w.id}};
  if (verb == "approve") args["digest"] = w.digest;
  else args["reason"] = w.reason;
  return give_command(client, "amendment." + verb, args);
}

}  // namespace

void CommandLine::add_amendment() {
  Words& w = words_;
  CasefileWords& c = words_.casefile;
  auto* amendment = noun("amendment", "what a lesson changes: a rule, a playbook version, a regression trace; in force once another person approved it");
  const auto proposing = [this, &w, &c, amendment](const std::string& name, const std::string& help, Run run) {
    auto* proposed = verb(amendment, name, help, std::move(run));
    proposed->add_option("incident", w.id, "inc-N")->required();
    proposed->add_option("lesson", c.other, "lesson-N")->required();
    proposed->add_option("--reason", w.reason, "why this keeps it from happening again")->required();
    return proposed;
  };
  proposing("rule", "propose Sigma rules that find it, each with a test that it matches; added to those that are applied", [&w](Client& client) { return propose_rule(client, w); })
      ->add_option("file", c.file, "a file or folder with rules")->required();
  proposing("playbook", "propose a new version of a playbook", [&w](Client& client) { return propose_playbook(client, w); })->add_option("file", c.file, "a CACAO 2.0 document")->required();
  auto* regression = proposing("regression", "propose a regression trace: the incident's requests that were answered so, asked of every candidate by gate G3c", [&w, &c](Client& client) {
    return propose(client, w, "regression", {{"answer", c.value}, {"most", c.most}});
  });
  regression->add_option("--answer", c.value, "the label that the attack got")->required();
  regression->add_option("--most", c.most, "the share that may be answered so again, as 0.1; none without it");
  proposing("retire", "propose to end a regression trace", [&w, &c](Client& client) { return propose(client, w, "retire", {{"amendment", c.label}}); })
      ->add_option("amendment", c.label, "amend-N")->required();
  auto* listing = verb(amendment, "list", "amendments and what became of them, newest first", [&w](Client& client) { return list(client, w); });
  listing->add_option("--incident", w.incident, "inc-N");
  listing->add_option("--state", c.state, "proposed, approved, rejected, in_force, failed, retired");
  listing->add_option("--limit", w.limit, "at most this many")->capture_default_str();
  verb(amendment, "show", "one, whole, with the rules or the trace", [&w](Client& client) { return show(client, w); })->add_option("amendment", w.id, "amend-N")->required();
  auto* approve = verb(amendment, "approve", "bring it into force, having read what has this digest", [&w](Client& client) { return decide(client, w, "approve"); });
  approve->add_option("amendment", w.id, "amend-N")->required();
  approve->add_option("--digest", w.digest, "as 'amendment show' prints it")->required();
  auto* reject = verb(amendment, "reject", "refuse it, or take it back", [&w](Client& client) { return decide(client, w, "reject"); });
  reject->add_option("amendment", w.id, "amend-N")->required();
  reject->add_option("--reason", w.reason)->required();
}

}  // namespace firebreak::cli
