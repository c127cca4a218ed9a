// playbook run, runs, export, cancel, pause, resume, rerun, answer, approvals, approve, reject: what needs a server.
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "base/files.h"
#include "cacao/diagnostic.h"
#include "fold/playbook/plan.h"
#include "run/app/content.h"
#include "cacao/value.h"
#include "run/main/command_line.h"

namespace firebreak::cli {
namespace {

Result<JsonObject> values_in(const std::vector<std::string>& given) {
  JsonObject out;
  for (const std::string& one : given) {
    const std::size_t equal = one.find('=');
    if (equal == std::string::npos || !cacao::is_variable_name(one.substr(0, equal))) return fail(Code::kInvalid, fmt::format("--set takes __name__=value, not '{}'", one));
    out[one.substr(0, equal)] = one.substr(equal + 1);
  }
  return out;
}

int with_values(Client& client, const std::string& name, JsonObject args, std::string_view key, const std::vector<std::string>& given) {
  auto values = values_in(given);
  if (!values) return report_error(values.error(), client.connection().json);
  if (!values->empty()) args[key] = std::move(*values);
  return give_command(client, name, args);
}

// " --set __hits__=integer": what the step asks people for.
std::string asked(const Json& step) {
  std::string out;
  const Json* const form = find(step, "form");
  if (form == nullptr || !form->is_array()) return out;
  for (const Json& field : form->get_array()) {
    std::string words;
    for (const std::string& choice : strings_or_empty(field, "choices")) words += (words.empty() ? "" : "|") + choice;
    out += fmt::format("\n             --set {}={}", string_or(field, "name"), words.empty() ? string_or(field, "type") : words);
  }
  return out;
}

std::string step_line(const Json& step) {
  const std::string waits = string_or(step, "waits_for"), detail = string_or(step, "detail"), state = string_or(step, "state");
  std::string line = fmt::format("  {:<10} {}", state, cacao::printable(string_or(step, "name")));
  if (state == "running" && !waits.empty()) line += fmt::format("  (waits for {})", waits);
  if (!detail.empty()) line += fmt::format("  ({})", cacao::printable(detail));
  if (const std::string by = string_or(step, "by"), note = string_or(step, "note"); !by.empty()) line += fmt::format("  by {}{}", by, note.empty() || note == detail ? "" : ": " + cacao::printable(note));
  if (state == "running" && waits.starts_with("task-")) line += "\n             " + cacao::printable(string_or(step, "text")) + asked(step);
  return line;
}

std::string run_text(const Json& run, bool whole) {
  std::string text = fmt::format("{}  {:<10} {}  on {}  by {}  {}\n", string_or(run, "id"), string_or(run, "state"), cacao::printable(string_or(run, "name")), string_or(run, "incident"), string_or(run, "by"), string_or(run, "time") + (string_or(run, "parent_run").empty() ? "" : "  called by " + string_or(run, "parent_run")));
  if (!whole) return text;
  if (const std::int64_t before = int_or(run, "steps_before"); before > 0) text += fmt::format("  … {} steps before\n", before);
  for (const Json& step : run.at("steps").as_array()) {
    const std::string type = string_or(step, "type");
    if (type != "start" && type != "end") text += step_line(step) + "\n";
  }
  if (const Json* values = find(run, "variables"); values != nullptr && values->is_object())
    for (const auto& member : values->get_object()) text += fmt::format("  {} = {}\n", std::string_view(member.key()), cacao::printable(canonical_json(member.value())));
  return text;
}

int runs(Client& client, const PlaybookWords& w) {
  const bool json = client.connection().json;
  if (!w.id.empty() && w.id.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") != std::string::npos) return report_error({Code::kNotFound, fmt::format("'{}' is no id of a run (run-166)", w.id), {}, 0}, json);
  if (!w.id.empty()) {
    const auto run = client.get("/api/v1/runs/" + w.id + (w.status ? "/status" : ""));
    if (!run) return report_error(run.error(), json);
    std::fputs(json || w.status ? pretty_json(*run).c_str() : run_text(*run, true).c_str(), stdout);
    return kDone;
  }
  std::string query = "?limit=200";
  if (!w.incident.empty()) query += "&incident=" + w.incident;
  if (!w.state.empty()) query += "&state=" + w.state;
  const auto list = client.get("/api/v1/runs" + query);
  if (!list) return report_error(list.error(), json);
  if (json) std::fputs(pretty_json(*list).c_str(), stdout);
  else
    for (const Json& run : list->at("items").as_array()) std::fputs(run_text(run, false).c_str(), stdout);
  return kDone;
}

int approvals(Client& client, const PlaybookWords& w) {
  const bool json = client.connection().json;
  const auto list = client.get("/api/v1/approvals?limit=200&state=" + (w.state.empty() ? std::string("waiting") : w.state));
  if (!list) return report_error(list.error(), json);
  if (json) {
    std::fputs(pretty_json(*list).c_str(), stdout);
    return kDone;
  }
  for (const Json& one : list->at("items").as_array()) {
    fmt::print("{}  {}  {}  on {}: {} of {} until {}\n", string_or(one, "id"), string_or(one, "state"), cacao::printable(string_or(one, "name")), string_or(one, "incident"), one.at("by").as_array().size(), int_or(one, "approvers"),
               string_or(one, "until"));
    for (const Json& command : one.at("commands").as_array()) fmt::print("  > {}\n", cacao::printable(string_or(command, "text")));
    if (string_or(one, "state") == "waiting") fmt::print("  firebreak playbook approve {} --digest {}\n", string_or(one, "id"), string_or(one, "digest"));
  }
  return kDone;
}

int installed(Client& client) {
  const bool json = client.connection().json;
  const auto list = client.get("/api/v1/playbooks");
  if (!list) return report_error(list.error(), json);
  if (json) std::fputs(pretty_json(*list).c_str(), stdout);
  else
    for (const Json& one : list->at("items").as_array()) fmt::print("{}  {}  {}{}\n", string_or(one, "id"), string_or(one, "modified"), cacao::printable(string_or(one, "name")), bool_or(one, "revoked") ? "  (revoked)" : "");
  return kDone;
}

int install(Client& client, const PlaybookWords& w) {
  PosixFiles files;
  auto document = app::load_document(files, w.file);
  if (!document) return report_error(document.error(), client.connection().json);
  // Told here as lint tells it: what is too large does not even reach the server.
  const auto wrong = playbook::not_runnable(*document);
  for (const cacao::Diagnostic& one : wrong) fmt::print(stderr, "{}: {}\n", w.file, to_text(one));
  if (!wrong.empty()) return report_error({Code::kInvalid, "it cannot run here, and was not installed", {}, 0}, client.connection().json);
  return give_command(client, "playbook.install", JsonObject{{"document", std::move(*document)}});
}

int export_one(Client& client, const PlaybookWords& w) {
  const bool json = client.connection().json;
  if (w.id.find_first_not_of("abcdefABCDEFplyok0123456789-") != std::string::npos) return report_error({Code::kNotFound, fmt::format("'{}' is no id of a playbook (playbook--UUID)", w.id), {}, 0}, json);
  const auto document = client.get("/api/v1/playbooks/" + w.id + (w.version.empty() ? "" : "?version=" + w.version));
  if (!document) return report_error(document.error(), json);
  PosixFiles files;
  if (w.out.empty()) std::fputs(pretty_json(*document).c_str(), stdout);
  else if (auto written = write_plain(files, w.out, pretty_json(*document)); !written) return report_error(written.error(), json);
  return kDone;
}

}  // namespace

void CommandLine::add_runs(CLI::App* playbook) {
  PlaybookWords& w = words_.playbook;
  verb(playbook, "list", "installed playbooks", [](Client& c) { return installed(c); });
  auto* installing = verb(playbook, "install", "install a playbook, or a newer version of one (as admin)", [&w](Client& c) { return install(c, w); });
  installing->add_option("file", w.file, "a CACAO 2.0 playbook, JSON")->required();
  auto* exporting = verb(playbook, "export", "an installed playbook as a file", [&w](Client& c) { return export_one(c, w); });
  exporting->add_option("playbook", w.id, "its id")->required();
  exporting->add_option("--version", w.version, "its 'modified'; the newest without it");
  exporting->add_option("-o,--out", w.out, "file to write; standard output without it");
  auto* running = verb(playbook, "run", "start a playbook on an incident", [&w](Client& c) {
    JsonObject args{{"playbook", w.id}, {"incident", w.incident}};
    if (!w.version.empty()) args["version"] = w.version;
    return with_values(c, "playbook.run", std::move(args), "variables", w.set);
  });
  running->add_option("playbook", w.id, "its id")->required();
  running->add_option("--incident", w.incident)->required();
  running->add_option("--version", w.version, "its 'modified'; the newest without it");
  running->add_option("--set", w.set, "__name__=value of an external variable, again for each");
  auto* looking = verb(playbook, "runs", "runs, or one run step by step", [&w](Client& c) { return runs(c, w); });
  looking->add_option("run", w.id, "its id, as run-166");
  looking->add_option("--incident", w.incident);
  looking->add_option("--state", w.state, "running, paused, success, failure, cancelled");
  looking->add_flag("--status", w.status, "the record of one run in CACAO's workflow-status vocabulary");
  for (const auto& [name, help] : {std::pair("cancel", "end a run now"), std::pair("pause", "let a run start nothing new")}) {
    auto* sub = verb(playbook, name, help, [&w, command = "playbook." + std::string(name)](Client& c) { return give_command(c, command, JsonObject{{"run", w.id}, {"reason", w.reason}}); });
    sub->add_option("run", w.id)->required();
    sub->add_option("--reason", w.reason)->required();
  }
  verb(playbook, "resume", "let a paused run go on", [&w](Client& c) { return give_command(c, "playbook.resume", JsonObject{{"run", w.id}}); })->add_option("run", w.id)->required();
  auto* again = verb(playbook, "rerun", "run an ended run again", [&w](Client& c) {
    return give_command(c, "playbook.rerun", w.step.empty() ? JsonObject{{"run", w.id}} : JsonObject{{"run", w.id}, {"from", w.step}});
  });
  again->add_option("run", w.id)->required();
  again->add_option("--from", w.step, "a step outside of branches; with the values that the run had found");
  auto* answering = verb(playbook, "answer", "answer a manual step", [&w](Client& c) {
    JsonObject args{{"task", w.id}, {"outcome", w.failed ? "failure" : "success"}};
    if (!w.note.empty()) args["note"] = w.note;
    return with_values(c, "playbook.answer", std::move(args), "values", w.set);
  });
  answering->add_option("task", w.id, "its id, as task-166")->required();
  answering->add_flag("--failed", w.failed, "it did not succeed: the run takes its failure's way");
  answering->add_option("--set", w.set, "__name__=value that the step asks for, again for each");
  answering->add_option("--note", w.note, "in your words");
  verb(playbook, "approvals", "what steps of runs ask approval for", [&w](Client& c) { return approvals(c, w); })->add_option("--state", w.state, "waiting (without it), approved, rejected, void, lapsed");
  auto* approving = verb(playbook, "approve", "approve exactly what a step would do", [&w](Client& c) { return give_command(c, "playbook.approve", JsonObject{{"approval", w.id}, {"digest", w.digest}}); });
  approving->add_option("approval", w.id, "its id, as appr-166")->required();
  approving->add_option("--digest", w.digest, "as 'playbook approvals' prints it")->required();
  auto* rejecting = verb(playbook, "reject", "refuse what a step would do", [&w](Client& c) { return give_command(c, "playbook.reject", JsonObject{{"approval", w.id}, {"reason", w.reason}}); });
  rejecting->add_option("approval", w.id)->required();
  rejecting->add_option("--reason", w.reason)->required();
}

}  // namespace firebreak::cli
