#include "run/app/log_guard.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>

#include "log/ledger/cosigned.h"
#include "log/ledger/log.h"
#include "types/finding.h"

namespace firebreak::app {
namespace {

ledger::PastView view_of(const ledger::Log& log) {
  return {log.size(), [&log](std::uint64_t size) { return log.root_at(size); }, [&log](std::uint64_t index) { return log.leaf_at(index); }};
}

// What stands beside the log and is no past of it; empty when all is.
Result<std::string> vouched_contradicts(Files& files, const ledger::Log& log, const std::string& dir) {
  FIREBREAK_ASSIGN(const auto vouched, ledger::read_vouched(files, dir, ledger::Stamps::kNewest));
  const ledger::PastView view = view_of(log);
  for (const ledger::Vouched& one : vouched) {
    if (!one.checkpoint) continue;  // that file is damaged, not the log: verify and doctor say so, the next answer replaces it
    const Result<void> holds = ledger::check_receipt(ledger::receipt_of(*one.checkpoint), log.verifier(), view);
    if (!holds && holds.error().code != Code::kCorrupt) return fail(Error(holds.error()));
    if (!holds) return fmt::format("{}: {}", one.name, holds.error().message);
  }
  return std::string();
}

Result<void> refuse_unless(const std::vector<std::string>& accept, const std::string& name, const std::string& dir, const std::string& why) {
  if (std::find(accept.begin(), accept.end(), name) != accept.end()) return {};
  return fail(Code::kCorrupt,
              fmt::format("log '{}' is not what it was. {}. Keep this folder as evidence and bring {} back from a copy that is as new as the rest; "
                          "when there is none, start once with --accept-rollback {}: it goes on from what is there, with a finding",
                          name, why, dir, name));
}

// "snapshot-00000000000000000431.json" is of the journal's first 431 entries.
Result<std::map<std::uint64_t, std::string>> snapshots_of(Files& files, const std::string& data_dir) {
  std::map<std::uint64_t, std::string> found;
  const auto names = files.list(data_dir + "/snapshots");
  if (!names && names.error().code == Code::kNotFound) return found;
  if (!names) return fail(Error(names.error()));
  constexpr std::string_view kStart = "snapshot-";
  for (const std::string& name : *names) {
    std::uint64_t size = 0;
    if (!name.starts_with(kStart)) continue;
    const auto [end, error] = std::from_chars(name.data() + kStart.size(), name.data() + name.size(), size);
    if (error == std::errc() && std::string_view(end) == ".json") found[size] = name;
  }
  return found;
}

// LOG/contradicted/<n>/…: kept as evidence; no later start asks it again.
Result<void> move_aside(Files& files, const std::string& dir) {
  int n = 1;
  while (exists(files, fmt::format("{}/contradicted/{}/moved", dir, n))) ++n;
  const std::string aside = fmt::format("{}/contradicted/{}", dir, n);
  FIREBREAK_TRY(files.make_dir(aside));
  FIREBREAK_TRY(write_atomic(files, aside + "/moved", "what vouched for entries that this log no longer holds\n"));
  FIREBREAK_ASSIGN(const auto names, files.list(dir));
  for (std::string name : names) {
    if (name.ends_with('/')) name.pop_back();
    if (name == ledger::kCosignedFile || name == ledger::kWitnessFolder || name == ledger::kTimestampFolder)
      FIREBREAK_TRY(files.rename(dir + "/" + name, aside + "/" + name));
  }
  return files.sync_dir(dir);
}

}  // namespace

Result<std::string> check_journal(Files& files, const ledger::Log& log, const std::string& data_dir, std::uint64_t shown,
                                  const std::vector<std::string>& accept) {
  const std::string dir = ledger::log_dir_of(data_dir, "journal");
  FIREBREAK_ASSIGN(std::string why, vouched_contradicts(files, log, dir));
  if (why.empty() && shown > log.size())
    why = fmt::format("views.sqlite shows {} entries, the journal has {}: the log was cut back", shown, log.size());
  FIREBREAK_ASSIGN(const auto snapshots, snapshots_of(files, data_dir));
  if (why.empty() && !snapshots.empty() && snapshots.rbegin()->first > log.size())
    why = fmt::format("snapshots/{} is of {} entries, the journal has {}: the log was cut back", snapshots.rbegin()->second, snapshots.rbegin()->first, log.size());
  if (!why.empty()) FIREBREAK_TRY(refuse_unless(accept, "journal", dir, why));
  return why;
}

Result<void> drop_derived(Files& files, const std::string& data_dir) {
  for (const char* end : {"", "-wal", "-shm"})
    if (const std::string path = data_dir + "/views.sqlite" + end; exists(files, path)) FIREBREAK_TRY(files.remove(path));
  FIREBREAK_ASSIGN(const auto snapshots, snapshots_of(files, data_dir));
  for (const auto& [size, name] : snapshots) FIREBREAK_TRY(files.remove(data_dir + "/snapshots/" + name));
  return {};
}

void LogGuard::apply(const Entry& entry) {
  if (entry.kind == "rollback_accepted") {
    anchors_.erase(string_or(entry.body, "log"));
    return;
  }
  if (entry.kind != "anchor") return;
  const auto root = Digest::from_hex(string_or(entry.body, "root"));
  const std::int64_t size = int_or(entry.body, "size");
  if (!root || size <= 0) return;
  anchors_[string_or(entry.body, "stream")] = {entry.index, static_cast<std::uint64_t>(size), *root};
}

std::string LogGuard::anchors_contradict(const std::string& stream, const ledger::PastView& log) const {
  const auto found = anchors_.find(stream);
  if (found == anchors_.end()) return {};
  const Result<void> holds = ledger::check_past(found->second.size, found->second.root, log);
  return holds ? std::string() : fmt::format("the anchor in journal entry {}: {}", found->second.entry, holds.error().message);
}

Result<void> LogGuard::check(const Context& context, const std::string& data_dir, const std::vector<std::string>& accept,
                             const std::string& journal_why) const {
  std::set<std::string> names{"journal"};
  for (const std::string& name : context.streams.list()) names.insert(name);
  for (const auto& [name, anchors] : anchors_) names.insert(name);
  for (const std::string& name : names) {
    record::Stream* const stream = name == "journal" ? nullptr : context.streams.get(name);
    ledger::Log* const log = name == "journal" ? &context.journal.log() : stream != nullptr ? &stream->log() : nullptr;
    const std::string dir = ledger::log_dir_of(data_dir, name);
    std::string why = name == "journal" ? journal_why : "";
    if (log == nullptr) {
      why = fmt::format("the anchor in journal entry {}: the log is not there any more", anchors_.at(name).entry);
    } else if (why.empty()) {
      why = anchors_contradict(name, view_of(*log));
      if (why.empty()) {
        FIREBREAK_ASSIGN(why, vouched_contradicts(context.files, *log, dir));
      }
    }
    if (why.empty()) continue;
    FIREBREAK_TRY(refuse_unless(accept, name, dir, why));
    FIREBREAK_TRY(accept_rollback(context, name, log, dir, why));
  }
  return {};
}

Result<void> LogGuard::accept_rollback(const Context& context, const std::string& name, ledger::Log* log, const std::string& dir,
                                       const std::string& why) const {
  const std::uint64_t size = log == nullptr ? 0 : log->size();
  const Time now = context.clock.now();
  FindingUpdate update;
  update.episode = fmt::format("log_contradicted//{}", now.us);
  update.kind = "log_contradicted";
  update.severity = Severity::kCritical;
  update.endpoint = update.stream = name;
  update.last_index = size == 0 ? 0 : size - 1;
  update.first_time = update.last_time = now;
  update.count = 1;
  update.numbers = {{"log_size", static_cast<double>(size)}};
  update.summary = fmt::format("an operator let log {} go on although it is not what it was. {}", name, why);
  FIREBREAK_TRY(context.journal.submit_wait(Draft{std::string(finding_entry_kind(update.phase)), to_json(update), "firebreak", {}, {}}));
  if (log != nullptr) FIREBREAK_TRY(move_aside(context.files, dir));
  JsonObject body{{"log", name}, {"size", size}, {"why", why}};
  if (log != nullptr) {
    FIREBREAK_ASSIGN(const Digest root, log->root_at(size));
    body["root"] = root.hex();
  }
  FIREBREAK_TRY(context.journal.submit_wait(Draft{"rollback_accepted", std::move(body), "firebreak", {}, {}}));
  return {};
}

}  // namespace firebreak::app
