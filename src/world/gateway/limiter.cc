#include "world/gateway/limiter.h"

#include <algorithm>
#include <cmath>
#include <functional>

namespace firebreak::gateway {
namespace {

double refilled(double tokens, Time from, Time to, double per_minute, double burst) {
  const double minutes = static_cast<double>(std::max<std::int64_t>(0, to - from)) / static_cast<double>(kMinute);
  return std::min(burst, tokens + minutes * per_minute);
}

}  // namespace

std::int64_t Limiter::take(const std::string& key, Time now, double per_minute, double burst) {
  Shard& shard = shards_[std::hash<std::string>()(key) % kShards];
  const std::lock_guard lock(shard.mutex);
  auto it = shard.buckets.find(key);
  if (it == shard.buckets.end()) {
    if (shard.buckets.size() >= max_per_shard_)
      std::erase_if(shard.buckets, [&](const auto& entry) {
        const Bucket& b = entry.second;
        return refilled(b.tokens, b.at, now, b.per_minute, b.burst) >= b.burst;
      });
    if (shard.buckets.size() >= max_per_shard_) return kSecond;
    it = shard.buckets.emplace(key, Bucket{burst, now, per_minute, burst}).first;
  }
  Bucket& bucket = it->second;
  bucket.tokens = refilled(bucket.tokens, bucket.at, now, per_minute, burst);
  bucket.at = std::max(bucket.at, now);
  bucket.per_minute = per_minute;
  bucket.burst = burst;
  if (bucket.tokens >= 1) {
    bucket.tokens -= 1;
    return 0;
  }
  if (per_minute <= 0) return kHour;
  return static_cast<std::int64_t>(std::ceil((1 - bucket.tokens) / per_minute * static_cast<double>(kMinute)));
}

}  // namespace firebreak::gateway
