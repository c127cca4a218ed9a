// Two thousand kills: of server and gateway under load, and of a process that keeps logs, at every named point.
//
// FIREBREAK_SEED repeats a run, FIREBREAK_KILLS asks for another number of kills of server and gateway.
#include <gtest/gtest.h>

#include <random>

#include "crash/kill_loop.h"
#include "crash/kill_points.h"

namespace firebreak::testing {
namespace {

std::uint64_t seed_of_this_run() {
  const std::uint64_t seed = setting("FIREBREAK_SEED", std::random_device{}());
  std::printf("FIREBREAK_SEED=%llu\n", static_cast<unsigned long long>(seed));
  return seed;
}

// In several installations, so that reading all that was acknowledged stays quick.
TEST(KillLoopLong, loses_and_doubles_nothing_acknowledged) {
  const std::uint64_t kills = setting("FIREBREAK_KILLS", 500), seed = seed_of_this_run();
  KillCounts counts;
  for (std::uint64_t left = kills, round = 0; left > 0 && !HasFailure(); ++round) {
    const std::uint64_t now = std::min<std::uint64_t>(left, 100);
    kill_server_and_gateway(now, seed + round, counts);
    left -= now;
  }
  // Of all installations: in one, on a busy machine, hardly an order may come through between two kills.
  EXPECT_GT(counts.orders, counts.installations) << "no order was under way";
  JsonObject out = counts.to_json();
  out["seed"] = seed;
  publish("kills", Form::kLong, "server and gateway", std::move(out));
}

TEST(KillPointsLong, lose_and_double_nothing_acknowledged) { kill_at_points(1'500, seed_of_this_run(), Form::kLong); }

}  // namespace
}  // namespace firebreak::testing
