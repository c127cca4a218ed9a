// Recording without HTTP: NDJSON batches of 500 inferences with 23 features, callers as in the story.
//   encode_rows  the same records as a binary batch: check, leaf, key, AES-256-GCM
//   encode   parse, check, typed row, leaf, key, AES-256-GCM: one core, no disk
//   read     from a stream on disk: frame, key, decryption, leaf checked, Observation with its feature digest
// items_per_second is inferences per second; cpu_ns is processor time of this thread for each of them.
#include <benchmark/benchmark.h>

#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <string>
#include <vector>

#include "base/files.h"
#include "fraud/data/fraud_data.h"
#include "log/record/batch.h"
#include "log/record/record.h"
#include "log/record/rows.h"
#include "log/record/streams.h"
#include "recorded.h"

namespace firebreak::record {
namespace {

constexpr std::size_t kBatch = 500, kBatches = 40;
const std::string kFolder = "build/bench/record-data";

std::vector<std::string> make_batches() {
  std::vector<std::string> batches;
  std::size_t lines = 0;
  bench::recorded([&](const JsonObject& record) {
    if (lines++ % kBatch == 0) batches.emplace_back();
    batches.back() += canonical_json(record) + "\n";
    return lines < kBatch * kBatches;
  });
  return batches;
}

const std::vector<std::string>& batches() {
  static const std::vector<std::string> made = make_batches();
  return made;
}

const Time kNow = parse_time("2026-03-07T04:00:00Z").value();

void report(benchmark::State& state, std::size_t records, std::size_t octets) {
  state.SetItemsProcessed(static_cast<std::int64_t>(records));
  state.counters["octets_per_record"] = static_cast<double>(octets) / static_cast<double>(records);
  state.counters["cpu_ns"] = benchmark::Counter(static_cast<double>(records) / 1e9,
                                                benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

// What Stream does when the first batch brings columns, a release and the need for a key.
void extend(Catalog& catalog, const Needs& needs, vault::Vault& vault) {
  if (needs.epoch)
    catalog.keys = std::make_shared<const vault::EpochKeys>(fraud::must(vault.create_epoch("bench", ++catalog.epoch)));
  for (const auto& [kind, columns] : needs.columns)
    (void)catalog.apply(0, schema_control({static_cast<std::uint16_t>(catalog.schemas.size() + 1), kind, columns}));
  for (const Release& release : needs.releases)
    (void)catalog.apply(0, release_control(static_cast<std::uint32_t>(catalog.releases.size() + 1), release));
}

void fill(Stream& stream) {
  std::mutex mutex;
  std::condition_variable ready;
  std::size_t answers = 0;
  for (const std::string& batch : batches())
    stream.admit(batch, {}, [&](Result<Receipt> receipt) {
      fraud::must(std::move(receipt));
      const std::lock_guard lock(mutex);
      ++answers;
      ready.notify_one();
    });
  std::unique_lock lock(mutex);
  ready.wait(lock, [&] { return answers == batches().size(); });
}

// A stream on disk that holds all batches.
struct Filled {
  SystemRandom random;
  PosixFiles files;
  FedClock clock{kNow};
  std::unique_ptr<Streams> streams;
  Stream* stream = nullptr;

  Filled() {
    std::filesystem::remove_all(kFolder);
    streams = fraud::must(Streams::open(files, clock, random, kFolder));
    stream = fraud::must(streams->create({.name = "bench"}));
    fill(*stream);
  }
};

// The canonical rows of the batches, as a client would send them.
const std::vector<Bytes>& binary_batches() {
  static const std::vector<Bytes> made = [] {
    Filled filled;
    Stream& stream = *filled.stream;
    std::vector<Bytes> out;
    RowsWriter writer({});
    std::size_t records = 0;
    std::uint64_t next = 0;
    while (next < stream.size())
      next = fraud::must(stream.read_from(next, 2'000, [&](const Record& record) {
        if (record.kind != Kind::kInference) return;
        if (records % kBatch == 0) writer = RowsWriter({*record.release});
        writer.add(record.row, 1);
        if (++records % kBatch == 0) out.push_back(writer.take());
      }));
    return out;
  }();
  return made;
}

void encode(benchmark::State& state, bool rows) {
  const std::vector<Bytes>& sent = rows ? binary_batches() : batches();
  SystemRandom random;
  PosixFiles files;
  std::filesystem::remove_all(kFolder);
  const auto vault = fraud::must(vault::Vault::open(files, random, kFolder));
  Catalog catalog;
  catalog.config.name = "bench";
  BatchEncoder encoder;
  const auto known = [](std::string_view) { return true; };
  const auto run = [&](const std::string& batch) {
    const EncodeContext context{catalog, kNow, random, *vault, known};
    return fraud::must(rows ? encoder.encode_rows(batch, context) : encoder.encode(batch, context));
  };
  extend(catalog, fraud::must(encoder.encode(batches().front(), {catalog, kNow, random, *vault, known})).needs, *vault);
  std::size_t records = 0, octets = 0, at = 0;
  for (auto _ : state) {
    const EncodedBatch made = run(sent[at++ % sent.size()]);
    if (!made.needs.empty()) return state.SkipWithError("the catalog lacks something");
    records += made.records();
    octets += made.leaves.size() + encode_payload({}, {}, made.bodies).size();
  }
  report(state, records, octets);
}
BENCHMARK_CAPTURE(encode, lines, false)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(encode, rows, true)->Unit(benchmark::kMicrosecond);

void read(benchmark::State& state) {
  Filled filled;
  Stream& stream = *filled.stream;
  ObservationReader reader(fraud::schema());
  std::size_t records = 0;
  for (auto _ : state) {
    std::uint64_t next = 0;
    while (next < stream.size())
      next = fraud::must(stream.read_from(next, 2'000, [&](const Record& record) {
        if (record.kind != Kind::kInference) return;
        benchmark::DoNotOptimize(fraud::must(reader.read(record)));
        ++records;
      }));
  }
  report(state, records, 0);
}
BENCHMARK(read)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace firebreak::record
