#include "base/sha256_lanes.h"

#include <algorithm>
#include <cstring>

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#endif

namespace firebreak::sha256_lanes {

#if defined(__x86_64__)

namespace {

#define FIREBREAK_SHA __attribute__((target("sha,sse4.1")))

constexpr std::size_t kBlock = 64;
constexpr std::size_t kPadded = kMaxMessage + 2 * kBlock;

alignas(16) constexpr std::uint32_t kRound[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be,
    0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa,
    0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85,
    0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3,
    0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f,
    0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

// A message made whole: prefix, octets, the one bit, zeros, its length in bits.
struct Padded {
  alignas(16) std::uint8_t octets[kPadded];
  std::size_t blocks = 0;

  Padded(ByteView prefix, ByteView message) {
    const std::size_t size = prefix.size() + message.size();
    blocks = (size + 9 + kBlock - 1) / kBlock;
    if (!prefix.empty()) std::memcpy(octets, prefix.data(), prefix.size());
    if (!message.empty()) std::memcpy(octets + prefix.size(), message.data(), message.size());
    octets[size] = 0x80;
    std::memset(octets + size + 1, 0, blocks * kBlock - size - 1);
    const std::uint64_t bits = static_cast<std::uint64_t>(size) * 8;
    for (std::size_t i = 0; i < 8; ++i) octets[blocks * kBlock - 1 - i] = static_cast<std::uint8_t>(bits >> (8 * i));
  }
};

// The eight state words in the order that the instructions want them: ABEF and CDGH.
struct State {
  __m128i abef, cdgh;
};

FIREBREAK_SHA __attribute__((always_inline)) inline State initial() {
  return {_mm_set_epi32(0x6a09e667, static_cast<int>(0xbb67ae85), 0x510e527f, static_cast<int>(0x9b05688c)),
          _mm_set_epi32(0x3c6ef372, static_cast<int>(0xa54ff53a), 0x1f83d9ab, 0x5be0cd19)};
}

FIREBREAK_SHA __attribute__((always_inline)) inline void load(const std::uint8_t* block, __m128i words[4]) {
  const __m128i big_endian = _mm_set_epi64x(0x0c0d0e0f08090a0bLL, 0x0405060700010203LL);
  for (int i = 0; i < 4; ++i)
    words[i] = _mm_shuffle_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(block) + i), big_endian);
}

// Four rounds: `group` is 0..15, words[group % 4] holds their schedule.
FIREBREAK_SHA __attribute__((always_inline)) inline void rounds(State& state, const __m128i words[4], int group) {
  __m128i with_constants = _mm_add_epi32(words[group & 3], _mm_load_si128(reinterpret_cast<const __m128i*>(kRound) + group));
  state.cdgh = _mm_sha256rnds2_epu32(state.cdgh, state.abef, with_constants);
  with_constants = _mm_shuffle_epi32(with_constants, 0x0e);
  state.abef = _mm_sha256rnds2_epu32(state.abef, state.cdgh, with_constants);
}

// The schedule of `group` (4..15) from the four groups before it.
FIREBREAK_SHA __attribute__((always_inline)) inline void extend(__m128i words[4], int group) {
  const __m128i& newest = words[(group + 3) & 3];
  __m128i next = _mm_sha256msg1_epu32(words[group & 3], words[(group + 1) & 3]);
  next = _mm_add_epi32(next, _mm_alignr_epi8(newest, words[(group + 2) & 3], 4));
  words[group & 3] = _mm_sha256msg2_epu32(next, newest);
}

FIREBREAK_SHA __attribute__((always_inline)) inline void add(State& state, const State& before) {
  state.abef = _mm_add_epi32(state.abef, before.abef);
  state.cdgh = _mm_add_epi32(state.cdgh, before.cdgh);
}

FIREBREAK_SHA void compress(State& state, const std::uint8_t* block) {
  const State before = state;
  __m128i words[4];
  load(block, words);
#pragma GCC unroll 16
  for (int group = 0; group < 16; ++group) {
    if (group >= 4) extend(words, group);
    rounds(state, words, group);
  }
  add(state, before);
}

FIREBREAK_SHA void compress_two(State& a, const std::uint8_t* block_a, State& b, const std::uint8_t* block_b) {
  const State before_a = a, before_b = b;
  __m128i words_a[4], words_b[4];
  load(block_a, words_a);
  load(block_b, words_b);
#pragma GCC unroll 16
  for (int group = 0; group < 16; ++group) {
    if (group >= 4) {
      extend(words_a, group);
      extend(words_b, group);
    }
    rounds(a, words_a, group);
    rounds(b, words_b, group);
  }
  add(a, before_a);
  add(b, before_b);
}

FIREBREAK_SHA void store(const State& state, std::uint8_t out[32]) {
  alignas(16) std::uint32_t abef[4], cdgh[4];
  _mm_store_si128(reinterpret_cast<__m128i*>(abef), state.abef);
  _mm_store_si128(reinterpret_cast<__m128i*>(cdgh), state.cdgh);
  const std::uint32_t words[8] = {abef[3], abef[2], cdgh[3], cdgh[2], abef[1], abef[0], cdgh[1], cdgh[0]};
  for (std::size_t i = 0; i < 8; ++i)
    for (std::size_t k = 0; k < 4; ++k) out[4 * i + k] = static_cast<std::uint8_t>(words[i] >> (24 - 8 * k));
}

bool has_instructions() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (__get_cpuid_count(7, 0, &a, &b, &c, &d) == 0 || (b & (1U << 29)) == 0) return false;
  return __get_cpuid(1, &a, &b, &c, &d) != 0 && (c & (1U << 19)) != 0;
}

}  // namespace

bool available() {
  static const bool has = has_instructions();
  return has;
}

FIREBREAK_SHA void hash_one(ByteView prefix, ByteView message, std::uint8_t out[32]) {
  const Padded padded(prefix, message);
  State state = initial();
  for (std::size_t i = 0; i < padded.blocks; ++i) compress(state, padded.octets + i * kBlock);
  store(state, out);
}

FIREBREAK_SHA void hash_two(ByteView prefix, ByteView first, ByteView second, std::uint8_t out_first[32],
                            std::uint8_t out_second[32]) {
  const Padded a(prefix, first), b(prefix, second);
  State state_a = initial(), state_b = initial();
  const std::size_t both = std::min(a.blocks, b.blocks);
  for (std::size_t i = 0; i < both; ++i) compress_two(state_a, a.octets + i * kBlock, state_b, b.octets + i * kBlock);
  for (std::size_t i = both; i < a.blocks; ++i) compress(state_a, a.octets + i * kBlock);
  for (std::size_t i = both; i < b.blocks; ++i) compress(state_b, b.octets + i * kBlock);
  store(state_a, out_first);
  store(state_b, out_second);
}

#else

bool available() { return false; }
void hash_one(ByteView, ByteView, std::uint8_t[32]) { FIREBREAK_ASSERT(false); }
void hash_two(ByteView, ByteView, ByteView, std::uint8_t[32], std::uint8_t[32]) { FIREBREAK_ASSERT(false); }

#endif

}  // namespace firebreak::sha256_lanes
