// The simulated sibling of the callers: answers from a list, and remembers what it was asked. For tests of whoever calls;
// thread-safe.
#pragma once

#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "world/connect/caller.h"

namespace firebreak::connect {

class ScriptedCaller : public Caller {
 public:
  // One per coming call; afterwards values without members.
  void script(std::vector<Result<JsonObject>> answers) {
    const std::lock_guard lock(mutex_);
    answers_ = std::move(answers);
    at_ = 0;
  }
  std::vector<std::pair<std::string, Json>> calls() const {  // key and request, in order
    const std::lock_guard lock(mutex_);
    return calls_;
  }

  Result<JsonObject> call(const Json& request, const std::string& key) override {
    const std::lock_guard lock(mutex_);
    calls_.emplace_back(key, request);
    return at_ < answers_.size() ? answers_[at_++] : Result<JsonObject>(JsonObject{});
  }

 private:
  mutable std::mutex mutex_;
  std::vector<Result<JsonObject>> answers_;
  std::size_t at_ = 0;
  std::vector<std::pair<std::string, Json>> calls_;
};

}  // namespace firebreak::connect
