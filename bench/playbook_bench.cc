// A thousand playbooks at once through the real journal, on a real disk: steps that start, wait for an answer and end.
// Folds: playbook, and a small one that stands for access and incidents. Each run has 20 steps; nine of them wait.
#include <benchmark/benchmark.h>

#include <filesystem>
#include <mutex>
#include <string>
#include <vector>

#include "fold/playbook/story_for_tests.h"
#include "log/journal/journal.h"
#include "log/ledger/log.h"

namespace firebreak {
namespace {

constexpr int kRuns = 1'000;
constexpr int kActions = 18;

struct Opener {};
std::vector<Draft> open_or_hand_on(const Opener&, const Entry& entry) {
  if (entry.kind != "command") return {};
  Draft draft;
  draft.actor = entry.actor;
  draft.kind = string_or(entry.body, "name") == "open" ? "incident_opened" : "command_accepted";
  draft.body = draft.kind == "incident_opened" ? Json(JsonObject{{"endpoint", "api"}, {"stream", "api"}, {"rule", "evasion"}, {"severity", "SEV-2"}}) : entry.body;
  return {std::move(draft)};
}
void nothing(Opener&, const Entry&) {}
Json no_state(const Opener&) { return JsonObject{}; }
Result<Opener> any_state(const Json&) { return Opener{}; }

// Every second action is over at once, the others wait for options.
Json twenty_steps() {
  JsonObject workflow{{"start--1", JsonObject{{"type", "start"}, {"on_completion", "action--0"}}}, {"end--1", JsonObject{{"type", "end"}}}};
  for (int i = 0; i < kActions; ++i)
    workflow["action--" + std::to_string(i)] = playbook::action(i % 2 == 0 ? "options 3" : "task lead look", {{"on_completion", i + 1 == kActions ? "end--1" : "action--" + std::to_string(i + 1)}});
  return playbook::document(std::move(workflow));
}

class Bench {
 public:
  Bench() : dir_(std::filesystem::current_path() / "playbook_bench.data") {
    std::filesystem::remove_all(dir_);
    ledger::Options options{*ledger::SigningKey::generate("bench/playbook", random_)};
    auto log = ledger::Log::open(files_, clock_, (dir_ / "log").string(), std::move(options));
    FIREBREAK_ASSERT(log.has_value());
    std::vector<std::unique_ptr<journal::Fold>> folds;
    folds.push_back(journal::make_fold<Opener>("opener", 1, open_or_hand_on, nothing, no_state, any_state));
    folds.push_back(journal::make_fold<playbook::PlaybookState>(playbook::kFoldName, playbook::kSchemaVersion, playbook::decide, playbook::apply, playbook::to_json,
                                                                playbook::playbook_state_from_json));
    journal::Options journal_options;
    journal_options.snapshot_every = 0;
    journal_options.max_queued = 65'536;
    auto opened = journal::Journal::open(std::move(*log), files_, clock_, (dir_ / "snapshots").string(), journal_options, std::move(folds));
    FIREBREAK_ASSERT(opened.has_value());
    journal = std::move(*opened);
    journal->subscribe([this](const journal::Group& group) {
      for (const Entry& entry : group.entries) {
        const std::lock_guard lock(mutex_);
        if (entry.kind == "forecast_requested") requests_.push_back(entry.id("req"));
        steps_ended += entry.kind == "playbook_step_ended" ? 1 : 0;
        runs_ended += entry.kind == "playbook_run_ended" && string_or(entry.body, "outcome") == "success" ? 1 : 0;
      }
    });
    FIREBREAK_ASSERT(journal->submit_wait(command("playbook.install", {{"document", twenty_steps()}})));
  }
  ~Bench() {
    journal.reset();
    std::filesystem::remove_all(dir_);
  }

  static Draft command(const std::string& name, JsonObject args) {
    Draft draft;
    draft.kind = "command";
    draft.actor = "user:root";
    draft.body = JsonObject{{"name", name}, {"args", std::move(args)}};
    return draft;
  }
  std::vector<std::string> take_requests() {
    const std::lock_guard lock(mutex_);
    return std::exchange(requests_, {});
  }

 private:
  PosixFiles files_;
  SystemClock clock_;
  SystemRandom random_;
  const std::filesystem::path dir_;
  std::mutex mutex_;
  std::vector<std::string> requests_;

 public:
  std::uint64_t steps_ended = 0, runs_ended = 0;  // read after wait_idle()
  std::unique_ptr<journal::Journal> journal;      // last: goes before what it uses
};

void thousand_runs(benchmark::State& state) {
  std::uint64_t steps = 0, entries = 0;
  for (auto _ : state) {
    state.PauseTiming();
    Bench bench;
    for (int i = 0; i < kRuns; ++i) bench.journal->submit(Bench::command("open", {}), {});
    bench.journal->wait_idle();
    const std::uint64_t from = bench.steps_ended, size = bench.journal->size();
    state.ResumeTiming();
    for (auto requests = bench.take_requests(); !requests.empty(); requests = bench.take_requests()) {
      for (std::string& request : requests) {
        Draft answer;
        answer.kind = "options_offered";
        answer.body = JsonObject{{"request", std::move(request)}};
        bench.journal->submit(std::move(answer), {});
      }
      bench.journal->wait_idle();
    }
    state.PauseTiming();
    FIREBREAK_ASSERT(bench.runs_ended == kRuns);
    steps += bench.steps_ended - from;
    entries += bench.journal->size() - size;
    state.ResumeTiming();
  }
  state.counters["steps/s"] = benchmark::Counter(static_cast<double>(steps), benchmark::Counter::kIsRate);
  state.counters["entries/s"] = benchmark::Counter(static_cast<double>(entries), benchmark::Counter::kIsRate);
}
BENCHMARK(thousand_runs)->Unit(benchmark::kMillisecond)->UseRealTime()->MeasureProcessCPUTime()->Iterations(3);

}  // namespace
}  // namespace firebreak
