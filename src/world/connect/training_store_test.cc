#include "world/connect/training_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "world/connect/make_caller.h"
#include "world/store/store_testing.h"

namespace firebreak::connect {
namespace {

using store::Weakness;
using ::testing::HasSubstr;

constexpr Time kMonday{1'795'910'400'000'000};  // 2026-11-29T00:00:00Z

class TrainingStoreTest : public ::testing::Test, public store::testing::ServedStore {
 protected:
  TrainingStoreTest() {
    bucket_.have_object("train/base.csv", "1,2,3", kMonday);
    bucket_.have_object("train/in/app/b-1.csv", "4", kMonday + kHour);
    bucket_.have_object("train/in/feed/b & <c> \xc3\xa4.csv", "5", kMonday + kDay);
    bucket_.have_object("train/base.csv", "1,2", kMonday + kDay);
    bucket_.have_object("train/gone.csv", "6", kMonday);
    bucket_.have_deleted("train/gone.csv", kMonday + 2 * kDay);
    bucket_.have_object("other/x", "7", kMonday + kDay);
  }

  Result<JsonObject> call(const std::string& request) { return caller_.call(*parse_json(request), ""); }
  static void expect_error(const Result<JsonObject>& got, Code code, const std::string& words) {
    ASSERT_FALSE(got) << canonical_json(*got);
    EXPECT_EQ(code_name(got.error().code), code_name(code)) << got.error().message;
    EXPECT_THAT(got.error().message, HasSubstr(words));
  }
  Result<std::string> keep(const std::string& document) {
    kept_ = document;
    return said_.empty() ? sha256(document).hex() : said_;
  }

  std::string kept_, said_;
  TrainingStore caller_{place(), [this](const std::string& document) { return keep(document); }};
};

constexpr const char* kSnapshot = R"({"do":"snapshot","bucket":"bucket","prefix":"train/"})";

TEST_F(TrainingStoreTest, snapshots_every_version_below_a_prefix) {
  const auto taken = call(kSnapshot);
  ASSERT_TRUE(taken) << taken.error().message;
  JsonObject values = *taken;
  const std::string text(values.at("document").as_string());
  EXPECT_EQ(values.at("manifest").as_string(), sha256(text).hex().c_str());
  values.erase("document");
  values.erase("manifest");
  EXPECT_EQ(canonical_json(values), R"({"deletions":1,"newest":"2026-12-01T00:00:00Z","objects":3,"octets":11,"versioning":"Enabled","versions":5})");
  const Json manifest = parse_json(text).value();
  EXPECT_EQ(canonical_json(*find_pointer(manifest, "/versions/0")), R"({"etag":")" + sha256("1,2").hex().substr(0, 32) +
                                                                        R"(","key":"train/base.csv","modified":"2026-11-30T00:00:00Z","newest":true,"octets":3,"version":"v000004"})");
  EXPECT_EQ(string_or(*find_pointer(manifest, "/versions/5"), "key"), "train/in/feed/b & <c> \xc3\xa4.csv");
  EXPECT_EQ(canonical_json(*find_pointer(manifest, "/versions/2")),
            R"({"deletion":true,"etag":"","key":"train/gone.csv","modified":"2026-12-01T00:00:00Z","newest":true,"octets":0,"version":"v000006"})");
}

TEST_F(TrainingStoreTest, the_same_state_gives_the_same_manifest_whatever_the_pages) {
  const auto once = call(kSnapshot);
  bucket_.set_page(2);
  const auto again = call(kSnapshot);
  ASSERT_TRUE(once && again);
  EXPECT_EQ(once->at("manifest"), again->at("manifest"));
  bucket_.have_object("train/new", "8", kMonday);
  const auto later = call(kSnapshot);
  ASSERT_TRUE(later) << later.error().message;
  EXPECT_NE(later->at("manifest"), once->at("manifest"));
}

TEST_F(TrainingStoreTest, an_empty_prefix_is_an_empty_manifest) {
  const auto taken = call(R"({"do":"snapshot","bucket":"bucket","prefix":"none/"})");
  ASSERT_TRUE(taken) << taken.error().message;
  EXPECT_EQ(taken->at("objects"), 0);
  EXPECT_TRUE(taken->at("newest").is_null());
}

TEST_F(TrainingStoreTest, a_large_manifest_is_kept_elsewhere_or_refused) {
  for (int i = 0; i < 200; ++i) bucket_.have_object("train/" + std::to_string(i), "x", kMonday);
  const auto taken = call(kSnapshot);
  ASSERT_TRUE(taken) << taken.error().message;
  EXPECT_FALSE(taken->contains("document"));
  EXPECT_EQ(taken->at("manifest").as_string(), sha256(kept_).hex().c_str());
  EXPECT_GT(kept_.size(), TrainingStore::kDocumentBytes);
  said_ = sha256("another").hex();
  expect_error(call(kSnapshot), Code::kCorrupt, "was kept as");
  expect_error(TrainingStore(place(), nullptr).call(*parse_json(kSnapshot), ""), Code::kTooLarge, "choose a longer prefix");
}

TEST_F(TrainingStoreTest, says_when_the_bucket_keeps_no_versions) {
  bucket_.have(Weakness::kNoVersions);
  EXPECT_EQ(call(kSnapshot)->at("versioning"), "");
}

TEST_F(TrainingStoreTest, lists_what_came_changed_and_went_since_then) {
  const auto seen = call(R"({"do":"recent","bucket":"bucket","prefix":"train/in/","since":"2026-11-29T00:00:00Z"})");
  ASSERT_TRUE(seen) << seen.error().message;
  EXPECT_EQ(canonical_json(seen->at("folders")), R"([{"entries":1,"folder":"train/in/app/","octets":1},{"entries":1,"folder":"train/in/feed/","octets":1}])");
  const auto all = call(R"({"do":"recent","bucket":"bucket","prefix":"train/","since":"2026-11-30T00:00:00.9Z"})");  // stores cut to the second
  ASSERT_TRUE(all) << all.error().message;
  EXPECT_EQ(canonical_json(JsonObject{{"new", all->at("new")}, {"changed", all->at("changed")}, {"deleted", all->at("deleted")}, {"octets", all->at("octets")}}),
            R"({"changed":1,"deleted":1,"new":1,"octets":4})");
  const JsonArray entries = all->at("entries").as_array();
  ASSERT_EQ(entries.size(), 3u);
  EXPECT_EQ(string_or(entries[0], "key") + " " + string_or(entries[0], "what"), "train/gone.csv deleted");  // the newest first
  EXPECT_EQ(string_or(entries[1], "key") + " " + string_or(entries[1], "what"), "train/base.csv changed");
  EXPECT_EQ(all->at("manifest").as_string(), sha256(std::string(all->at("document").as_string())).hex().c_str());
}

TEST_F(TrainingStoreTest, shows_people_the_newest_hundred_and_how_many_more) {
  for (int i = 0; i < 150; ++i) bucket_.have_object("train/n/" + std::to_string(i), "x", kMonday + 5 * kDay + i * kSecond);
  const auto seen = call(R"({"do":"recent","bucket":"bucket","prefix":"train/n/","since":"2026-12-01T00:00:00Z"})");
  ASSERT_TRUE(seen) << seen.error().message;
  EXPECT_EQ(seen->at("new"), 150);
  EXPECT_EQ(seen->at("more"), 50);
  EXPECT_EQ(string_or(seen->at("entries").as_array().front(), "key"), "train/n/149");
}

TEST_F(TrainingStoreTest, holds_every_version_and_lets_go_again) {
  constexpr const char* kHold = R"({"do":"hold","bucket":"bucket","prefix":"train/"})";
  const auto held = call(kHold);
  ASSERT_TRUE(held) << held.error().message;
  EXPECT_EQ(canonical_json(*held), R"({"changed":5,"versions":5})");
  EXPECT_EQ(canonical_json(*call(kHold)), R"({"changed":0,"versions":5})");
  EXPECT_EQ(canonical_json(*call(R"({"do":"hold","bucket":"bucket","prefix":"train/in/","on":false})")), R"({"changed":2,"versions":2})");
  EXPECT_EQ(canonical_json(*call(kHold)), R"({"changed":2,"versions":5})");
}

TEST_F(TrainingStoreTest, a_hold_that_is_not_kept_is_no_hold) {
  bucket_.have(Weakness::kLies);
  expect_error(call(R"({"do":"hold","bucket":"bucket","prefix":"train/"})"), Code::kConflict, "it keeps none");
  bucket_.have(Weakness::kNoLock);
  expect_error(call(R"({"do":"hold","bucket":"bucket","prefix":"train/"})"), Code::kInvalid, "only a bucket with Object Lock");
}

TEST_F(TrainingStoreTest, a_name_that_no_url_can_bear_is_told_before_anything_is_held) {
  bucket_.have_object("train/../x", "x", kMonday);
  expect_error(call(R"({"do":"hold","bucket":"bucket","prefix":"train/"})"), Code::kInvalid, "nothing was held");
}

TEST_F(TrainingStoreTest, says_what_is_wrong) {
  expect_error(call(R"({"do":"snapshot","bucket":"nope","prefix":""})"), Code::kNotFound, "NoSuchBucket");
  for (const char* request : {R"({"do":"delete","bucket":"bucket"})", R"({"do":"snapshot","bucket":"bucket"})", R"({"do":"snapshot","bucket":"a/b","prefix":""})",
                              R"({"do":"recent","bucket":"bucket","prefix":"","since":"yesterday"})", R"({"do":"snapshot","bucket":"bucket","prefix":"","since":"x"})",
                              R"({"do":"hold","bucket":"bucket","prefix":"","on":"yes"})"})
    expect_error(call(request), Code::kInvalid, "");
  bucket_.set_away(true);
  expect_error(call(kSnapshot), Code::kUnavailable, "503");
  caller_.stop();
  expect_error(call(kSnapshot), Code::kUnavailable, "");
}

TEST_F(TrainingStoreTest, a_list_that_cannot_be_read_or_does_not_go_on_is_an_error) {
  for (const char* body : {"<ListVersionsResult><Version></ListVersionsResult>", "<html><p>Sign in</html>", "<html><body>Sign in</body></html>", "<ListVersionsResult><IsTruncated>true</IsTruncated></ListVersionsResult>"}) {
    const auto broken = net::HttpServer::start({}, [&](const net::Request& request, const net::Responder& responder) {
                          responder(net::text_response(request.query.contains("versioning") ? "<VersioningConfiguration/>" : body, "application/xml"));
                        }).value();
    store::Place there = place();
    there.url = broken->url();
    expect_error(TrainingStore(there, nullptr).call(*parse_json(kSnapshot), ""), Code::kInvalid, "");
  }
}

TEST_F(TrainingStoreTest, is_made_by_the_name_of_its_kind) {
  CallerConfig config;
  config.kind = "s3";
  config.url = place().url;
  config.region = "us-east-1";
  config.access_key_id = "key";
  config.secret = "secret";
  const auto made = make_caller(config, clock_, nullptr);
  ASSERT_TRUE(made);
  EXPECT_TRUE((*made)->call(*parse_json(kSnapshot), ""));
  for (const char* kind : {"mlflow", "sagemaker"}) {
    config.kind = kind;
    EXPECT_TRUE(make_caller(config, clock_, nullptr));
  }
  config.kind = "azure";
  EXPECT_EQ(make_caller(config, clock_, nullptr).error().code, Code::kInvalid);
}

}  // namespace
}  // namespace firebreak::connect
