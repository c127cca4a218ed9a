#include "log/ledger/log.h"

#include <gtest/gtest.h>

#include <future>
#include <map>
#include <set>

#include "base/simulated_files.h"
#include "log/ledger/export.h"
#include "log/ledger/proof.h"
#include "log/ledger/verify.h"

namespace firebreak::ledger {
namespace {

SigningKey test_key(const std::string& name = "firebreak.test/log") {
  SeededRandom random(7);
  return *SigningKey::generate(name, random);
}

Options test_options() {
  Options options{.key = test_key()};
  return options;
}

Batch batch_of(std::initializer_list<std::string_view> entries, std::string_view payload = "") {
  Batch batch;
  for (const std::string_view entry : entries) batch.add(entry);
  batch.payload = Bytes(payload);
  return batch;
}

Batch batch_with_length(std::string_view leaves, std::uint32_t length) {
  Batch batch;
  batch.leaves = Bytes(leaves);
  batch.lengths = {length};
  return batch;
}

class Ledger : public ::testing::Test {
 protected:
  std::unique_ptr<Log> open(Options options = test_options()) {
    Result<std::unique_ptr<Log>> log =
        Log::open(files_, clock_, "data/logs/a", std::move(options), &recovery_);
    EXPECT_TRUE(log.has_value()) << (log ? "" : log.error().message);
    return log ? std::move(*log) : nullptr;
  }
  VerifyReport verified(const std::optional<std::string>& pinned = {}) {
    const Result<VerifyReport> report = verify(files_, "data/logs/a", pinned);
    EXPECT_TRUE(report.has_value());
    return report ? *report : VerifyReport{};
  }

  SimulatedFiles files_;
  SystemClock clock_;
  Recovery recovery_;
};

TEST_F(Ledger, answers_with_a_position_a_root_and_a_signature_that_verify) {
  const auto log = open();
  const Result<Commit> commit = log->append_wait(batch_of({"one", "two", "three"}, "private"));
  ASSERT_TRUE(commit);
  EXPECT_EQ(commit->first, 0U);
  EXPECT_EQ(commit->last, 2U);
  EXPECT_EQ(commit->size, 3U);
  EXPECT_EQ(commit->leaf_hash, leaf_hash("three"));
  EXPECT_EQ(commit->root, node_hash(node_hash(leaf_hash("one"), leaf_hash("two")), leaf_hash("three")));
  EXPECT_TRUE(
      verify_signature(log->verifier(), checkpoint_body(log->origin(), 3, commit->root), commit->signature));
}

TEST_F(Ledger, gives_back_what_was_appended_also_after_opening_again) {
  auto log = open();
  EXPECT_TRUE(recovery_.created);
  ASSERT_TRUE(log->append_wait(batch_of({"one", "", "three"}, "rows")));
  ASSERT_TRUE(log->append_wait(batch_of({"four"})));
  ASSERT_TRUE(log->close());
  log = open();
  EXPECT_FALSE(recovery_.created);
  EXPECT_EQ(recovery_.size, 4U);
  EXPECT_TRUE(recovery_.cuts.empty());
  EXPECT_EQ(*log->entry(1), "");
  EXPECT_EQ(*log->entry(3), "four");
  EXPECT_EQ(log->entry(4).error().code, Code::kNotFound);
  const Result<Frame> frame = log->frame_at(2);
  ASSERT_TRUE(frame);
  EXPECT_EQ(frame->payload, "rows");
  EXPECT_EQ(frame->entries()[2], "three");
}

TEST_F(Ledger, reads_frames_in_order_from_any_index_until_told_to_stop) {
  const auto log = open();
  for (const char* entry : {"a", "b", "c", "d"}) ASSERT_TRUE(log->append_wait(batch_of({entry, "x"})));
  std::vector<std::uint64_t> firsts;
  ASSERT_TRUE(log->scan(3, [&](const Frame& frame) {
    firsts.push_back(frame.first);
    return frame.first < 4;
  }));
  EXPECT_EQ(firsts, (std::vector<std::uint64_t>{2, 4}));
}

TEST_F(Ledger, goes_on_in_a_new_segment_and_chains_across) {
  Options options = test_options();
  options.segment_bytes = 600;
  auto log = open(options);
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(log->append_wait(batch_of({"entry " + std::to_string(i)})));
  log.reset();
  EXPECT_TRUE(exists(files_, "data/logs/a/000004.seg"));
  log = open(options);
  EXPECT_EQ(log->size(), 20U);
  for (std::uint64_t i = 0; i < 20; ++i) EXPECT_EQ(*log->entry(i), "entry " + std::to_string(i));
  log.reset();
  EXPECT_EQ(verified().verdict, Verdict::kConsistent);
}

TEST_F(Ledger, proves_inclusion_and_growth) {
  const auto log = open();
  std::vector<Commit> commits;
  for (int i = 0; i < 9; ++i) commits.push_back(*log->append_wait(batch_of({std::to_string(i), "x"})));
  for (std::uint64_t index = 0; index < 18; ++index) {
    const Hashes proof = *log->inclusion_proof(index, 18);
    EXPECT_TRUE(verify_inclusion(*log->leaf_at(index), index, 18, proof, commits.back().root));
  }
  for (const Commit& old : commits) {
    const Hashes proof = *log->consistency_proof(old.size, 18);
    EXPECT_TRUE(verify_consistency(old.size, old.root, 18, commits.back().root, proof));
  }
}

TEST_F(Ledger, refuses_batches_outside_the_limits_and_keeps_nothing_of_them) {
  const auto log = open();
  EXPECT_EQ(log->append_wait(Batch{}).error().code, Code::kInvalid);
  EXPECT_EQ(log->append_wait(batch_of({std::string(65'536, 'x')})).error().code, Code::kTooLarge);
  EXPECT_EQ(log->append_wait(batch_with_length("abc", 4)).error().code, Code::kInvalid);
  EXPECT_EQ(log->append_wait(batch_with_length("abc", 2)).error().code, Code::kInvalid);
  EXPECT_EQ(log->size(), 0U);
  EXPECT_TRUE(log->append_wait(batch_of({std::string(65'535, 'x')})));
}

TEST_F(Ledger, refuses_a_batch_that_was_made_for_another_index) {
  const auto log = open();
  Batch batch = batch_of({"one", "two"});
  batch.first = 0;
  EXPECT_TRUE(log->append_wait(batch));
  EXPECT_EQ(log->append_wait(batch).error().code, Code::kConflict);
  batch.first = 2;
  EXPECT_TRUE(log->append_wait(batch));
  EXPECT_EQ(log->size(), 4U);
}

TEST_F(Ledger, says_busy_at_once_when_the_queue_is_full) {
  Options options = test_options();
  options.max_queued_bytes = 1'000;
  const auto log = open(options);
  // The writer is held inside the first callback, so the queue cannot drain.
  std::promise<void> entered, go_on;
  log->append(batch_of({"first"}), [&](const Result<Commit>&) {
    entered.set_value();
    go_on.get_future().wait();
  });
  entered.get_future().wait();
  std::atomic<int> acknowledged = 0;
  const auto count = [&](const Result<Commit>& commit) { acknowledged += commit ? 1 : 0; };
  log->append(batch_of({std::string(900, 'a')}), count);
  std::optional<Code> code;
  log->append(batch_of({std::string(900, 'b')}),
              [&](const Result<Commit>& commit) { code = commit.error().code; });
  EXPECT_EQ(code, Code::kBusy);
  go_on.set_value();
  ASSERT_TRUE(log->close());
  EXPECT_EQ(acknowledged, 1);
}

TEST_F(Ledger, writes_a_checkpoint_soon_after_a_commit_and_at_close) {
  Options options = test_options();
  options.checkpoint_us = 1;
  auto log = open(options);
  ASSERT_TRUE(log->append_wait(batch_of({"one"})));
  ASSERT_TRUE(log->append_wait(batch_of({"two"})));
  ASSERT_TRUE(log->append_wait(batch_of({"three"})));
  const auto signed_size = [&] { return parse_checkpoint(*read_all(files_, "data/logs/a/checkpoint"))->size; };
  while (signed_size() < 1) std::this_thread::yield();  // written beside the commits, not before them
  ASSERT_TRUE(log->close());
  const Checkpoint last = *parse_checkpoint(*read_all(files_, "data/logs/a/checkpoint"));
  EXPECT_EQ(last.size, 3U);
  EXPECT_TRUE(check_checkpoint(last, test_key().verifier()));
}

TEST_F(Ledger, tells_listeners_the_size_after_each_group) {
  const auto log = open();
  std::atomic<std::uint64_t> seen = 0;
  log->on_commit([&](std::uint64_t size) { seen = size; });
  ASSERT_TRUE(log->append_wait(batch_of({"a", "b"})));
  ASSERT_TRUE(log->close());
  EXPECT_EQ(seen, 2U);
}

TEST_F(Ledger, lets_one_process_in_and_takes_nothing_after_close) {
  const auto log = open();
  const auto second = Log::open(files_, clock_, "data/logs/a", test_options());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Code::kBusy);
  ASSERT_TRUE(log->close());
  EXPECT_EQ(log->append_wait(batch_of({"late"})).error().code, Code::kIo);
}

TEST_F(Ledger, refuses_another_key) {
  open().reset();
  SeededRandom random(8);
  Options other{.key = *SigningKey::generate("firebreak.test/log", random)};
  const auto log = Log::open(files_, clock_, "data/logs/a", other);
  ASSERT_FALSE(log);
  EXPECT_EQ(log.error().code, Code::kInvalid);
}

TEST_F(Ledger, refuses_a_log_that_is_shorter_than_its_checkpoint_unless_a_person_accepts_the_loss) {
  auto log = open();
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(log->append_wait(batch_of({"entry"})));
  log.reset();
  const Bytes segment = *read_all(files_, "data/logs/a/000001.seg");
  ASSERT_TRUE(write_plain(files_, "data/logs/a/000001.seg", ByteView(segment).substr(0, segment.size() - 5)));
  const auto refused = Log::open(files_, clock_, "data/logs/a", test_options());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kCorrupt);
  EXPECT_NE(refused.error().message.find("000001.seg"), std::string::npos);
  Options options = test_options();
  options.accept_loss = true;
  log = open(options);
  EXPECT_EQ(log->size(), 2U);
  ASSERT_EQ(recovery_.cuts.size(), 1U);
  EXPECT_TRUE(recovery_.cuts[0].below_checkpoint);
}

TEST_F(Ledger, stops_at_a_failed_sync_and_loses_nothing_it_acknowledged) {
  auto log = open();
  ASSERT_TRUE(log->append_wait(batch_of({"kept"})));
  files_.fail_syncs(true);
  const Result<Commit> failed = log->append_wait(batch_of({"never acknowledged"}));
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, Code::kIo);
  files_.fail_syncs(false);
  EXPECT_FALSE(log->append_wait(batch_of({"nor this"})));
  EXPECT_TRUE(log->failure().has_value());
  EXPECT_EQ(*log->entry(0), "kept");
  log.reset();
  log = open();
  EXPECT_EQ(log->size(), 1U);
  EXPECT_TRUE(log->append_wait(batch_of({"again"})));
}

TEST_F(Ledger, refuses_on_a_full_disk_and_goes_on_when_there_is_room) {
  auto log = open();
  ASSERT_TRUE(log->append_wait(batch_of({"kept"})));
  files_.set_capacity(files_.used() + 300);
  const Result<Commit> full = log->append_wait(batch_of({"x"}, std::string(2'000'000, 'x')));
  ASSERT_FALSE(full);
  EXPECT_TRUE(is_disk_full(full.error())) << full.error().message;
  files_.set_capacity(1 << 30);
  EXPECT_EQ(log->append_wait(batch_of({"more"}))->first, 1U);
  log.reset();
  EXPECT_EQ(verified().size, 2U);
}

TEST_F(Ledger, lives_on_its_reserve_when_the_disk_is_full) {
  Options options = test_options();
  options.reserve_bytes = 4'000'000;
  const auto log = open(options);
  ASSERT_TRUE(log->append_wait(batch_of({"before"})));
  files_.set_capacity(files_.used());
  EXPECT_FALSE(log->reserve_released());
  EXPECT_TRUE(log->append_wait(batch_of({"x"}, std::string(2'000'000, 'x'))));
  EXPECT_TRUE(log->reserve_released());
}

TEST_F(Ledger, is_consistent_without_and_authentic_with_the_pinned_key) {
  open()->append_wait(batch_of({"one"})).value();
  EXPECT_EQ(verified().verdict, Verdict::kConsistent);
  EXPECT_EQ(verified(test_key().verifier().text()).verdict, Verdict::kAuthentic);
  SeededRandom random(9);
  const SigningKey other = *SigningKey::generate("firebreak.test/log", random);
  const VerifyReport report = verified(other.verifier().text());
  EXPECT_EQ(report.verdict, Verdict::kDamaged);
  EXPECT_EQ(report.damage->file, "vkey");
}

TEST_F(Ledger, proves_an_entry_offline_in_one_text) {
  auto log = open();
  ASSERT_TRUE(log->append_wait(batch_of({"one", "two", "three"})));
  const Proof online = *parse_proof(*log->proof_text(1));
  EXPECT_TRUE(check_proof(online, ByteView("two"), test_key().verifier()));
  log.reset();
  const ProvenEntry proven = *prove(files_, "data/logs/a", 2);
  EXPECT_EQ(proven.entry, "three");
  const Proof proof = *parse_proof(proven.proof.text());
  EXPECT_TRUE(check_proof(proof, proven.entry, test_key().verifier()));
  EXPECT_FALSE(check_proof(proof, ByteView("two"), test_key().verifier()));
  EXPECT_EQ(prove(files_, "data/logs/a", 3).error().code, Code::kNotFound);
}

TEST_F(Ledger, shows_its_end_without_what_is_before_the_last_segment) {
  Options options = test_options();
  options.segment_bytes = 600;
  auto log = open(options);
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(log->append_wait(batch_of({"entry " + std::to_string(i)})));
  log.reset();
  std::map<std::uint64_t, Bytes> seen;
  const EntryVisitor keep = [&](std::uint64_t index, ByteView entry) { seen[index] = Bytes(entry); };
  const TailReport whole = *check_tail(files_, "data/logs/a", keep);
  EXPECT_FALSE(whole.damage);
  EXPECT_EQ(whole.size, 20U);
  EXPECT_GT(whole.first, 0U);
  EXPECT_EQ(seen.size(), 20 - whole.first);
  EXPECT_EQ(seen.rbegin()->second, "entry 19");

  std::string last;
  const std::vector<std::string> names = *files_.list("data/logs/a");
  for (const std::string& name : names)
    if (name.ends_with(".seg")) last = std::max(last, name);
  const Path end = "data/logs/a/" + last;
  const Bytes octets = *read_all(files_, end);
  const std::size_t padding = octets.find_last_not_of('\0') + 1;  // zeros to the block's end: not of the log
  for (std::uint64_t at = 0; at < padding; ++at) {
    files_.flip_bit(end, at, static_cast<unsigned>(at % 8));
    const auto report = check_tail(files_, "data/logs/a");
    EXPECT_TRUE(!report || report->damage) << "octet " << at;
    EXPECT_EQ(verified().verdict, Verdict::kDamaged);
    files_.flip_bit(end, at, static_cast<unsigned>(at % 8));
  }
  files_.flip_bit("data/logs/a/000001.seg", 300, 0);  // before the last segment: verify's to find
  EXPECT_FALSE(check_tail(files_, "data/logs/a")->damage);
  EXPECT_EQ(verified().verdict, Verdict::kDamaged);
  files_.flip_bit("data/logs/a/000001.seg", 300, 0);
  ASSERT_TRUE(files_.remove("data/logs/a/000002.seg"));
  EXPECT_EQ(check_tail(files_, "data/logs/a")->damage->file, "000002.seg");
}

TEST_F(Ledger, misses_a_signed_end_and_takes_an_unfinished_write_for_none) {
  auto log = open();
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(log->append_wait(batch_of({"entry"})));
  log.reset();
  const Path path = "data/logs/a/000001.seg";
  const Bytes segment = *read_all(files_, path);
  ASSERT_TRUE(write_plain(files_, path, ByteView(segment).substr(0, segment.size() - 5)));
  const TailReport cut = *check_tail(files_, "data/logs/a");
  ASSERT_TRUE(cut.damage);
  EXPECT_EQ(cut.damage->record, 2U);
  ASSERT_TRUE(write_plain(files_, path, segment + "FBF1 half a frame"));
  EXPECT_FALSE(check_tail(files_, "data/logs/a")->damage);
  EXPECT_EQ(check_tail(files_, "data/logs/a")->size, 3U);
}

TEST_F(Ledger, lists_the_logs_of_a_data_folder) {
  EXPECT_TRUE(list_logs(files_, "data")->empty());
  open()->append_wait(batch_of({"one", "two"})).value();
  const std::vector<LogInfo> logs = *list_logs(files_, "data");
  ASSERT_EQ(logs.size(), 1U);
  EXPECT_EQ(logs[0].name, "a");
  EXPECT_EQ(logs[0].origin, "firebreak.test/log");
  EXPECT_EQ(logs[0].size, 2U);
  EXPECT_EQ(logs[0].segments, 1U);
  EXPECT_EQ(logs[0].problem, "");
}

TEST_F(Ledger, exports_tiles_bundles_and_checkpoint) {
  auto log = open();
  Batch batch;
  for (int i = 0; i < 700; ++i) batch.add("entry " + std::to_string(i));
  ASSERT_TRUE(log->append_wait(std::move(batch)));
  log.reset();
  const Result<Checkpoint> checkpoint = export_tiles(files_, "data/logs/a", "out");
  ASSERT_TRUE(checkpoint);
  EXPECT_EQ(checkpoint->size, 700U);
  EXPECT_EQ(read_all(files_, "out/tile/0/001")->size(), 8192U);
  EXPECT_EQ(read_all(files_, "out/tile/0/002.p/188")->size(), 188U * 32);
  EXPECT_EQ(read_all(files_, "out/tile/1/000.p/2")->size(), 64U);
  EXPECT_FALSE(exists(files_, "out/tile/2/000.p/0"));
  const Bytes bundle = *read_all(files_, "out/tile/entries/000");
  EXPECT_EQ(bundle.substr(0, 9), Bytes("\0\7entry 0", 9));
  EXPECT_EQ(*read_all(files_, "out/origin"), "firebreak.test/log\n");
  EXPECT_EQ(parse_checkpoint(*read_all(files_, "out/checkpoint"))->root, checkpoint->root);
  EXPECT_TRUE(export_tiles(files_, "data/logs/a", "out"));  // again over itself
  ASSERT_TRUE(write_plain(files_, "data/other", "x"));
  EXPECT_EQ(export_tiles(files_, "data/logs/a", "data").error().code, Code::kConflict);
}

}  // namespace
}  // namespace firebreak::ledger
