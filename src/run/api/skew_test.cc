// Hosts that send records with clocks that are wrong.
#include <gtest/gtest.h>

#include "run/api/town_for_tests.h"

namespace firebreak::api {
namespace {

TEST(Api, measures_the_clocks_of_hosts_and_orders_nothing_by_them) {
  Town town;
  ASSERT_TRUE(town.streams->create(record::stream_config_from_json("s", JsonObject{{"kinds", JsonArray{"inference"}}}).value()));
  const auto send = [&](const std::string& host, std::int64_t lead, int n) {
    net::HttpClient http;
    http.set_token("root's token");
    net::Request request;
    request.method = "POST";
    request.body = R"({"id":"r)" + std::to_string(n) + R"(","time":")" + format_time(town.clock.now() + lead) + R"(","caller":"c","features":{"x":1}})" "\n";
    request.headers = {{"content-type", "application/x-ndjson"}, {"firebreak-producer", host}, {"firebreak-sequence", std::to_string(n / 3 + 1)}, {"firebreak-sent", format_time(town.clock.now() + lead)}};
    const auto answer = http.send(request, town.server->url() + "/api/v1/streams/s/records");
    ASSERT_TRUE(answer);
    ASSERT_EQ(answer->status, 200) << answer->body;
  };
  for (int n = 0; n < 24; ++n) {
    town.clock.feed(town.clock.now() + kSecond);
    send(n % 3 == 0 ? "early" : n % 3 == 1 ? "late" : "right", n % 3 == 0 ? 5 * kMinute : n % 3 == 1 ? -5 * kMinute : 0, n);
  }
  town.journal->wait_idle();
  const Json status = parse_json(town.send("root", "GET", "/api/v1/status").body).value();
  std::map<std::string, std::int64_t> ahead;
  for (const Json& host : status.at("hosts").as_array()) ahead[string_or(host, "host")] = int_or(host, "ahead_ms");
  EXPECT_EQ(ahead, (std::map<std::string, std::int64_t>{{"early", 300'000}, {"late", -300'000}, {"right", 0}}));
  // The records stand as they came, whatever their hosts say of when that was.
  std::vector<std::string> ids;
  const Json page = parse_json(town.send("root", "GET", "/api/v1/streams/s/records").body).value();
  for (const Json& item : page.at("items").as_array())  // beside them stands the first word of each producer
    if (const std::string id = string_or(item.at("record"), "id"); !id.empty()) ids.push_back(id);
  ASSERT_EQ(ids.size(), 24u);
  for (int n = 0; n < 24; ++n) EXPECT_EQ(ids[static_cast<std::size_t>(n)], "r" + std::to_string(n));
  // The journal says it once of each that is wrong, by our own clock.
  std::map<std::string, std::int64_t> said;
  Time before;
  for (const Entry& entry : town.journal->entries(0, 1'000).value()) {
    EXPECT_GE(entry.time, before);
    before = entry.time;
    if (entry.kind != "host_clock_seen") continue;
    EXPECT_TRUE(said.emplace(string_or(entry.body, "host"), int_or(entry.body, "ahead_ms")).second);
  }
  EXPECT_EQ(said, (std::map<std::string, std::int64_t>{{"early", 300'000}, {"late", -300'000}}));
}

}  // namespace
}  // namespace firebreak::api
