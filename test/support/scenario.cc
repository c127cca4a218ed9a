#include "support/scenario.h"

#include <algorithm>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>

#include "log/journal/journal.h"
#include "log/journal/toy_fold.h"
#include "log/ledger/receipt.h"
#include "log/ledger/verify.h"
#include "read/evidence/blob_store.h"

namespace firebreak::scenario {
namespace {

constexpr const char* kStream = "shop";
constexpr const char* kJournal = "journal";

std::string blob_text(std::size_t i) { return "evidence " + std::to_string(i) + std::string(700, 'e'); }
std::string id_of(std::size_t batch, int line) { return std::to_string(batch) + "-" + std::to_string(line); }

std::string batch_text(std::size_t batch) {
  std::string text;
  for (int line = 0; line < kLines; ++line)
    text += R"({"id":")" + id_of(batch, line) + R"(","time":"2026-03-07T03:00:00Z","caller":"c)" + std::to_string(line) +
            R"(","features":{"x":1}})" + "\n";
  return text;
}

Result<std::unique_ptr<journal::Journal>> open_journal(Files& files, Clock& clock, const Path& data) {
  SeededRandom random(5);
  ledger::Options options{.key = *ledger::SigningKey::generate("firebreak.test/journal", random)};
  options.segment_bytes = 1'500;  // several segments in one run
  options.reserve_bytes = 4'096;
  FIREBREAK_ASSIGN(auto log, ledger::Log::open(files, clock, ledger::log_dir_of(data, kJournal), std::move(options)));
  journal::Options how;
  how.snapshot_every = 5;
  return journal::Journal::open(std::move(log), files, clock, data + "/snapshots", how, journal::toy::folds());
}

Result<record::Receipt> admit(record::Stream& stream, std::size_t batch) {
  std::mutex mutex;
  std::condition_variable ready;
  std::optional<Result<record::Receipt>> answer;
  stream.admit(batch_text(batch), {"producer", batch + 1}, [&](Result<record::Receipt> result) {
    const std::lock_guard lock(mutex);
    answer = std::move(result);
    ready.notify_one();
  });
  std::unique_lock lock(mutex);
  ready.wait(lock, [&] { return answer.has_value(); });
  return std::move(*answer);
}

bool says(const Entry& entry, std::size_t turn) {
  return entry.kind == "add" && int_or(entry.body, "n", -1) == static_cast<std::int64_t>(turn);
}

// What is submitted twice under one number is refused: then it stands where it was written before anybody could be told.
Result<record::Receipt> submit(journal::Journal& journal, std::size_t turn) {
  Draft draft = journal::toy::draft("add", {{"n", turn}, {"text", std::string(300, 'x')}});
  draft.source = {"producer", 1, turn + 1, 0};
  const auto group = journal.submit_wait(std::move(draft));
  std::uint64_t index = 0;
  if (group) {
    index = group->index();
  } else {
    if (group.error().code != Code::kConflict) return fail(Error(group.error()));
    FIREBREAK_ASSIGN(const auto entries, journal.entries(0, 1'000'000));
    const auto found = std::find_if(entries.begin(), entries.end(), [&](const Entry& entry) { return says(entry, turn); });
    if (found == entries.end()) return fail(Code::kInternal, "the journal refuses turn " + std::to_string(turn) + " as taken and has no such entry");
    index = found->index;
  }
  const ledger::Checkpoint point = journal.log().checkpoint();
  FIREBREAK_ASSIGN(const Digest leaf, journal.log().leaf_at(index));
  return record::Receipt{kJournal, index, index, leaf, point.size, point.root, point.signatures.front().signature};
}

ledger::Kept kept(const std::vector<record::Receipt>& receipts) {
  ledger::Kept out;
  for (const record::Receipt& receipt : receipts)
    out.receipts.push_back({receipt.log + std::to_string(receipt.last), ledger::parse_receipt(canonical_json(to_json(receipt))).value()});
  return out;
}

// What `ledger verify` says of a log of which something was told; empty: all is well.
std::string complaint_of(Files& files, const Path& dir, const std::vector<record::Receipt>& told, bool with_receipts) {
  if (told.empty()) return {};
  const auto report = ledger::verify(files, dir, {}, with_receipts ? kept(told) : ledger::Kept());
  if (!report) return report.error().message;
  if (ledger::is_good(report->verdict)) return {};
  return dir + ": " + std::string(verdict_name(report->verdict)) + (report->damage ? ": " + report->damage->reason : "");
}

// The tree still is what was signed when this was told.
bool holds(const ledger::Log& log, const record::Receipt& receipt) {
  return log.leaf_at(receipt.last).value_or(Digest()) == receipt.leaf_hash && log.root_at(receipt.size).value_or(Digest()) == receipt.root;
}

void look_for_entries(const journal::Journal& journal, const ledger::Log& log, const std::vector<Entry>& entries, const Told& told, Finding& finding) {
  std::map<std::int64_t, int> times;
  for (const Entry& entry : entries)
    if (entry.kind == "add" && ++times[int_or(entry.body, "n")] > 1) ++finding.doubled;
  for (std::size_t i = 0; i < told.entries.size(); ++i) {
    const std::uint64_t at = told.entries[i].last;
    if (at < journal.size() && says(entries[at], i) && holds(log, told.entries[i])) continue;
    ++finding.lost;
    finding.why = "journal entry " + std::to_string(at) + " is not what was acknowledged";
  }
}

// Reads the whole stream; what fails is in the result.
Result<void> look_for_records(record::Stream& stream, const Told& told, Finding& finding) {
  std::vector<std::string> id_at(stream.size());
  std::map<std::string, int> times;
  FIREBREAK_TRY(stream.read_from(0, stream.size(), [&](const record::Record& read) {
    if (read.kind != record::Kind::kInference) return;
    id_at[read.index] = string_or(read.fields(), "id");
    if (++times[id_at[read.index]] > 1) ++finding.doubled;
  }));
  for (std::size_t i = 0; i < told.receipts.size(); ++i) {
    const record::Receipt& receipt = told.receipts[i];
    bool there = holds(stream.log(), receipt);
    for (int k = 0; k < kLines; ++k) {
      const std::size_t at = receipt.first + static_cast<std::size_t>(k);
      there = there && at < id_at.size() && id_at[at] == id_of(i, k);
    }
    if (there) continue;
    ++finding.lost;
    finding.why = "batch " + std::to_string(i) + " is not what was acknowledged at " + std::to_string(receipt.first);
  }
  return {};
}

// Opens and reads everything; true when `finding` says all.
bool look_inside(Files& files, const Path& data, const Told& told, Finding& finding) {
  const auto stopped = [&](Outcome outcome, const Error& error) {
    finding = {outcome, error.message};
    return true;
  };
  HurriedClock clock;
  SeededRandom random(1);
  const auto journal = open_journal(files, clock, data);
  if (!journal) return stopped(Outcome::kFoundAtOpen, journal.error());
  const auto entries = (*journal)->entries(0, 1'000'000);
  if (!entries) return stopped(Outcome::kFoundAtReading, entries.error());
  look_for_entries(**journal, (*journal)->log(), *entries, told, finding);
  const auto streams = record::Streams::open(files, clock, random, data);
  if (!streams) return stopped(Outcome::kFoundAtOpen, streams.error());
  record::Stream* const stream = (*streams)->get(kStream);
  if (stream == nullptr) {
    finding.lost += told.receipts.size();
    if (!told.receipts.empty()) finding.why = "the stream is gone";
    return false;
  }
  const auto read = look_for_records(*stream, told, finding);
  return read ? false : stopped(Outcome::kFoundAtReading, read.error());
}

}  // namespace

Time HurriedClock::now() const { return parse_time("2026-03-07T04:00:00Z").value(); }

Result<void> play(Files& files, const Path& data, std::uint64_t seed, Told& told, std::size_t turns, const std::function<void()>& heard) {
  HurriedClock clock;
  SeededRandom random(seed);
  FIREBREAK_TRY(files.make_dir(data));
  FIREBREAK_ASSIGN(const auto journal, open_journal(files, clock, data));
  FIREBREAK_ASSIGN(const auto streams, record::Streams::open(files, clock, random, data));
  FIREBREAK_ASSIGN(record::Stream* const stream, streams->create({.name = kStream}));
  FIREBREAK_ASSIGN(evidence::BlobStore blobs, evidence::BlobStore::open(files, data + "/blobs"));
  const auto tell = [&](auto& list, auto&& what) {
    list.push_back(std::move(what));
    if (heard) heard();
  };
  for (std::size_t turn = 0; turn < turns; ++turn) {
    if (turn >= told.entries.size()) {
      FIREBREAK_ASSIGN(record::Receipt receipt, submit(*journal, turn));
      tell(told.entries, std::move(receipt));
    }
    if (turn >= told.receipts.size()) {
      FIREBREAK_ASSIGN(record::Receipt receipt, admit(*stream, turn));
      tell(told.receipts, std::move(receipt));
    }
    if (turn >= told.blobs.size()) {
      FIREBREAK_ASSIGN(Digest digest, blobs.put(blob_text(turn)));
      tell(told.blobs, digest);
    }
  }
  return journal->healthy();
}

const char* name_of(Outcome outcome) {
  constexpr const char* kNames[kOutcomes] = {"unharmed",         "found_by_verify",  "found_at_open",
                                             "found_at_reading", "found_by_receipt", "unnoticed"};
  return kNames[static_cast<std::size_t>(outcome)];
}

std::string complaint(Files& files, const Path& data, const Told& told) {
  return complaint_of(files, ledger::log_dir_of(data, kJournal), told.entries, false) +
         complaint_of(files, ledger::log_dir_of(data, kStream), told.receipts, false);
}

Finding judge(Files& files, const Path& data, const Told& told) {
  Finding finding;
  if (std::string said = complaint(files, data, told); !said.empty()) return {Outcome::kFoundByVerify, said};
  const auto blobs = evidence::BlobStore::open(files, data + "/blobs");
  if (!blobs) return {Outcome::kFoundAtOpen, blobs.error().message};
  const auto faults = blobs->verify();
  if (!faults) return {Outcome::kFoundByVerify, faults.error().message};
  if (!faults->empty()) return {Outcome::kFoundByVerify, faults->front()};
  for (const Digest& digest : told.blobs)
    if (const auto got = blobs->get(digest); !got) return {Outcome::kFoundAtReading, got.error().message};
  // Before opening writes anything.
  const std::string contradicted = complaint_of(files, ledger::log_dir_of(data, kJournal), told.entries, true) +
                                   complaint_of(files, ledger::log_dir_of(data, kStream), told.receipts, true);
  if (look_inside(files, data, told, finding)) return finding;
  if (finding.lost + finding.doubled == 0) return finding;
  finding.outcome = contradicted.empty() ? Outcome::kUnnoticed : Outcome::kFoundByReceipt;
  if (!contradicted.empty()) finding.why = contradicted;
  return finding;
}

}  // namespace firebreak::scenario
