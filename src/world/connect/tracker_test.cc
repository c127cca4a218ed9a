#include "world/connect/tracker.h"

#include <gtest/gtest.h>

#include "base/digest.h"
#include "world/connect/messenger.h"

namespace firebreak::connect {
namespace {

const Time kNow{1'772'850'000 * kSecond};

TrackerConfig tracker(const std::string& shape) {
  TrackerConfig out;
  out.name = out.shape = shape;
  out.secret = "shared";
  out.account = "firebreak";
  out.closed = {"Done", "6"};
  return out;
}

net::Request from_jira(Json body, std::int64_t ms = kNow.us / 1'000, const std::string& secret = "shared") {
  if (ms != 0) body.as_object()["timestamp"] = ms;
  net::Request request;
  request.body = canonical_json(body);
  request.headers = {{"x-hub-signature", "sha256=" + hmac_sha256(secret, request.body).hex()}};
  return request;
}
net::Request from_servicenow(const std::string& body, std::int64_t seconds = kNow.us / kSecond, const std::string& secret = "shared") {
  net::Request request;
  request.body = body;
  request.headers = {{"firebreak-timestamp", std::to_string(seconds)}, {"firebreak-signature", webhook_signature(secret, std::to_string(seconds), body)}};
  return request;
}
Json comment(const std::string& author, const std::string& text) {
  return JsonObject{{"webhookEvent", "comment_created"}, {"issue", JsonObject{{"key", "SEC-1"}}}, {"comment", JsonObject{{"id", "9"}, {"body", text}, {"author", JsonObject{{"name", author}}}}}};
}

TEST(TrackerNews, is_believed_by_its_signature_and_its_time_alone) {
  const TrackerConfig jira = tracker("jira"), snow = tracker("servicenow");
  const std::string body = R"({"event":"e","sys_id":"a1","state":"6"})";
  const auto code = [](const Result<TicketNews>& news) { return news ? "" : std::string(code_name(news.error().code)); };
  EXPECT_EQ(code(read_news(jira, from_jira(comment("erika", "x")), kNow)), "");
  EXPECT_EQ(code(read_news(jira, from_jira(comment("erika", "x"), kNow.us / 1'000, "guessed"), kNow)), "unauthorized");
  EXPECT_EQ(code(read_news(jira, from_jira(comment("erika", "x"), kNow.us / 1'000 - 301'000), kNow)), "unauthorized");
  EXPECT_EQ(code(read_news(jira, from_jira(comment("erika", "x"), kNow.us / 1'000 + 301'000), kNow)), "unauthorized");
  EXPECT_EQ(code(read_news(jira, from_jira(comment("erika", "x"), 0), kNow)), "invalid") << "without a time";
  EXPECT_EQ(code(read_news(jira, from_jira(comment("erika", "x"), INT64_MAX), kNow)), "invalid");
  EXPECT_EQ(code(read_news(snow, from_servicenow(body), kNow)), "");
  EXPECT_EQ(code(read_news(snow, from_servicenow(body, kNow.us / kSecond - 301), kNow)), "unauthorized");
  EXPECT_EQ(code(read_news(snow, from_servicenow(body, kNow.us / kSecond, ""), kNow)), "unauthorized");
  EXPECT_EQ(code(read_news(snow, from_servicenow("[]"), kNow)), "invalid");
  net::Request moved = from_servicenow(body);
  moved.headers[0].second = std::to_string(kNow.us / kSecond - 1);
  EXPECT_EQ(code(read_news(snow, moved, kNow)), "unauthorized") << "the time is signed, too";
  EXPECT_EQ(code(read_news(jira, net::Request{}, kNow)), "unauthorized");
  TrackerConfig open = jira;
  open.secret.clear();
  EXPECT_EQ(code(read_news(open, from_jira(comment("erika", "x"), kNow.us / 1'000, ""), kNow)), "unauthorized") << "no secret is no way in";
}

TEST(TrackerNews, says_what_was_done_by_whom_and_what_it_means) {
  const TrackerConfig jira = tracker("jira"), snow = tracker("servicenow");
  const auto said = read_news(jira, from_jira(comment("erika", "who has it?")), kNow);
  ASSERT_TRUE(said);
  EXPECT_EQ(said->reference, "SEC-1");
  EXPECT_EQ(said->what, "comment");
  EXPECT_EQ(said->text, "who has it?");
  EXPECT_FALSE(said->ours);
  EXPECT_TRUE(read_news(jira, from_jira(comment("firebreak", "x")), kNow)->ours) << "our account";
  EXPECT_TRUE(read_news(jira, from_jira(comment("erika", "x\n[firebreak:ab12-tcall-7]")), kNow)->ours) << "our mark, under another name";
  const auto done = read_news(jira, from_jira(JsonObject{{"webhookEvent", "jira:issue_updated"}, {"issue", JsonObject{{"key", "SEC-1"}}}, {"user", JsonObject{{"name", "erika"}}},
                                                         {"changelog", JsonObject{{"items", JsonArray{JsonObject{{"field", "priority"}, {"toString", "High"}}, JsonObject{{"field", "status"}, {"toString", "Done"}}}}}}}), kNow);
  ASSERT_TRUE(done);
  EXPECT_EQ(done->what, "status");
  EXPECT_TRUE(done->closed);
  EXPECT_EQ(read_news(jira, from_jira(JsonObject{{"webhookEvent", "jira:issue_deleted"}, {"issue", JsonObject{{"key", "SEC-1"}}}}), kNow)->what, "") << "nothing that is told here";
  const auto state = read_news(snow, from_servicenow(R"({"event":"e","sys_id":"a1","state":"2","sys_updated_by":"firebreak"})"), kNow);
  ASSERT_TRUE(state);
  EXPECT_EQ(state->what, "status");
  EXPECT_FALSE(state->closed);
  EXPECT_TRUE(state->ours);
  EXPECT_NE(read_news(snow, from_servicenow(R"({"event":"e1","sys_id":"a1","comment":"x"})"), kNow)->event, read_news(snow, from_servicenow(R"({"event":"e2","sys_id":"a1","comment":"x"})"), kNow)->event);
}

TEST(TrackerNews, that_says_nothing_or_is_no_text_is_refused_with_its_place) {
  const TrackerConfig jira = tracker("jira"), snow = tracker("servicenow");
  const auto pointer = [](const Result<TicketNews>& news) { return news ? "taken" : std::string(code_name(news.error().code)) + " " + news.error().pointer; };
  for (const char* blank : {"", " ", "\r\n\t"}) EXPECT_EQ(pointer(read_news(jira, from_jira(comment("erika", blank)), kNow)), "invalid /comment/body") << '"' << blank << '"';
  for (const Json& value : {Json(7), Json(nullptr), Json(true), Json(JsonObject{{"type", "doc"}})}) {
    Json notice = comment("erika", "x");
    notice.as_object()["comment"].as_object()["body"] = value;
    EXPECT_EQ(pointer(read_news(jira, from_jira(notice), kNow)), "invalid /comment/body") << canonical_json(value);
    const Json changed = JsonObject{{"webhookEvent", "jira:issue_updated"}, {"issue", JsonObject{{"key", "SEC-1"}}},
                                    {"changelog", JsonObject{{"items", JsonArray{JsonObject{{"field", "priority"}, {"toString", "High"}}, JsonObject{{"field", "status"}, {"toString", value}}}}}}};
    EXPECT_EQ(pointer(read_news(jira, from_jira(changed), kNow)), "invalid /changelog/items/1/toString") << canonical_json(value);
  }
  Json none = comment("erika", "x");
  none.as_object()["comment"].as_object().erase("body");
  EXPECT_EQ(pointer(read_news(jira, from_jira(none), kNow)), "invalid /comment/body");
  EXPECT_EQ(pointer(read_news(snow, from_servicenow(R"({"event":"e","sys_id":"a1","comment":7})"), kNow)), "invalid /comment");
  EXPECT_EQ(pointer(read_news(snow, from_servicenow(R"({"event":"e","sys_id":"a1","comment":" "})"), kNow)), "invalid /comment");
  EXPECT_EQ(pointer(read_news(snow, from_servicenow(R"({"event":"e","sys_id":"a1","state":6})"), kNow)), "invalid /state");
  EXPECT_EQ(pointer(read_news(snow, from_servicenow(R"({"event":"e","sys_id":"a1","comment":"","state":"6"})"), kNow)), "taken") << "a rule that sends both";
}

}  // namespace
}  // namespace firebreak::connect
