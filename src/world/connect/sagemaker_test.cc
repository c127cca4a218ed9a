#include "world/connect/sagemaker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "world/connect/scripted_sagemaker.h"
#include "world/net/http_server.h"

namespace firebreak::connect {
namespace {

using ::testing::HasSubstr;
using Next = ScriptedSageMaker::Next;

class SageMakerTest : public ::testing::Test {
 protected:
  SageMakerTest() { scripted_.have_endpoint("recs", {{"candidate", 1.0}, {"stable", 0.5}}); }

  SageMakerPlace place() const {
    SageMakerPlace place;
    place.url = server_->url();
    place.access_key_id = "key";
    place.secret = "secret";
    place.poll_us = 1'000;
    place.wait_us = 20'000'000;
    return place;
  }
  Result<JsonObject> call(const std::string& request, const std::string& key = "") { return caller_.call(*parse_json(request), key); }
  static void expect_values(const Result<JsonObject>& got, const std::string& wanted) {
    ASSERT_TRUE(got) << got.error().message;
    EXPECT_EQ(canonical_json(*got), wanted);
  }
  static void expect_error(const Result<JsonObject>& got, Code code, const std::string& words) {
    ASSERT_FALSE(got) << canonical_json(*got);
    EXPECT_EQ(code_name(got.error().code), code_name(code)) << got.error().message;
    EXPECT_THAT(got.error().message, HasSubstr(words));
  }

  SystemClock clock_;
  ScriptedSageMaker scripted_;
  std::unique_ptr<net::HttpServer> server_ = net::HttpServer::start({}, [this](const net::Request& request, const net::Responder& responder) {
                                               responder(scripted_.answer(request));
                                             }).value();
  SageMaker caller_{place(), clock_};
};

constexpr const char* kStop = R"({"do":"weights","endpoint":"recs","weights":{"candidate":0}})";
constexpr const char* kStopped = R"({"after":{"candidate":0,"stable":0.5},"before":{"candidate":1,"stable":0.5},"changed":true})";

TEST_F(SageMakerTest, takes_the_traffic_from_a_variant_and_waits_until_it_is_so) {
  scripted_.take(5);
  expect_values(call(kStop), kStopped);
  expect_values(call(R"({"do":"read","endpoint":"recs"})"),
                R"({"config":"config-1","instances":{"candidate":1,"stable":1},"status":"InService","weights":{"candidate":0,"stable":0.5}})");
}

TEST_F(SageMakerTest, the_weights_before_are_the_way_back) {
  scripted_.have_endpoint("recs", {{"candidate", 0.1}, {"stable", 0.9}});
  const auto stopped = call(kStop);
  ASSERT_TRUE(stopped);
  const auto back = caller_.call(JsonObject{{"do", "weights"}, {"endpoint", "recs"}, {"weights", stopped->at("before")}}, "");
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(back->at("after"), stopped->at("before"));  // though 0.1 is none of the 32-bit floats that are kept
}

TEST_F(SageMakerTest, asked_again_asks_for_nothing) {
  ASSERT_TRUE(call(kStop));
  expect_values(call(kStop), R"({"after":{"candidate":0,"stable":0.5},"before":{"candidate":0,"stable":0.5},"changed":false})");
  EXPECT_EQ(scripted_.updates(), 1);
}

TEST_F(SageMakerTest, a_lost_answer_and_lost_looks_are_waited_through) {
  scripted_.take(2);
  scripted_.script_updates({Next::kLoseAnswer});
  expect_values(call(kStop), kStopped);
}

TEST_F(SageMakerTest, looks_that_fail_on_the_way_are_repeated) {
  scripted_.take(3);
  ASSERT_TRUE(call(R"({"do":"read","endpoint":"recs"})"));
  scripted_.script_updates({Next::kAnswer});
  std::thread other([&] {
    while (scripted_.updates() == 0) std::this_thread::yield();
    scripted_.lose_looks(3);
  });
  expect_values(call(kStop), kStopped);
  other.join();
}

TEST_F(SageMakerTest, a_lost_request_is_unknown_and_the_same_key_gives_the_same_before) {
  scripted_.script_updates({Next::kLoseRequest});
  expect_error(call(kStop, "k"), Code::kUnavailable, "503");
  ASSERT_TRUE(call(kStop, "another"));
  expect_values(call(kStop, "k"), kStopped);
}

TEST_F(SageMakerTest, too_late_is_a_timeout_and_a_later_call_waits_on) {
  SageMakerPlace hasty = place();
  hasty.wait_us = 1;
  hasty.poll_us = 1;
  SageMaker caller(hasty, clock_);
  scripted_.take(10);
  expect_error(caller.call(*parse_json(kStop), "k"), Code::kTimeout, "is Updating after");
  expect_values(call(kStop, "other"), kStopped);
  EXPECT_EQ(scripted_.updates(), 1);
}

TEST_F(SageMakerTest, an_update_that_fails_is_told_with_its_reason) {
  scripted_.script_updates({Next::kFail});
  expect_error(call(kStop), Code::kConflict, "is Failed, no capacity");
}

TEST_F(SageMakerTest, an_endpoint_that_is_not_in_service_is_not_asked) {
  scripted_.set_status("recs", "RollingBack");
  expect_error(call(kStop), Code::kConflict, "RollingBack");
  EXPECT_EQ(scripted_.updates(), 0);
}

TEST_F(SageMakerTest, weights_that_are_not_those_asked_for_are_noticed) {
  std::unique_ptr<net::HttpServer> meddled = net::HttpServer::start({}, [this](const net::Request& request, const net::Responder& responder) {
                                                net::Response done = scripted_.answer(request);
                                                if (scripted_.updates() == 1) {
                                                  scripted_.set_status("recs", "InService");
                                                  scripted_.set_weight("recs", "candidate", 0.7);
                                                }
                                                responder(done);
                                              }).value();
  SageMakerPlace there = place();
  there.url = meddled->url();
  expect_error(SageMaker(there, clock_).call(*parse_json(kStop), ""), Code::kConflict, "somebody else changes it");
}

TEST_F(SageMakerTest, nobody_left_to_answer_is_refused) {
  expect_error(call(R"({"do":"weights","endpoint":"recs","weights":{"candidate":0,"stable":0}})"), Code::kInvalid, "nobody would answer");
  EXPECT_EQ(scripted_.updates(), 0);
}

TEST_F(SageMakerTest, names_what_is_not_there) {
  expect_error(call(R"({"do":"weights","endpoint":"recs","weights":{"shadow":0}})"), Code::kNotFound, "has no variant 'shadow'; it has candidate, stable");
  expect_error(call(R"({"do":"read","endpoint":"nope"})"), Code::kNotFound, "Could not find endpoint");
}

TEST_F(SageMakerTest, refuses_requests_that_say_something_else) {
  for (const char* request : {R"({"do":"delete"})", R"({"do":"weights","endpoint":"recs"})", R"({"do":"weights","endpoint":"recs","weights":{}})",
                              R"({"do":"weights","endpoint":"recs","weights":{"candidate":-1}})", R"({"do":"weights","endpoint":"recs","weights":{"candidate":"0"}})",
                              R"({"do":"read","endpoint":"recs","variant":"x"})"})
    expect_error(call(request), Code::kInvalid, "");
}

TEST_F(SageMakerTest, says_what_the_other_side_means) {
  scripted_.script_updates({Next::kThrottle, Next::kPage});
  expect_error(call(kStop), Code::kBusy, "ThrottlingException: Rate exceeded");
  expect_error(call(kStop), Code::kUnavailable, "answers with a page");
  SageMakerPlace there = place();
  there.access_key_id = "stranger";
  expect_error(SageMaker(there, clock_).call(*parse_json(kStop), ""), Code::kUnauthorized, "compare the secret in secret_file, region");
  there = place();
  there.url = "http://127.0.0.1:1";
  expect_error(SageMaker(there, clock_).call(*parse_json(kStop), ""), Code::kUnavailable, "");
}

TEST_F(SageMakerTest, the_programs_end_ends_the_wait) {
  SageMakerPlace patient = place();
  patient.poll_us = 60'000'000;
  SageMaker caller(patient, clock_);
  scripted_.take(1'000'000);
  std::thread other([&] {
    while (scripted_.updates() == 0) std::this_thread::yield();
    caller.stop();
  });
  expect_error(caller.call(*parse_json(kStop), ""), Code::kUnavailable, "");
  other.join();
}

}  // namespace
}  // namespace firebreak::connect
