#include "fraud/player/pace.h"

#include <algorithm>
#include <thread>

namespace firebreak::example {

Result<void> Pace::set(Rate rate, const std::string& reason) {
  if (rate == rate_ && reason == reason_) return {};
  rate_ = rate;
  reason_ = reason;
  FIREBREAK_TRY(api_.post("/api/v1/clock", JsonObject{{"rate", rate ? Json(*rate) : Json(nullptr)}, {"reason", reason}}));
  return {};
}

Result<void> Pace::look() {
  FIREBREAK_ASSIGN(const Json clock, api_.get("/api/v1/clock"));
  const Json* rate = find(clock, "rate");
  rate_ = rate != nullptr && rate->is_number() ? Rate(rate->to_number<double>()) : std::nullopt;
  return {};
}

Result<void> Pace::run(Rate rate, const std::string& reason) {
  until_.reset();
  return set(watched_ ? rate : std::nullopt, reason);
}

Result<void> Pace::run_for(Rate rate, const std::string& reason, int seconds, Rate then, const std::string& then_reason) {
  FIREBREAK_TRY(run(rate, reason));
  until_ = Wall::now() + std::chrono::seconds(seconds);
  then_ = then;
  then_reason_ = then_reason;
  return {};
}

Result<void> Pace::hold(const std::string& reason) {
  if (!watched_) return {};
  before_ = rate_;
  before_reason_ = reason_;
  return set(0, reason);
}

Result<void> Pace::release() { return watched_ ? set(before_, before_reason_) : Result<void>{}; }

Result<bool> Pace::held() {
  FIREBREAK_TRY(look());
  return rate_ == Rate(0);
}

Result<void> Pace::spend(double clock_seconds) {
  constexpr double kLook = 0.3;  // seconds between two looks at the rate: a person may change it
  if (!watched_) return {};
  while (clock_seconds > 0) {
    FIREBREAK_TRY(look());
    if (until_ && Wall::now() >= *until_) FIREBREAK_TRY(run(then_, then_reason_));
    if (!rate_) return {};
    const double seconds = *rate_ == 0 ? kLook : std::min(kLook, clock_seconds / *rate_);
    std::this_thread::sleep_for(std::chrono::duration<double>(seconds));  // this is the pace
    clock_seconds -= seconds * *rate_;
  }
  return {};
}

}  // namespace firebreak::example
