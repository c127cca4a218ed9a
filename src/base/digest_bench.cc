// SHA-256 of short messages: OpenSSL with a reused context, one lane and two lanes of the processor's own instructions.
// 65 octets are a tree node, 49 a stream's leaf, 201 an opaque entry of 200.
#include <benchmark/benchmark.h>

#include <random>
#include <vector>

#include "base/digest.h"

namespace firebreak {
namespace {

std::vector<std::string> messages(std::size_t size) {
  std::mt19937_64 random(1);
  std::vector<std::string> out(1'000, std::string(size, 0));
  for (std::string& message : out)
    for (char& c : message) c = static_cast<char>(random());
  return out;
}

void count(benchmark::State& state) {
  state.SetItemsProcessed(state.iterations() * 1'000);
  state.SetBytesProcessed(state.iterations() * 1'000 * state.range(0));
}

void openssl_reused(benchmark::State& state) {
  const auto all = messages(static_cast<std::size_t>(state.range(0)));
  Sha256 hasher;
  for (auto _ : state)
    for (const std::string& message : all) {
      hasher.update(message);
      benchmark::DoNotOptimize(hasher.finish());
    }
  count(state);
}

void one_by_one(benchmark::State& state) {
  const auto all = messages(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state)
    for (const std::string& message : all) benchmark::DoNotOptimize(sha256(message));
  count(state);
}

void two_lanes(benchmark::State& state) {
  const auto all = messages(static_cast<std::size_t>(state.range(0)));
  const std::vector<ByteView> views(all.begin(), all.end());
  std::vector<Digest> out(views.size());
  for (auto _ : state) {
    sha256_each({}, views, out);
    benchmark::DoNotOptimize(out.data());
  }
  count(state);
}

BENCHMARK(openssl_reused)->Arg(49)->Arg(65)->Arg(201)->Arg(1'000);
BENCHMARK(one_by_one)->Arg(49)->Arg(65)->Arg(201)->Arg(1'000);
BENCHMARK(two_lanes)->Arg(49)->Arg(65)->Arg(201)->Arg(1'000);

}  // namespace
}  // namespace firebreak
