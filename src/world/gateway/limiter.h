// Token buckets by key (Turner 1986): `burst` tokens at most, refilled at `per_minute`. Time is the gateway's clock,
// so a fed clock that stands still refills nothing.
//
// Memory: at most max_buckets; when full, buckets that have refilled are forgotten, then the table refuses new keys
// (the request is limited: an attacker who mints keys must not get around a limit by filling a table).
// Threads: any; sixteen locks by key.
#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <string>
#include <unordered_map>

#include "base/time.h"

namespace firebreak::gateway {

class Limiter {
 public:
  explicit Limiter(std::size_t max_buckets = 200'000) : max_per_shard_(max_buckets / kShards) {}

  // 0 when a token was there; else the microseconds until one will be.
  std::int64_t take(const std::string& key, Time now, double per_minute, double burst);

 private:
  static constexpr std::size_t kShards = 16;
  struct Bucket {
    double tokens = 0;
    Time at;
    double per_minute = 0, burst = 0;
  };
  struct Shard {
    std::mutex mutex;
    std::unordered_map<std::string, Bucket> buckets;
  };
  const std::size_t max_per_shard_;
  std::array<Shard, kShards> shards_;
};

}  // namespace firebreak::gateway
