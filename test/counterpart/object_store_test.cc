// Our client against a real S3-compatible server, which run.sh (test/counterpart/store) starts and names in the environment:
// FIREBREAK_STORE_URL, _BUCKET, _KEY, _SECRET, for https _CA; _KEEPS is 1 when the server is one that keeps its locks, 0 when it gives way.
#include "world/store/object_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>

#include "base/encoding.h"
#include "world/store/lock_probe.h"

namespace firebreak::store {
namespace {

std::string named(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

class RealStore : public ::testing::Test {
 protected:
  void SetUp() override {
    if (place_.url.empty()) GTEST_SKIP() << "test/counterpart/store/run.sh names a server";
  }
  static Place named_place() {
    Place place;
    place.url = named("FIREBREAK_STORE_URL");
    place.bucket = named("FIREBREAK_STORE_BUCKET");
    place.access_key_id = named("FIREBREAK_STORE_KEY");
    place.secret = named("FIREBREAK_STORE_SECRET");
    place.tls_ca_file = named("FIREBREAK_STORE_CA");
    SystemRandom random;
    place.prefix = to_hex(random.bytes(6)) + "/";  // each test alone
    return place;
  }

  SystemClock clock_;
  SystemRandom random_;
  std::atomic<bool> stopping_{false};
  Place place_ = named_place();
  ObjectStore store_{place_, stopping_};
};

TEST_F(RealStore, gives_back_a_small_and_a_large_object_with_digest_and_lock) {
  const Time until{clock_.now().us + kDay};
  for (const std::size_t octets : {std::size_t{1}, std::size_t{5} * limits::kMiB + 3}) {
    const std::string key = "logs/s/" + std::to_string(octets);
    const Bytes body = random_.bytes(octets);
    const auto version = store_.put(key, body, until);
    ASSERT_TRUE(version) << version.error().message;
    const auto head = store_.head(key);
    ASSERT_TRUE(head) << head.error().message;
    EXPECT_EQ(head->octets, octets);
    EXPECT_EQ(head->version, *version);
    EXPECT_EQ(head->sha256, sha256(body).hex());
    ASSERT_TRUE(head->lock);
    EXPECT_EQ(head->lock->mode, "COMPLIANCE");
    EXPECT_EQ(head->lock->until.us / kSecond, until.us / kSecond);
    const auto back = store_.get(key, *version);
    ASSERT_TRUE(back) << back.error().message;
    EXPECT_TRUE(*back == body);
  }
}

TEST_F(RealStore, writes_no_object_over_another) {
  ASSERT_TRUE(store_.put("a", "first", Time{clock_.now().us + kDay}));
  const auto second = store_.put("a", "second", Time{clock_.now().us + kDay});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Code::kConflict) << second.error().message;
}

TEST_F(RealStore, lists_all_versions_across_pages) {
  constexpr int kObjects = 1'005;  // servers give at most 1,000 a page
  for (int i = 0; i < kObjects; ++i) {
    const auto put = store_.put("n/" + std::to_string(10'000 + i), "x", {});
    ASSERT_TRUE(put) << put.error().message;
  }
  const auto all = store_.versions("n/");
  ASSERT_TRUE(all) << all.error().message;
  ASSERT_EQ(all->size(), static_cast<std::size_t>(kObjects));
  for (int i = 0; i < kObjects; ++i) EXPECT_EQ((*all)[static_cast<std::size_t>(i)].key, "n/" + std::to_string(10'000 + i));
}

TEST_F(RealStore, says_what_is_wrong_with_the_credentials) {
  Place there = place_;
  there.secret = "another";
  const auto refused = ObjectStore(there, stopping_).get("a");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kForbidden);
  EXPECT_THAT(refused.error().message, ::testing::HasSubstr("compare the secret in secret_file"));
}

TEST_F(RealStore, is_not_spoken_to_when_nobody_vouches_for_its_certificate) {
  if (place_.tls_ca_file.empty()) GTEST_SKIP() << "not over https";
  Place there = place_;
  there.tls_ca_file.clear();
  const auto refused = ObjectStore(there, stopping_).get("a");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kUnavailable) << refused.error().message;
}

TEST_F(RealStore, is_judged_by_whether_its_lock_holds) {
  const auto verdict = probe_lock(store_, clock_, random_);
  ASSERT_TRUE(verdict) << verdict.error().message;
  for (const std::string& one : verdict->gave_way) std::cout << "gave way: " << one << "\n";
  if (named("FIREBREAK_STORE_KEEPS") == "1") {
    EXPECT_TRUE(verdict->immutable());
  } else {
    EXPECT_THAT(verdict->gave_way, ::testing::Contains(::testing::HasSubstr("retention can be shortened")));
  }
}

}  // namespace
}  // namespace firebreak::store
