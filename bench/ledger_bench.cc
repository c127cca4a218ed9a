// Ledger throughput: opaque entries in batches through hashing, tree, signature, write and fdatasync, until
// each batch is acknowledged. Prints one JSON object.
//
//   ledger_bench [--entries N] [--batch N] [--size OCTETS] [--producers N] [--window N] [--rate N] [--dir DIR]
//
// A producer keeps a window of batches in flight, as an ingest connection does; with --rate (entries/s of all) it waits
// for its turn instead. Measured in the same run: what the disk takes of the same octets in pieces of 1 MiB, each synced,
// through the page cache and past it, and how fast the same entries are hashed into a tree in memory on all cores.
// `limit` is the smaller of the two; `share_of_limit` is what the ledger reaches of it.
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <thread>

#include "base/json.h"
#include "base/random.h"
#include "log/ledger/log.h"
#include "log/ledger/segment.h"
#include "log/ledger/verify.h"

using namespace firebreak;
using namespace firebreak::ledger;

namespace {

struct Settings {
  std::uint64_t entries = 5'000'000, batch = 1'000, size = 200, producers = 1, window = 16, rate = 0;
  std::uint64_t checkpoint_ms = 500;  // between two checkpoints
  std::string dir = "build/bench/ledger-data";
};

using Steady = std::chrono::steady_clock;

double seconds_since(Steady::time_point start) {
  return std::chrono::duration<double>(Steady::now() - start).count();
}

// CPU time of this process: what a rate would be worth on an idle machine.
double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// A bounded number of batches in flight, and how long each took to be acknowledged.
class Window {
 public:
  explicit Window(std::uint64_t limit) : limit_(limit) {}
  void enter() {
    std::unique_lock lock(mutex_);
    room_.wait(lock, [&] { return flying_ < limit_; });
    ++flying_;
  }
  void leave(double ms) {
    const std::lock_guard lock(mutex_);
    --flying_;
    acks_.push_back(ms);
    room_.notify_all();
  }
  void wait_empty() {
    std::unique_lock lock(mutex_);
    room_.wait(lock, [&] { return flying_ == 0; });
  }
  std::vector<double> acks() const { return acks_; }

 private:
  std::mutex mutex_;
  std::condition_variable room_;
  std::uint64_t limit_, flying_ = 0;
  std::vector<double> acks_;
};

void produce(Log& log, const Settings& settings, const Bytes& noise, std::uint64_t batches, Window& window) {
  const Steady::time_point begin = Steady::now();
  const double every = settings.rate == 0 ? 0 : static_cast<double>(settings.batch * settings.producers) /
                                                    static_cast<double>(settings.rate);
  for (std::uint64_t i = 0; i < batches; ++i) {
    if (every > 0) std::this_thread::sleep_until(begin + std::chrono::duration_cast<Steady::duration>(
                                                             std::chrono::duration<double>(every * static_cast<double>(i))));
    Batch batch;
    // Every entry differs: a slice of noise at another place, as opaque as ciphertext.
    const std::uint64_t octets = settings.batch * settings.size;
    batch.leaves = noise.substr((i * 4099) % (noise.size() - octets), octets);
    batch.lengths.assign(settings.batch, static_cast<std::uint32_t>(settings.size));
    window.enter();
    const Steady::time_point start = Steady::now();
    log.append(std::move(batch), [&window, start](const Result<Commit>& commit) {
      FIREBREAK_ASSERT(commit.has_value());
      window.leave(seconds_since(start) * 1000);
    });
  }
}

// MB/s of `octets` in pieces, each written and synced.
double raw_rate(Files& files, const std::string& path, std::uint64_t octets, OpenMode mode) {
  const Bytes piece = SystemRandom().bytes(1024 * 1024);
  auto file = files.open(path, mode).value();
  const Steady::time_point start = Steady::now();
  std::uint64_t at = 0, allocated = 0;
  for (; at < octets; at += piece.size()) {
    if (mode == OpenMode::kAppendDirect && at + piece.size() > allocated)
      FIREBREAK_ASSERT(file->allocate(allocated += 64 * 1024 * 1024).has_value());
    FIREBREAK_ASSERT(file->write_at(at, piece) && file->sync());
  }
  const double rate = static_cast<double>(at) / 1e6 / seconds_since(start);
  std::filesystem::remove(path);
  return rate;
}

// How long one piece of a batch's size takes to be written and synced, 1,000 times.
std::vector<double> raw_chunks(Files& files, const std::string& path, std::uint64_t octets) {
  const Bytes piece = SystemRandom().bytes(octets);
  auto file = files.open(path, OpenMode::kAppendDirect).value();
  FIREBREAK_ASSERT(file->allocate(octets * 1'000).has_value());
  std::vector<double> took;
  for (std::uint64_t i = 0; i < 1'000; ++i) {
    const Steady::time_point start = Steady::now();
    FIREBREAK_ASSERT(file->write_at(i * octets, piece) && file->sync());
    took.push_back(seconds_since(start) * 1000);
  }
  std::filesystem::remove(path);
  return took;
}

// Entries/s into a tree in memory, on every core.
double hash_rate(const Settings& settings, const Bytes& noise) {
  const unsigned cores = std::max(1U, std::thread::hardware_concurrency());
  constexpr std::uint64_t kEach = 2'000'000;
  std::vector<std::thread> threads;
  const Steady::time_point start = Steady::now();
  for (unsigned core = 0; core < cores; ++core)
    threads.emplace_back([&] {
      Tree tree;
      std::vector<ByteView> entries(settings.batch);
      for (std::uint64_t done = 0; done < kEach; done += settings.batch) {
        for (std::size_t i = 0; i < entries.size(); ++i)
          entries[i] = ByteView(noise).substr((done * 7 + i * settings.size) % (noise.size() - settings.size), settings.size);
        tree.append(leaf_hashes(entries));
      }
    });
  for (std::thread& thread : threads) thread.join();
  return static_cast<double>(kEach * cores) / seconds_since(start);
}

// Share of all cores that did nothing for half a second.
double idle_share() {
  const auto look = [] {
    std::ifstream stat("/proc/stat");
    std::string word;
    stat >> word;
    double sum = 0, idle = 0, value = 0;
    for (int i = 0; i < 8 && stat >> value; ++i) {
      sum += value;
      if (i == 3 || i == 4) idle += value;  // idle, and waiting for a disk
    }
    return std::pair(idle, sum);
  };
  const auto before = look();
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  const auto after = look();
  return after.second > before.second ? (after.first - before.first) / (after.second - before.second) : 0;
}

double resident_mb() {
  std::ifstream statm("/proc/self/statm");
  std::uint64_t pages = 0;
  statm >> pages >> pages;
  return static_cast<double>(pages) * 4096 / 1e6;
}

// Microseconds of one inclusion proof, on average over random entries.
double proof_us(const Log& log) {
  SeededRandom random(3);
  constexpr int kProofs = 1'000;
  const Steady::time_point start = Steady::now();
  for (int i = 0; i < kProofs; ++i) FIREBREAK_ASSERT(log.inclusion_proof(random.next() % log.size(), log.size()).has_value());
  return seconds_since(start) * 1e6 / kProofs;
}

double quantile(std::vector<double> values, double q) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  return values[static_cast<std::size_t>(q * static_cast<double>(values.size() - 1))];
}

Settings parse(int argc, char** argv) {
  Settings settings;
  std::map<std::string, std::uint64_t*> numbers = {{"--entries", &settings.entries},
                                                   {"--batch", &settings.batch},
                                                   {"--size", &settings.size},
                                                   {"--producers", &settings.producers},
                                                   {"--window", &settings.window},
                                                   {"--rate", &settings.rate},
                                                   {"--checkpoint-ms", &settings.checkpoint_ms}};
  for (int i = 1; i + 1 < argc; ++i) {
    if (const auto found = numbers.find(argv[i]); found != numbers.end())
      *found->second = std::stoull(argv[++i]);
    else if (std::string_view(argv[i]) == "--dir")
      settings.dir = argv[++i];
  }
  return settings;
}

}  // namespace

int main(int argc, char** argv) {
  const Settings settings = parse(argc, argv);
  PosixFiles files;
  SystemClock clock;
  SystemRandom random;
  std::filesystem::remove_all(settings.dir);
  const Path dir = settings.dir + "/logs/bench";
  Options options{.key = SigningKey::generate("firebreak.bench/log", random).value()};
  options.checkpoint_us = static_cast<std::int64_t>(settings.checkpoint_ms) * 1'000;
  const Bytes noise = random.bytes(16 * 1024 * 1024 + settings.batch * settings.size);
  auto log = Log::open(files, clock, dir, options).value();

  const double idle = idle_share();

  Window window(settings.window);
  const std::uint64_t batches = settings.entries / settings.batch / settings.producers;
  const double cpu_before = cpu_seconds();
  const Steady::time_point start = Steady::now();
  std::vector<std::thread> producers;
  for (std::uint64_t i = 0; i < settings.producers; ++i)
    producers.emplace_back([&] { produce(*log, settings, noise, batches, window); });
  for (std::thread& producer : producers) producer.join();
  window.wait_empty();
  const double elapsed = seconds_since(start);
  const double cpu = cpu_seconds() - cpu_before;
  const double resident = resident_mb();
  const double proof = proof_us(*log);
  const std::uint64_t entries = log->size();
  FIREBREAK_ASSERT(entries == batches * settings.batch * settings.producers && log->close());
  log.reset();

  const Steady::time_point opening = Steady::now();
  FIREBREAK_ASSERT(Log::open(files, clock, dir, options).has_value());
  const double opened = seconds_since(opening);
  const Steady::time_point verifying = Steady::now();
  const VerifyReport report = verify(files, dir).value();
  const double verified = seconds_since(verifying);
  FIREBREAK_ASSERT(report.verdict == Verdict::kConsistent && report.size == entries);
  std::uint64_t on_disk = 0;
  for (const auto& file : std::filesystem::recursive_directory_iterator(dir))
    if (file.is_regular_file()) on_disk += file.file_size();
  const std::uint64_t sample = std::min<std::uint64_t>(report.octets, 4'000'000'000);
  const double direct = raw_rate(files, settings.dir + "/raw", sample, OpenMode::kAppendDirect);
  const double buffered = raw_rate(files, settings.dir + "/raw", sample, OpenMode::kWrite);
  const std::vector<double> chunks =
      raw_chunks(files, settings.dir + "/raw", settings.batch * (settings.size + kIndexEntryBytes) + kFrameHeaderBytes);
  const double hashed = hash_rate(settings, noise);
  std::filesystem::remove_all(settings.dir);

  const auto n = static_cast<double>(entries);
  const double octets_each = static_cast<double>(report.octets) / n;
  const double limit = std::min(std::max(direct, buffered) * 1e6 / octets_each, hashed);
  const JsonObject out = {{"benchmark", "ledger"},
                          {"idle_at_start", idle},
                          {"entries", entries},
                          {"entry_bytes", settings.size},
                          {"batch_entries", settings.batch},
                          {"producers", settings.producers},
                          {"batches_in_flight", settings.window},
                          {"cores", std::thread::hardware_concurrency()},
                          {"seconds", elapsed},
                          {"entries_per_s", n / elapsed},
                          {"raw_direct_mb_per_s", direct},
                          {"raw_buffered_mb_per_s", buffered},
                          {"raw_hash_entries_per_s", hashed},
                          {"limit_entries_per_s", limit},
                          {"share_of_limit", n / elapsed / limit},
                          {"cpu_us_per_entry", cpu * 1e6 / n},
                          {"segment_bytes_per_entry", octets_each},
                          {"disk_bytes_per_entry", static_cast<double>(on_disk) / n},
                          {"ack_p50_ms", quantile(window.acks(), 0.5)},
                          {"ack_p99_ms", quantile(window.acks(), 0.99)},
                          {"raw_batch_p50_ms", quantile(chunks, 0.5)},
                          {"raw_batch_p99_ms", quantile(chunks, 0.99)},
                          {"resident_mb", resident},
                          {"proof_us", proof},
                          {"verify_entries_per_s", n / verified},
                          {"open_s", opened}};
  std::printf("%s\n", pretty_json(out).c_str());
  return 0;
}
