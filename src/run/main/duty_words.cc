// deadline: what runs on a server: duties, what is told them, proofs, what a second person confirms, drafts of reports.
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "base/files.h"
#include "deadline/form.h"
#include "run/main/case_words.h"
#include "run/main/command_line.h"
#include "run/main/print.h"

namespace firebreak::cli {
namespace {

// EVENT=TIME, or EVENT for now; "opened" is left to the server.
Result<JsonObject> events_from(Client& client, const std::vector<std::string>& words) {
  JsonObject events;
  for (const std::string& word : words) {
    const std::size_t equal = word.find('=');
    if (equal == 0 || equal + 1 == word.size()) return fail(Code::kInvalid, fmt::format("'{}' is not EVENT=TIME (as awareness=2026-03-06T15:20:00Z, awareness=-2h, awareness=opened)", word));
    FIREBREAK_ASSIGN(events[word.substr(0, equal)], moment_of(client, equal == std::string::npos ? "now" : word.substr(equal + 1)));
  }
  return events;
}

// Times are read first: what cannot be read is refused before anything is sent. Empty texts are left out.
int give(Client& client, const std::string& name, JsonObject args, std::initializer_list<const char*> times = {}) {
  for (auto at = args.begin(); at != args.end();) at = at->value().is_string() && at->value().get_string().empty() ? args.erase(at) : at + 1;
  for (const char* key : times) {
    if (find(args, key) == nullptr) continue;
    auto moment = moment_of(client, string_or(args, key));
    if (!moment) return report_error(moment.error(), client.connection().json);
    args[key] = std::move(*moment);
  }
  return give_command(client, name, args);
}

int start(Client& client, const Words& w) {
  auto events = events_from(client, w.deadline.from);
  if (!events) return report_error(events.error(), client.connection().json);
  JsonObject args{{"incident", w.id}, {"regime", w.deadline.regime}, {"events", std::move(*events)}, {"facts", JsonArray(w.deadline.facts.begin(), w.deadline.facts.end())}, {"reason", w.reason}};
  if (w.deadline.draft) args["draft"] = true;
  return give(client, "deadline.start", std::move(args));
}

int happened(Client& client, const Words& w) {
  auto events = events_from(client, w.deadline.from);
  if (!events) return report_error(events.error(), client.connection().json);
  return give(client, "deadline.happened", {{"duty", w.id}, {"events", std::move(*events)}, {"reason", w.reason}});
}

const JsonArray& stages_of(const Json& duty) {
  static const JsonArray kNone;
  const Json* const stages = find(duty, "stages");
  return stages != nullptr && stages->is_array() ? stages->get_array() : kNone;
}

// One line a stage: where it stands, and by what.
JsonArray lines_of(const Json& duty) {
  JsonArray out;
  for (const Json& stage : stages_of(duty)) {
    std::string note;
    if (const Json* const proof = find(stage, "proof"); proof != nullptr && proof->is_object()) {
      note = fmt::format("at {}{}: {} {}", string_or(*proof, "at"), bool_or(*proof, "late") ? ", late" : "", string_or(*proof, "reference"), string_or(*proof, "evidence"));
    } else if (const Json* const aside = find(stage, "set_aside"); aside != nullptr && aside->is_object()) {
      note = fmt::format("by {} and {}: {}", string_or(*aside, "by"), string_or(*aside, "with"), string_or(*aside, "reason"));
    } else {
      for (const std::string& event : strings_or_empty(stage, "waits_for")) note += (!note.empty() ? ", " : string_or(stage, "state") == "waits" ? "waits for " : "may come forward by ") + event;
      if (bool_or(stage, "expected")) note += (note.empty() ? "" : "; ") + std::string("the stage before is not filed yet");
    }
    const std::string state = string_or(stage, "state");
    out.push_back(JsonObject{{"duty", string_or(duty, "id")}, {"incident", string_or(duty, "incident")}, {"regime", string_or(duty, "regime")}, {"stage", string_or(stage, "stage")},
                             {"state", state == "overdue" ? "RED overdue" : state}, {"due", string_or(stage, "due", "-")}, {"to", string_or(stage, "recipient")}, {"note", note}});
  }
  return out;
}

const std::vector<Column>& columns() {
  static const std::vector<Column> all = {{"DUTY", "/duty", 16}, {"INCIDENT", "/incident", 16}, {"REGIME", "/regime", 16}, {"STAGE", "/stage", 22}, {"STATE", "/state", 14}, {"DUE", "/due", 28}, {"TO", "/to", 34}, {"NOTE", "/note", 90}};
  return all;
}

int status(Client& client, const Words& w) {
  const auto answer = client.get("/api/v1/deadlines?limit=200" + (w.id.empty() ? "" : "&incident=" + w.id));
  if (const auto code = told_whole(client, answer)) return *code;
  JsonArray rows;
  for (const Json& duty : answer->at("items").as_array())
    for (Json& line : lines_of(duty)) rows.push_back(std::move(line));
  if (rows.empty()) fmt::print("no reporting deadlines{}: firebreak deadline start INCIDENT REGIME --from EVENT=TIME\n", w.id.empty() ? "" : " of " + w.id);
  else std::fputs(table(rows, columns()).c_str(), stdout);
  return kDone;
}

int show(Client& client, const Words& w) {
  const auto answer = client.get("/api/v1/deadlines/" + w.id);
  if (const auto code = told_whole(client, answer)) return *code;
  const auto text = [&](const Json& of, std::string_view key) { return cell(find(of, key)); };
  fmt::print("{} {} on {}: {}\n", text(*answer, "id"), text(*answer, "name"), text(*answer, "incident"), text(*answer, "state"));
  if (bool_or(*answer, "holds_evidence")) fmt::print("It holds the evidence: nothing changes the system until the notice is proven.\n");
  std::fputs(table(lines_of(*answer), columns()).c_str(), stdout);
  for (const Json& stage : stages_of(*answer)) fmt::print("{}: {} ({})\n", text(stage, "stage"), text(stage, "content"), text(stage, "citation"));
  for (const Json& stage : stages_of(*answer))
    for (const std::string& note : strings_or_empty(stage, "notes")) fmt::print("{}: {}\n", text(stage, "stage"), note);
  for (const Json& one : answer->at("events").as_array()) fmt::print("told by {}: {} at {} {}\n", text(one, "by"), text(one, "event"), text(one, "at"), find(one, "reference") == nullptr ? "" : text(one, "reference"));
  for (const Json& one : answer->at("reliefs").as_array()) fmt::print("{} {}: {} ({}, by {})\n", text(one, "id"), text(one, "state"), text(one, "what"), text(one, "reason"), text(one, "by"));
  return kDone;
}

int draft(Client& client, const Words& w) {
  auto answer = client.get(fmt::format("/api/v1/incidents/{}/drafts/{}/{}", w.id, w.deadline.regime, w.deadline.stage));
  if (!answer) return report_error(answer.error(), client.connection().json);
  for (const std::string& word : w.deadline.set) {
    const std::size_t equal = word.find('=');
    if (equal == std::string::npos) return report_error(Error{Code::kInvalid, fmt::format("'{}' is not FIELD=TEXT", word), {}, 0}, client.connection().json);
    if (auto put = deadline::put_value(answer->as_object(), word.substr(0, equal), word.substr(equal + 1)); !put) return report_error(put.error(), client.connection().json);
  }
  const std::string text = client.connection().json ? pretty_json(*answer) : deadline::markdown(*answer);
  if (w.out.empty()) {
    std::fputs(text.c_str(), stdout);
    return kDone;
  }
  PosixFiles files;
  if (auto written = write_atomic(files, w.out, text); !written) return report_error(written.error(), client.connection().json);
  fmt::print("{}: {} facts are missing\n", w.out, answer->at("missing").as_array().size());
  return kDone;
}

}  // namespace

void CommandLine::add_duties(CLI::App* root) {
  Words& w = words_;
  DeadlineWords& d = words_.deadline;
  constexpr const char* kMoment = "now, -2h, -1d or a time";
  auto* starting = verb(root, "start", "start a regime's reporting deadlines on an incident", [&w](Client& c) { return start(c, w); });
  starting->add_option("incident", w.id)->required();
  starting->add_option("regime", d.regime, "its id, as 'deadline list' says")->required();
  starting->add_option("--from", d.from, "EVENT=TIME: now, -2h, opened (when the incident was) or a time; may be repeated")->allow_extra_args(false);
  starting->add_option("--fact", d.facts, "what holds, as death; may be repeated")->allow_extra_args(false);
  starting->add_option("--reason", w.reason);
  starting->add_flag("--draft", d.draft, "start a regime that is not law");
  auto* standing = verb(root, "status", "where all reporting deadlines stand, or those of an incident", [&w](Client& c) { return status(c, w); });
  standing->add_option("incident", w.id);
  auto* showing = verb(root, "show", "one duty: its deadlines, what is due in each, what it was told", [&w](Client& c) { return show(c, w); });
  showing->add_option("duty", w.id, "duty-N")->required();
  auto* telling = verb(root, "happened", "tell a duty what happened when", [&w](Client& c) { return happened(c, w); });
  telling->add_option("duty", w.id, "duty-N")->required();
  telling->add_option("events", d.from, "EVENT=TIME")->required();
  telling->add_option("--reason", w.reason, "needed when it moves a deadline back");
  auto* facts = verb(root, "fact", "say that a fact holds, or with --not that it does not", [&w, &d](Client& c) {
    return give(c, "deadline.fact", {{"duty", w.id}, {"fact", w.text}, {"holds", !d.no}, {"reason", w.reason}});
  });
  facts->add_option("duty", w.id, "duty-N")->required();
  facts->add_option("fact", w.text)->required();
  facts->add_flag("--not", d.no);
  facts->add_option("--reason", w.reason)->required();
  auto* restarting = verb(root, "restart", "start it anew, as by a reclassification", [&w, &d](Client& c) {
    return give(c, "deadline.restart", {{"duty", w.id}, {"at", d.at}, {"reason", w.reason}}, {"at"});
  });
  restarting->add_option("duty", w.id, "duty-N")->required();
  restarting->add_option("--at", d.at, kMoment);
  restarting->add_option("--reason", w.reason)->required();
  auto* withdrawing = verb(root, "withdraw", "take back an event or filing that was told by mistake", [&w, &d](Client& c) {
    return give(c, "deadline.withdraw", {{"duty", w.id}, {"event", w.text}, {"at", d.at}, {"reason", w.reason}});
  });
  withdrawing->add_option("duty", w.id, "duty-N")->required();
  withdrawing->add_option("event", w.text, "as 'deadline show' says, a filing as filed:STAGE")->required();
  withdrawing->add_option("--at", d.at, "its time, when there are several");
  withdrawing->add_option("--reason", w.reason)->required();
  auto* stopping = verb(root, "stop", "let it stand still for a while, where the regime knows that", [&w, &d](Client& c) {
    return give(c, "deadline.stop", {{"duty", w.id}, {"from", d.at}, {"until", d.until}, {"reason", w.reason}}, {"from", "until"});
  });
  stopping->add_option("duty", w.id, "duty-N")->required();
  stopping->add_option("--since", d.at, kMoment);
  stopping->add_option("--until", d.until, "+30d or a time")->required();
  stopping->add_option("--reason", w.reason)->required();
  auto* resuming = verb(root, "resume", "end a stop before its time", [&w, &d](Client& c) { return give(c, "deadline.resume", {{"duty", w.id}, {"stop", w.text}, {"at", d.at}}, {"at"}); });
  resuming->add_option("duty", w.id, "duty-N")->required();
  resuming->add_option("stop", w.text, "stop-N")->required();
  resuming->add_option("--at", d.at, kMoment);
  add_settling(root);
}

// How a deadline ends: by its report, or by two people.
void CommandLine::add_settling(CLI::App* root) {
  Words& w = words_;
  DeadlineWords& d = words_.deadline;
  auto* meeting = verb(root, "met", "a report was sent, with its proof", [&w, &d](Client& c) {
    return give(c, "deadline.met", {{"duty", w.id}, {"stage", d.stage}, {"reference", d.reference}, {"evidence", d.evidence}, {"at", d.at}}, {"at"});
  });
  meeting->add_option("duty", w.id, "duty-N")->required();
  meeting->add_option("stage", d.stage)->required();
  meeting->add_option("--reference", d.reference, "the receipt's number, or where it is kept");
  meeting->add_option("--evidence", d.evidence, "ev-N");
  meeting->add_option("--at", d.at, "when it was sent: now, -2h or a time");
  auto* setting = verb(root, "set-aside", "propose not to report; a second person approves", [&w, &d](Client& c) {
    return give(c, "deadline.set_aside", {{"duty", w.id}, {"stage", d.stage}, {"reason", w.reason}});
  });
  setting->add_option("duty", w.id, "duty-N")->required();
  setting->add_option("stage", d.stage, "without it all that are left");
  setting->add_option("--reason", w.reason)->required();
  auto* reopening = verb(root, "reopen", "take up again what was set aside", [&w, &d](Client& c) {
    return give(c, "deadline.reopen", {{"duty", w.id}, {"stage", d.stage}, {"reason", w.reason}});
  });
  reopening->add_option("duty", w.id, "duty-N")->required();
  reopening->add_option("stage", d.stage)->required();
  reopening->add_option("--reason", w.reason)->required();
  auto* overriding = verb(root, "override", "propose to change the system before the notice (AI Act, art. 73(6)); a second person approves", [&w](Client& c) {
    return give(c, "deadline.override", {{"duty", w.id}, {"reason", w.reason}});
  });
  overriding->add_option("duty", w.id, "duty-N")->required();
  overriding->add_option("--reason", w.reason)->required();
  auto* approving = verb(root, "approve", "as the second person: what moves a deadline back or takes it away", [&w](Client& c) { return give(c, "deadline.confirm", {{"relief", w.id}}); });
  approving->add_option("relief", w.id, "relief-N")->required();
  auto* rejecting = verb(root, "reject", "refuse such a proposal, or take it back", [&w](Client& c) { return give(c, "deadline.reject", {{"relief", w.id}, {"reason", w.reason}}); });
  rejecting->add_option("relief", w.id, "relief-N")->required();
  rejecting->add_option("--reason", w.reason)->required();
  auto* drafting = verb(root, "draft", "a draft of a report, filled in from the incident, with what is missing", [&w](Client& c) { return draft(c, w); });
  drafting->add_option("incident", w.id)->required();
  drafting->add_option("regime", d.regime)->required();
  drafting->add_option("stage", d.stage)->required();
  drafting->add_option("--set", d.set, "FIELD=TEXT: what you know of a field; may be repeated")->allow_extra_args(false);
  drafting->add_option("--out", w.out, "a file instead of the terminal");
  add_classify(root);
}

}  // namespace firebreak::cli
