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

class Watcher {
 public:
  Watcher(Files& files, std::string path, const std::atomic<bool>* interrupted, std::function<void()> stop);
  ~Watcher();
  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;

 private:
  std::atomic<bool> done_{false};
  std::thread thread_;
};

}  // namespace firebreak::drill
