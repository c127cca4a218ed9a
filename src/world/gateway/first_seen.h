// When each caller was first seen at an endpoint, kept over restarts: how old a key is.
//
// Memory: at most max_callers; when full, further callers count as seen now for ever (young: the careful side).
// Durability: appended to a file by remember(); a caller of the last moments before a crash may look younger.
// Threads: any. Callers that are known cost one shared lock.
#pragma once

#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <unordered_map>

#include "base/files.h"
#include "base/time.h"

namespace firebreak::gateway {

class FirstSeen {
 public:
  static Result<std::unique_ptr<FirstSeen>> open(Files& files, const Path& path, std::size_t max_callers = 100'000);

  Time remember(const std::string& caller, Time now);
  std::size_t size() const;

 private:
  FirstSeen(std::unique_ptr<File> file, std::size_t max_callers) : file_(std::move(file)), max_(max_callers) {}

  mutable std::shared_mutex mutex_;
  std::unordered_map<std::string, Time> seen_;
  std::unique_ptr<File> file_;
  std::uint64_t end_ = 0;
  const std::size_t max_;
};

}  // namespace firebreak::gateway
