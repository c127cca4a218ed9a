#include "run/api/login_guard.h"

#include <fmt/core.h>

namespace firebreak::api {

Result<void> LoginGuard::admit(const std::string& name, std::int64_t steady_us) {
  const std::lock_guard held(mutex_);
  for (auto one = tries_.begin(); one != tries_.end();) {
    while (!one->second.empty() && one->second.front() <= steady_us - kWindow) one->second.pop_front();
    one = one->second.empty() ? tries_.erase(one) : std::next(one);
  }
  std::deque<std::int64_t>& tries = tries_[name];
  if (tries.size() >= kTries)
    return fail(Code::kBusy, fmt::format("too many wrong tries: the next one counts in {} min", (tries.front() + kWindow - steady_us + kMinute - 1) / kMinute));
  tries.push_back(steady_us);
  return {};
}

void LoginGuard::passed(const std::string& name) {
  const std::lock_guard held(mutex_);
  tries_.erase(name);
}

}  // namespace firebreak::api
