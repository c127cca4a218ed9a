// Lets streams expire by their configured retention: about once an hour of the server's clock, what is past its time goes but for
// what a legal hold keeps, derived files with it, and the journal hears how much (entry retention_done, when something went). The
// stream's log has it first: a sweep that a crash cut short of the journal is reported by the next one, at the next start.
//
// Threads: a thread of its own; status() from any. A sweep that was cut short is finished by the next one.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "run/app/context.h"

namespace firebreak::app {

class Retention {
 public:
  // `forget`: takes what was derived of a stream after keys of it are gone. `hourly`: what else is due at a sweep.
  Retention(const Context& context, std::function<Result<std::uint64_t>(const std::string& stream)> forget, std::function<void()> hourly)
      : context_(context), forget_(std::move(forget)), hourly_(std::move(hourly)) {}
  ~Retention() { stop(); }

  void start();
  void stop();
  void sweep();  // all streams once; what it cannot do it logs. The thread's work
  Json status() const;  // {"streams": [{"stream", "purpose", "retention_days", "held", "cutoff"?, "records", "entry"?}]}

 private:
  void run();
  Result<void> sweep_one(const std::string& stream);
  Result<void> report(const std::string& name, record::Stream& stream);

  const Context& context_;
  const std::function<Result<std::uint64_t>(const std::string&)> forget_;
  const std::function<void()> hourly_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace firebreak::app
