// Ledger throughput: opaque entries in batches through hashing, tree, signature, write and fdatasync, until
// each batch is acknowledged. Prints one JSON object.
//
//   ledger_bench [--entries N] [--batch N] [--size OCTETS] [--producers N] [--dir DIR]
//
// A producer keeps a window of batches in flight, as an ingest connection does. The raw figure is the same
// number of octets written and synced in pieces of 1 MiB to the same disk right after, without any ledger.
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <filesystem>
#include <map>
#include <mutex>
#include <thread>

#include "base/json.h"
#include "base/random.h"
#include "log/ledger/log.h"
#include "log/ledger/verify.h"

using namespace firebreak;
using namespace firebreak::ledger;

namespace {

struct Settings {
  std::uint64_t entries = 5'000'000, batch = 1'000, size = 200, producers = 1, window = 16;
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
  for (std::uint64_t i = 0; i < batches; ++i) {
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

double raw_rate(Files& files, const std::string& path, std::uint64_t octets) {
  const Bytes piece = SystemRandom().bytes(1024 * 1024);
  auto file = files.open(path, OpenMode::kWrite).value();
  const Steady::time_point start = Steady::now();
  std::uint64_t at = 0;
  for (; at < octets; at += piece.size()) FIREBREAK_ASSERT(file->write_at(at, piece) && file->sync());
  const double rate = static_cast<double>(at) / 1e6 / seconds_since(start);
  std::filesystem::remove(path);
  return rate;
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
                                                   {"--window", &settings.window}};
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
  const Bytes noise = random.bytes(16 * 1024 * 1024 + settings.batch * settings.size);
  auto log = Log::open(files, clock, dir, options).value();

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
  const std::uint64_t entries = log->size();
  FIREBREAK_ASSERT(entries == batches * settings.batch * settings.producers && log->close());

  const Steady::time_point verifying = Steady::now();
  const VerifyReport report = verify(files, dir).value();
  const double verified = seconds_since(verifying);
  FIREBREAK_ASSERT(report.verdict == Verdict::kConsistent && report.size == entries);
  const Steady::time_point opening = Steady::now();
  FIREBREAK_ASSERT(Log::open(files, clock, dir, options).has_value());
  const double opened = seconds_since(opening);
  const double raw = raw_rate(files, settings.dir + "/raw", report.octets);
  std::filesystem::remove_all(settings.dir);

  const auto n = static_cast<double>(entries);
  const JsonObject out = {{"benchmark", "ledger"},
                          {"entries", entries},
                          {"entry_bytes", settings.size},
                          {"batch_entries", settings.batch},
                          {"producers", settings.producers},
                          {"batches_in_flight", settings.window},
                          {"cores", std::thread::hardware_concurrency()},
                          {"entries_per_s", n / elapsed},
                          {"cpu_us_per_entry", cpu * 1e6 / n},
                          {"bytes_written_per_entry", static_cast<double>(report.octets) / n},
                          {"written_mb_per_s", static_cast<double>(report.octets) / 1e6 / elapsed},
                          {"raw_write_fdatasync_mb_per_s", raw},
                          {"ack_p50_ms", quantile(window.acks(), 0.5)},
                          {"ack_p99_ms", quantile(window.acks(), 0.99)},
                          {"verify_entries_per_s", n / verified},
                          {"open_s", opened}};
  std::printf("%s\n", pretty_json(out).c_str());
  return 0;
}
