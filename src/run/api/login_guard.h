// Slows down who guesses passwords and one-time codes: five wrong tries at a name within a quarter of an hour, and its door
// stays shut for the rest of it, whoever knocks. Names that nobody bears are one name.
// Threads: any.
#pragma once

#include <deque>
#include <map>
#include <mutex>
#include <string>

#include "base/result.h"
#include "base/time.h"

namespace firebreak::api {

class LoginGuard {
 public:
  static constexpr std::size_t kTries = 5;
  static constexpr std::int64_t kWindow = 15 * kMinute;

  // A try counts as wrong until passed() says otherwise: a hundred at once are no way around. Errors: kBusy, with the minutes
  // that are left.
  Result<void> admit(const std::string& name, std::int64_t steady_us);
  void passed(const std::string& name);

 private:
  std::mutex mutex_;
  std::map<std::string, std::deque<std::int64_t>> tries_;  // newest last
};

}  // namespace firebreak::api
