// A playbook of 500 steps: text in, diagnoses out.
#include <benchmark/benchmark.h>

#include <fmt/core.h>

#include "base/jcs.h"
#include "cacao/lint.h"
#include "cacao/sample.h"

namespace {

using namespace firebreak;

std::string identifier(const char* type, int number) { return fmt::format("{}--00000000-0000-4000-8000-{:012x}", type, number + 256); }

std::string long_playbook(int steps) {
  Json document = cacao::sample_playbook();
  JsonObject& workflow = document.at("workflow").as_object();
  Json& first = workflow[cacao::sample_id("start", 1)];
  first.as_object()["on_completion"] = identifier("action", 0);
  for (int i = 0; i < steps; ++i) {
    Json step = workflow.at(cacao::sample_id("action", 2));
    step.as_object()["name"] = fmt::format("Look once more, for the {}th time", i);
    step.as_object()["on_completion"] = i + 1 < steps ? identifier("action", i + 1) : cacao::sample_id("action", 2);
    workflow[identifier("action", i)] = std::move(step);
  }
  return canonical_json(document);
}

void parse_and_lint(benchmark::State& state) {
  const std::string text = long_playbook(static_cast<int>(state.range(0)));
  for (auto _ : state) {
    const auto document = parse_json(text);
    const auto found = cacao::lint(*document, cacao::Profile::kStrictCs01);
    if (!found.empty()) state.SkipWithError(to_text(found[0]).c_str());
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * text.size()));
}
BENCHMARK(parse_and_lint)->Arg(50)->Arg(500)->Arg(1900)->Unit(benchmark::kMillisecond);

void canonical(benchmark::State& state) {
  const auto document = parse_json(long_playbook(500));
  for (auto _ : state) benchmark::DoNotOptimize(jcs(*document));
}
BENCHMARK(canonical)->Unit(benchmark::kMillisecond);

}  // namespace
