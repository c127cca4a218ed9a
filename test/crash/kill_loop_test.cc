// kill -9 of server and gateway, and of a process that keeps logs, in their short forms; kill_long_test.cc has the long ones.
//
// FIREBREAK_SEED repeats a run, FIREBREAK_KILLS asks for more than the 50 of every test run.
#include <gtest/gtest.h>

#include <random>

#include "crash/kill_loop.h"
#include "crash/kill_points.h"

namespace firebreak {
namespace {

using testing::inferences;
using testing::Installation;
using testing::setting;
using testing::settle;

std::uint64_t seed_of_this_run() {
  const std::uint64_t seed = setting("FIREBREAK_SEED", std::random_device{}());
  std::printf("FIREBREAK_SEED=%llu\n", static_cast<unsigned long long>(seed));
  return seed;
}

TEST(KillLoop, loses_and_doubles_nothing_acknowledged) {
  testing::KillCounts counts;
  const std::uint64_t seed = seed_of_this_run();
  // On a busy machine hardly an order may come through between two kills: then there are more of them.
  for (std::uint64_t round = 0; round < 6 && counts.orders <= counts.installations && !HasFailure(); ++round)
    testing::kill_server_and_gateway(setting("FIREBREAK_KILLS", 50), seed + round, counts);
  EXPECT_GT(counts.orders, counts.installations) << "no order was under way";
  testing::publish("kills", testing::Form::kShort, "server and gateway", counts.to_json());
}

TEST(KillPoints, lose_and_double_nothing_acknowledged) { testing::kill_at_points(60, seed_of_this_run(), testing::Form::kShort); }

TEST(KillLoop, gateway_fails_no_request_while_the_server_is_killed_and_delivers_when_it_is_back) {
  Installation place;
  ASSERT_TRUE(place.start_server());
  ASSERT_TRUE(place.start_gateway());
  place.set_up();
  net::HttpClient http;
  settle(place);
  std::multiset<std::string> ids = inferences(place);  // what set_up() asked
  for (int round = 0; round < 3; ++round) {
    place.server().end(SIGKILL);
    for (int n = 0; n < 100; ++n) {
      const std::string id = "r" + std::to_string(round) + "-" + std::to_string(n);
      ASSERT_EQ(place.score(http, id).status, 200);
      ids.insert(id);
    }
    ASSERT_TRUE(place.start_server());
  }
  settle(place);
  EXPECT_EQ(inferences(place), ids) << "as many records as requests, each once";
}

TEST(KillLoop, a_first_start_that_was_killed_anywhere_can_be_repeated) {
  std::mt19937_64 random(setting("FIREBREAK_SEED", std::random_device{}()));
  for (int n = 0; n < 12; ++n) {
    Installation place;
    place.launch_server();
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 60'000));
    place.server().end(SIGKILL);
    ASSERT_TRUE(place.start_server()) << "start " << n;
    EXPECT_TRUE(place.get("/api/v1/status"));
    EXPECT_EQ(place.server().end(SIGTERM), 0);
    EXPECT_EQ(testing::run({FIREBREAK_BINARY, "ledger", "verify", "--data", place.data()}).code, 0);
  }
}

}  // namespace
}  // namespace firebreak
