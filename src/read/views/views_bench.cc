// What people wait for when an installation is old: 50,000 incidents, 1 M rows of timeline, 5 M findings in the views, and then
// lists, filters, one incident whole, and the status, each asked many times with what the dice say. Reports p50 and p95.
//   FIREBREAK_BENCH_INCIDENTS=50000 views_bench      (fewer for a quick look; findings and rows scale along)
// The file is made anew in the current folder (about 6 GB at full size).
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <random>

#include "read/views/past_for_bench.h"
#include "read/views/views.h"

namespace firebreak {
namespace {

using bench::kEndpoints;
using bench::Past;

std::uint64_t incidents() {
  const char* const given = std::getenv("FIREBREAK_BENCH_INCIDENTS");
  return given != nullptr ? std::strtoull(given, nullptr, 10) : 5'000;
}

struct World {
  World() : path((std::filesystem::current_path() / "views_bench.sqlite").string()), past(incidents()) {
    for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(path + suffix);
    views = *views::Views::open(path);
    past.write(views::Views::kLargePiece, [&](const std::vector<Entry>& entries) {
      std::vector<std::string> journal;  // as it lies there; making it does not count
      for (const Entry& entry : entries) journal.push_back(entry_bytes(entry));
      const auto began = std::chrono::steady_clock::now();
      const std::clock_t on_processor = std::clock();
      std::vector<Entry> read;
      for (std::size_t i = 0; i < journal.size(); ++i) read.push_back(*parse_entry(entries[i].index, journal[i]));
      parsed_s += std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
      FIREBREAK_ASSERT(views->apply(std::span<const Entry>(read)).has_value());
      built_s += std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
      processor_s += static_cast<double>(std::clock() - on_processor) / CLOCKS_PER_SEC;
    });
  }
  ~World() {
    views.reset();
    for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(path + suffix);
  }

  static World& get() {
    static World world;
    return world;
  }

  std::string path;
  Past past;
  std::unique_ptr<views::Views> views;
  double built_s = 0, processor_s = 0, parsed_s = 0;
  std::mt19937_64 dice{7};
};

// `ask` gives a document; what is measured includes writing it as text.
template <class Ask>
void asked(benchmark::State& state, Ask ask) {
  World& world = World::get();
  std::vector<double> took;
  for (auto _ : state) {
    const auto began = std::chrono::steady_clock::now();
    const Result<Json> answer = ask(world);
    FIREBREAK_ASSERT(answer.has_value());
    benchmark::DoNotOptimize(canonical_json(*answer));
    took.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - began).count());
  }
  std::sort(took.begin(), took.end());
  state.counters["p50_ms"] = took[took.size() / 2];
  state.counters["p95_ms"] = took[(took.size() * 95 + 99) / 100 - 1];
}

std::string any_endpoint(World& world) { return "endpoint-" + std::to_string(world.dice() % kEndpoints); }

void fold(benchmark::State& state) {
  World& world = World::get();
  for (auto _ : state) continue;  // done once, when the world was made
  state.counters["entries"] = static_cast<double>(world.past.written);
  state.counters["entries_per_s"] = static_cast<double>(world.past.written) / world.built_s;
  state.counters["entries_per_processor_s"] = static_cast<double>(world.past.written) / world.processor_s;
  state.counters["parsed_share"] = world.parsed_s / world.built_s;
}
void list_incidents(benchmark::State& state) {
  asked(state, [](World& world) { return world.views->incidents({.cursor = std::to_string(1 + world.dice() % world.past.written), .limit = 50}); });
}
void filter_open(benchmark::State& state) {
  asked(state, [](World& world) { return world.views->incidents({.cursor = {}, .limit = 50}, {.incident = {}, .endpoint = {}, .state = "open"}); });
}
void filter_endpoint(benchmark::State& state) {
  asked(state, [](World& world) { return world.views->incidents({.cursor = {}, .limit = 50}, {.incident = {}, .endpoint = any_endpoint(world), .state = "closed"}); });
}
void filter_findings(benchmark::State& state) {
  asked(state, [](World& world) { return world.views->findings({.cursor = {}, .limit = 50}, {.incident = {}, .endpoint = any_endpoint(world), .state = "open"}); });
}
void one_incident(benchmark::State& state) {
  asked(state, [](World& world) { return world.views->incident(world.past.ids[world.dice() % world.past.ids.size()]); });
}
void the_status(benchmark::State& state) {
  asked(state, [](World& world) { return world.views->status(); });
}
void opened_again(benchmark::State& state) {
  World& world = World::get();
  for (auto _ : state) {
    world.views.reset();
    world.views = *views::Views::open(world.path);
  }
}

BENCHMARK(fold)->Iterations(1);
BENCHMARK(list_incidents)->Iterations(400)->Unit(benchmark::kMillisecond);
BENCHMARK(filter_open)->Iterations(400)->Unit(benchmark::kMillisecond);
BENCHMARK(filter_endpoint)->Iterations(400)->Unit(benchmark::kMillisecond);
BENCHMARK(filter_findings)->Iterations(400)->Unit(benchmark::kMillisecond);
BENCHMARK(one_incident)->Iterations(400)->Unit(benchmark::kMillisecond);
BENCHMARK(the_status)->Iterations(100)->Unit(benchmark::kMillisecond);
BENCHMARK(opened_again)->Iterations(3)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace firebreak

BENCHMARK_MAIN();
