#include "world/net/io_threads.h"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>

#include "base/result.h"
#include "world/net/loop.h"

namespace firebreak::net {
namespace asio = boost::asio;

namespace {
thread_local const Loop* current_loop = nullptr;

// Holds itself alive through the handler that waits for the timer.
struct Repeater : std::enable_shared_from_this<Repeater> {
  Repeater(asio::io_context& context, std::int64_t period, std::function<void()> what)
      : timer(context), period_us(period), task(std::move(what)) {}
  asio::steady_timer timer;
  std::int64_t period_us;
  std::function<void()> task;

  void arm() {
    timer.expires_after(std::chrono::microseconds(period_us));
    timer.async_wait([self = shared_from_this()](const boost::system::error_code& ec) {
      if (ec) return;
      self->task();
      self->arm();
    });
  }
};
}  // namespace

Loop::Loop() : context(std::make_unique<asio::io_context>(1)) {}
Loop::~Loop() = default;
bool Loop::is_current() const { return current_loop == this; }

IoThreads::IoThreads(std::size_t threads) {
  FIREBREAK_ASSERT(threads > 0);
  for (std::size_t i = 0; i < threads; ++i) {
    auto loop = std::make_shared<Loop>();
    // The raw pointer outlives the thread: stop() joins before loops_ goes.
    loop->thread = std::thread([raw = loop.get()] {
      current_loop = raw;
      const auto work = asio::make_work_guard(*raw->context);
      raw->context->run();
      current_loop = nullptr;
    });
    loops_.push_back(std::move(loop));
  }
}

IoThreads::~IoThreads() { stop(); }

void IoThreads::stop() {
  for (const auto& loop : loops_) {
    if (loop->stopped.exchange(true)) continue;
    loop->context->stop();
    loop->thread.join();
    // What was aborted or posted last still comes back, here: its handlers may own what closed it.
    loop->context->restart();
    loop->context->poll();
  }
}

void IoThreads::post(std::size_t index, std::function<void()> task) {
  Loop& loop = *loops_[index % loops_.size()];
  if (!loop.stopped) asio::post(*loop.context, std::move(task));
}

void IoThreads::every(std::int64_t period_us, std::function<void()> task) {
  const auto repeater = std::make_shared<Repeater>(*loops_[0]->context, period_us, std::move(task));
  asio::post(*loops_[0]->context, [repeater] { repeater->arm(); });
}

std::size_t IoThreads::current() const {
  for (std::size_t i = 0; i < loops_.size(); ++i)
    if (loops_[i].get() == current_loop) return i;
  return loops_.size();
}

}  // namespace firebreak::net
