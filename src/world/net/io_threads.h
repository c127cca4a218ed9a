// The io threads of a process: one event loop per thread. A connection lives on one loop for all its life, so
// nothing on the way of a request needs a lock. Servers and upstream pools share an IoThreads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

namespace firebreak::net {

struct Loop;  // an Asio io_context and its thread; loop.h, for the .cc files of this room

class IoThreads {
 public:
  explicit IoThreads(std::size_t threads);
  ~IoThreads();  // stop()
  IoThreads(const IoThreads&) = delete;
  IoThreads& operator=(const IoThreads&) = delete;

  // Ends the loops and joins their threads. What uses them must have been stopped before. Idempotent.
  void stop();

  // Runs `task` on loop `index % size()`. From any thread; dropped after stop().
  void post(std::size_t index, std::function<void()> task);

  // Runs `task` on loop 0 every `period_us` until stop().
  void every(std::int64_t period_us, std::function<void()> task);

  std::size_t size() const { return loops_.size(); }
  // The loop this thread runs, or size() when it is no io thread of this object.
  std::size_t current() const;
  const std::shared_ptr<Loop>& loop(std::size_t index) const { return loops_[index]; }

 private:
  std::vector<std::shared_ptr<Loop>> loops_;
};

}  // namespace firebreak::net
