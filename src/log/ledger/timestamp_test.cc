#include "log/ledger/timestamp.h"

#include <gtest/gtest.h>

#include "base/simulated_files.h"
#include "log/ledger/timestamp_testing.h"

namespace firebreak::ledger {
namespace {

using testing::kAuthority;

Bytes stamp() {
  PosixFiles files;
  return read_all(files, FIREBREAK_SOURCE_DIR "/test/fuzz/corpus/receipt_fuzz/stamp.tsr").value();
}

TEST(Timestamp, by_openssl_is_accepted_and_says_when) {
  const auto good = check_timestamp(stamp(), sha256(kAuthority), kAuthority);
  ASSERT_TRUE(good) << good.error().message;
  EXPECT_EQ(good->policy, "1.2.3");
  EXPECT_GT(good->seconds, 1'700'000'000u);
  EXPECT_EQ(read_timestamp(stamp())->seconds, good->seconds);
}

TEST(Timestamp, for_something_else_or_of_nobody_we_trust_does_not_verify) {
  EXPECT_EQ(check_timestamp(stamp(), sha256("other"), kAuthority).error().code, Code::kCorrupt);
  EXPECT_EQ(check_timestamp(stamp(), sha256(kAuthority), "").error().code, Code::kInvalid);
  EXPECT_EQ(check_timestamp(stamp(), sha256(kAuthority), "no certificate").error().code, Code::kInvalid);
}

TEST(Timestamp, that_answers_another_request_is_refused) {
  SeededRandom random(3);
  const Bytes request = timestamp_request(sha256(kAuthority), random).value();
  EXPECT_EQ(check_timestamp(stamp(), sha256(kAuthority), kAuthority, request).error().code, Code::kCorrupt);
}

TEST(Timestamp, with_any_octet_of_what_is_signed_changed_is_refused) {
  const Bytes good = stamp();
  int accepted = 0;
  for (std::size_t at = 0; at < good.size(); ++at) {
    Bytes bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 1);
    const auto judged = check_timestamp(bad, sha256(kAuthority), kAuthority);
    // What is not signed may differ (as the outer lengths' spelling), but never what is read from it.
    if (judged) {
      ++accepted;
      EXPECT_EQ(judged->seconds, read_timestamp(good)->seconds) << at;
    }
  }
  EXPECT_LT(accepted, static_cast<int>(good.size() / 20));
}

TEST(Timestamp, requests_differ_in_their_nonce) {
  SeededRandom random(3);
  EXPECT_NE(timestamp_request(sha256("x"), random).value(), timestamp_request(sha256("x"), random).value());
}

TEST(Timestamp, files_are_found_again_the_newest_last_by_number) {
  SimulatedFiles files;
  for (const std::uint64_t size : {9, 100, 20})
    ASSERT_TRUE(keep_timestamp(files, "log", {"", "clock", size, "note " + std::to_string(size), "answer"}));
  const auto all = stored_timestamps(files, "log");
  ASSERT_TRUE(all);
  ASSERT_EQ(all->size(), 3u);
  EXPECT_EQ(all->back().name, "timestamps/clock/100.tsr");
  EXPECT_EQ((*last_timestamp(files, "log", "clock"))->checkpoint, "note 100");
  EXPECT_EQ(stored_timestamps(files, "log", true)->size(), 1u);
  EXPECT_FALSE(*last_timestamp(files, "log", "nobody"));
  ASSERT_TRUE(files.remove("log/timestamps/clock/100.checkpoint"));
  EXPECT_NE((*last_timestamp(files, "log", "clock"))->problem, "");
}

}  // namespace
}  // namespace firebreak::ledger
