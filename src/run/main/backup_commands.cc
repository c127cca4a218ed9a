// firebreak backup and firebreak restore: the keys, kept apart, and the copy in the bucket, brought together again. And evidence send:
// a bundle into the same bucket.
#include <fmt/core.h>

#include <atomic>
#include <cstdio>

#include "base/clock.h"
#include "base/files.h"
#include "read/evidence/bundle.h"
#include "read/evidence/bundle_files.h"
#include "run/app/content.h"
#include "run/offsite/key_backup.h"
#include "run/offsite/restorer.h"
#include "run/main/commands.h"
#include "run/main/print.h"
#include "world/store/upload.h"

namespace firebreak::cli {
namespace {

std::string printable(const std::string& text) {
  const Json value(text);
  return cell(&value);
}

Json to_json(const offsite::Restored& restored, const std::string& out) {
  JsonArray logs;
  for (const offsite::RestoredLog& log : restored.logs)
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
                    {"foreign", JsonArray(restored.foreign.begin(), restored.foreign.end())},
                    {"whole", restored.whole()}};
}

std::string to_text(const offsite::Restored& restored, const std::string& out) {
  std::string text, keyless;
  for (const offsite::RestoredLog& log : restored.logs) {
    text += fmt::format("{}: {}: {} entries, {} of them signed\n", log.name, ledger::verdict_name(log.report.verdict), log.report.size, log.report.checkpoint_size);
    if (log.report.damage) text += fmt::format("  damaged: {}, offset {}: {}\n", log.report.damage->file, log.report.damage->offset, printable(log.report.damage->reason));
    std::uint64_t vouched = 0;
    for (const ledger::KeptAnswer& kept : log.report.kept) vouched += kept.problem.empty() ? 1 : 0;
    if (vouched > 0) text += fmt::format("  vouched for by {} cosigned checkpoints and time stamps\n", vouched);
    if (!log.has_key && !restored.keys.empty()) keyless += (keyless.empty() ? "" : ", ") + log.name;
  }
  text += fmt::format("blobs: {}; {} octets in all\n", restored.blobs, restored.octets);
  for (const std::string& one : restored.missing) text += fmt::format("MISSING: {}\n", printable(one));
  for (const std::string& one : restored.foreign) text += fmt::format("passed over, somebody else wrote it: {}\n", printable(one));
  if (restored.keys.empty())
    text += "proofs only: without --keys the logs can be verified, exported and proven; encrypted rows cannot be read, and no server can go on with these logs\n";
  else if (!keyless.empty())
    text += fmt::format("the key backup is older than these logs, which can be verified and not continued: {}\n", keyless);
  else
    text += fmt::format("firebreak serve --data {} goes on with it; records that came after the last upload are gone\n", out);
  return text;
}

// The part `store` alone: what else the file names need not be on this machine.
Result<store::StoreConfig> store_in(Files& files, const std::string& path) {
  FIREBREAK_ASSIGN(const Json document, app::load_document(files, path));
  const std::size_t slash = path.rfind('/');
  auto config = app::store_of(files, document, slash == std::string::npos ? "." : path.substr(0, slash));
  if (!config) return fail(std::move(config.error()).with(path));
  if (!*config) return fail(Code::kInvalid, fmt::format("{} has no part 'store': url, bucket, access_key_id, secret_file, retention_days", path));
  return std::move(**config);
}

struct Sent {
  std::string folder;  // in the bucket
  std::uint64_t files = 0, written = 0, unlocked = 0;
};

// The manifest goes last: a bundle that has it is whole. Its digest names the folder, so another export of the incident is another one.
Result<Sent> send_bundle(Files& files, const std::string& dir, const std::string& config_path) {
  FIREBREAK_ASSIGN(const store::StoreConfig config, store_in(files, config_path));
  FIREBREAK_ASSIGN(const auto report, evidence::verify_bundle(files, dir));
  if (!report.good()) return fail(Code::kCorrupt, fmt::format("{} is no sound bundle: firebreak evidence verify {} says where", dir, dir));
  FIREBREAK_ASSIGN(const Bytes manifest, read_all(files, dir + "/" + std::string(evidence::kManifest)));
  FIREBREAK_ASSIGN(auto names, evidence::parse_manifest(manifest));
  const std::atomic<bool> never{false};
  store::ObjectStore store(config.place, never);
  Sent sent;
  sent.folder = "bundles/" + sha256(manifest).hex() + "/";
  const SystemClock clock;
  names.push_back({sha256(manifest), std::string(evidence::kManifest)});
  for (const evidence::ManifestEntry& name : names) {
    if (!store::is_key(sent.folder + name.path)) return fail(Code::kInvalid, fmt::format("'{}' cannot be the name of an object", name.path));
    FIREBREAK_ASSIGN(const Bytes content, read_all(files, dir + "/" + name.path));
    const Time now = clock.now();
    FIREBREAK_ASSIGN(const store::Uploaded done, store::upload(store, sent.folder + name.path, content, now, now + config.retention_us));
    ++sent.files;
    if (done.written) ++sent.written;
    if (!done.locked) ++sent.unlocked;
  }
  sent.folder = fmt::format("{}/{}/{}{}", config.place.url, config.place.bucket, config.place.prefix, sent.folder);
  return sent;
}

}  // namespace

int evidence_send(const std::string& dir, const std::string& config, bool json) {
  PosixFiles files;
  const auto sent = send_bundle(files, dir, config);
  if (!sent) return report_error(Error(sent.error()).with("send"), json);
  if (json) {
    std::fputs(pretty_json(JsonObject{{"folder", sent->folder}, {"files", sent->files}, {"written", sent->written}, {"unlocked", sent->unlocked}}).c_str(), stdout);
  } else {
    fmt::print("{}: {} files, {} of them new\n", sent->folder, sent->files, sent->written);
    if (sent->unlocked > 0) fmt::print("{} of them are NOT LOCKED: the store does not keep what it is told to keep\n", sent->unlocked);
  }
  return sent->unlocked == 0 ? kDone : kNegative;
}

int backup(const std::string& data, const std::string& out, bool json) {
  PosixFiles files;
  const auto names = offsite::backup_keys(files, data, out);
  if (!names) return report_error(names.error(), json);
  const SystemClock clock;
  if (const auto noted = offsite::note_key_backup(files, data, out, clock.now()); !noted)
    fmt::print(stderr, "the backup is made; it could not be noted in the data folder, so 'status' and 'doctor' go on asking for one: {}\n", noted.error().message);
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
  const auto restored = [&]() -> Result<offsite::Restored> {
    FIREBREAK_ASSIGN(const store::StoreConfig config, store_in(files, options.config));
    store::ObjectStore store(config.place, never);
    auto done = offsite::restore(files, store, options.keys, options.out);
    if (!done) return fail(std::move(done.error()).with("restore"));
    return done;
  }();
  if (!restored) return report_error(restored.error(), json);
  std::fputs(json ? pretty_json(to_json(*restored, options.out)).c_str() : to_text(*restored, options.out).c_str(), stdout);
  return restored->whole() ? kDone : kNegative;
}

}  // namespace firebreak::cli
