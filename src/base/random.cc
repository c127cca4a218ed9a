#include "base/random.h"

#include <openssl/rand.h>

#include "base/result.h"

namespace firebreak {
namespace {

std::uint64_t splitmix64(std::uint64_t& state) {
  std::uint64_t z = (state += 0x9e3779b97f4a7c15ULL);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

}  // namespace

Bytes SystemRandom::bytes(std::size_t count) {
  Bytes out(count, '\0');
  FIREBREAK_ASSERT(RAND_bytes(reinterpret_cast<unsigned char*>(out.data()), static_cast<int>(count)) == 1);
  return out;
}

Bytes SeededRandom::bytes(std::size_t count) {
  const std::lock_guard lock(mutex_);
  Bytes out;
  while (out.size() < count) put_le(out, splitmix64(state_));
  out.resize(count);
  return out;
}

std::uint64_t SeededRandom::next() {
  const std::lock_guard lock(mutex_);
  return splitmix64(state_);
}

}  // namespace firebreak
