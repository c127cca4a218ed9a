// drill: exercises on a server of their own.
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "run/app/triage_trial.h"
#include "run/main/command_line.h"

namespace firebreak::cli {
namespace {

std::string joined(const Json& list) {
  std::string out;
  if (list.is_array())
    for (const Json& item : list.get_array())
      if (item.is_string()) out += (out.empty() ? "" : ", ") + std::string(item.get_string());
  return out;
}

int show_injects(Client& client) {
  const auto answer = client.get("/api/v1/exercise");
  if (const auto code = told_whole(client, answer)) return *code;
  const Json* const injects = find(*answer, "injects");
  if (injects == nullptr || !injects->is_array() || injects->get_array().empty()) {
    fmt::print("no injects yet\n");
    return kDone;
  }
  for (const Json& inject : injects->get_array())
    fmt::print("{}  {}  from {} to {}, by {}\n  {}\n", string_or(inject, "time"), string_or(inject, "inject"), string_or(inject, "from"), joined(inject.at("to")), string_or(inject, "channel"),
               string_or(inject, "text"));
  return kDone;
}

int show_script(Client& client) {
  const auto answer = client.get("/api/v1/exercise/script");
  if (!answer) return report_error(answer.error(), client.connection().json);
  std::fputs(pretty_json(*answer).c_str(), stdout);
  return kDone;
}

}  // namespace

void CommandLine::add_drill() {
  DrillWords& w = words_.drill;
  const bool& json = words_.connection.json;
  auto* root = noun("drill", "exercises: a recorded attack on a server of their own, with injects, roles, a sealed truth and a score");
  auto* checking = offline(root, "check", "read a drill's document and say what is wrong with it", [&w, &json] { return check_drill(w, json); });
  checking->add_option("drill", w.name, "a name of content/drills, or a file")->required();
  auto* trying = offline(root, "triage", "replay labelled scenarios through detectors and triage, and count how often drift is told from attack", [&w, &json] {
    const Json confusion = app::confusion_of(app::triage_trials(w.seeds));
    std::fputs((json ? pretty_json(confusion) : app::confusion_text(confusion)).c_str(), stdout);
    return kDone;
  });
  trying->add_option("--seeds", w.seeds, "of each scenario")->check(CLI::Range(1, 1'000))->capture_default_str();
  auto* running = offline(root, "run", "run one, in a new folder of its own (--data)", [this, &w, &json] {
    w.dir = words_.data;
    return run_drill(w, json);
  });
  running->add_option("drill", w.name, "a name of content/drills, or a file")->required();
  running->add_option("--speed", w.speed, "clock seconds a second; 'clock rate' changes it on the way")->capture_default_str();
  running->add_flag("--auto", w.scripted, "scripted people take the expected decisions; the clock stands meanwhile");
  running->add_option("--seed", w.seed, "moves the scripted people's times; 0: as the document says")->capture_default_str();
  auto* scoring = offline(root, "score", "the score, from the drill's journal alone", [&w, &json] { return score_drill(w, json); });
  scoring->add_option("dir", w.dirs, "the drill's folder, or its data folder; several runs of one drill are compared: every value, median, p90")->required();
  auto* reporting = offline(root, "report", "the after-action report: HTML, Markdown, JSON", [&w, &json] { return report_drill(w, json); });
  reporting->add_option("dir", w.dir, "the drill's folder, or its data folder")->required();
  reporting->add_option("--out", w.out, "folder to write into, without it the drill's");
  auto* aborting = offline(root, "abort", "end a drill within five seconds", [&w, &json] { return abort_drill(w, json); });
  aborting->add_option("dir", w.dir, "the drill's folder")->required();
  aborting->add_option("--reason", w.reason);
  verb(root, "injects", "what players have been told so far", [](Client& client) { return show_injects(client); });
  verb(root, "script", "what is hidden from players: truth, later injects, what is expected (the facilitator)", [](Client& client) { return show_script(client); });
  auto* deciding = verb(root, "decide", "record a decision, and why", [&w](Client& client) {
    return give_command(client, "exercise.decide", JsonObject{{"decision", w.decision}, {"choice", w.choice}, {"reason", w.reason}});
  });
  deciding->add_option("decision", w.decision, "what is decided, as the inject names it")->required();
  deciding->add_option("choice", w.choice)->required();
  deciding->add_option("--reason", w.reason)->required();
  auto* telling = verb(root, "tell", "send a message; it stays in the exercise and is marked", [&w](Client& client) {
    return give_command(client, "exercise.message", JsonObject{{"to", w.to}, {"channel", w.channel}, {"text", w.text}});
  });
  telling->add_option("to", w.to, "executives, acquirer, ...")->required();
  telling->add_option("text", w.text)->required();
  telling->add_option("--channel", w.channel, "mail, phone, chat, ...")->required();
}

}  // namespace firebreak::cli
