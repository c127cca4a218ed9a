#include "fault/scenario.h"

#include <condition_variable>
#include <mutex>
#include <optional>

#include "log/ledger/receipt.h"
#include "log/ledger/verify.h"
#include "read/evidence/blob_store.h"

namespace firebreak::scenario {
namespace {

constexpr const char* kData = "data";
constexpr const char* kStream = "shop";
const Path kJournalDir = "data/logs/journal", kStreamDir = "data/logs/shop", kBlobs = "data/blobs";

ledger::Options journal_options() {
  SeededRandom random(5);
  ledger::Options options{.key = *ledger::SigningKey::generate("firebreak.test/journal", random)};
  options.segment_bytes = 1'500;  // several segments in one run
  options.reserve_bytes = 4'096;
  return options;
}

std::string entry_text(std::size_t i) { return "entry " + std::to_string(i) + std::string(300, 'x'); }
std::string blob_text(std::size_t i) { return "evidence " + std::to_string(i) + std::string(700, 'e'); }
std::string id_of(std::size_t batch, int line) { return std::to_string(batch) + "-" + std::to_string(line); }

std::string batch_text(std::size_t batch) {
  std::string text;
  for (int line = 0; line < kLines; ++line)
    text += R"({"id":")" + id_of(batch, line) + R"(","time":"2026-03-07T03:00:00Z","caller":"c)" + std::to_string(line) +
            R"(","features":{"x":1}})" + "\n";
  return text;
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

// An entry that was written and never acknowledged may stand before it: a log knows no numbers of producers.
Result<void> append(ledger::Log& log, std::size_t turn, Told& told) {
  ledger::Batch batch;
  batch.add(entry_text(turn));
  FIREBREAK_ASSIGN(ledger::Commit commit, log.append_wait(std::move(batch)));
  told.commits.push_back(std::move(commit));
  return {};
}

// The receipt as a caller keeps it.
ledger::KeptReceipt kept(const char* log, const ledger::Commit& commit) {
  const Json text = record::to_json(
      record::Receipt{log, commit.first, commit.last, commit.leaf_hash, commit.size, commit.root, commit.signature});
  return {log + std::to_string(commit.last), ledger::parse_receipt(canonical_json(text)).value()};
}
ledger::Commit commit_of(const record::Receipt& r) { return {r.first, r.last, r.leaf_hash, r.size, r.root, r.signature}; }

// What `ledger verify` says of a log; empty: all is well.
std::string complaint(Files& files, const Path& dir, const ledger::Kept& kept_receipts) {
  const auto report = ledger::verify(files, dir, {}, kept_receipts);
  if (!report) return report.error().message;
  if (ledger::is_good(report->verdict)) return {};
  return dir + ": " + std::string(verdict_name(report->verdict)) + (report->damage ? ": " + report->damage->reason : "");
}

std::string missing_in_journal(const ledger::Log& log, const Told& told) {
  for (std::size_t i = 0; i < told.commits.size(); ++i) {
    const ledger::Commit& commit = told.commits[i];
    const auto entry = log.entry(commit.last);
    if (!entry || *entry != entry_text(i) || log.leaf_at(commit.last).value_or(Digest()) != commit.leaf_hash ||
        log.root_at(commit.size).value_or(Digest()) != commit.root)
      return "journal entry " + std::to_string(commit.last) + " is not what was acknowledged";
  }
  return {};
}

// Reads the whole stream: what fails is in the result, what is missing, changed or there twice in the text.
Result<std::string> missing_in_stream(record::Stream& stream, const Told& told) {
  std::vector<std::string> id_at;
  std::set<std::string> ids;
  std::string twice;
  FIREBREAK_TRY(stream.read_from(0, stream.size(), [&](const record::Record& read) {
    id_at.resize(read.index + 1);
    if (read.kind != record::Kind::kInference) return;
    id_at.back() = string_or(read.fields(), "id");
    if (!ids.insert(id_at.back()).second) twice = id_at.back() + " is recorded twice";
  }));
  for (std::size_t i = 0; i < told.receipts.size(); ++i) {
    const record::Receipt& receipt = told.receipts[i];
    for (int k = 0; k < kLines; ++k) {
      const std::size_t at = receipt.first + static_cast<std::size_t>(k);
      if (at >= id_at.size() || id_at[at] != id_of(i, k)) return "record " + std::to_string(at) + " is not what was acknowledged";
    }
    if (stream.log().leaf_at(receipt.last).value_or(Digest()) != receipt.leaf_hash ||
        stream.log().root_at(receipt.size).value_or(Digest()) != receipt.root)
      return "the stream's tree is not what was signed for batch " + std::to_string(i);
  }
  return twice;
}

}  // namespace

Time HurriedClock::now() const { return parse_time("2026-03-07T04:00:00Z").value(); }

Result<void> play(Files& files, std::uint64_t seed, Told& told) {
  HurriedClock clock;
  SeededRandom random(seed);
  FIREBREAK_TRY(files.make_dir(kData));
  FIREBREAK_ASSIGN(const auto journal, ledger::Log::open(files, clock, kJournalDir, journal_options()));
  FIREBREAK_ASSIGN(const auto streams, record::Streams::open(files, clock, random, kData));
  FIREBREAK_ASSIGN(record::Stream* const stream, streams->create({.name = kStream}));
  FIREBREAK_ASSIGN(evidence::BlobStore blobs, evidence::BlobStore::open(files, kBlobs));
  for (std::size_t turn = 0; turn < kTurns; ++turn) {
    if (turn >= told.commits.size()) FIREBREAK_TRY(append(*journal, turn, told));
    if (turn >= told.receipts.size()) {
      FIREBREAK_ASSIGN(record::Receipt receipt, admit(*stream, turn));
      told.receipts.push_back(std::move(receipt));
    }
    if (turn >= told.blobs.size()) {
      FIREBREAK_ASSIGN(const Digest digest, blobs.put(blob_text(turn)));
      told.blobs.push_back(digest);
    }
  }
  return journal->close();
}

const char* name_of(Outcome outcome) {
  constexpr const char* kNames[kOutcomes] = {"unharmed",         "found_by_verify",  "found_at_open",
                                             "found_at_reading", "found_by_receipt", "unnoticed"};
  return kNames[static_cast<std::size_t>(outcome)];
}

Finding judge(SimulatedFiles& files, const Told& told) {
  ledger::Kept journal_kept, stream_kept;
  for (const ledger::Commit& commit : told.commits) journal_kept.receipts.push_back(kept("journal", commit));
  for (const record::Receipt& receipt : told.receipts) stream_kept.receipts.push_back(kept(kStream, commit_of(receipt)));
  if (!told.commits.empty())
    if (std::string said = complaint(files, kJournalDir, {}); !said.empty()) return {Outcome::kFoundByVerify, said};
  if (!told.receipts.empty())
    if (std::string said = complaint(files, kStreamDir, {}); !said.empty()) return {Outcome::kFoundByVerify, said};
  const auto blobs = evidence::BlobStore::open(files, kBlobs);
  if (!blobs) return {Outcome::kFoundAtOpen, blobs.error().message};
  const auto faults = blobs->verify();
  if (!faults) return {Outcome::kFoundByVerify, faults.error().message};
  if (!faults->empty()) return {Outcome::kFoundByVerify, faults->front()};
  for (const Digest& digest : told.blobs)
    if (const auto got = blobs->get(digest); !got) return {Outcome::kFoundAtReading, got.error().message};
  // Before opening writes anything.
  std::string contradicted = complaint(files, kJournalDir, journal_kept) + complaint(files, kStreamDir, stream_kept);

  HurriedClock clock;
  SeededRandom random(1);
  std::string missing;
  {
    const auto journal = ledger::Log::open(files, clock, kJournalDir, journal_options());
    if (!journal) return {Outcome::kFoundAtOpen, journal.error().message};
    const auto scanned = (*journal)->scan(0, [](const ledger::Frame&) { return true; });
    if (!scanned) return {Outcome::kFoundAtReading, scanned.error().message};
    missing = missing_in_journal(**journal, told);
    const auto streams = record::Streams::open(files, clock, random, kData);
    if (!streams) return {Outcome::kFoundAtOpen, streams.error().message};
    record::Stream* const stream = (*streams)->get(kStream);
    if (stream == nullptr) {
      if (!told.receipts.empty()) missing = "the stream is gone";
    } else {
      const auto read = missing_in_stream(*stream, told);
      if (!read) return {Outcome::kFoundAtReading, read.error().message};
      missing += *read;
    }
  }
  if (missing.empty()) return {Outcome::kUnharmed, {}};
  if (!contradicted.empty() && (!told.commits.empty() || !told.receipts.empty()))
    return {Outcome::kFoundByReceipt, contradicted};
  return {Outcome::kUnnoticed, missing};
}

}  // namespace firebreak::scenario
