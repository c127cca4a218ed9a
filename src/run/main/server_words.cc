#include <CLI/CLI.hpp>

#include "run/main/command_line.h"
#include "run/main/onboard_questions.h"
#include "run/main/doctor.h"

namespace firebreak::cli {

void CommandLine::add_processes() {
  Words& w = words_;
  auto* serve_command = offline(app_.get(), "serve", "run the server", [this] {
    words_.serve.data = data_or(words_.serve.data);
    return serve(words_.serve);
  });
  serve_command->add_option("--config", w.serve.config, "configuration file");
  serve_command->add_option("--listen", w.serve.listen, "HOST:PORT, loopback only")->capture_default_str();
  serve_command->add_option("--clock", w.serve.clock, "system or fed")->capture_default_str();
  serve_command->add_option("--exercise", w.serve.exercise, "declaration of a drill ('firebreak drill run' writes one): nothing outside may be configured, everything is marked");
  serve_command->add_option("--accept-rollback", w.serve.accept_rollback,
                            "a log that may go on although it was cut back or written anew; recorded as a finding; several times");
  serve_command->add_option("--events", w.serve.events, "file that findings and incidents are written to, a line each; SIGHUP opens it again");
  serve_command->add_option("--events-format", w.serve.events_format, "ocsf or ecs")->capture_default_str();
  serve_command->add_option("--preset", w.serve.preset, "at the first start: how duties are spread, solo, pair (else), team or enterprise");
  serve_command->add_option("--host-name", w.serve.host_names, "name of a proxy in front that people use, several times");
  auto* gateway_command = offline(app_.get(), "gateway", "run the data plane in front of a model", [this] {
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

void CommandLine::add_lists() {
  const auto list_of = [this](CLI::App* parent, const std::string& plural) {
    auto* sub = verb(parent, "list", "newest first", [this, plural](Client& c) { return list(c, plural, words_.limit); });
    sub->add_option("--limit", words_.limit, "at most this many")->capture_default_str();
  };
  const auto show_of = [this](CLI::App* parent, const std::string& plural) {
    auto* sub = verb(parent, "show", "one, whole", [this, plural](Client& c) { return show(c, plural, words_.id, words_.all); });
    sub->add_option("id", words_.id)->required();
    if (plural == "incidents") sub->add_flag("--all", words_.all, "not one screen, everything");
  };
  incident_ = noun("incident", "what people work on");
  list_of(incident_, "incidents");
  show_of(incident_, "incidents");
  finding_ = noun("finding", "what detectors report");
  list_of(finding_, "findings");
  show_of(finding_, "findings");
  auto* replay = verb(finding_, "replay", "whether the stream still leads to it", [this](Client& c) { return replay_finding(c, words_.id); });
  replay->add_option("id", words_.id)->required();
  action_ = noun("action", "containment and promotion");
  list_of(action_, "actions");
  show_of(action_, "actions");
  evidence_ = noun("evidence", "what was secured");
  list_of(evidence_, "evidence");
  show_of(evidence_, "evidence");
  release_ = noun("release", "what an endpoint serves");
  list_of(release_, "models");
}

void CommandLine::add_rest() {
  Words& w = words_;
  auto* traced = verb(app_.get(), "trace", "any decision: caller, release, digest, answer, proof",
                      [&w](Client& c) { return trace(c, w.id, w.stream); });
  traced->add_option("id", w.id)->required();
  traced->add_option("--stream", w.stream);
  auto* signing_in = verb(app_.get(), "sign-in", "print a link that signs a user in to the page, once (as admin)",
                          [&w](Client& c) { return sign_in(c, w.id, w.minutes); });
  signing_in->add_option("user", w.id)->required();
  signing_in->add_option("--minutes", w.minutes, "it is good for so long")->capture_default_str();
  auto* token = noun("token", "what programs sign in with (as admin)");
  auto* making = verb(token, "add", "make a token for a user; it is shown this once",
                      [&w](Client& c) { return add_token(c, w.id, w.out); });
  making->add_option("user", w.id)->required();
  making->add_option("--out", w.out, "file to write it into, mode 0600");
  auto* examined = offline(app_.get(), "doctor", "look at folder, disk, clock, ports, keys, connectors; says what mends each", [this] {
    const std::string url = words_.connection.url.empty() ? "http://127.0.0.1:8440" : words_.connection.url;
    return doctor({data_or("firebreak-data"), words_.serve.config, url}, words_.connection.json);
  });
  examined->add_option("--config", w.serve.config, "configuration file");
  auto* backing = offline(app_.get(), "backup", "copy keys and tokens to a folder that you keep apart",
                          [this] { return backup(data_or("firebreak-data"), words_.out, words_.connection.json); });
  backing->add_option("--out", w.out, "folder to make")->required();
  auto* restoring = offline(app_.get(), "restore", "make a data folder from the copy in the bucket and the backup of the keys; verifies every log",
                            [this] { return restore({words_.serve.config, words_.keys_dir, words_.out}, words_.connection.json); });
  restoring->add_option("--store-config", w.serve.config, "configuration file with a part 'store'")->required();
  restoring->add_option("--keys", w.keys_dir, "folder that 'firebreak backup' made; without it proofs only");
  restoring->add_option("--out", w.out, "data folder to make")->required();
  offline(app_.get(), "manual", "this program's manual page, for man", [this] { return print_manual(*app_); });
  auto* clock = noun("clock", "the fed clock of a story or drill");
  auto* rate = verb(clock, "rate", "how fast it is to be fed: 0 holds it, 1 is true pace, 'fast' as fast as it goes",
                    [&w](Client& c) { return set_clock_rate(c, w.id, w.reason.empty() ? "by hand" : w.reason); });
  rate->add_option("rate", w.id)->required();
  // No default_val here: words are shared, and what is set beforehand would be every command's reason.
  rate->add_option("--reason", w.reason, "'by hand' without it");
  verb(clock, "show", "which time it is, and how fast it runs", [](Client& c) { return set_clock_rate(c, "", ""); });
  verb(app_.get(), "status", "what needs a person now", [](Client& c) { return status(c); });
  auto* reported = verb(app_.get(), "report", "the report of an incident",
                        [&w](Client& c) { return report(c, w.id, w.out, w.player); });
  reported->add_option("incident", w.id)->required();
  reported->add_option("--out", w.out, "folder for report.json, report.html and postmortem.md");
  reported->add_option("--player", w.player, "figures measured by a story's player");
  auto* completion = noun("completion", "a script that completes commands in a shell");
  offline(completion, "bash", "for bash: source <(firebreak completion bash)", [this] { return print_completion(*app_); });
  auto* endpoint = noun("endpoint", "places that serve predictions");
  auto* put = verb(endpoint, "put", "register or change an endpoint",
                   [&w](Client& c) { return put_endpoint(c, w.id, w.file); });
  put->add_option("name", w.id)->required();
  put->add_option("file", w.file, "YAML or JSON")->required();
  auto* good = verb(endpoint, "performance", "how good its answers are, from labels and from scores",
                    [&w](Client& c) { return performance(c, w.id, w.part); });
  good->add_option("name", w.id)->required();
  good->add_option("--by", w.part, "all answers at once, by windows of time, or by segments of the traffic")
      ->check(CLI::IsMember({"summary", "windows", "segments"}))
      ->capture_default_str();
}

void CommandLine::add_taps() {
  Words& w = words_;
  auto* onboarding = verb(app_.get(), "onboard", "take up an endpoint: ten questions at a terminal, or the options, or its file (as admin)",
                          [&w](Client& c) { return onboard(c, w.onboard); });
  onboarding->add_option("name", w.onboard.name)->required();
  for (const OnboardQuestion& question : onboard_questions()) {
    const std::string key(question.key);
    onboarding->add_option_function<std::string>("--" + key, [&w, key](const std::string& answer) { w.onboard.answers[key] = answer; }, std::string(question.asks) + " " + std::string(question.why));
  }
  onboarding->add_option("--numeric", w.onboard.numeric, "features, as a,b,c; without them the first ingest names them");
  onboarding->add_option("--categorical", w.onboard.categorical, "features, as a,b,c");
  onboarding->add_option("--positive", w.onboard.positive, "the answer that precision and recall are counted for");
  onboarding->add_option("--from", w.onboard.from, "the endpoint's file, YAML or JSON, instead of questions");
  onboarding->add_option("--out", w.onboard.out, "write the endpoint's file here (after questions: NAME.endpoint.json)");
  onboarding->add_flag("--yes", w.onboard.yes, "ask nothing, also at a terminal");
  auto* ingesting = verb(app_.get(), "ingest", "record what an endpoint answered, from its logs",
                         [&w](Client& c) { return ingest(c, w.ingest); });
  ingesting->add_option("--endpoint", w.ingest.endpoint)->required();
  ingesting->add_option("file", w.ingest.file, "NDJSON, one JSON object a line, or - for standard input; for CSV: firebreak detect")->required();
  ingesting->add_option("--format", w.ingest.format, "auto, ndjson, sagemaker, kserve, openinference")->capture_default_str();
  ingesting->add_option("--columns", w.ingest.columns, "names of rows that bear none, in their order, as a,b,c");
  ingesting->add_flag("--skip-bad", w.ingest.skip_bad, "pass over lines that cannot be read; they are counted and listed");
}

}  // namespace firebreak::cli
