// Whose batch is next: streams share the ingest threads by octets, so that one that floods waits for itself.
//
// Start-time fair queueing (Goyal, Vin, Cheng: Start-time Fair Queueing, SIGCOMM 1996) with equal weights: each stream has a
// virtual time that its octets move on, the waiting stream with the least goes next, and one that comes after a pause starts
// at the time of what is being served. A stream that asks for less than its share therefore waits for the jobs under way,
// and for no queue. Threads: any; jobs run on the threads that call run(), at most `workers` at once.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>

#include "base/result.h"

namespace firebreak::api {

class FairQueue {
 public:
  using Job = std::function<void()>;
  FairQueue(std::size_t workers, std::size_t octets_per_stream) : workers_(workers), quota_(octets_per_stream) {}

  // Queues the job, and when fewer than `workers` threads are at work, works here until nothing waits. kBusy, and the job is
  // not kept: more than the quota of this stream would wait.
  Result<void> run(const std::string& stream, std::size_t octets, Job job);

 private:
  struct Waiting {
    std::size_t octets = 0;
    Job job;
  };
  struct Stream {
    std::uint64_t start = 0;  // virtual time at which its next job starts
    std::size_t octets = 0;   // waiting
    std::deque<Waiting> jobs;
  };
  bool take(Job& job);  // with mutex_ held

  const std::size_t workers_, quota_;
  std::mutex mutex_;
  std::map<std::string, Stream> streams_;  // those that wait, and those ahead of the virtual time
  std::uint64_t virtual_time_ = 0;
  std::size_t working_ = 0;
};

}  // namespace firebreak::api
