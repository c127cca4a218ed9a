// One thread that runs what it is given, in order. For work that blocks: capturing, replaying, gates.
//
// Threads: post() and the waits from any thread but the task thread itself. Tasks must not throw.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace firebreak {

class TaskThread {
 public:
  TaskThread() : thread_([this] { run(); }) {}
  ~TaskThread() { stop(); }
  TaskThread(const TaskThread&) = delete;
  TaskThread& operator=(const TaskThread&) = delete;

  void post(std::function<void()> task);  // dropped after stop()
  bool idle() const;                      // nothing queued and nothing running
  void wait_idle() const;                 // also returns after stop()
  void stop();                            // finishes the task that runs, drops the others. Idempotent

 private:
  void run();

  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::deque<std::function<void()>> tasks_;
  bool busy_ = false;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace firebreak
