#include "world/connect/messenger.h"

#include <gtest/gtest.h>

#include <mutex>

#include "world/net/http_server.h"
#include "world/net/mail_receiver_testing.h"

namespace firebreak::connect {
namespace {

const std::atomic<bool> kGoOn{false};
const Time kWall = parse_time("2026-03-07T04:00:00Z").value();

struct Receiver {
  Receiver() {
    server = std::move(*net::HttpServer::start({}, [this](net::Request request, net::Responder responder) {
      const std::lock_guard lock(mutex);
      got.push_back(std::move(request));
      net::Response response;
      response.status = status;
      response.body = R"({"status":"success"})";
      responder(std::move(response));
    }));
  }
  std::mutex mutex;
  int status = 202;
  std::vector<net::Request> got;
  std::unique_ptr<net::HttpServer> server;
};

Notification page() { return {"0a1b-dlv-7", "0a1b-alert-5", "trigger", "ana@example.org", "SEV-1 on scores", "Come.", "inc-4", "SEV-1", "scores", "ana"}; }

TEST(Messenger, signs_a_webhook_so_that_its_receiver_can_check_it) {
  Receiver receiver;
  ChannelConfig channel{"hook", "webhook", receiver.server->url() + "/hook", "k", "", "", "", "", true, 5'000'000};
  const auto proof = deliver(channel, page(), kWall, kGoOn);
  ASSERT_TRUE(proof && proof->accepted) << (proof ? proof->answer : proof.error().message);
  const net::Request& got = receiver.got.at(0);
  EXPECT_EQ(got.header("idempotency-key"), "0a1b-dlv-7");
  EXPECT_EQ(got.header("firebreak-timestamp"), "1772856000");
  EXPECT_EQ(got.header("firebreak-signature"), webhook_signature("k", "1772856000", got.body));
  EXPECT_EQ(string_or(parse_json(got.body).value(), "incident"), "inc-4");
  // HMAC-SHA-256 of "1.{}" under "k": printf '1.{}' | openssl dgst -sha256 -hmac k
  EXPECT_EQ(webhook_signature("k", "1", "{}"), "v1=" + std::string("3dd49b2593d0f9a349e9e71c4bde3e2b862c2be4003fe9b4ba81332029310158"));
}

TEST(Messenger, speaks_to_pagerduty_as_its_events_api_asks) {
  Receiver receiver;
  ChannelConfig channel{"pager", "pagerduty", receiver.server->url() + "/v2/enqueue", "R0UTE", "", "", "", "", true, 5'000'000};
  const auto proof = deliver(channel, page(), kWall, kGoOn);
  ASSERT_TRUE(proof && proof->accepted);
  EXPECT_EQ(proof->id, "0a1b-alert-5");
  const Json event = parse_json(receiver.got.at(0).body).value();
  EXPECT_EQ(string_or(event, "routing_key"), "R0UTE");
  EXPECT_EQ(string_or(event, "event_action"), "trigger");
  EXPECT_EQ(string_or(event, "dedup_key"), "0a1b-alert-5");
  EXPECT_EQ(string_or(event.at("payload"), "severity"), "critical");
  EXPECT_EQ(string_or(event.at("payload"), "source"), "scores");
  Notification over = page();
  over.action = "resolve";
  ASSERT_TRUE(deliver(channel, over, kWall, kGoOn)->accepted);
  EXPECT_EQ(find(parse_json(receiver.got.at(1).body).value(), "payload"), nullptr);
  receiver.status = 200;
  EXPECT_FALSE(deliver(channel, page(), kWall, kGoOn)->accepted) << "202 is its yes";
}

TEST(Messenger, tells_later_from_never) {
  Receiver receiver;
  const ChannelConfig channel{"hook", "webhook", receiver.server->url(), "", "", "", "", "", true, 5'000'000};
  for (const auto& [status, permanent] : {std::pair{429, false}, {503, false}, {500, false}, {408, false}, {400, true}, {404, true}, {410, true}}) {
    receiver.status = status;
    const auto proof = deliver(channel, page(), kWall, kGoOn);
    ASSERT_TRUE(proof);
    EXPECT_FALSE(proof->accepted);
    EXPECT_EQ(proof->permanent, permanent) << status;
  }
  receiver.server.reset();
  EXPECT_EQ(deliver(channel, page(), kWall, kGoOn).error().code, Code::kUnavailable);
}

TEST(Messenger, sends_mail_with_the_same_id_each_time) {
  firebreak::testing::MailReceiver receiver;
  const ChannelConfig channel{"mail", "smtp", receiver.url(), "", "firebreak@example.org", "", "", "", false, 5'000'000};
  for (int i = 0; i < 2; ++i) {
    const auto proof = deliver(channel, page(), kWall, kGoOn);
    ASSERT_TRUE(proof && proof->accepted) << (proof ? proof->answer : proof.error().message);
    EXPECT_EQ(proof->id, "0a1b-dlv-7@example.org");
    EXPECT_EQ(proof->status, 250);
  }
  EXPECT_EQ(receiver.got().size(), 2U);
}

}  // namespace
}  // namespace firebreak::connect
