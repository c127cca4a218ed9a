// How far the clocks of hosts that send records are from ours: each batch says when it left, by the sender's clock.
//
// What left at `sent` came at `received` after some delay, which is never negative: so sent - received is the clock's lead less the
// delay. Of the newest kKept batches of a host the lead is the median of the largest quarter: a slow network moves it little, one odd
// batch not at all. Nothing is ordered by it: records have the order in which they came, and journal entries our own clock's time.
//
// Threads: all functions from any thread.
#pragma once

#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"

namespace firebreak::api {

struct HostClock {
  std::string host;
  std::int64_t ahead_us = 0;   // negative: behind
  std::int64_t spread_us = 0;  // between the quarter and the three quarters of what was seen
  std::size_t batches = 0;     // that it is taken from
  Time seen;                   // when the newest came
};

class HostClocks {
 public:
  static constexpr std::size_t kKept = 32, kFew = 4, kHosts = 1'000;
  static constexpr std::int64_t kWrong = 2 * kSecond;  // from here on it is worth a word

  // What is worth a journal entry: a lead that is wrong, or right again, or has moved by more than kWrong and a tenth since it was said.
  std::optional<HostClock> note(const std::string& host, Time sent, Time received);

  std::vector<HostClock> all() const;  // by name

 private:
  struct Seen {
    std::deque<std::int64_t> leads;
    Time newest;
    std::int64_t told_us = 0;
  };
  static HostClock estimate(const std::string& host, const Seen& seen);

  mutable std::mutex mutex_;
  std::map<std::string, Seen> hosts_;
};

}  // namespace firebreak::api
