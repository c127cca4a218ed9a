// firebreak backup and firebreak restore: the keys, kept apart, and the copy in the bucket, brought together again.
#include <fmt/core.h>

#include <cstdio>

#include "base/files.h"
#include "run/app/content.h"
#include "run/app/key_backup.h"
#include "run/app/restorer.h"
#include "run/main/commands.h"
#include "run/main/print.h"

namespace firebreak::cli {
namespace {

std::string printable(const std::string& text) {
  const Json value(text);
  return cell(&value);
}

Json to_json(const app::Restored& restored, const std::string& out) {
  JsonArray logs;
  for (const app::RestoredLog& log : restored.logs)
    logs.push_back(JsonObject{{"log", log.name},
                              {"verdict", ledger::verdict_name(log.report.verdict)},
                              {"size", log.report.size},
                              {"checkpoint_size", log.report.checkpoint_size},
                              {"key", log.has_key}});
  return JsonObject{{"out", out},
                    {"logs", std::move(logs)},
                    {"blobs", restored.blobs},
                    {"octets", restored.octets},
                    {"keys", restored.keys.size()},
                    {"missing", JsonArray(restored.missing.begin(), restored.missing.end())},
                    {"whole", restored.whole()}};
}

std::string to_text(const app::Restored& restored, const std::string& out) {
  std::string text, keyless;
  for (const app::RestoredLog& log : restored.logs) {
    text += fmt::format("{}: {}: {} entries, {} of them signed\n", log.name, ledger::verdict_name(log.report.verdict), log.report.size, log.report.checkpoint_size);
    if (log.report.damage) text += fmt::format("  damaged: {}, offset {}: {}\n", log.report.damage->file, log.report.damage->offset, printable(log.report.damage->reason));
    if (!log.has_key && !restored.keys.empty()) keyless += (keyless.empty() ? "" : ", ") + log.name;
  }
  text += fmt::format("{} blobs; {} octets in all\n", restored.blobs, restored.octets);
  for (const std::string& one : restored.missing) text += fmt::format("MISSING: {}\n", printable(one));
  if (restored.keys.empty())
    text += "proofs only: without --keys the logs can be verified, exported and proven; encrypted rows cannot be read, and no server can go on with these logs\n";
  else if (!keyless.empty())
    text += fmt::format("the key backup is older than these logs, which can be verified and not continued: {}\n", keyless);
  else
    text += fmt::format("firebreak serve --data {} goes on with it; records that came after the last upload are gone\n", out);
  return text;
}

}  // namespace

int backup(const std::string& data, const std::string& out, bool json) {
  PosixFiles files;
  const auto names = app::backup_keys(files, data, out);
  if (!names) return report_error(names.error(), json);
  if (json) {
    std::fputs(pretty_json(JsonObject{{"out", out}, {"files", JsonArray(names->begin(), names->end())}}).c_str(), stdout);
    return kDone;
  }
  fmt::print("{} files with keys and tokens in {}; check them with 'sha256sum -c MANIFEST.sha256'\n"
             "Keep them apart from the data folder and from the bucket: with either, they open every record.\n"
             "Make a new one after each start of the server, which makes new keys, and after an erasure, which an older one would undo.\n",
             names->size(), out);
  return kDone;
}

int restore(const RestoreOptions& options, bool json) {
  PosixFiles files;
  const std::atomic<bool> never{false};
  const auto restored = [&]() -> Result<app::Restored> {
    FIREBREAK_ASSIGN(const Json document, app::load_document(files, options.config));
    const std::size_t slash = options.config.rfind('/');
    auto config = app::store_of(files, document, slash == std::string::npos ? "." : options.config.substr(0, slash));
    if (!config) return fail(std::move(config.error()).with(options.config));
    if (!*config) return fail(Code::kInvalid, fmt::format("{} has no part 'store': url, bucket, access_key_id, secret_file, retention_days", options.config));
    store::ObjectStore store((*config)->place, never);
    auto done = app::restore(files, store, options.keys, options.out);
    if (!done) return fail(std::move(done.error()).with("restore"));
    return done;
  }();
  if (!restored) return report_error(restored.error(), json);
  std::fputs(json ? pretty_json(to_json(*restored, options.out)).c_str() : to_text(*restored, options.out).c_str(), stdout);
  return restored->whole() ? kDone : kNegative;
}

}  // namespace firebreak::cli
