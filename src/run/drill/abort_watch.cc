#include "run/drill/abort_watch.h"

#include <chrono>

namespace firebreak::drill {

AbortWatch::AbortWatch(Files& files, std::string path, const std::atomic<bool>* interrupted, std::function<void()> stop)
    : thread_([this, &files, path = std::move(path), interrupted, stop = std::move(stop)] {
        while (!done_) {
          if (exists(files, path) || (interrupted != nullptr && *interrupted)) return stop();
          std::this_thread::sleep_for(std::chrono::milliseconds(100));  // between two looks
        }
      }) {}

AbortWatch::~AbortWatch() {
  done_ = true;
  thread_.join();
}

}  // namespace firebreak::drill
