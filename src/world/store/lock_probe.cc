#include "world/store/lock_probe.h"

#include <fmt/core.h>

#include "base/encoding.h"

namespace firebreak::store {
namespace {

constexpr const char* kCompliance = "COMPLIANCE";
constexpr std::int64_t kLocked = kDay;
constexpr std::int64_t kShorter = kHour;
constexpr std::int64_t kRounding = kSecond;  // stores keep seconds or better

bool is_away(const Error& error) { return error.code == Code::kUnavailable || error.code == Code::kTimeout; }

class Probe {
 public:
  Probe(ObjectStore& store, std::string key, Time until) : store_(store), key_(std::move(key)), until_(until) {}

  Result<void> write() {
    auto written = store_.put(key_, "Firebreak tries whether this can be deleted before its time.\n", until_);
    // What S3 and its kin answer to a lock on a bucket without one; every other refusal is a matter of configuration.
    if (!written && written.error().code == Code::kInvalid && written.error().message.find(" InvalidRequest") != std::string::npos)
      return give_way("it does not lock objects: " + written.error().message);
    if (!written) return fail(std::move(written.error()));
    version_ = *written;
    if (version_.empty() || version_ == "null") return give_way("the bucket keeps no versions: an object can be written over");
    locked_ = true;
    return still_locked("a lock that was asked for is not kept");
  }

  Result<void> shorten(bool bypass) {
    return change({kCompliance, Time{until_.us - kLocked + kShorter}}, bypass,
                  bypass ? "retention can be shortened by asking to bypass it" : "COMPLIANCE retention can be shortened");
  }
  Result<void> weaken(bool bypass) {
    return change({"GOVERNANCE", until_}, bypass, bypass ? "COMPLIANCE can be made GOVERNANCE by asking to bypass it" : "COMPLIANCE can be made GOVERNANCE");
  }

  Result<void> remove(bool bypass) {
    if (!locked_) return {};
    auto removed = store_.remove(key_, version_, bypass);
    if (!removed && is_away(removed.error())) return fail(std::move(removed.error()));
    auto there = store_.head(key_, version_);
    if (there) return {};
    if (there.error().code != Code::kNotFound) return fail(std::move(there.error()));
    locked_ = false;
    return give_way(bypass ? "a locked version can be deleted by asking to bypass its retention" : "a locked version can be deleted");
  }

  std::vector<std::string> gave_way;

 private:
  Result<void> give_way(std::string what) {
    gave_way.push_back(std::move(what));
    return {};
  }

  Result<void> still_locked(const char* otherwise) {
    FIREBREAK_ASSIGN(const auto kept, store_.retention(key_, version_));
    if (kept && kept->mode == kCompliance && kept->until >= until_ - kRounding) return {};
    locked_ = kept.has_value();
    return give_way(kept ? fmt::format("{} (asked for: COMPLIANCE until {}; kept: {} until {})", otherwise, format_time(until_), kept->mode,
                                       format_time(kept->until))
                         : std::string(otherwise));
  }

  Result<void> change(const Retention& to, bool bypass, const char* what) {
    if (!locked_) return {};
    auto changed = store_.set_retention(key_, version_, to, bypass);
    if (!changed && is_away(changed.error())) return fail(std::move(changed.error()));
    const std::size_t before = gave_way.size();
    FIREBREAK_TRY(still_locked(what));
    // What is tried next starts from the lock as it was.
    if (gave_way.size() > before && locked_) (void)store_.set_retention(key_, version_, {kCompliance, until_}, true);
    return {};
  }

  ObjectStore& store_;
  const std::string key_;
  const Time until_;
  std::string version_;
  bool locked_ = false;
};

// Those of earlier days, whose locks have ended. One that cannot be deleted stays: it is small, and no reason for a finding.
void sweep(ObjectStore& store, Time now) {
  const auto old = store.versions(kProbeFolder);
  if (!old) return;
  for (const ObjectVersion& one : *old)
    if (one.deletion || one.modified.us + kLocked + kHour < now.us) (void)store.remove(one.key, one.version, false);
}

}  // namespace

Result<LockVerdict> probe_lock(ObjectStore& store, const Clock& clock, Random& random) {
  const Time now = clock.now();
  LockVerdict verdict;
  auto usual = store.default_retention();
  if (!usual && usual.error().code != Code::kForbidden) return fail(std::move(usual.error()));
  verdict.default_retention = usual ? *usual : "not to be read with this key";
  const Time until{now.us - now.us % kSecond + kLocked};
  Probe probe(store, std::string(kProbeFolder) + to_hex(random.bytes(8)), until);
  FIREBREAK_TRY(probe.write());
  FIREBREAK_TRY(probe.shorten(false));
  FIREBREAK_TRY(probe.shorten(true));
  FIREBREAK_TRY(probe.weaken(false));
  FIREBREAK_TRY(probe.weaken(true));
  FIREBREAK_TRY(probe.remove(false));
  FIREBREAK_TRY(probe.remove(true));
  verdict.gave_way = std::move(probe.gave_way);
  sweep(store, now);
  return verdict;
}

}  // namespace firebreak::store
