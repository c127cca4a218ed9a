// The processes of a drill: this program's own server and gateway, as children that never outlive it.
//
// A child is in a process group of its own (Ctrl-C reaches the drill alone) and is killed by the kernel when the drill's thread that
// started it ends. stop() asks all to end and kills who has not after `grace_ms`.
// Threads: start() from one thread; stop() from any, once or more.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace firebreak::drill {

class Children {
 public:
  explicit Children(std::string program) : program_(std::move(program)) {}
  ~Children() { stop(); }
  Children(const Children&) = delete;
  Children& operator=(const Children&) = delete;

  // Its first line on standard output, as JSON. kUnavailable with what it said on standard error, which goes to `errors`.
  Result<Json> start(const std::vector<std::string>& words, const std::string& errors);
  void stop(std::int64_t grace_ms = 2'000);

 private:
  struct Child {
    pid_t pid;
    int out;
  };
  const std::string program_;
  std::mutex mutex_;
  bool stopped_ = false;
  std::vector<Child> children_;
};

}  // namespace firebreak::drill
