#include "world/effects/worker.h"

#include <fmt/core.h>

#include <chrono>

namespace firebreak::effects {
namespace {

constexpr std::string_view kProducer = "effects";

// A call that may or may not have happened.
bool unknown_fate(Code code) { return code == Code::kUnavailable || code == Code::kTimeout; }

}  // namespace

Worker::Worker(Hooks hooks, RetryPolicy retry) : hooks_(std::move(hooks)), retry_(retry) {}

Worker::~Worker() { stop(); }

void Worker::take(Order order) {
  orders_.post([this, order = std::move(order)] { carry_out(order); });
}

bool Worker::idle() const { return orders_.idle(); }

void Worker::wait_idle() const { orders_.wait_idle(); }

void Worker::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
  }
  orders_.stop();
}

bool Worker::pause(std::int64_t wait_us) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, std::chrono::microseconds(wait_us), [&] { return stopping_; });
  return !stopping_;
}

void Worker::carry_out(const Order& order) {
  connect::Connector* connector = hooks_.connector(order.connector);
  if (connector == nullptr)
    return outcome(order, order.attempts, "failed", "", fmt::format("no gateway '{}' is configured", order.connector));
  std::int64_t wait_us = retry_.first_wait_us;
  std::string last_error;
  for (int attempt = order.attempts + 1; attempt <= order.attempts + retry_.attempts; ++attempt, wait_us *= 2) {
    // After a start whose answer nobody saw, ask before acting.
    if (attempt > 1) {
      if (auto held = connector->held(order.endpoint); held && held->fence >= order.fence)
        return outcome(order, attempt - 1, "done", held->digest, "the gateway already holds it");
    }
    Draft started{"order_started", JsonObject{{"order", order.id}, {"attempt", attempt}}, "effects", order.id, {}};
    if (auto durable = hooks_.submit(std::move(started)); !durable) return;  // stays open; nothing has left
    auto held = send(order, *connector);
    if (held) return outcome(order, attempt, "done", held->digest, "");
    last_error = held.error().message;
    if (!unknown_fate(held.error().code)) return outcome(order, attempt, "failed", "", last_error);
    if (!pause(wait_us)) return;
  }
  const auto held = connector->held(order.endpoint);
  const int attempt = order.attempts + retry_.attempts;
  if (held && held->fence >= order.fence) return outcome(order, attempt, "done", held->digest, "");
  outcome(order, attempt, held ? "failed" : "uncertain", "", last_error);
}

Result<connect::Held> Worker::send(const Order& order, connect::Connector& connector) {
  if (order.verb == "extend") return connector.extend(order.extension);
  FIREBREAK_ASSIGN(EndpointPolicy policy, hooks_.policy(order));
  policy.fence = order.fence;
  return connector.apply(policy);
}

void Worker::outcome(const Order& order, int attempt, std::string_view result, std::string_view digest,
                     std::string_view detail) {
  JsonObject body{{"order", order.id}, {"attempt", attempt}, {"result", result}, {"detail", detail}};
  if (!digest.empty()) body["policy_digest"] = digest;
  (void)hooks_.submit(Draft{"order_outcome", std::move(body), std::string(kProducer), order.id, {}});
}

}  // namespace firebreak::effects
