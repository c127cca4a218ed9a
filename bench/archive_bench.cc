// The archive of a stream of inferences with 23 features: how fast segments become Parquet, what a record takes in each form,
// and how long a question about a release takes when nothing of the archive is in memory.
//
// Prints JSON. Arguments: [millions of records, default 2]. The records' admissions are spread over 30 days, two releases, the
// story's callers. "tail_ms": what brings the open segment up to 500 new records, as each fresh question does, the median of 32, at the
// tail's "tail_records"; "tail_anew_ms": the same when the whole tail is made. "impact_ms" is for one release, one caller, a window whose edges cut two segments; its answer is compared
// with DuckDB's scan of every file. Build: one thread here, one in DuckDB's process.
#include <fcntl.h>
#include <fmt/core.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <mutex>

#include "base/files.h"
#include "fraud/data/fraud_data.h"
#include "log/ledger/log.h"
#include "log/record/rows.h"
#include "log/record/streams.h"
#include "read/archive/builder.h"
#include "read/archive/impact.h"
#include "recorded.h"

namespace firebreak {
namespace {

using Steady = std::chrono::steady_clock;
using fraud::must;

constexpr std::size_t kBatch = 500, kBatches = 40, kInFlight = 24;
constexpr std::int64_t kSpan = 30 * kDay;
const std::string kFolder = "build/bench/archive-data";
const Time kStart = parse_time("2026-03-01T00:00:00Z").value();

double seconds_since(Steady::time_point from) { return std::chrono::duration<double>(Steady::now() - from).count(); }

double processor_seconds(int who) {
  rusage use{};
  getrusage(who, &use);
  const auto of = [](const timeval& t) { return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6; };
  return of(use.ru_utime) + of(use.ru_stime);
}

struct Lines {
  std::vector<std::string> batches;
  std::size_t octets = 0, records = 0;
};

Lines make_lines() {
  Lines lines;
  bench::recorded([&](const JsonObject& record) {
    if (lines.records++ % kBatch == 0) lines.batches.emplace_back();
    lines.batches.back() += canonical_json(record) + "\n";
    lines.octets += canonical_json(record).size() + 1;
    return lines.records < kBatch * kBatches;
  });
  return lines;
}

// Admits batches, at most kInFlight of them unanswered.
class Feeder {
 public:
  explicit Feeder(record::Stream& stream) : stream_(stream) {}
  void admit(const std::string& batch, record::BatchForm form) {
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return open_ < kInFlight; });
      ++open_;
    }
    stream_.admit(batch, {}, [this](Result<record::Receipt> receipt) {
      must(std::move(receipt));
      const std::lock_guard lock(mutex_);
      --open_;
      changed_.notify_one();
    }, form);
  }
  void wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return open_ == 0; });
  }

 private:
  record::Stream& stream_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t open_ = 0;
};

// The rows of the lines as binary batches under two releases.
std::vector<Bytes> make_rows(record::Stream& stream, const std::string& release) {
  std::vector<Bytes> out;
  const std::vector<record::Release> releases{{release, "fraud-scorer", release, std::string(64, 'a')}};
  record::RowsWriter writer(releases);
  std::size_t records = 0;
  must(stream.read_from(0, stream.size(), [&](const record::Record& record) {
    if (record.kind != record::Kind::kInference) return;
    if (records % kBatch == 0) writer = record::RowsWriter(releases);
    writer.add(record.row, 1);
    if (++records % kBatch == 0) out.push_back(writer.take());
  }));
  return out;
}

std::uint64_t octets_in(const std::string& folder, std::string_view ending) {
  std::uint64_t sum = 0;
  for (const auto& file : std::filesystem::recursive_directory_iterator(folder))
    if (file.is_regular_file() && file.path().string().ends_with(ending)) sum += file.file_size();
  return sum;
}

void drop_from_memory(const std::string& folder) {
  for (const auto& file : std::filesystem::directory_iterator(folder)) {
    const int descriptor = ::open(file.path().c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) continue;
    ::fdatasync(descriptor);
    ::posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED);
    ::close(descriptor);
  }
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

struct Asked {
  double milliseconds = 0;
  std::uint64_t from_cubes = 0, scanned = 0, outside = 0;
  std::string answer;
};

Asked ask(Files& files, const std::string& folder, const std::vector<archive::Manifest>& manifests, const archive::Question& question) {
  std::vector<double> times;
  Asked out;
  for (int run = 0; run < 5; ++run) {
    drop_from_memory(folder);
    const auto begin = Steady::now();
    // As a question to the server does it: manifests are read too.
    const auto now = must(archive::load_manifests(files, folder));
    const archive::Impact impact = must(archive::impact(files, folder, now, question, {}));
    times.push_back(seconds_since(begin) * 1e3);
    out.answer = canonical_json(archive::to_json(question, impact));
    out.from_cubes = impact.from_cubes;
    out.scanned = impact.scanned;
    out.outside = impact.outside;
  }
  out.milliseconds = median(times);
  FIREBREAK_ASSERT(out.answer == canonical_json(archive::to_json(question, must(archive::impact_by_scan(folder, manifests, question, {})))));
  return out;
}

double proof_us(const ledger::Log& log, std::uint64_t size) {
  std::vector<double> times;
  for (std::uint64_t i = 0; i < 1'000; ++i) {
    const std::uint64_t index = i * 7'919'777 % size;
    const auto begin = Steady::now();
    must(log.proof_text(index));
    times.push_back(seconds_since(begin) * 1e6);
  }
  return median(times);
}

struct Tail {
  std::uint64_t records = 0, parts = 0;
  double grown_ms = 0, worst_ms = 0, anew_ms = 0;
};

// Questions that come as the log grows, each after a batch.
Tail ask_the_tail(Files& files, record::Stream& stream, Feeder& feeder, const std::vector<Bytes>& batches) {
  const archive::Engine engine{.timeout_ms = 600'000};
  const std::string folder = archive::folder_of(kFolder, "bench");
  const auto timed = [&](auto make) {
    const auto begin = Steady::now();
    make();
    return seconds_since(begin) * 1e3;
  };
  std::vector<double> grown;
  for (std::size_t i = 0; i < 32; ++i) {
    feeder.admit(batches[i % batches.size()], record::BatchForm::kRows);
    feeder.wait();
    grown.push_back(timed([&] {
      must(archive::build_stream(files, stream, kFolder, true, engine));
      FIREBREAK_ASSERT(archive::remove_superseded(files, folder).has_value());
    }));
  }
  Tail out;
  const archive::Part part = must(archive::parts_of(files, kFolder, "bench", stream.size())).back();
  std::uint64_t newest = 0;
  for (const archive::Manifest& one : must(archive::load_manifests(files, folder)))
    if (one.segment == part.segment) {
      newest = std::max(newest, one.generation);
      ++out.parts;
    }
  out.records = part.end - part.first;
  out.grown_ms = median(grown);
  out.worst_ms = *std::max_element(grown.begin(), grown.end());
  out.anew_ms = timed([&] { must(archive::build_part(files, stream, kFolder, part, newest + 1, engine)); });
  FIREBREAK_ASSERT(archive::remove_superseded(files, folder).has_value());
  return out;
}

int run(std::uint64_t records) {
  std::filesystem::remove_all(kFolder);
  PosixFiles files;
  SystemRandom random;
  FedClock clock(kStart);
  auto streams = must(record::Streams::open(files, clock, random, kFolder));
  record::Stream& stream = *must(streams->create({.name = "bench"}));
  const Lines lines = make_lines();
  Feeder feeder(stream);
  for (const std::string& batch : lines.batches) feeder.admit(batch, record::BatchForm::kNdjson);
  feeder.wait();
  const auto before = make_rows(stream, "1.0.0"), after = make_rows(stream, "1.1.0");
  auto begin = Steady::now();
  for (std::uint64_t sent = lines.records; sent < records; sent += kBatch) {
    clock.feed({kStart.us + static_cast<std::int64_t>(static_cast<double>(kSpan) * static_cast<double>(sent) / static_cast<double>(records))});
    const auto& batches = sent < records / 2 ? before : after;
    feeder.admit(batches[sent / kBatch % batches.size()], record::BatchForm::kRows);
  }
  feeder.wait();
  const double fill_s = seconds_since(begin);
  const double count = static_cast<double>(stream.size());
  fmt::print(stderr, "archive_bench: {:.0f} records in {:.0f} s\n", count, fill_s);

  begin = Steady::now();
  const double here = processor_seconds(RUSAGE_SELF), there = processor_seconds(RUSAGE_CHILDREN);
  must(archive::build_stream(files, stream, kFolder, true, {.timeout_ms = 600'000}));
  const double build_s = seconds_since(begin);
  const double here_s = processor_seconds(RUSAGE_SELF) - here, there_s = processor_seconds(RUSAGE_CHILDREN) - there;
  fmt::print(stderr, "archive_bench: archived in {:.0f} s\n", build_s);

  const std::string folder = archive::folder_of(kFolder, "bench");
  const auto manifests = must(archive::load_manifests(files, folder));
  const Json event = must(parse_json(lines.batches.front().substr(0, lines.batches.front().find('\n'))));
  archive::Question question{"bench", "1.1.0", string_or(event, "caller"), Time{kStart.us + kSpan / 4}, Time{kStart.us + kSpan / 4 * 3}};
  const Asked window = ask(files, folder, manifests, question);
  question.from.reset();
  question.to.reset();
  const Asked whole = ask(files, folder, manifests, question);
  const Tail tail = ask_the_tail(files, stream, feeder, after);
  const double proof = proof_us(stream.log(), stream.size());
  streams.reset();
  begin = Steady::now();
  streams = must(record::Streams::open(files, clock, random, kFolder));
  const double open_s = seconds_since(begin);
  const auto per_record = [&](std::uint64_t octets) { return static_cast<double>(octets) / count; };
  fmt::print("{}", pretty_json(JsonObject{
                       {"records", static_cast<std::uint64_t>(count)},
                       {"segments", manifests.size()},
                       {"ingest_per_s", count / fill_s},
                       {"build_per_s", count / build_s},
                       {"build_processor_ns_here", here_s / count * 1e9},
                       {"build_processor_ns_duckdb", there_s / count * 1e9},
                       {"octets_ndjson", static_cast<double>(lines.octets) / static_cast<double>(lines.records)},
                       {"octets_segments", per_record(octets_in(kFolder + "/logs/bench", ".seg"))},
                       {"octets_log", per_record(octets_in(kFolder + "/logs/bench", ""))},
                       {"octets_parquet", per_record(octets_in(folder, ".parquet"))},
                       {"octets_cubes", per_record(octets_in(folder, ".cube"))},
                       {"impact_ms", window.milliseconds},
                       {"impact_from_cubes", window.from_cubes},
                       {"impact_scanned", window.scanned},
                       {"impact_outside", window.outside},
                       {"impact_all_time_ms", whole.milliseconds},
                       {"tail_records", tail.records},
                       {"tail_parts", tail.parts},
                       {"tail_ms", tail.grown_ms},
                       {"tail_worst_ms", tail.worst_ms},
                       {"tail_anew_ms", tail.anew_ms},
                       {"proof_us", proof},
                       {"open_s", open_s}}));
  streams.reset();
  std::filesystem::remove_all(kFolder);
  return 0;
}

}  // namespace
}  // namespace firebreak

int main(int argc, char** argv) {
  if (argc == 2 && std::string_view(argv[1]) == firebreak::archive::kWorkerCommand) return firebreak::archive::worker_main();
  // scripts/bench.sh gives every benchmark an option of Google Benchmark's; numbers alone are ours.
  const double millions = argc > 1 && std::isdigit(static_cast<unsigned char>(*argv[1])) ? std::atof(argv[1]) : 2;
  return firebreak::run(static_cast<std::uint64_t>(millions * 1e6));
}
