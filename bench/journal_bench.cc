// The journal alone: entries a second in groups with fdatasync, and the time of one input that is waited for.
// Folds: access and provenance; each input is a command, each group holds it and its acceptance.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <filesystem>

#include "fold/access/access.h"
#include "fold/provenance/provenance.h"
#include "log/journal/journal.h"
#include "log/ledger/log.h"

namespace firebreak {
namespace {

// A journal in a fresh folder under the build's, so that a real disk is measured; removed at the end.
class Bench {
 public:
  Bench() : dir_(std::filesystem::current_path() / "journal_bench.data") {
    std::filesystem::remove_all(dir_);
    ledger::Options options{*ledger::SigningKey::generate("bench/journal", random_)};
    auto log = ledger::Log::open(files_, clock_, (dir_ / "log").string(), std::move(options));
    FIREBREAK_ASSERT(log.has_value());
    std::vector<std::unique_ptr<journal::Fold>> folds;
    folds.push_back(journal::make_fold<access::AccessState>(access::kFoldName, access::kSchemaVersion, access::decide,
                                                            access::apply, access::to_json, access::state_from_json));
    folds.push_back(journal::make_fold<provenance::ProvenanceState>(
        provenance::kFoldName, provenance::kSchemaVersion, provenance::decide, provenance::apply, provenance::to_json,
        provenance::state_from_json));
    journal::Options journal_options;
    journal_options.snapshot_every = 0;
    journal_options.max_queued = 65'536;
    auto opened = journal::Journal::open(std::move(*log), files_, clock_, (dir_ / "snapshots").string(),
                                         journal_options, std::move(folds));
    FIREBREAK_ASSERT(opened.has_value());
    journal = std::move(*opened);
    FIREBREAK_ASSERT(journal->submit_wait(command("firebreak", "user.add", {{"user", "ana"}, {"role", "analyst"}})));
  }
  ~Bench() {
    journal.reset();
    std::filesystem::remove_all(dir_);
  }

  static Draft command(const std::string& actor, const std::string& name, JsonObject args) {
    Draft draft;
    draft.kind = "command";
    draft.actor = actor;
    draft.body = JsonObject{{"name", name}, {"args", std::move(args)}};
    return draft;
  }
  static Draft note() {
    return command("user:ana", "incident.note", {{"incident", "inc-17"}, {"text", "the on-call of cards was told"}});
  }

 private:
  PosixFiles files_;
  SystemClock clock_;
  SystemRandom random_;
  const std::filesystem::path dir_;

 public:
  std::unique_ptr<journal::Journal> journal;  // last: goes before what it uses
};

void entries_in_groups(benchmark::State& state) {
  Bench bench;
  const Draft note = Bench::note();
  const std::uint64_t before = bench.journal->size();
  for (auto _ : state) {
    for (int i = 0; i < 20'000; ++i) bench.journal->submit(note, {});
    bench.journal->wait_idle();
  }
  state.counters["entries/s"] =
      benchmark::Counter(static_cast<double>(bench.journal->size() - before), benchmark::Counter::kIsRate);
}
BENCHMARK(entries_in_groups)->Unit(benchmark::kMillisecond)->UseRealTime()->MeasureProcessCPUTime();

void one_input_waited_for(benchmark::State& state) {
  Bench bench;
  std::vector<double> micros;
  for (auto _ : state) {
    const auto from = std::chrono::steady_clock::now();
    benchmark::DoNotOptimize(bench.journal->submit_wait(Bench::note()));
    micros.push_back(std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - from).count());
  }
  std::sort(micros.begin(), micros.end());
  state.counters["p50_us"] = micros[micros.size() / 2];
  state.counters["p99_us"] = micros[micros.size() * 99 / 100];
}
BENCHMARK(one_input_waited_for)->UseRealTime();

void replay(benchmark::State& state) {
  Bench bench;
  for (int i = 0; i < 20'000; ++i) bench.journal->submit(Bench::note(), {});
  bench.journal->wait_idle();
  for (auto _ : state) benchmark::DoNotOptimize(bench.journal->replay_digest());
  state.counters["entries/s"] = benchmark::Counter(
      static_cast<double>(bench.journal->size()) * static_cast<double>(state.iterations()), benchmark::Counter::kIsRate);
}
BENCHMARK(replay)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
}  // namespace firebreak
