// The logs: whether their keys are there and are theirs, whether their ends are whole, whether the clock has
// gone back behind the journal, whether the records' keys open.
#include <fmt/core.h>

#include <charconv>

#include "base/clock.h"
#include "base/random.h"
#include "log/ledger/note.h"
#include "log/ledger/verify.h"
#include "log/vault/vault.h"
#include "run/main/doctor.h"
#include "types/entry.h"

namespace firebreak::cli {
namespace {

constexpr std::int64_t kClockSlack = kMinute;
constexpr const char* kKeyBackup = "bring the key back from your key backup";

// What the journal's last segment says about time.
struct JournalTime {
  Bytes newest, started;  // octets of the newest entry and of the newest server_started; empty = none there

  void see(ByteView entry) {
    newest.assign(entry);
    if (entry.find(R"("kind":"server_started")") != ByteView::npos) started.assign(entry);
  }
  bool fed() const {
    const auto entry = parse_entry(0, started);
    return entry && string_or(entry->body, "clock") == "fed";
  }
};

Diagnosis of_key(const DoctorOptions& options, const ledger::LogInfo& log) {
  PosixFiles files;
  const std::string path = ledger::key_path_of(options.data, log.name);
  const auto text = read_all(files, path);
  const auto key =
      text ? ledger::SigningKey::parse(*text) : Result<ledger::SigningKey>(fail(Error(text.error())));
  if (!key)
    return {Health::kRed,
            fmt::format("log {}: its signing key {} cannot be read: {}", log.name, path, key.error().message),
            fmt::format("{}; without it the log can be verified and not continued", kKeyBackup)};
  if (key->verifier().text() != log.vkey)
    return {Health::kRed, fmt::format("log {}: {} is not the key that signed it", log.name, path),
            kKeyBackup};
  return {Health::kOk, fmt::format("log {}: {} entries signed, key present", log.name, log.size), ""};
}

Diagnosis of_log(const DoctorOptions& options, const ledger::LogInfo& log, JournalTime& times) {
  const std::string mend = fmt::format(
      "firebreak ledger verify --data {} --log {}   (says where; then bring the log back from a backup)",
      options.data, log.name);
  if (!log.problem.empty()) return {Health::kRed, fmt::format("log {}: {}", log.name, log.problem), mend};
  Diagnosis key = of_key(options, log);
  if (key.health != Health::kOk) return key;
  PosixFiles files;
  ledger::EntryVisitor visit;
  if (log.name == "journal") visit = [&times](std::uint64_t, ByteView entry) { times.see(entry); };
  const auto tail = ledger::check_tail(files, log.dir, visit);
  if (!tail) return {Health::kRed, fmt::format("log {}: {}", log.name, tail.error().message), mend};
  if (tail->damage)
    return {Health::kRed,
            fmt::format("log {}: its end is damaged: {}, offset {}: {}", log.name, tail->damage->file,
                        tail->damage->offset, tail->damage->reason),
            mend};
  key.what += ", end whole";
  return key;
}

// A clock that went back holds the journal's time still: entries never go back, so leases end late.
Diagnosis of_time(const JournalTime& times) {
  const auto newest = parse_entry(0, times.newest);
  if (!newest)
    return {Health::kWarn,
            fmt::format("journal's time: the newest entry cannot be read: {}", newest.error().message), ""};
  if (times.fed())
    return {Health::kOk, fmt::format("journal's time: fed, at {}", format_time(newest->time)), ""};
  const std::int64_t ahead = newest->time - SystemClock().now();
  if (ahead <= kClockSlack)
    return {Health::kOk,
            fmt::format("journal's time: newest entry {}, not after now", format_time(newest->time)), ""};
  return {Health::kRed,
          fmt::format("journal's time: the newest entry is {} s after this machine's now, so the clock went "
                      "back; until it "
                      "has caught up time stands still and leases end late",
                      ahead / kSecond),
          "timedatectl   (shows the clock), then timedatectl set-ntp true"};
}

// The records' keys: each seed must open with the master key. The server would make a new one in place of a
// lost one.
Diagnosis of_vault(const DoctorOptions& options, const std::vector<std::string>& logs) {
  PosixFiles files;
  const std::string epochs = options.data + "/keys/epochs/", master = options.data + "/keys/vault.master";
  if (!exists(files, master))
    return {Health::kRed, fmt::format("records' keys: {} is missing, so no record can be read", master),
            kKeyBackup};
  SystemRandom random;
  const auto vault = vault::Vault::open(files, random, options.data);
  if (!vault) return {Health::kRed, fmt::format("records' keys: {}", vault.error().message), kKeyBackup};
  int seeds = 0;
  for (const std::string& log : logs) {
    const auto names = files.list(epochs + log);
    if (!names) return {Health::kRed, fmt::format("records' keys: {}", names.error().message), kKeyBackup};
    for (const std::string& name : *names) {
      std::uint32_t epoch = 0;
      if (std::from_chars(name.data(), name.data() + name.size(), epoch).ec != std::errc{} ||
          !name.ends_with(".seed"))
        continue;
      if (const auto seed = (*vault)->open_epoch(log, epoch); !seed)
        return {Health::kRed, fmt::format("records' keys: {}", seed.error().message), kKeyBackup};
      ++seeds;
    }
  }
  return {Health::kOk, fmt::format("records' keys: {} seeds open with the master key", seeds), ""};
}

}  // namespace

void examine_logs(const DoctorOptions& options, std::vector<Diagnosis>& out) {
  PosixFiles files;
  const auto logs = ledger::list_logs(files, options.data);
  if (!logs) {
    out.push_back({Health::kRed, fmt::format("logs: {}", logs.error().message), "run as the folder's owner"});
    return;
  }
  if (logs->empty()) {
    out.push_back({Health::kWarn, "logs: none yet",
                   fmt::format("firebreak serve --data {}   (makes the journal)", options.data)});
    return;
  }
  JournalTime times;
  for (const ledger::LogInfo& log : *logs) out.push_back(of_log(options, log, times));
  if (!times.newest.empty()) out.push_back(of_time(times));
  const auto encrypted = files.list(options.data + "/keys/epochs");
  if (!encrypted) return;  // nothing was recorded yet
  std::vector<std::string> names;
  for (const std::string& name : *encrypted)
    if (name.ends_with('/')) names.push_back(name.substr(0, name.size() - 1));
  if (!names.empty()) out.push_back(of_vault(options, names));
}

}  // namespace firebreak::cli
