#include "world/connect/mlflow_registry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "world/connect/scripted_mlflow.h"
#include "world/net/http_server.h"

namespace firebreak::connect {
namespace {

using ::testing::HasSubstr;
using Next = ScriptedMlflow::Next;

class MlflowTest : public ::testing::Test {
 protected:
  MlflowTest() {
    scripted_.have_version("recs", "1", {{"model.bin", "good"}});
    scripted_.have_version("recs", "2", {{"model.bin", "bad"}});
    scripted_.have_version("recs", "3", {{"MLmodel", "x"}, {"data/model.bin", "y"}});
    scripted_.have_version("recs", "4", {{"deep/er/model.bin", "z"}}, "PENDING_REGISTRATION");
    expect_values(call(R"({"do":"alias","model":"recs","alias":"champion","to":2})"), R"({"after":"2","before":null,"changed":true,"digest":null})");
  }

  Result<JsonObject> call(const std::string& request, const std::string& key = "") { return caller_->call(*parse_json(request), key); }
  std::unique_ptr<MlflowRegistry> caller_at(const std::string& url, std::int64_t timeout_us = 5'000'000) {
    MlflowPlace place;
    place.url = url;
    place.timeout_us = timeout_us;
    place.user = user_;
    place.password = "p";
    return std::make_unique<MlflowRegistry>(place);
  }
  static void expect_values(const Result<JsonObject>& got, const std::string& wanted) {
    ASSERT_TRUE(got) << got.error().message;
    EXPECT_EQ(canonical_json(*got), wanted);
  }
  static void expect_error(const Result<JsonObject>& got, Code code, const std::string& words) {
    ASSERT_FALSE(got) << canonical_json(*got);
    EXPECT_EQ(code_name(got.error().code), code_name(code)) << got.error().message;
    EXPECT_THAT(got.error().message, HasSubstr(words));
  }
  // A server that gives every request this answer.
  std::unique_ptr<net::HttpServer> always(int status, std::string body, std::string type) {
    return net::HttpServer::start({}, [=](const net::Request&, const net::Responder& responder) {
             net::Response response = net::text_response(body, type);
             response.status = status;
             responder(response);
           }).value();
  }

  std::string user_;
  ScriptedMlflow scripted_;
  std::unique_ptr<net::HttpServer> server_ = net::HttpServer::start({}, [this](const net::Request& request, const net::Responder& responder) {
                                               responder(scripted_.answer(request));
                                             }).value();
  std::unique_ptr<MlflowRegistry> caller_ = caller_at(server_->url());
  const std::string good_ = sha256("good").hex();
};

constexpr const char* kBack = R"({"do":"alias","model":"recs","alias":"champion","to":"1"})";

TEST_F(MlflowTest, points_an_alias_at_the_version_whose_file_has_the_digest) {
  expect_values(call(R"({"do":"alias","model":"recs","alias":"champion","to":"1","expect":"2","digest":")" + good_ + "\"}"),
                R"({"after":"1","before":"2","changed":true,"digest":")" + good_ + "\"}");
  EXPECT_EQ(scripted_.alias("recs", "champion"), "1");
}

TEST_F(MlflowTest, leaves_the_alias_where_it_is_when_the_file_has_another_digest) {
  expect_error(call(R"({"do":"alias","model":"recs","alias":"champion","to":"1","digest":")" + sha256("other").hex() + "\"}"), Code::kConflict, "not what was released");
  EXPECT_EQ(scripted_.alias("recs", "champion"), "2");
}

TEST_F(MlflowTest, leaves_the_alias_where_it_is_when_it_points_elsewhere_than_expected) {
  expect_error(call(R"({"do":"alias","model":"recs","alias":"champion","to":"1","expect":"3"})"), Code::kConflict, "points at version 2, not at version 3");
  expect_error(call(R"({"do":"alias","model":"recs","alias":"champion","to":"1","expect":null})"), Code::kConflict, "not at no version");
  EXPECT_EQ(scripted_.alias("recs", "champion"), "2");
}

TEST_F(MlflowTest, asked_again_changes_nothing_and_announces_nothing) {
  ASSERT_TRUE(call(kBack));
  const int writes = scripted_.writes();
  expect_values(call(R"({"do":"alias","model":"recs","alias":"champion","to":"1","expect":"2"})"), R"({"after":"1","before":"1","changed":false,"digest":null})");
  EXPECT_EQ(scripted_.writes(), writes);
}

TEST_F(MlflowTest, the_value_before_is_the_way_back_also_to_no_alias) {
  expect_values(call(R"({"do":"alias","model":"recs","alias":"candidate","to":"1"})"), R"({"after":"1","before":null,"changed":true,"digest":null})");
  expect_values(call(R"({"do":"alias","model":"recs","alias":"candidate","to":null})"), R"({"after":null,"before":"1","changed":true,"digest":null})");
  EXPECT_EQ(scripted_.alias("recs", "candidate"), "");
}

TEST_F(MlflowTest, a_lost_answer_is_told_by_a_look) {
  scripted_.script_writes({Next::kLoseAnswer});
  expect_values(call(kBack), R"({"after":"1","before":"2","changed":true,"digest":null})");
}

TEST_F(MlflowTest, a_lost_request_is_unknown_and_the_same_key_gives_the_same_before) {
  scripted_.script_writes({Next::kLoseRequest});
  expect_error(call(kBack, "k"), Code::kUnavailable, "500");
  EXPECT_EQ(scripted_.alias("recs", "champion"), "2");
  ASSERT_TRUE(call(kBack, "another"));  // it took effect late, by whomever
  expect_values(call(kBack, "k"), R"({"after":"1","before":"2","changed":true,"digest":null})");
}

TEST_F(MlflowTest, somebody_who_moves_the_alias_meanwhile_is_noticed) {
  scripted_.script_writes({Next::kMoveAlias});
  expect_error(call(R"({"do":"alias","model":"recs","alias":"champion","to":"3"})"), Code::kConflict, "points at version 1: somebody else moves it");
}

TEST_F(MlflowTest, a_page_for_an_answer_is_no_success) {
  scripted_.script_writes({Next::kPage});
  expect_error(call(kBack), Code::kInvalid, "no JSON object behind it (text/html");
  EXPECT_EQ(scripted_.alias("recs", "champion"), "2");
}

TEST_F(MlflowTest, names_what_is_not_there) {
  expect_error(call(R"({"do":"alias","model":"nope","alias":"champion","to":"1"})"), Code::kNotFound, "Registered Model with name=nope not found");
  expect_error(call(R"({"do":"alias","model":"recs","alias":"champion","to":"9"})"), Code::kNotFound, "version=9");
  expect_error(call(R"({"do":"read","model":"recs","alias":"nope"})"), Code::kNotFound, "has no alias 'nope'");
  expect_error(call(R"({"do":"alias","model":"recs","alias":"champion","to":"1","file":"nope","digest":")" + good_ + "\"}"), Code::kNotFound, "file 'nope' of version 1");
}

TEST_F(MlflowTest, a_version_that_is_not_ready_is_not_pointed_at) {
  expect_error(call(R"({"do":"alias","model":"recs","alias":"champion","to":"4"})"), Code::kConflict, "PENDING_REGISTRATION");
}

TEST_F(MlflowTest, of_several_files_one_has_to_be_named) {
  const std::string digest = sha256("y").hex(), request = R"({"do":"alias","model":"recs","alias":"champion","to":"3","digest":")" + digest + "\"";
  expect_error(call(request + "}"), Code::kInvalid, "several files");
  expect_values(call(request + R"(,"file":"data/model.bin"})"), R"({"after":"3","before":"2","changed":true,"digest":")" + digest + "\"}");
}

TEST_F(MlflowTest, reads_a_version_with_digest_tags_and_aliases) {
  expect_values(call(R"({"do":"tag","model":"recs","version":2,"key":"quarantine","value":"inc-7"})"), R"({"after":"inc-7","before":null,"changed":true})");
  expect_values(call(R"({"do":"read","model":"recs","alias":"champion"})"),
                R"({"aliases":["champion"],"digest":")" + sha256("bad").hex() + R"(","source":"mlflow-artifacts:/recs/2","status":"READY","tags":{"quarantine":"inc-7"},"version":"2"})");
  const auto several = call(R"({"do":"read","model":"recs","version":"3"})");
  ASSERT_TRUE(several) << several.error().message;
  EXPECT_TRUE(several->at("digest").is_null());
  const auto deep = call(R"({"do":"read","model":"recs","version":"4"})");
  ASSERT_TRUE(deep) << deep.error().message;
  EXPECT_EQ(deep->at("digest").as_string(), sha256("z").hex().c_str());
}

TEST_F(MlflowTest, a_tag_goes_back_to_what_it_was) {
  ASSERT_TRUE(call(R"({"do":"tag","model":"recs","version":"2","key":"stage","value":"live"})"));
  scripted_.script_writes({Next::kLoseAnswer});
  expect_values(call(R"({"do":"tag","model":"recs","version":"2","key":"stage","value":"quarantined"})"), R"({"after":"quarantined","before":"live","changed":true})");
  expect_values(call(R"({"do":"tag","model":"recs","version":"2","key":"stage","value":null})"), R"({"after":null,"before":"quarantined","changed":true})");
  expect_error(call(R"({"do":"tag","model":"recs","version":"9","key":"stage","value":"x"})"), Code::kNotFound, "version=9");
}

TEST_F(MlflowTest, refuses_requests_that_say_something_else) {
  for (const char* request : {R"({"do":"delete","model":"recs"})", R"({"model":"recs"})", R"({"do":"alias","model":"recs","alias":"a"})",
                              R"({"do":"alias","model":"recs","alias":"a","to":"v1"})", R"({"do":"alias","model":"recs","alias":"a","to":1.5})",
                              R"({"do":"alias","model":"recs","alias":"a","to":"1","dijest":"x"})", R"({"do":"alias","model":"recs","alias":"a","to":"1","digest":"x"})",
                              R"({"do":"tag","model":"recs","version":"1","key":"k","value":1})", R"({"do":"read","model":"recs"})"})
    expect_error(call(request), Code::kInvalid, "");
}

TEST_F(MlflowTest, says_what_to_compare_when_the_other_side_refuses) {
  scripted_.want_password("u", "another");
  expect_error(call(kBack), Code::kUnauthorized, "compare user and password_file");
  scripted_.want_password("u", "p");
  user_ = "u";
  EXPECT_TRUE(caller_at(server_->url())->call(*parse_json(kBack), ""));
  const struct {
    int status;
    const char *body, *type;
    Code code;
    const char* words;
  } cases[] = {{403, "Invalid Host header - possible DNS rebinding attack detected", "text/plain", Code::kForbidden, "--allowed-hosts"},
               {403, "Permission denied", "text/html", Code::kForbidden, "EDIT"},
               {404, "<html>", "text/html", Code::kInvalid, "no answer of MLflow's REST interface (text/html); compare url"},
               {302, "", "text/html", Code::kInvalid, "redirects"},
               {429, "", "text/html", Code::kBusy, "too many"},
               {503, "<html>", "text/html", Code::kUnavailable, "503"},
               {200, "{\"model_version\":", "application/json", Code::kInvalid, "no JSON object"},
               {200, "{}", "application/json", Code::kInvalid, "names no version"},
               {400, R"({"error_code":"INVALID_PARAMETER_VALUE","message":"Version alias name 'v9' is reserved."})", "application/json", Code::kInvalid, "is reserved"}};
  for (const auto& one : cases) {
    const auto there = always(one.status, one.body, one.type);
    expect_error(caller_at(there->url())->call(*parse_json(kBack), ""), one.code, one.words);
  }
}

TEST_F(MlflowTest, a_server_that_is_away_or_never_answers_leaves_it_open) {
  expect_error(caller_at("http://127.0.0.1:1")->call(*parse_json(kBack), ""), Code::kUnavailable, "127.0.0.1:1");
  std::vector<net::Responder> held;
  const auto silent = net::HttpServer::start({}, [&](const net::Request&, const net::Responder& responder) { held.push_back(responder); }).value();
  expect_error(caller_at(silent->url(), 100'000)->call(*parse_json(kBack), ""), Code::kTimeout, silent->url());
  caller_->stop();
  expect_error(call(kBack), Code::kUnavailable, "");
}

}  // namespace
}  // namespace firebreak::connect
