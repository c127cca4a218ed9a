// Looks ten times a second whether a drill is to be ended: its abort file is there, or the program was interrupted. Then it calls `stop`
// once, from a thread of its own, whatever is being waited for at that moment.
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <thread>

#include "base/files.h"

namespace firebreak::drill {

inline constexpr std::string_view kAbortFile = "ABORT";

class AbortWatch {
 public:
  AbortWatch(Files& files, std::string path, const std::atomic<bool>* interrupted, std::function<void()> stop);
  ~AbortWatch();
  AbortWatch(const AbortWatch&) = delete;
  AbortWatch& operator=(const AbortWatch&) = delete;

 private:
  std::atomic<bool> done_{false};
  std::thread thread_;
};

}  // namespace firebreak::drill
