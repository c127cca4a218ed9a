// firebreak ledger list|verify|export|prove on a data folder, with no server and no signing key.
#include <fmt/core.h>

#include <cstdio>

#include "base/files.h"
#include "log/ledger/export.h"
#include "log/ledger/proof.h"
#include "log/ledger/verify.h"
#include "run/main/commands.h"
#include "run/main/print.h"

namespace firebreak::cli {
namespace {

Json to_json(const std::string& name, const ledger::VerifyReport& report) {
  JsonObject object{{"log", name},
                    {"verdict", ledger::verdict_name(report.verdict)},
                    {"origin", report.origin},
                    {"vkey", report.vkey},
                    {"size", report.size},
                    {"checkpoint_size", report.checkpoint_size},
                    {"root", report.root.hex()},
                    {"segments", report.segments},
                    {"octets", report.octets},
                    {"torn_octets", report.torn_octets}};
  if (report.damage) {
    JsonObject damage{{"file", report.damage->file},
                      {"offset", report.damage->offset},
                      {"reason", report.damage->reason}};
    if (report.damage->record) damage["record"] = *report.damage->record;
    object["damage"] = std::move(damage);
  }
  return object;
}

std::string to_text(const std::string& name, const ledger::VerifyReport& report) {
  std::string text = fmt::format("{}: {}: {} entries checked, {} of them signed, root {}\n", name,
                                 ledger::verdict_name(report.verdict), report.size, report.checkpoint_size,
                                 report.root.hex());
  if (report.torn_octets != 0)
    text += fmt::format("  {} octets of an unfinished last write above the checkpoint: never acknowledged\n",
                        report.torn_octets);
  if (report.damage) {
    text += fmt::format("  damaged: segment {}, offset {}", report.damage->file, report.damage->offset);
    if (report.damage->record) text += fmt::format(", record {}", *report.damage->record);
    text += fmt::format(": {}\n", report.damage->reason);
  }
  return text;
}

}  // namespace

int ledger_list(const std::string& data, bool json) {
  PosixFiles files;
  const auto logs = ledger::list_logs(files, data);
  if (!logs) return report_error(logs.error(), json);
  JsonArray items;
  bool sound = true;
  for (const ledger::LogInfo& log : *logs) {
    sound = sound && log.problem.empty();
    items.push_back(JsonObject{{"name", log.name},
                               {"origin", log.origin},
                               {"size", log.size},
                               {"root", log.root.hex()},
                               {"segments", log.segments},
                               {"octets", log.octets},
                               {"vkey", log.vkey},
                               {"problem", log.problem}});
  }
  std::fputs(json ? pretty_json(items).c_str()
                  : table(items, {{"LOG", "/name", 40},
                                  {"ENTRIES", "/size", 14},
                                  {"SEGMENTS", "/segments", 8},
                                  {"OCTETS", "/octets", 14},
                                  {"ROOT", "/root", 16},
                                  {"PROBLEM", "/problem", 60}})
                        .c_str(),
             stdout);
  return sound ? kDone : kNegative;
}

int ledger_verify(const std::string& data, const std::string& log, const std::string& pinned, bool json) {
  PosixFiles files;
  const auto logs = ledger::list_logs(files, data);
  if (!logs) return report_error(logs.error(), json);
  std::string pinned_origin;  // one key is one log's: the others are checked without
  if (!pinned.empty()) {
    const auto key = ledger::parse_vkey(pinned);
    if (!key) return report_error(Error(key.error()).with("--key"), json);
    pinned_origin = key->name;
  }
  JsonArray items;
  std::string text;
  bool sound = true;
  for (const ledger::LogInfo& info : *logs) {
    if (!log.empty() && info.name != log) continue;
    const bool pin = !pinned.empty() && (!log.empty() || info.origin == pinned_origin);
    const auto report = ledger::verify(files, info.dir, pin ? std::optional<std::string>(pinned) : std::nullopt);
    if (!report) return report_error(report.error(), json);
    sound = sound && report->verdict != ledger::Verdict::kDamaged;
    items.push_back(to_json(info.name, *report));
    text += to_text(info.name, *report);
  }
  if (items.empty())
    return report_error(Error{Code::kNotFound, fmt::format("no log {}under {}/logs", log.empty() ? "" : "'" + log + "' ", data), {}, 0},
                        json);
  std::fputs(json ? pretty_json(items).c_str() : text.c_str(), stdout);
  return sound ? kDone : kNegative;
}

int ledger_export(const std::string& data, const std::string& log, const std::string& out, bool json) {
  PosixFiles files;
  std::vector<std::pair<std::string, std::string>> targets;  // log, folder
  if (!log.empty()) {
    targets.emplace_back(log, out);
  } else {
    const auto logs = ledger::list_logs(files, data);
    if (!logs) return report_error(logs.error(), json);
    for (const ledger::LogInfo& info : *logs) targets.emplace_back(info.name, out + "/" + info.name);
  }
  if (targets.empty()) return report_error(Error{Code::kNotFound, fmt::format("no log under {}/logs", data), {}, 0}, json);
  JsonArray items;
  std::string text;
  for (const auto& [name, folder] : targets) {
    const auto checkpoint = ledger::export_tiles(files, ledger::log_dir_of(data, name), folder);
    if (!checkpoint) return report_error(Error(checkpoint.error()).with(name), json);
    items.push_back(JsonObject{{"log", name},
                               {"out", folder},
                               {"origin", checkpoint->origin},
                               {"size", checkpoint->size},
                               {"root", checkpoint->root.hex()}});
    text += fmt::format("{}: {} entries in {} (C2SP tlog-tiles; key in {}/vkey)\n", name, checkpoint->size, folder,
                        folder);
  }
  std::fputs(json ? pretty_json(items).c_str() : text.c_str(), stdout);
  return kDone;
}

int ledger_prove(const std::string& data, const std::string& log, std::uint64_t index, const std::string& out,
                 bool json) {
  PosixFiles files;
  const auto proven = ledger::prove(files, ledger::log_dir_of(data, log), index);
  if (!proven) return report_error(proven.error(), json);
  const std::string text = proven->proof.text();
  if (!out.empty()) {
    if (auto ok = write_plain(files, out, text); !ok) return report_error(ok.error(), json);
  }
  if (json) {
    std::fputs(pretty_json(JsonObject{{"log", log}, {"index", index}, {"proof", text}, {"out", out}}).c_str(), stdout);
  } else {
    std::fputs(out.empty() ? text.c_str() : fmt::format("proof of {} entry {} in {}\n", log, index, out).c_str(),
               stdout);
  }
  return kDone;
}

}  // namespace firebreak::cli
