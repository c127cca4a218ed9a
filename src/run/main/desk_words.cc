// What a commander and counsel ask of an incident: its page for the worst hour, notes under privilege, the post-mortem.
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "base/files.h"
#include "run/main/casefile_text.h"
#include "run/main/command_line.h"
#include "run/main/screens.h"

namespace firebreak::cli {
namespace {

int print_of(Client& client, const std::string& path, std::string (*text)(const Json&)) {
  const auto answer = client.get(path);
  if (!answer) return report_error(answer.error(), client.connection().json);
  std::fputs(client.connection().json ? pretty_json(*answer).c_str() : text(*answer).c_str(), stdout);
  return kDone;
}

int privileged(Client& client, const std::string& id, const CasefileWords& w) {
  const std::string path = fmt::format("/api/v1/incidents/{}/privileged", id);
  PosixFiles files;
  if (w.text.empty() && w.file.empty()) return print_of(client, path, privileged_text);
  const auto text = w.file.empty() ? Result<std::string>(w.text) : read_all(files, w.file);
  if (!text) return report_error(text.error(), client.connection().json);
  const auto answer = client.post(path, JsonObject{{"text", *text}});
  if (!answer) return report_error(answer.error(), client.connection().json);
  fmt::print("{}", client.connection().json ? pretty_json(*answer) : fmt::format("{} is sealed; counsel alone reads it\n", string_or(*answer, "id")));
  return kDone;
}

int release_note(Client& client, const std::string& id, const std::string& note, const std::string& reason) {
  const auto answer = client.post(fmt::format("/api/v1/incidents/{}/privileged/{}/release", id, note), JsonObject{{"reason", reason}});
  if (!answer) return report_error(answer.error(), client.connection().json);
  fmt::print("{}", client.connection().json ? pretty_json(*answer) : fmt::format("{} is a note of {} like any other now\n", note, id));
  return kDone;
}

// Markdown, to the terminal or into a file that is edited and filed.
int post_mortem(Client& client, const std::string& id, const std::string& out) {
  const auto answer = client.get(fmt::format("/api/v1/incidents/{}/postmortem", id));
  if (!answer || client.connection().json) return answer ? (fmt::print("{}", pretty_json(*answer)), kDone) : report_error(answer.error(), client.connection().json);
  const std::string text = string_or(*answer, "markdown");
  if (out.empty()) {
    fmt::print("{}", text);
    return kDone;
  }
  PosixFiles files;
  if (auto written = write_plain(files, out, text); !written) return report_error(written.error(), false);
  const Json* const unanswered = find(*answer, "unanswered");
  fmt::print("{}: {} questions are not answered\n", out, unanswered != nullptr && unanswered->is_array() ? unanswered->get_array().size() : 0);
  return kDone;
}

}  // namespace

void CommandLine::add_desk() {
  Words& w = words_;
  CasefileWords& c = words_.casefile;
  auto* brief = verb(incident_, "brief", "the commander's page: what burns, what only they can do, harm, money, what is in force, who waits, what is due", [&w](Client& client) {
    return print_of(client, "/api/v1/incidents/" + w.id + "/brief", brief_text);
  });
  brief->add_option("id", w.id)->required();
  auto* sealed = verb(incident_, "privileged", "notes under counsel's privilege: counsel reads them; anybody who works on the incident may write one", [&w, &c](Client& client) { return privileged(client, w.id, c); });
  sealed->add_option("id", w.id)->required();
  auto* text = sealed->add_option("--text", c.text, "write this one");
  text->check([](const std::string& given) { return given.find_first_not_of(" \t\r\n") == std::string::npos ? std::string("a note must say something") : std::string(); });
  sealed->add_option("--file", c.file, "write what this file says")->excludes(text);
  auto* release = verb(incident_, "release", "counsel releases a note from its privilege: from then on it is one like any other", [&w, &c](Client& client) { return release_note(client, w.id, c.label, w.reason); });
  release->add_option("id", w.id)->required();
  release->add_option("note", c.label, "priv-N")->required();
  release->add_option("--reason", w.reason)->required();
  auto* review = verb(incident_, "post-mortem", "generated from the record, as Markdown: all that a review asks, and what nobody has answered", [&w](Client& client) { return post_mortem(client, w.id, w.out); });
  review->add_option("id", w.id)->required();
  review->add_option("--out", w.out, "a file instead of the terminal");
}

}  // namespace firebreak::cli
