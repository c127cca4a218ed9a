#include "run/api/fair_queue.h"

#include <fmt/core.h>

#include <algorithm>
#include <exception>

#include "base/limits.h"

namespace firebreak::api {

Result<void> FairQueue::run(const std::string& stream, std::size_t octets, Job job) {
  std::unique_lock lock(mutex_);
  Stream& mine = streams_[stream];
  if (!mine.jobs.empty() && mine.octets + octets > quota_)
    return fail(Code::kBusy, fmt::format("{} MiB of stream '{}' wait already: send more slowly, or larger batches", mine.octets / limits::kMiB, stream));
  if (mine.jobs.empty()) mine.start = std::max(mine.start, virtual_time_);
  mine.octets += octets;
  mine.jobs.push_back({octets, std::move(job)});
  if (working_ == workers_) return {};
  ++working_;
  for (Job next; take(next);) {
    lock.unlock();
    try {
      next();
    } catch (const std::exception&) {  // no memory: its responder goes with it and answers 500; this thread goes on
    }
    next = {};  // what it holds goes before the next is waited for
    lock.lock();
  }
  --working_;
  return {};
}

bool FairQueue::take(Job& job) {
  auto least = streams_.end();
  for (auto at = streams_.begin(); at != streams_.end();) {
    if (at->second.jobs.empty() && at->second.start <= virtual_time_) {
      at = streams_.erase(at);  // a newcomer starts at the same time
      continue;
    }
    if (!at->second.jobs.empty() && (least == streams_.end() || at->second.start < least->second.start)) least = at;
    ++at;
  }
  if (least == streams_.end()) return false;
  Stream& from = least->second;
  virtual_time_ = std::max(virtual_time_, from.start);
  Waiting& front = from.jobs.front();
  from.start += std::max<std::size_t>(front.octets, 1);
  from.octets -= front.octets;
  job = std::move(front.job);
  from.jobs.pop_front();
  return true;
}

}  // namespace firebreak::api
