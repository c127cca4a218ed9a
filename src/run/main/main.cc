// The command line: what can be said and with which words. What is done stands in the other files of this folder.
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>

#include "base/time.h"
#include "run/main/commands.h"

namespace firebreak::cli {
namespace {

constexpr const char* kExitHelp =
    "Exit codes: 0 done, 1 negative answer (not found, damaged, failed), 2 usage, 3 refused, 4 server unreachable.";

struct Words {  // everything a command may be given
  Connection connection;
  ServeOptions serve;
  GatewayCommand gateway;
  ReleaseFiles release;
  std::string id, text, endpoint, severity, title, summary, residual, digest, reason, option, incident, stream, log,
      pinned, out, report_dir, file, player, caller_list, release_name, playbook, measure_file;
  std::vector<std::string> callers, keys, items;
  std::string data;
  double per_minute = 60, burst = 10, low = 0, high = 0;
  std::int64_t lease_minutes = 240;
  std::uint64_t index = 0;
  int limit = 50;
  std::string scope = "caller", task, now, likely, recoverability;
};

using Run = std::function<int(Client&)>;

class CommandLine {
 public:
  CommandLine() {
    app_.require_subcommand(1);
    app_.fallthrough();
    app_.footer(kExitHelp);
    app_.set_version_flag("--version", "firebreak 0.1.0");
    app_.add_option("--url", words_.connection.url, "server (default FIREBREAK_URL, else http://127.0.0.1:8440)");
    app_.add_option("--token", words_.connection.token, "token (default FIREBREAK_TOKEN, else DIR/admin.token)");
    app_.add_option("--data", words_.data, "data folder");
    app_.add_flag("--json", words_.connection.json, "print JSON");
    add_processes();
    add_lists();
    add_incident();
    add_contain();
    add_action();
    add_release();
    add_evidence();
    add_ledger();
    add_rest();
  }

  int run(int argc, char** argv) {
    try {
      app_.parse(argc, argv);
    } catch (const CLI::CallForHelp& e) {
      return app_.exit(e);
    } catch (const CLI::CallForVersion& e) {
      return app_.exit(e);
    } catch (const CLI::ParseError& e) {
      app_.exit(e);
      return kUsage;
    }
    words_.connection.data = words_.data;
    if (offline_) return offline_();
    Client client(words_.connection);
    return chosen_(client);
  }

 private:
  CLI::App* noun(const std::string& name, const std::string& help) {
    CLI::App* sub = app_.add_subcommand(name, help);
    sub->require_subcommand(1);
    sub->fallthrough();
    return sub;
  }
  CLI::App* verb(CLI::App* parent, const std::string& name, const std::string& help, Run run) {
    CLI::App* sub = parent->add_subcommand(name, help);
    sub->fallthrough();
    sub->callback([this, run = std::move(run)] { chosen_ = run; });
    return sub;
  }
  CLI::App* offline(CLI::App* parent, const std::string& name, const std::string& help, std::function<int()> run) {
    CLI::App* sub = parent->add_subcommand(name, help);
    sub->fallthrough();
    sub->callback([this, run = std::move(run)] { offline_ = run; });
    return sub;
  }
  std::string data_or(const std::string& fallback) const { return words_.data.empty() ? fallback : words_.data; }

  void add_processes() {
    Words& w = words_;
    auto* serve_command = offline(&app_, "serve", "run the server", [this] {
      words_.serve.data = data_or(words_.serve.data);
      return serve(words_.serve);
    });
    serve_command->add_option("--config", w.serve.config, "configuration file");
    serve_command->add_option("--listen", w.serve.listen, "HOST:PORT, loopback only")->capture_default_str();
    serve_command->add_option("--clock", w.serve.clock, "system or fed")->capture_default_str();
    auto* gateway_command = offline(&app_, "gateway", "run the data plane in front of a model", [this] {
      words_.gateway.data = data_or(words_.gateway.data);
      return gateway(words_.gateway);
    });
    gateway_command->add_option("--name", w.gateway.name, "name of this gateway")->capture_default_str();
    gateway_command->add_option("--listen", w.gateway.listen, "HOST:PORT for callers")->capture_default_str();
    gateway_command->add_option("--control", w.gateway.control, "HOST:PORT for the server")->capture_default_str();
    gateway_command->add_option("--control-token-file", w.gateway.control_token_file, "token of the control listener");
    gateway_command->add_option("--server", w.gateway.server, "URL of the server that records");
    gateway_command->add_option("--server-token-file", w.gateway.server_token_file, "token for the server");
    gateway_command->add_option("--pepper-file", w.gateway.pepper_file, "key of the callers' hashes");
    gateway_command->add_option("--clock", w.gateway.clock, "system or fed")->capture_default_str();
  }

  void add_lists() {
    const auto list_of = [this](CLI::App* parent, const std::string& plural) {
      auto* sub = verb(parent, "list", "newest first", [this, plural](Client& c) { return list(c, plural, words_.limit); });
      sub->add_option("--limit", words_.limit, "at most this many")->capture_default_str();
    };
    const auto show_of = [this](CLI::App* parent, const std::string& plural) {
      auto* sub = verb(parent, "show", "one, whole", [this, plural](Client& c) { return show(c, plural, words_.id); });
      sub->add_option("id", words_.id)->required();
    };
    incident_ = noun("incident", "what people work on");
    list_of(incident_, "incidents");
    show_of(incident_, "incidents");
    auto* finding = noun("finding", "what detectors report");
    list_of(finding, "findings");
    show_of(finding, "findings");
    action_ = noun("action", "containment and promotion");
    list_of(action_, "actions");
    show_of(action_, "actions");
    evidence_ = noun("evidence", "what was secured");
    list_of(evidence_, "evidence");
    show_of(evidence_, "evidence");
    release_ = noun("release", "what an endpoint serves");
    list_of(release_, "models");
  }

  void add_incident() {
    Words& w = words_;
    auto* declare = verb(incident_, "declare", "open an incident by hand", [&w](Client& c) {
      return give_command(c, "incident.declare",
                          JsonObject{{"endpoint", w.endpoint}, {"title", w.title}, {"severity", w.severity}});
    });
    declare->add_option("--endpoint", w.endpoint)->required();
    declare->add_option("--title", w.title)->required();
    declare->add_option("--severity", w.severity, "SEV-1 to SEV-4")->default_val("SEV-3");
    auto* ack = verb(incident_, "ack", "say that you have it", [&w](Client& c) {
      return give_command(c, "incident.ack", JsonObject{{"incident", w.id}});
    });
    ack->add_option("id", w.id)->required();
    auto* note = verb(incident_, "note", "add a fact to the timeline", [&w](Client& c) {
      return give_command(c, "incident.note", JsonObject{{"incident", w.id}, {"text", w.text}});
    });
    note->add_option("id", w.id)->required();
    note->add_option("text", w.text)->required();
    auto* done = verb(incident_, "task-done", "finish a task", [&w](Client& c) {
      return give_command(c, "incident.task_done", JsonObject{{"incident", w.id}, {"task", w.task}, {"result", w.text}});
    });
    done->add_option("id", w.id)->required();
    done->add_option("task", w.task, "its id, as task-166")->required();
    done->add_option("--result", w.text)->required();
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
      return give_command(c, "incident.close",
                          JsonObject{{"incident", w.id}, {"summary", w.summary}, {"residual_risk", w.residual}});
    });
    close->add_option("id", w.id)->required();
    close->add_option("--summary", w.summary)->required();
    close->add_option("--residual-risk", w.residual, "what remains")->required();
  }

  // Proposes one measure; the incident is optional, the lease is not.
  void propose_verb(CLI::App* contain, const std::string& name, const std::string& help,
                    std::function<Json()> measure, const std::function<void(CLI::App*)>& options) {
    auto* sub = verb(contain, name, help, [this, measure = std::move(measure)](Client& c) {
      JsonObject args{{"endpoint", words_.endpoint}, {"lease_s", words_.lease_minutes * 60}, {"measure", measure()}};
      if (!words_.incident.empty()) args["incident"] = words_.incident;
      return give_command(c, "action.propose", args);
    });
    sub->add_option("--endpoint", words_.endpoint)->required();
    sub->add_option("--incident", words_.incident);
    sub->add_option("--lease-minutes", words_.lease_minutes, "it ends by itself after this")->capture_default_str();
    options(sub);
  }

  void add_contain() {
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
                 [&w](CLI::App* sub) { sub->add_option("--to", w.release_name, "release, or 'fallback'")->required(); });
    propose_verb(contain, "block", "refuse these callers",
                 [&w]() -> Json {
                   return JsonObject{{"kind", "block"}, {"callers", JsonArray(w.callers.begin(), w.callers.end())}};
                 },
                 [&w](CLI::App* sub) { sub->add_option("--caller", w.callers, "caller name, several times")->required(); });
  }

  void add_action() {
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
      auto* sub = verb(&app_, name, help, [&w, command = std::string(name)](Client& c) {
        return give_command(c, command, JsonObject{{"reason", w.reason}});
      });
      sub->add_option("--reason", w.reason)->required();
    }
  }

  void add_release() {
    Words& w = words_;
    auto* reg = verb(release_, "register", "upload a release with its lineage and register it",
                     [&w](Client& c) { return register_release(c, w.release); });
    reg->add_option("--endpoint", w.release.endpoint)->required();
    reg->add_option("--release", w.release.release)->required();
    reg->add_option("--upstream", w.release.upstream, "where it answers")->required();
    reg->add_option("--model", w.release.model, "the model's bytes")->required();
    reg->add_option("--manifest", w.release.manifest, "name, version, training_cut, sources")->required();
    reg->add_option("--dataset", w.release.dataset, "training snapshot, CSV")->required();
    reg->add_option("--holdout", w.release.holdout, "holdout, CSV")->required();
    reg->add_option("--incident", w.release.incident);
    for (const auto& [name, help] : {std::pair("gate", "run the recovery gates on a candidate"),
                                     std::pair("promote", "propose shadow, canary and full traffic")}) {
      auto* sub = verb(release_, name, help, [&w, command = std::string("release.") + name](Client& c) {
        JsonObject args{{"endpoint", w.endpoint}, {"release", w.release_name}};
        if (!w.incident.empty()) args["incident"] = w.incident;
        return give_command(c, command, args);
      });
      sub->add_option("--endpoint", w.endpoint)->required();
      sub->add_option("--release", w.release_name)->required();
      sub->add_option("--incident", w.incident);
    }
    auto* approve = verb(release_, "accept-source", "accept a data source as lineage", [&w](Client& c) {
      JsonObject args{{"source", w.id}, {"reason", w.reason}};
      if (!w.digest.empty()) args["digest"] = w.digest;
      return give_command(c, "source.approve", args);
    });
    approve->add_option("source", w.id)->required();
    approve->add_option("--digest", w.digest);
    approve->add_option("--reason", w.reason)->required();
  }

  void add_evidence() {
    Words& w = words_;
    auto* capture = verb(evidence_, "capture", "capture evidence now", [&w](Client& c) {
      return give_command(c, "evidence.capture",
                          JsonObject{{"incident", w.id}, {"items", JsonArray(w.items.begin(), w.items.end())}});
    });
    capture->add_option("incident", w.id)->required();
    capture->add_option("--item", w.items, "model, dataset, policy, inferences, counters")->required();
    auto* exported = offline(evidence_, "export", "write an incident's bundle from a data folder", [this] {
      return evidence_export(data_or("firebreak-data"), words_.id, words_.out, words_.report_dir,
                             words_.connection.json);
    });
    exported->add_option("incident", w.id)->required();
    exported->add_option("--out", w.out, "folder to make")->required();
    exported->add_option("--report", w.report_dir, "folder with report.json and report.html to enclose");
    auto* verified = offline(evidence_, "verify", "check a bundle without a server", [&w] {
      return evidence_verify(w.out, w.keys, w.connection.json);
    });
    verified->add_option("bundle", w.out)->required();
    verified->add_option("--key", w.keys, "pinned vkey of a log, several times");
  }

  void add_ledger() {
    Words& w = words_;
    auto* ledger = noun("ledger", "the logs, without a server, on a data folder or a copy of it");
    offline(ledger, "list", "names, sizes, roots",
            [this] { return ledger_list(data_or("firebreak-data"), words_.connection.json); });
    auto* verify = offline(ledger, "verify", "recompute everything; names the first damaged place", [this] {
      return ledger_verify(data_or("firebreak-data"), words_.log, words_.pinned, words_.connection.json);
    });
    verify->add_option("--log", w.log, "one log; all without it");
    verify->add_option("--key", w.pinned, "pinned vkey: 'authentic' instead of 'consistent'");
    auto* exported = offline(ledger, "export", "write the C2SP tlog-tiles layout", [this] {
      return ledger_export(data_or("firebreak-data"), words_.log, words_.out, words_.connection.json);
    });
    exported->add_option("--log", w.log, "one log into the folder; without it each into a folder of its name");
    exported->add_option("--out", w.out)->required();
    auto* prove = offline(ledger, "prove", "tlog-proof of one entry", [this] {
      return ledger_prove(data_or("firebreak-data"), words_.log, words_.index, words_.out, words_.connection.json);
    });
    prove->add_option("--log", w.log)->required();
    prove->add_option("--index", w.index)->required();
    prove->add_option("--out", w.out, "file; standard output without it");
  }

  void add_rest() {
    Words& w = words_;
    auto* traced = verb(&app_, "trace", "any decision: caller, release, digest, answer, proof",
                        [&w](Client& c) { return trace(c, w.id, w.stream); });
    traced->add_option("id", w.id)->required();
    traced->add_option("--stream", w.stream);
    verb(&app_, "status", "what needs a person now", [](Client& c) { return status(c); });
    auto* reported = verb(&app_, "report", "the report of an incident",
                          [&w](Client& c) { return report(c, w.id, w.out, w.player); });
    reported->add_option("incident", w.id)->required();
    reported->add_option("--out", w.out, "folder for report.json and report.html");
    reported->add_option("--player", w.player, "figures measured by a story's player");
    auto* playbook = noun("playbook", "CACAO 2.0 playbooks");
    auto* lint = offline(playbook, "lint", "check a playbook", [&w] { return playbook_lint(w.file, w.connection.json); });
    lint->add_option("file", w.file)->required();
    auto* run_playbook = verb(playbook, "run", "start a playbook on an incident", [&w](Client& c) {
      return give_command(c, "playbook.run", JsonObject{{"playbook", w.playbook}, {"incident", w.incident}});
    });
    run_playbook->add_option("playbook", w.playbook, "its id")->required();
    run_playbook->add_option("--incident", w.incident)->required();
    auto* completion = noun("completion", "a script that completes commands in a shell");
    offline(completion, "bash", "for bash: source <(firebreak completion bash)", [this] { return print_completion(app_); });
    auto* endpoint = noun("endpoint", "places that serve predictions");
    auto* put = verb(endpoint, "put", "register or change an endpoint",
                     [&w](Client& c) { return put_endpoint(c, w.id, w.file); });
    put->add_option("name", w.id)->required();
    put->add_option("file", w.file, "YAML or JSON")->required();
  }

  CLI::App app_{"Firebreak carries an AI system through an incident, from the first signal to the proven recovery."};
  Words words_;
  Run chosen_;
  std::function<int()> offline_;
  CLI::App* incident_ = nullptr;
  CLI::App* action_ = nullptr;
  CLI::App* evidence_ = nullptr;
  CLI::App* release_ = nullptr;
};

}  // namespace
}  // namespace firebreak::cli

int main(int argc, char** argv) { return firebreak::cli::CommandLine().run(argc, argv); }
