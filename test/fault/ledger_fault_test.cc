// The ledger on a bad disk. Oracle of every run: what was acknowledged is there, at its index, provable under
// every root that was ever signed; what was not is there whole or not at all; the folder verifies.
#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>

#include "base/simulated_files.h"
#include "log/ledger/log.h"
#include "log/ledger/proof.h"
#include "log/ledger/segment.h"
#include "log/ledger/verify.h"

namespace firebreak::ledger {
namespace {

const Path kDir = "data/logs/a";
constexpr int kBatches = 10;

// Every look at the clock is a second later: checkpoints are due after each group, whatever the machine does.
class HurriedClock : public Clock {
 public:
  Time now() const override { return {}; }
  std::int64_t steady_us() const override { return ticks_ += kSecond; }

 private:
  mutable std::atomic<std::int64_t> ticks_ = 0;
};

Options options_of() {
  SeededRandom random(5);
  Options options{.key = *SigningKey::generate("firebreak.test/fault", random)};
  options.segment_bytes = 1'500;  // several segments in one run
  options.reserve_bytes = 4'096;
  return options;
}

// Batch i has i % 3 + 1 entries whose octets say where they belong.
Batch batch_at(std::uint64_t first, int i) {
  Batch batch;
  for (int k = 0; k <= i % 3; ++k)
    batch.add("entry " + std::to_string(first + static_cast<std::uint64_t>(k)) + std::string(100, 'x'));
  batch.payload = "rows of " + std::to_string(first);
  return batch;
}

// Appends until something is refused; gives back the acknowledgements.
std::vector<Commit> run_until_refused(Files& files, Clock& clock, std::uint64_t* size = nullptr) {
  std::vector<Commit> acknowledged;
  Result<std::unique_ptr<Log>> log = Log::open(files, clock, kDir, options_of());
  if (!log) return acknowledged;
  if (size != nullptr) *size = (*log)->size();
  for (int i = 0; i < kBatches; ++i) {
    Result<Commit> commit = (*log)->append_wait(batch_at((*log)->size(), i));
    if (!commit) break;
    acknowledged.push_back(std::move(*commit));
  }
  return acknowledged;
}

void expect_whole_batches(const Log& log) {
  EXPECT_TRUE(log.scan(0, [&](const Frame& frame) {
    EXPECT_EQ(frame.payload, "rows of " + std::to_string(frame.first));
    for (std::uint64_t k = 0; k < frame.count; ++k)
      EXPECT_EQ(frame.entries()[k], "entry " + std::to_string(frame.first + k) + std::string(100, 'x'));
    return true;
  }));
}

void expect_all_acknowledged(SimulatedFiles& files, const std::vector<Commit>& acknowledged,
                             const std::string& what) {
  SCOPED_TRACE(what);
  HurriedClock clock;
  if (!acknowledged.empty()) {
    const Result<VerifyReport> before = verify(files, kDir);
    ASSERT_TRUE(before) << before.error().message;
    EXPECT_NE(before->verdict, Verdict::kDamaged) << before->damage->file << ": " << before->damage->reason;
  }
  Recovery recovery;
  Result<std::unique_ptr<Log>> log = Log::open(files, clock, kDir, options_of(), &recovery);
  ASSERT_TRUE(log) << log.error().message;
  const std::uint64_t size = (*log)->size();
  ASSERT_GE(size, acknowledged.empty() ? 0 : acknowledged.back().size);
  expect_whole_batches(**log);
  const Digest root = (*log)->checkpoint().root;
  for (const Commit& commit : acknowledged) {
    EXPECT_EQ(*(*log)->leaf_at(commit.last), commit.leaf_hash);
    EXPECT_TRUE(verify_inclusion(commit.leaf_hash, commit.last, size,
                                 *(*log)->inclusion_proof(commit.last, size), root));
    EXPECT_TRUE(verify_consistency(commit.size, commit.root, size, root,
                                   *(*log)->consistency_proof(commit.size, size)));
  }
  // And it goes on.
  EXPECT_TRUE((*log)->append_wait(batch_at(size, 1)));
  EXPECT_TRUE((*log)->close());
  const Result<VerifyReport> after = verify(files, kDir, options_of().key.verifier().text());
  ASSERT_TRUE(after);
  EXPECT_EQ(after->verdict, Verdict::kAuthentic) << (after->damage ? after->damage->reason : "");
  EXPECT_EQ(after->size, size + 2);
  EXPECT_EQ(after->torn_octets, 0U);
}

enum class Fault { kTransient, kPersistent, kCrash };

// Fails call k of a run, for every k until a run is not touched by it any more.
void fail_every_call(Fault fault, bool start_with_content) {
  std::uint64_t runs = 0;
  for (std::uint64_t k = 1;; ++k) {
    SimulatedFiles files(k * 31 + 7);
    HurriedClock clock;
    std::vector<Commit> acknowledged;
    if (start_with_content) acknowledged = run_until_refused(files, clock);
    const std::uint64_t before = files.calls();
    files.fail_call(k, fault != Fault::kTransient);
    for (Commit& commit : run_until_refused(files, clock)) acknowledged.push_back(std::move(commit));
    const bool untouched = files.calls() - before < k;
    files.fail_call(0);
    if (fault == Fault::kCrash) files.crash();
    expect_all_acknowledged(files, acknowledged, "call " + std::to_string(k) + " fails");
    if (::testing::Test::HasFailure()) return;
    ++runs;
    if (untouched) break;
  }
  EXPECT_GT(runs, 60U);
  ::testing::Test::RecordProperty("failed_calls", std::to_string(runs));
}

TEST(LedgerFault, survives_one_failing_call_wherever_it_is) { fail_every_call(Fault::kTransient, false); }
TEST(LedgerFault, survives_one_failing_call_in_a_log_with_content) {
  fail_every_call(Fault::kTransient, true);
}
TEST(LedgerFault, survives_a_disk_that_fails_from_some_call_on) {
  fail_every_call(Fault::kPersistent, false);
}
TEST(LedgerFault, survives_a_power_cut_at_every_call) { fail_every_call(Fault::kCrash, false); }
TEST(LedgerFault, survives_a_power_cut_at_every_call_in_a_log_with_content) {
  fail_every_call(Fault::kCrash, true);
}

// Many batches in one write: the tear may fall into any of them, and later ones may be on the disk before it.
TEST(LedgerFault, survives_a_power_cut_in_the_middle_of_a_group) {
  std::uint64_t cuts = 0;
  for (std::uint64_t seed = 1; seed <= 150; ++seed) {
    SimulatedFiles files(seed);
    HurriedClock clock;
    std::vector<Commit> acknowledged = run_until_refused(files, clock);
    {
      const auto log = Log::open(files, clock, kDir, options_of()).value();
      const std::uint64_t start = log->size();
      // The writer waits in a callback until the group has queued; then the disk dies under its write or
      // sync.
      std::mutex mutex;
      std::condition_variable changed;
      bool entered = false, queued = false;
      log->append(batch_at(start, 0), [&](Result<Commit> commit) {
        acknowledged.push_back(commit.value());
        std::unique_lock lock(mutex);
        entered = true;
        changed.notify_all();
        changed.wait(lock, [&] { return queued; });
      });
      std::unique_lock lock(mutex);
      changed.wait(lock, [&] { return entered; });
      std::uint64_t next = start + 1;
      for (int i = 0; i < 8; ++i) {
        log->append(batch_at(next, i), [&](Result<Commit> commit) {
          if (commit) acknowledged.push_back(std::move(*commit));
        });
        next += static_cast<std::uint64_t>(i % 3) + 1;
      }
      files.fail_call(2 + seed % 12, true);
      queued = true;
      changed.notify_all();
      lock.unlock();
      (void)log->close();
    }
    files.crash();
    const Result<VerifyReport> report = verify(files, kDir);
    ASSERT_TRUE(report);
    cuts += report->torn_octets > 0 ? 1 : 0;
    expect_all_acknowledged(files, acknowledged, "seed " + std::to_string(seed));
    if (HasFailure()) return;
  }
  EXPECT_GT(cuts, 0U) << "no run tore anything: the test does not test";
}

TEST(LedgerFault, fills_the_disk_at_every_size_and_loses_nothing) {
  for (std::uint64_t room = 0; room < 6'000; room += 61) {
    SimulatedFiles files(room + 1);
    HurriedClock clock;
    std::vector<Commit> acknowledged = run_until_refused(files, clock);
    files.set_capacity(files.used() + room);
    for (Commit& commit : run_until_refused(files, clock)) acknowledged.push_back(std::move(commit));
    if (room % 2 == 0) files.crash();
    files.set_capacity(1 << 30);
    expect_all_acknowledged(files, acknowledged, "room for " + std::to_string(room) + " octets");
    if (HasFailure()) return;
  }
}

// The frame of `file` that holds `offset`: its offset, 0 for the segment's header.
std::uint64_t frame_start(SimulatedFiles& files, const Path& path, std::uint64_t offset) {
  const Bytes data = *read_all(files, path);
  std::uint64_t at = 0, next = kSegmentHeaderBytes;
  while (next <= offset && next < data.size()) {
    at = next;
    next += parse_frame_header(ByteView(data).substr(at))->frame_octets();
  }
  return at;
}

bool is_derived(const std::string& name) { return name.ends_with(".idx") || name == "tree/"; }

TEST(LedgerFault, verify_notices_every_flipped_octet_and_says_where) {
  SimulatedFiles files;
  HurriedClock clock;
  ASSERT_EQ(run_until_refused(files, clock).size(), static_cast<std::size_t>(kBatches));
  ASSERT_EQ(verify(files, kDir)->verdict, Verdict::kConsistent);
  std::uint64_t flipped = 0, refused = 0;
  const std::vector<std::string> listed = *files.list(kDir);
  for (const std::string& name : listed) {
    if (name == "LOCK" || name == "reserve" || is_derived(name)) continue;
    const Path path = kDir + "/" + name;
    const std::uint64_t size = read_all(files, path)->size();
    for (std::uint64_t offset = 0; offset < size; ++offset, ++flipped) {
      const std::uint64_t frame = name.ends_with(".seg") ? frame_start(files, path, offset) : 0;
      const unsigned bit = static_cast<unsigned>((offset * 7 + 3) % 8);
      files.flip_bit(path, offset, bit);
      const Result<VerifyReport> report = verify(files, kDir);
      ASSERT_TRUE(report);
      ASSERT_EQ(report->verdict, Verdict::kDamaged) << name << " octet " << offset;
      ASSERT_EQ(report->damage->file, name) << offset;
      if (name.ends_with(".seg")) {
        ASSERT_TRUE(report->damage->record) << name << " octet " << offset;
        ASSERT_GE(report->damage->offset, frame) << name << " octet " << offset;
        ASSERT_LE(report->damage->offset, offset + kFrameHeaderBytes + 512) << name << " octet " << offset;
      }
      if (offset % 5 == 0) {
        // A closed segment is not read at the start, but nobody gets what it holds now.
        const Result<std::unique_ptr<Log>> log = Log::open(files, clock, kDir, options_of());
        ASSERT_FALSE(log && (*log)->scan(0, [](const Frame&) { return true; })) << name << " octet " << offset;
        ++refused;
      }
      files.flip_bit(path, offset, bit);
    }
  }
  ASSERT_EQ(verify(files, kDir)->verdict, Verdict::kConsistent);
  EXPECT_GT(flipped, 4'000U);
  RecordProperty("flipped", std::to_string(flipped));
  RecordProperty("open_refused", std::to_string(refused));
}

// What is derived may be anything: the log opens with the same root and the same proofs, and makes it anew.
TEST(LedgerFault, opens_as_before_whatever_became_of_what_is_derived) {
  SimulatedFiles files;
  HurriedClock clock;
  const std::vector<Commit> acknowledged = run_until_refused(files, clock);
  ASSERT_EQ(acknowledged.size(), static_cast<std::size_t>(kBatches));
  std::vector<Path> derived;
  const std::vector<std::string> in_log = *files.list(kDir), in_tree = *files.list(kDir + "/tree");
  for (const std::string& name : in_log) {
    if (name.ends_with(".idx")) derived.push_back(kDir + "/" + name);
  }
  for (const std::string& name : in_tree) derived.push_back(kDir + "/tree/" + name);
  ASSERT_GE(derived.size(), 3U) << "indexes of closed segments and hash files";
  std::uint64_t damaged = 0;
  for (const Path& path : derived) {
    const Bytes whole = *read_all(files, path);
    for (std::uint64_t at = 0; at <= whole.size(); at += 3, ++damaged) {
      Bytes changed = at % 2 == 0 ? whole.substr(0, at) : whole;
      if (at % 2 == 1) changed[at - 1] = static_cast<char>(changed[at - 1] ^ 0x10);
      ASSERT_TRUE(write_plain(files, path, changed));
      const Result<std::unique_ptr<Log>> log = Log::open(files, clock, kDir, options_of());
      ASSERT_TRUE(log) << path << " octet " << at << ": " << log.error().message;
      const Commit& last = acknowledged.back();
      ASSERT_EQ((*log)->checkpoint().root, last.root) << path << " octet " << at;
      ASSERT_TRUE(verify_inclusion(last.leaf_hash, last.last, last.size,
                                   *(*log)->inclusion_proof(last.last, last.size), last.root));
      expect_whole_batches(**log);
      ASSERT_TRUE((*log)->close());
    }
  }
  EXPECT_GT(damaged, 200U);
}

TEST(LedgerFault, verify_names_the_record_whose_octets_were_altered) {
  SimulatedFiles files;
  HurriedClock clock;
  {
    const auto log = Log::open(files, clock, kDir, options_of()).value();
    Batch batch;
    for (int i = 0; i < 5; ++i) batch.add("record " + std::to_string(i));
    ASSERT_TRUE(log->append_wait(batch));
    ASSERT_TRUE(log->append_wait(batch));
  }
  const Path path = kDir + "/000001.seg";
  const std::uint64_t offset = read_all(files, path)->rfind("record 3");
  files.flip_bit(path, offset, 0);
  const VerifyReport report = *verify(files, kDir);
  ASSERT_TRUE(report.damage);
  EXPECT_EQ(report.damage->record, 8U);
  EXPECT_EQ(report.damage->offset, offset);
}

TEST(LedgerFault, verify_notices_removed_segments_and_cut_ends) {
  SimulatedFiles files;
  HurriedClock clock;
  run_until_refused(files, clock);
  const Bytes last = *read_all(files, kDir + "/000002.seg");
  ASSERT_TRUE(files.remove(kDir + "/000002.seg"));
  EXPECT_EQ(verify(files, kDir)->verdict, Verdict::kDamaged);
  ASSERT_TRUE(write_plain(files, kDir + "/000002.seg", last));
  ASSERT_EQ(verify(files, kDir)->verdict, Verdict::kConsistent);
  // Whole frames gone from the end: only the checkpoint knows.
  const std::vector<std::string> names = *files.list(kDir);
  const auto segment =
      std::find_if(names.rbegin(), names.rend(), [](const auto& n) { return segment_number(n); });
  const Bytes whole = *read_all(files, kDir + "/" + *segment);
  ASSERT_TRUE(write_plain(files, kDir + "/" + *segment, ByteView(whole).substr(0, kSegmentHeaderBytes)));
  const VerifyReport report = *verify(files, kDir);
  EXPECT_EQ(report.verdict, Verdict::kDamaged);
  EXPECT_NE(report.damage->reason.find("missing"), std::string::npos);
}

}  // namespace
}  // namespace firebreak::ledger
