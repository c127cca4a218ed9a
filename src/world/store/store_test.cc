#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "world/store/lock_probe.h"
#include "world/store/store_testing.h"
#include "world/store/upload.h"

namespace firebreak::store {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class StoreTest : public ::testing::Test, public testing::ServedStore {
 protected:
  StoreTest() : ServedStore("fb/") {}

  std::vector<std::string> gave_way() {
    const auto verdict = probe_lock(store_, clock_, random_);
    EXPECT_TRUE(verdict) << (verdict ? "" : verdict.error().message);
    return verdict ? verdict->gave_way : std::vector<std::string>{"an error"};
  }
  Time tomorrow() const { return Time{clock_.now().us + kDay}; }

  SeededRandom random_{1};
};

TEST_F(StoreTest, gives_back_what_was_put_with_its_digest_and_lock) {
  const Time until = tomorrow();
  const auto version = store_.put("logs/a/1", "octets", until);
  ASSERT_TRUE(version) << version.error().message;
  const auto head = store_.head("logs/a/1");
  ASSERT_TRUE(head) << head.error().message;
  EXPECT_EQ(head->octets, 6u);
  EXPECT_EQ(head->version, *version);
  EXPECT_EQ(head->sha256, sha256("octets").hex());
  ASSERT_TRUE(head->lock);
  EXPECT_EQ(head->lock->mode, "COMPLIANCE");
  EXPECT_EQ(head->lock->until.us, until.us - until.us % kSecond);
  EXPECT_EQ(store_.get("logs/a/1").value(), "octets");
  EXPECT_THAT(bucket_.keys(), ElementsAre("fb/logs/a/1"));
}

TEST_F(StoreTest, writes_no_object_over_another) {
  ASSERT_TRUE(store_.put("a", "first", {}));
  EXPECT_EQ(store_.put("a", "second", {}).error().code, Code::kConflict);
  EXPECT_EQ(store_.get("a").value(), "first");
}

TEST_F(StoreTest, refuses_an_object_whose_octets_are_not_those_of_its_digest) {
  const auto other = net::HttpServer::start({}, [](const net::Request&, const net::Responder& responder) {
                       net::Response response = net::text_response("changed");
                       response.headers.emplace_back("X-Amz-Meta-Sha256", sha256("first").hex());
                       responder(response);
                     }).value();
  Place there = place();
  there.url = other->url();
  EXPECT_EQ(ObjectStore(there, stopping_).get("a").error().code, Code::kCorrupt);
}

TEST_F(StoreTest, an_upload_that_is_done_again_changes_nothing) {
  bucket_.lose_answers(1);
  EXPECT_EQ(upload(store_, "a", "octets", clock_.now(), tomorrow()).error().code, Code::kUnavailable);
  const auto again = upload(store_, "a", "octets", clock_.now(), tomorrow());
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_FALSE(again->written);
  EXPECT_TRUE(again->locked);
  EXPECT_EQ(upload(store_, "a", "others", clock_.now(), tomorrow()).error().code, Code::kCorrupt);
}

TEST_F(StoreTest, an_upload_notices_that_it_is_not_locked) {
  bucket_.have(Weakness::kForgetsLock);
  const auto done = upload(store_, "a", "octets", clock_.now(), tomorrow());
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_TRUE(done->written);
  EXPECT_FALSE(done->locked);
}

TEST_F(StoreTest, lists_every_version_page_by_page) {
  for (const char* key : {"b", "a", "d", "c", "e"}) ASSERT_TRUE(store_.put(key, key, {}));
  bucket_.set_page(2);
  const auto all = store_.versions("");
  ASSERT_TRUE(all) << all.error().message;
  std::vector<std::string> names;
  for (const ObjectVersion& one : *all) names.push_back(one.key);
  EXPECT_THAT(names, ElementsAre("a", "b", "c", "d", "e"));
  EXPECT_TRUE(all->front().newest);
  EXPECT_EQ(all->front().octets, 1u);
}

TEST_F(StoreTest, says_what_to_do_about_a_refusal) {
  Place there = place();
  there.access_key_id = "nobody";
  const Error stranger = ObjectStore(there, stopping_).get("a").error();
  EXPECT_EQ(stranger.code, Code::kForbidden);
  EXPECT_THAT(stranger.message, HasSubstr("403 InvalidAccessKeyId: who is this?; the store does not know access_key_id"));
  there = place();
  there.bucket = "other";
  EXPECT_THAT(ObjectStore(there, stopping_).versions("").error().message, HasSubstr("made with Object Lock switched on"));
  bucket_.set_away(true);
  EXPECT_EQ(store_.get("a").error().code, Code::kUnavailable);
}

TEST_F(StoreTest, refuses_an_answer_that_is_no_xml) {
  const auto other = net::HttpServer::start({}, [](const net::Request&, const net::Responder& responder) { responder(net::text_response("<html>")); }).value();
  Place there = place();
  there.url = other->url();
  EXPECT_EQ(ObjectStore(there, stopping_).versions("").error().code, Code::kInvalid);
}

TEST_F(StoreTest, keys_are_plain_and_stay_below_their_prefix) {
  for (const char* good : {"a", "logs/s/000001.seg/00000000000000000000", "blobs/ab/Ab-_."}) EXPECT_TRUE(is_key(good)) << good;
  for (const char* bad : {"", "/a", "a/", "a//b", "../a", "a/./b", "a b", "a%2f", "\xc3\xa4"}) EXPECT_FALSE(is_key(bad)) << bad;
}

TEST_F(StoreTest, a_store_that_keeps_its_lock_is_immutable) {
  const auto verdict = probe_lock(store_, clock_, random_);
  ASSERT_TRUE(verdict) << verdict.error().message;
  EXPECT_THAT(verdict->gave_way, IsEmpty());
  EXPECT_EQ(verdict->default_retention, "COMPLIANCE 7 days");
}

TEST_F(StoreTest, a_store_that_says_yes_and_keeps_its_lock_is_immutable) {
  bucket_.have(Weakness::kLies);
  EXPECT_THAT(gave_way(), IsEmpty());
}

TEST_F(StoreTest, a_bucket_without_a_lock_is_found) {
  bucket_.have(Weakness::kNoLock);
  EXPECT_THAT(gave_way(), ElementsAre(HasSubstr("does not lock objects")));
}

TEST_F(StoreTest, a_bucket_without_versions_is_found) {
  bucket_.have(Weakness::kNoVersions);
  EXPECT_THAT(gave_way(), ElementsAre(HasSubstr("keeps no versions")));
}

TEST_F(StoreTest, a_store_that_forgets_the_lock_is_found) {
  bucket_.have(Weakness::kForgetsLock);
  EXPECT_THAT(gave_way(), ElementsAre("a lock that was asked for is not kept"));
}

TEST_F(StoreTest, a_store_that_lets_retention_be_shortened_is_found) {
  bucket_.have(Weakness::kShortens);
  EXPECT_THAT(gave_way(), ElementsAre(HasSubstr("COMPLIANCE retention can be shortened (asked for"), HasSubstr("by asking to bypass it")));
}

TEST_F(StoreTest, a_store_that_lets_retention_be_bypassed_is_found) {
  bucket_.have(Weakness::kBypassShortens);
  EXPECT_THAT(gave_way(), ElementsAre(HasSubstr("retention can be shortened by asking to bypass it")));
}

TEST_F(StoreTest, a_store_that_lets_the_lock_be_weakened_is_found) {
  bucket_.have(Weakness::kWeakens);
  EXPECT_THAT(gave_way(), ElementsAre(HasSubstr("COMPLIANCE can be made GOVERNANCE (asked"), HasSubstr("COMPLIANCE can be made GOVERNANCE by asking")));
}

TEST_F(StoreTest, a_store_that_deletes_what_is_locked_is_found) {
  bucket_.have(Weakness::kDeletes);
  EXPECT_THAT(gave_way(), ElementsAre("a locked version can be deleted"));
}

TEST_F(StoreTest, a_store_that_deletes_by_bypass_is_found) {
  bucket_.have(Weakness::kBypassDeletes);
  EXPECT_THAT(gave_way(), ElementsAre(HasSubstr("deleted by asking to bypass")));
}

TEST_F(StoreTest, a_store_that_is_away_is_not_judged) {
  bucket_.set_away(true);
  const auto verdict = probe_lock(store_, clock_, random_);
  ASSERT_FALSE(verdict);
  EXPECT_EQ(verdict.error().code, Code::kUnavailable);
}

}  // namespace
}  // namespace firebreak::store
