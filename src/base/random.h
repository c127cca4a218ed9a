// Random octets for keys, salts, nonces and tokens. SeededRandom is for tests and exercises: the same seed, the same run.
#pragma once

#include <cstdint>
#include <mutex>

#include "base/bytes.h"

namespace firebreak {

// Thread-safe.
class Random {
 public:
  virtual ~Random() = default;
  virtual Bytes bytes(std::size_t count) = 0;
};

// The operating system's generator, through OpenSSL.
class SystemRandom : public Random {
 public:
  Bytes bytes(std::size_t count) override;
};

// splitmix64 (Steele, Lea, Flood 2014).
class SeededRandom : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed) : state_(seed) {}
  Bytes bytes(std::size_t count) override;
  std::uint64_t next();

 private:
  std::mutex mutex_;
  std::uint64_t state_;
};

}  // namespace firebreak
