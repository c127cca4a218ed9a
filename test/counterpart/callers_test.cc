// The callers against a real MLflow server, and SageMaker and S3 as moto serves them, which test/counterpart/callers/run.sh starts, fills
// (prepare.py) and names in the environment: FIREBREAK_CALLERS is the file that prepare.py wrote. Each test leaves things as it found them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "base/files.h"
#include "world/connect/make_caller.h"

namespace firebreak::connect {
namespace {

using ::testing::HasSubstr;

class RealCallers : public ::testing::Test {
 protected:
  void SetUp() override {
    const char* const file = std::getenv("FIREBREAK_CALLERS");
    if (file == nullptr) GTEST_SKIP() << "test/counterpart/callers/run.sh names servers";
    PosixFiles files;
    const auto text = read_all(files, file);
    ASSERT_TRUE(text) << text.error().message;
    facts_ = parse_json(*text).value();
  }

  std::string fact(const char* name) const { return string_or(facts_, name); }
  CallerConfig config(const std::string& kind) const {
    CallerConfig out;
    out.kind = kind;
    out.url = kind == "mlflow" ? fact("mlflow") : fact("aws");
    out.user = "firebreak";  // has EDIT on recs
    out.password = fact("password");
    out.region = "eu-central-1";
    out.access_key_id = "key";
    out.secret = fact("secret");
    return out;
  }
  CallerConfig admin() const {
    CallerConfig out = config("mlflow");
    out.user = "admin";
    out.password = fact("admin_password");
    return out;
  }
  Result<JsonObject> ask(const CallerConfig& config, const Json& request) {
    return make_caller(config, clock_, [this](std::string document) -> Result<std::string> {
             kept_ = std::move(document);
             return sha256(kept_).hex();
           }).value()->call(request, "");
  }
  JsonObject done(const CallerConfig& config, const Json& request) {
    const auto answer = ask(config, request);
    EXPECT_TRUE(answer) << canonical_json(request) << ": " << (answer ? "" : answer.error().message);
    return answer ? *answer : JsonObject{};
  }
  void refused(const CallerConfig& config, const Json& request, Code code, const std::string& words) {
    const auto answer = ask(config, request);
    ASSERT_FALSE(answer) << canonical_json(*answer);
    EXPECT_EQ(code_name(answer.error().code), code_name(code)) << answer.error().message;
    EXPECT_THAT(answer.error().message, HasSubstr(words));
  }

  SystemClock clock_;
  Json facts_;
  std::string kept_;
};

using RealMlflow = RealCallers;
using RealSageMaker = RealCallers;
using RealTrainingStore = RealCallers;

Json to_version(const char* version) { return JsonObject{{"do", "alias"}, {"model", "recs"}, {"alias", "champion"}, {"to", version}}; }
const Json kRead = JsonObject{{"do", "read"}, {"model", "recs"}, {"alias", "champion"}};

TEST_F(RealMlflow, the_alias_goes_to_the_last_good_version_by_its_digest_and_back) {
  Json request = to_version("1");
  request.as_object()["expect"] = "2";
  request.as_object()["digest"] = fact("good");
  const JsonObject values = done(config("mlflow"), request);
  EXPECT_EQ(canonical_json(values), R"({"after":"1","before":"2","changed":true,"digest":")" + fact("good") + "\"}");
  const JsonObject seen = done(config("mlflow"), kRead);
  EXPECT_EQ(seen.at("version"), "1");
  EXPECT_EQ(seen.at("digest").as_string(), fact("good").c_str());
  EXPECT_EQ(canonical_json(seen.at("aliases")), R"(["champion"])");
  EXPECT_EQ(done(config("mlflow"), request).at("changed"), false);
  EXPECT_EQ(done(config("mlflow"), JsonObject{{"do", "alias"}, {"model", "recs"}, {"alias", "champion"}, {"to", values.at("before")}}).at("after"), "2");
}

TEST_F(RealMlflow, the_alias_stays_when_digest_or_expectation_differ) {
  Json request = to_version("1");
  request.as_object()["digest"] = fact("bad");
  refused(config("mlflow"), request, Code::kConflict, fact("good"));
  request = to_version("1");
  request.as_object()["expect"] = "1";
  request.as_object()["to"] = nullptr;
  refused(config("mlflow"), request, Code::kConflict, "points at version 2, not at version 1");
  EXPECT_EQ(done(config("mlflow"), kRead).at("version"), "2");
}

TEST_F(RealMlflow, an_alias_that_was_not_there_goes_again) {
  Json request = to_version("1");
  request.as_object()["alias"] = "fallback";
  EXPECT_TRUE(done(config("mlflow"), request).at("before").is_null());
  request.as_object()["to"] = nullptr;
  refused(config("mlflow"), request, Code::kForbidden, "MANAGE");
  EXPECT_EQ(canonical_json(done(admin(), request)), R"({"after":null,"before":"1","changed":true,"digest":null})");
}

TEST_F(RealMlflow, a_version_is_tagged_as_quarantined_and_released) {
  Json request = JsonObject{{"do", "tag"}, {"model", "recs"}, {"version", 2}, {"key", "firebreak.quarantine"}, {"value", "inc-7: poisoned \xc3\xa4"}};
  EXPECT_TRUE(done(config("mlflow"), request).at("before").is_null());
  EXPECT_EQ(done(config("mlflow"), kRead).at("tags").at("firebreak.quarantine"), "inc-7: poisoned \xc3\xa4");
  request.as_object()["value"] = nullptr;
  refused(config("mlflow"), request, Code::kForbidden, "MANAGE");
  EXPECT_TRUE(done(admin(), request).at("after").is_null());
}

TEST_F(RealMlflow, a_version_of_many_files_wants_one_named) {
  Json request = JsonObject{{"do", "alias"}, {"model", "recs"}, {"alias", "other"}, {"to", "3"}, {"digest", fact("good")}};
  refused(config("mlflow"), request, Code::kInvalid, "several files");
  request.as_object()["file"] = "data/model.bin";
  EXPECT_EQ(done(config("mlflow"), request).at("after"), "3");
  request.as_object().erase("digest");
  request.as_object()["to"] = nullptr;
  done(admin(), request);
}

TEST_F(RealMlflow, says_what_is_not_there_and_who_may_not) {
  refused(config("mlflow"), to_version("9"), Code::kNotFound, "version=9");
  Json request = to_version("1");
  request.as_object()["model"] = "nope";
  refused(admin(), request, Code::kNotFound, "Registered Model with name=nope not found");
  refused(config("mlflow"), request, Code::kForbidden, "or there is no such model");
  request = kRead;
  request.as_object()["alias"] = "nope";
  refused(config("mlflow"), request, Code::kNotFound, "no alias 'nope'");
  request = to_version("1");
  request.as_object()["digest"] = fact("good");
  request.as_object()["file"] = "nope.bin";
  refused(config("mlflow"), request, Code::kNotFound, "file 'nope.bin' of version 1");
  request = to_version("1");
  request.as_object()["alias"] = "v1";
  refused(config("mlflow"), request, Code::kInvalid, "reserved");
  request.as_object()["model"] = "theirs";  // the user has EDIT on recs alone
  request.as_object()["alias"] = "champion";
  refused(config("mlflow"), request, Code::kForbidden, "EDIT");
}

TEST_F(RealMlflow, says_what_to_compare_in_the_configuration) {
  CallerConfig other = config("mlflow");
  other.password = "another";
  refused(other, kRead, Code::kUnauthorized, "compare user and password_file");
  other = admin();
  other.url += "/nope";
  refused(other, kRead, Code::kInvalid, "no answer of MLflow's REST interface (text/html");
  other.url = "http://localhost" + fact("mlflow").substr(fact("mlflow").rfind(':'));
  refused(other, kRead, Code::kForbidden, "--allowed-hosts");
}

TEST_F(RealSageMaker, a_variant_gets_no_more_traffic_and_the_weights_come_back) {
  const JsonObject stopped = done(config("sagemaker"), JsonObject{{"do", "weights"}, {"endpoint", "recs-prod"}, {"weights", JsonObject{{"current", 0}, {"standby", 1}}}});
  EXPECT_EQ(canonical_json(stopped), R"({"after":{"current":0,"standby":1},"before":{"current":0.9,"standby":0.1},"changed":true})");
  EXPECT_EQ(canonical_json(done(config("sagemaker"), JsonObject{{"do", "read"}, {"endpoint", "recs-prod"}}).at("weights")), R"({"current":0,"standby":1})");
  const JsonObject back = done(config("sagemaker"), JsonObject{{"do", "weights"}, {"endpoint", "recs-prod"}, {"weights", stopped.at("before")}});
  EXPECT_EQ(back.at("after"), stopped.at("before"));
}

TEST_F(RealSageMaker, says_what_is_not_there_and_what_to_compare) {
  refused(config("sagemaker"), JsonObject{{"do", "read"}, {"endpoint", "nope"}}, Code::kNotFound, "Could not find endpoint");
  refused(config("sagemaker"), JsonObject{{"do", "weights"}, {"endpoint", "recs-prod"}, {"weights", JsonObject{{"nope", 0}}}}, Code::kNotFound, "it has current, standby");
  CallerConfig other = config("sagemaker");
  other.secret = "another";  // the server in front of moto holds each signature against botocore's
  refused(other, JsonObject{{"do", "read"}, {"endpoint", "recs-prod"}}, Code::kUnauthorized, "compare the secret in secret_file, region");
}

TEST_F(RealTrainingStore, a_snapshot_shows_every_version_below_the_prefix) {
  const JsonObject values = done(config("s3"), JsonObject{{"do", "snapshot"}, {"bucket", "training"}, {"prefix", "ratings/"}});
  EXPECT_EQ(values.at("versioning"), "Enabled");
  EXPECT_EQ(values.at("objects"), 3);
  EXPECT_EQ(values.at("versions"), 5);
  EXPECT_EQ(values.at("deletions"), 1);
  const std::string text(values.at("document").as_string());
  EXPECT_EQ(values.at("manifest").as_string(), sha256(text).hex().c_str());
  const Json manifest = parse_json(text).value();
  std::vector<std::string> keys;
  for (const Json& one : find(manifest, "versions")->get_array()) {
    keys.push_back(string_or(one, "key"));
    EXPECT_FALSE(string_or(one, "version").empty());
    EXPECT_EQ(string_or(one, "etag").size(), bool_or(one, "deletion") ? 0u : 32u) << canonical_json(one);
  }
  EXPECT_THAT(keys, ::testing::ElementsAre("ratings/base.csv", "ratings/base.csv", "ratings/in/app/b-1.csv", "ratings/in/feed/b & 2 \xc3\xa4.csv", "ratings/old.csv", "ratings/old.csv"));
}

TEST_F(RealTrainingStore, a_snapshot_goes_on_over_pages_and_is_kept_when_large) {
  const JsonObject values = done(config("s3"), JsonObject{{"do", "snapshot"}, {"bucket", "training"}, {"prefix", "many/"}});
  EXPECT_EQ(values.at("objects"), 1'005);  // moto gives 1,000 a page
  EXPECT_FALSE(values.contains("document"));
  EXPECT_EQ(values.at("manifest").as_string(), sha256(kept_).hex().c_str());
  EXPECT_EQ(find(parse_json(kept_).value(), "versions")->get_array().size(), 1'005u);
}

TEST_F(RealTrainingStore, what_came_since_then_is_listed_for_review) {
  const JsonObject values = done(config("s3"), JsonObject{{"do", "recent"}, {"bucket", "training"}, {"prefix", "ratings/"}, {"since", fact("since")}});
  EXPECT_EQ(values.at("new"), 2) << canonical_json(values);
  EXPECT_EQ(values.at("changed"), 1);
  EXPECT_EQ(values.at("deleted"), 1);
  std::vector<std::string> folders;
  for (const Json& one : values.at("folders").as_array()) folders.push_back(string_or(one, "folder"));
  EXPECT_THAT(folders, ::testing::ElementsAre("ratings/", "ratings/in/"));
}

TEST_F(RealTrainingStore, a_legal_hold_is_put_on_and_taken_off) {
  const JsonObject request{{"do", "hold"}, {"bucket", "training"}, {"prefix", "ratings/"}};
  EXPECT_EQ(canonical_json(done(config("s3"), request)), R"({"changed":5,"versions":5})");
  EXPECT_EQ(canonical_json(done(config("s3"), request)), R"({"changed":0,"versions":5})");
  JsonObject off = request;
  off["on"] = false;
  EXPECT_EQ(canonical_json(done(config("s3"), off)), R"({"changed":5,"versions":5})");
}

TEST_F(RealTrainingStore, says_what_is_not_there_and_what_to_compare) {
  const JsonObject request{{"do", "snapshot"}, {"bucket", "nope"}, {"prefix", ""}};
  refused(config("s3"), request, Code::kNotFound, "NoSuchBucket");
  CallerConfig other = config("s3");
  other.secret = "another";
  refused(other, request, Code::kForbidden, "compare the secret in secret_file, and region");
}

}  // namespace
}  // namespace firebreak::connect
