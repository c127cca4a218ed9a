#include "world/effects/worker.h"

#include <gtest/gtest.h>

#include "world/connect/scripted_connector.h"

namespace firebreak::effects {
namespace {

using connect::ScriptedConnector;
using Next = ScriptedConnector::Next;

struct Bench {
  std::mutex mutex;
  std::vector<Draft> journal;
  ScriptedConnector gateway;

  std::vector<std::string> kinds() {
    const std::lock_guard lock(mutex);
    std::vector<std::string> out;
    for (const Draft& draft : journal)
      out.push_back(draft.kind + (draft.kind == "order_outcome" ? " " + string_or(draft.body, "result") : ""));
    return out;
  }

  Hooks hooks() {
    Hooks hooks;
    hooks.submit = [this](Draft draft) -> Result<std::uint64_t> {
      const std::lock_guard lock(mutex);
      // The promise: nothing has left before `started` is durable.
      if (draft.kind == "order_started" && int_or(draft.body, "attempt") == 1) {
        EXPECT_TRUE(gateway.calls().empty());
      }
      journal.push_back(std::move(draft));
      return journal.size();
    };
    hooks.policy = [](const Order& order) -> Result<EndpointPolicy> {
      EndpointPolicy policy;
      policy.endpoint.name = order.endpoint;
      policy.fence = order.fence;
      return policy;
    };
    hooks.connector = [this](const std::string& name) { return name == "gw-1" ? &gateway : nullptr; };
    return hooks;
  }
};

Order order(std::uint64_t fence, int attempts = 0) {
  return Order{"ord-" + std::to_string(fence), fence, "act-1", "fraud-api", "gw-1", "apply", {}, attempts};
}

std::vector<std::string> run(Bench& bench, Order what) {
  Worker worker(bench.hooks(), RetryPolicy{3, 1});
  worker.take(std::move(what));
  worker.wait_idle();
  return bench.kinds();
}

TEST(EffectsWorker, starts_durably_then_sends_then_records_the_outcome) {
  Bench bench;
  EXPECT_EQ(run(bench, order(7)), (std::vector<std::string>{"order_started", "order_outcome done"}));
  EXPECT_EQ(bench.gateway.calls(), (std::vector<std::string>{"apply fraud-api 7"}));
}

TEST(EffectsWorker, asks_before_it_repeats_when_an_answer_was_lost) {
  Bench bench;
  bench.gateway.script({Next::kLoseAnswer});
  EXPECT_EQ(run(bench, order(7)), (std::vector<std::string>{"order_started", "order_outcome done"}));
  EXPECT_EQ(bench.gateway.calls(), (std::vector<std::string>{"apply fraud-api 7", "held fraud-api"}));
}

TEST(EffectsWorker, sends_again_when_the_request_was_lost) {
  Bench bench;
  bench.gateway.script({Next::kLoseRequest});
  EXPECT_EQ(run(bench, order(7)),
            (std::vector<std::string>{"order_started", "order_started", "order_outcome done"}));
}

TEST(EffectsWorker, asks_first_after_a_crash_between_started_and_outcome) {
  Bench bench;
  EndpointPolicy policy;
  policy.endpoint.name = "fraud-api";
  policy.fence = 7;
  ASSERT_TRUE(bench.gateway.apply(policy));
  EXPECT_EQ(run(bench, order(7, 1)), (std::vector<std::string>{"order_outcome done"}));
}

TEST(EffectsWorker, says_failed_when_the_gateway_refuses) {
  Bench bench;
  bench.gateway.script({Next::kRefuse});
  EXPECT_EQ(run(bench, order(7)), (std::vector<std::string>{"order_started", "order_outcome failed"}));
}

TEST(EffectsWorker, says_failed_only_after_it_has_checked_that_nothing_is_there) {
  Bench bench;
  bench.gateway.script({Next::kLoseRequest, Next::kLoseRequest, Next::kLoseRequest});
  const auto kinds = run(bench, order(7));
  EXPECT_EQ(kinds.back(), "order_outcome failed");
  EXPECT_EQ(bench.gateway.calls().back(), "held fraud-api");
}

TEST(EffectsWorker, names_an_unknown_gateway) {
  Bench bench;
  Order stray = order(7);
  stray.connector = "gw-9";
  EXPECT_EQ(run(bench, stray), (std::vector<std::string>{"order_outcome failed"}));
}

}  // namespace
}  // namespace firebreak::effects
