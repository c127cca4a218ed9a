// Real files under which the process dies: by SIGKILL, before or after the k-th call of a kind, or with half of a write done.
// So the product needs no hooks: a point has the name of a call and of what it is about, "sync segment", "rename checkpoint".
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>

#include "base/files.h"

namespace firebreak::testing {

enum class Moment { kBefore, kHalfway, kAfter };  // halfway: of a write; of other calls the same as after

struct KillAt {
  std::string point;
  std::uint64_t k = 1;  // of this process, from 1
  Moment moment = Moment::kBefore;
};

class KillingFiles : public Files {
 public:
  // Never returns from the call that is named by `at` (empty point: from none).
  explicit KillingFiles(KillAt at) : at_(std::move(at)) {}

  Result<std::unique_ptr<File>> open(const Path& path, OpenMode mode) override;
  Result<void> rename(const Path& from, const Path& to) override;
  Result<void> remove(const Path& path) override;
  Result<std::vector<std::string>> list(const Path& dir) override { return real_.list(dir); }
  Result<void> make_dir(const Path& dir) override;
  Result<void> sync_dir(const Path& dir) override;
  Result<std::unique_ptr<FileLock>> lock(const Path& path) override { return real_.lock(path); }

  std::map<std::string, std::uint64_t> seen() const;  // how often each point was passed

 private:
  class Handle;
  // Counts the call, and dies at it.
  Result<void> pass(const char* call, const Path& path, const std::function<Result<void>()>& whole,
                    const std::function<void()>& half = {});

  const KillAt at_;
  PosixFiles real_;
  mutable std::mutex mutex_;
  std::map<std::string, std::uint64_t> seen_;
};

}  // namespace firebreak::testing
