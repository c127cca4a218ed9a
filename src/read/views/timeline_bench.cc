// One long incident: 100,000 rows of timeline, facts, opinions, notes and events in turn, every tenth fact corrected; then pages of it by type, by time and in the
// order of occurrence, each asked many times with what the dice say. Reports p50 and p95.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <random>

#include "read/views/views.h"

namespace firebreak {
namespace {

constexpr int kRows = 100'000;
const Time kStart = *parse_time("2026-03-07T00:00:00Z");

struct World {
  std::unique_ptr<views::Views> views = *views::Views::open(":memory:");
  std::string incident;
  std::mt19937_64 dice{7};

  World() {
    std::vector<Entry> entries;
    const auto add = [&](std::string_view kind, JsonObject body) {
      Entry entry;
      entry.index = entries.size();
      entry.kind = kind;
      entry.time = kStart + static_cast<std::int64_t>(entry.index) * kSecond;
      entry.actor = "user:ana";
      entry.body = std::move(body);
      entries.push_back(std::move(entry));
    };
    add("server_started", {});
    add("incident_opened", {{"endpoint", "api"}, {"stream", "api"}, {"title", "t"}, {"severity", "SEV-3"}, {"rule", "declared"}, {"findings", JsonArray{}}});
    incident = entries.back().id("inc");
    std::uint64_t fact = 0;
    for (int i = 0; i < kRows; ++i) {
      const std::string text = "row " + std::to_string(i) + ": caller " + std::to_string(i % 977) + " asked again";
      if (i % 4 == 3) {
        add("incident_role", {{"incident", incident}, {"role", "lead"}, {"user", "ana"}});
      } else if (i % 4 == 2) {
        add("incident_note", {{"incident", incident}, {"text", text}, {"by", "user:ana"}});
      } else {
        JsonObject row{{"incident", incident}, {"type", i % 4 == 0 ? "fact" : "opinion"}, {"text", text}, {"by", "user:ana"}, {"occurred", format_time(kStart + static_cast<std::int64_t>(dice() % kRows) * kSecond)}};
        if (i % 40 == 0 && fact != 0) row["corrects"] = "row-" + std::to_string(fact);
        add("casefile_row", std::move(row));
        if (i % 4 == 0) fact = entries.back().index;
      }
    }
    FIREBREAK_ASSERT(views->apply(entries).has_value());
  }
  static World& get() {
    static World world;
    return world;
  }
  std::string moment() { return format_time(kStart + static_cast<std::int64_t>(dice() % kRows) * kSecond); }
};

void ask(benchmark::State& state, views::Views::TimelineAsk (*of)(World&)) {
  World& world = World::get();
  std::vector<double> took;
  for (auto _ : state) {
    const auto wanted = of(world);
    const auto began = std::chrono::steady_clock::now();
    const auto page = world.views->timeline(world.incident, wanted);
    FIREBREAK_ASSERT(page.has_value());
    benchmark::DoNotOptimize(canonical_json(*page));
    took.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - began).count());
  }
  std::sort(took.begin(), took.end());
  state.counters["p50_ms"] = took[took.size() / 2];
  state.counters["p95_ms"] = took[(took.size() * 95 + 99) / 100 - 1];
}

void facts_from_anywhere(benchmark::State& state) {
  ask(state, [](World& world) { return views::Views::TimelineAsk{.types = "fact", .from = {}, .to = {}, .cursor = std::to_string(world.dice() % (kRows / 4)), .by_occurrence = false, .limit = 500}; });
}
void opinions_since_a_time(benchmark::State& state) {
  ask(state, [](World& world) { return views::Views::TimelineAsk{.types = "opinion", .from = world.moment(), .to = {}, .cursor = {}, .by_occurrence = false, .limit = 500}; });
}
void as_it_occurred(benchmark::State& state) {
  ask(state, [](World& world) { return views::Views::TimelineAsk{.types = "fact opinion", .from = world.moment(), .to = {}, .cursor = {}, .by_occurrence = true, .limit = 500}; });
}

BENCHMARK(facts_from_anywhere)->Iterations(200)->Unit(benchmark::kMillisecond);
BENCHMARK(opinions_since_a_time)->Iterations(200)->Unit(benchmark::kMillisecond);
BENCHMARK(as_it_occurred)->Iterations(200)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace firebreak

BENCHMARK_MAIN();
