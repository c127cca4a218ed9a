// How fast the story's clock runs, for people who watch: fast through quiet hours, at true pace when a finding opens,
// held while a decision waits. Each change is a journal entry; a person may change it at any moment on the page.
//
// Without people (`watched` false) the clock runs as fast as it goes and nothing waits.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "fraud/player/api.h"

namespace firebreak::example {

using Rate = std::optional<double>;  // clock seconds a second; 0 = held, nullopt = as fast as it goes

class Pace {
 public:
  Pace(std::string server, std::string token, bool watched) : api_(std::move(server), std::move(token)), watched_(watched) {}

  Result<void> run(Rate rate, const std::string& reason);
  // The same for so many seconds, then at another.
  Result<void> run_for(Rate rate, const std::string& reason, int seconds, Rate then, const std::string& then_reason);
  Result<void> hold(const std::string& reason);
  Result<void> release();  // back to what it was before hold()
  Result<bool> held();     // asks the server: a person may have let it go

  // Lets as much time pass as so many clock seconds take at the present rate; while it is held, until it is not.
  Result<void> spend(double clock_seconds);

 private:
  using Wall = std::chrono::steady_clock;

  Result<void> set(Rate rate, const std::string& reason);
  Result<void> look();  // what the server says the rate is

  Api api_;
  const bool watched_;
  Rate rate_, before_, then_;
  std::string reason_, before_reason_, then_reason_;
  std::optional<Wall::time_point> until_;
};

}  // namespace firebreak::example
