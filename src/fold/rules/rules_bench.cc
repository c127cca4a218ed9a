// One event against 300 detection rules and 30 correlations: filled from an observation with 20 features, and from a parsed JSON
// object as host signals come. Which rules they are is a function of their number, so every run measures the same set.
#include <benchmark/benchmark.h>
#include <fmt/core.h>

#include "fold/rules/engine.h"

namespace firebreak::rules {
namespace {

constexpr std::size_t kFeatures = 20;
constexpr std::size_t kEvents = 4'096;

std::uint64_t mixed(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15ULL;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}
double part(std::uint64_t x) { return static_cast<double>(mixed(x) >> 11) * 0x1p-53; }

Json detection(int i, std::string_view category) {
  JsonObject selection;
  const std::string feature = fmt::format("features.f{}", i % static_cast<int>(kFeatures));
  const bool host = category == "host_signal";
  const std::string text = host ? "command_line" : "features.channel", name = host ? "host" : "caller";
  switch (i % 10) {
    case 0: selection = {{feature + "|gt", 2.5 + 0.01 * i}, {"disposition", "served"}}; break;
    case 1: selection = {{feature + "|lt", -2.5 - 0.01 * i}}; break;
    case 2: selection = {{name, JsonArray{Json(fmt::format("c-{}", i * 7)), Json(fmt::format("c-{}", i * 11))}}}; break;
    case 3: selection = {{text + "|contains", fmt::format("x{}y", i)}}; break;
    case 4: selection = {{text + "|startswith", fmt::format("mobile-{}", i)}, {feature + "|gte", 0}}; break;
    case 5: selection = {{name + "|endswith", fmt::format("-{}9", i)}, {"output.score|gte", 0.9}}; break;
    case 6: selection = {{text + "|re", fmt::format("agent/{}\\.[0-9]+ \\(", i)}}; break;
    case 7: selection = {{feature + "|gte", 3.0}, {feature + "|lte", 3.2 + 0.001 * i}, {"output.label", "approve"}}; break;
    case 8: selection = {{"id", fmt::format("*-{}-?", i)}}; break;
    default: selection = {{"output.score|gte", 0.999 - 0.000001 * i}, {"release", fmt::format("9.{}", i)}};
  }
  JsonObject body{{"selection", selection}, {"filter", JsonObject{{name + "|startswith", fmt::format("trusted-{}", i)}}}, {"condition", "selection and not filter"}};
  return JsonObject{{"title", fmt::format("rule {}", i)}, {"name", fmt::format("r{}", i)},
                    {"logsource", JsonObject{{"product", "firebreak"}, {"category", category}}}, {"detection", body}};
}

Json correlation(int i) {
  static constexpr std::string_view kTypes[] = {"event_count", "value_count", "temporal", "temporal_ordered"};
  const std::string_view type = kTypes[i % 4];
  JsonArray rules{Json(fmt::format("r{}", i * 10)), Json(fmt::format("r{}", i * 10 + 7))};
  JsonObject body{{"type", type}, {"rules", rules}, {"group-by", JsonArray{"caller"}}, {"timespan", "10m"}};
  if (i % 4 == 0) body["condition"] = JsonObject{{"gte", 50}};
  if (i % 4 == 1) body["condition"] = JsonObject{{"gte", 20}, {"field", "features.channel"}};
  body["generate"] = true;
  return JsonObject{{"title", fmt::format("correlation {}", i)}, {"name", fmt::format("k{}", i)}, {"correlation", body}};
}

std::shared_ptr<const RuleSet> make_set(int rules, int correlations, std::string_view category) {
  std::vector<RuleSource> sources;
  for (int i = 0; i < rules; ++i) sources.push_back({"bench", detection(i, category), {}});
  for (int i = 0; i < correlations; ++i) sources.push_back({"bench", correlation(i), {}});
  std::vector<Refused> refused;
  auto set = RuleSet::load(sources, refused);
  if (!refused.empty()) std::abort();
  return set;
}

FeatureSchema schema() {
  FeatureSchema out;
  for (std::size_t i = 0; i < kFeatures; ++i) out.numeric.push_back(fmt::format("f{}", i));
  out.categorical = {"channel"};
  return out;
}

// Features are roughly normal: one in two hundred lies beyond 2.5.
std::vector<Observation> observations() {
  std::vector<Observation> out(kEvents);
  for (std::size_t i = 0; i < kEvents; ++i) {
    Observation& one = out[i];
    one.index = i;
    one.time = Time{1'772'000'000'000'000} + static_cast<std::int64_t>(i) * 250 * kMillisecond;
    one.id = fmt::format("req-{}-{}", mixed(i) % 1000, i % 10);
    one.caller = fmt::format("c-{}", mixed(i + 1'000'000) % 2'000);
    one.release = "1.4.2";
    one.label = part(i + 7) < 0.8 ? "approve" : "decline";
    one.score = part(i + 9);
    for (std::size_t j = 0; j < kFeatures; ++j) {
      double sum = -6;
      for (std::size_t k = 0; k < 12; ++k) sum += part(i * 1'000 + j * 20 + k + 77);
      one.features.numeric.push_back(sum);
    }
    one.features.categories.push_back(i % 3 == 0 ? "mobile-app 17 agent/12.1 (phone)" : "web-checkout agent/99.3 (desktop)");
  }
  return out;
}

void observation(benchmark::State& state) {
  const auto set = make_set(static_cast<int>(state.range(0)), static_cast<int>(state.range(1)), "inference");
  RuleEngine engine(set, {});
  const ObservationFields fields(set->matcher().fields(), set->needs("inference"), schema());
  if (!fields.whole()) std::abort();
  const auto events = observations();
  std::size_t at = 0, matches = 0;
  std::int64_t lap = 0;
  for (auto _ : state) {
    fields.fill(engine.event(), events[at], "bench");
    engine.event().time = events[at].time + lap;
    matches += engine.match(engine.event()).size();
    if (++at == kEvents) {
      at = 0;
      lap += static_cast<std::int64_t>(kEvents) * 250 * kMillisecond;
    }
  }
  state.counters["matches_per_event"] = static_cast<double>(matches) / static_cast<double>(state.iterations());
  state.counters["state_KiB"] = static_cast<double>(engine.bytes()) / 1024;
  state.counters["set_KiB"] = static_cast<double>(set->bytes()) / 1024;
}
BENCHMARK(observation)->Args({300, 30})->Args({300, 0})->Args({30, 3})->Args({2000, 0});

void host_signal(benchmark::State& state) {
  const auto set = make_set(static_cast<int>(state.range(0)), static_cast<int>(state.range(1)), "host_signal");
  RuleEngine engine(set, {});
  std::vector<Json> events;
  for (std::size_t i = 0; i < 512; ++i)
    events.push_back(JsonObject{{"type", "signal"}, {"id", fmt::format("s-{}", i)}, {"host", fmt::format("c-{}", mixed(i) % 500)},
                                {"action", "process_start"}, {"process", "/usr/bin/python3.11"}, {"parent_process", "/usr/sbin/cron"},
                                {"user", "serve"}, {"path", "/models/fraud/model.onnx"},
                                {"command_line", fmt::format("/usr/bin/python3.11 /opt/serve/worker.py --shard {} --config /etc/serve/config.yaml --verbose", i)}});
  const Matcher& matcher = set->matcher();
  std::size_t at = 0;
  for (auto _ : state) {
    fill(engine.event(), matcher.fields(), matcher.fields().size(), events[at], {"firebreak", "host_signal", ""}, Time{0}, matcher.words());
    benchmark::DoNotOptimize(engine.match(engine.event()).size());
    at = (at + 1) % events.size();
  }
}
BENCHMARK(host_signal)->Args({300, 30});

}  // namespace
}  // namespace firebreak::rules
