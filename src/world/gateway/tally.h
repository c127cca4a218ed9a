// Named counters, latencies, and the count of requests that are under way.
#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <unordered_map>

namespace firebreak::gateway {

// Counters by name; a known name costs one shared lock. Names come from policies, never from callers. Any thread.
class Tally {
 public:
  void add(const std::string& name, std::uint64_t count = 1) {
    {
      const std::shared_lock lock(mutex_);
      const auto it = counts_.find(name);
      if (it != counts_.end()) return static_cast<void>(it->second->fetch_add(count, std::memory_order_relaxed));
    }
    const std::unique_lock lock(mutex_);
    auto& slot = counts_[name];
    if (!slot) slot = std::make_unique<std::atomic<std::uint64_t>>(0);
    slot->fetch_add(count, std::memory_order_relaxed);
  }
  std::map<std::string, std::uint64_t> snapshot() const {
    const std::shared_lock lock(mutex_);
    std::map<std::string, std::uint64_t> out;
    for (const auto& [name, count] : counts_) out[name] = count->load(std::memory_order_relaxed);
    return out;
  }

 private:
  mutable std::shared_mutex mutex_;
  std::unordered_map<std::string, std::unique_ptr<std::atomic<std::uint64_t>>> counts_;
};

// A barrier for flushes under load: wait_for_earlier() waits for the requests that had entered before it, while new
// ones come and go. Two counts in turn, as in read-copy-update. Any thread.
class InFlight {
 public:
  unsigned enter() {
    while (true) {
      const unsigned side = epoch_.load() & 1;
      counts_[side].fetch_add(1);
      if ((epoch_.load() & 1) == side) return side;
      leave(side);  // a barrier began in between: be on its other side
    }
  }
  void leave(unsigned side) {
    if (counts_[side].fetch_sub(1) != 1 || waiting_.load() == 0) return;
    const std::lock_guard lock(mutex_);
    changed_.notify_all();
  }
  bool wait_for_earlier(std::int64_t timeout_us);

 private:
  std::atomic<unsigned> epoch_{0};
  std::array<std::atomic<std::int64_t>, 2> counts_{};
  std::atomic<int> waiting_{0};
  std::mutex mutex_, barrier_;
  std::condition_variable changed_;
};

}  // namespace firebreak::gateway
