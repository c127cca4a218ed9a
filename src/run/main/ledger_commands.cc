// firebreak ledger list|export|prove on a data folder, with no server and no signing key.
#include <fmt/core.h>

#include <cstdio>

#include "base/files.h"
#include "log/ledger/export.h"
#include "log/ledger/proof.h"
#include "log/ledger/verify.h"
#include "run/main/commands.h"
#include "run/main/print.h"

namespace firebreak::cli {

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
