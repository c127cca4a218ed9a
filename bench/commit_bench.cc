// One committer for all logs, or one for each? The same octets to the same disk: `logs` preallocated files, each gets a group
// of 64 KiB and is synced; by a thread that serves all in turn (writes of all, then syncs of all), or by a thread a file.
// What the design rests on: docs/decisions/0009. Arguments: [seconds a case, default 3]. Prints JSON.
#include <fmt/core.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <memory>
#include <thread>
#include <vector>

#include "base/files.h"
#include "base/json.h"

namespace firebreak {
namespace {

using Steady = std::chrono::steady_clock;
constexpr std::uint64_t kGroup = 64 * 1024, kFile = 64 * 1024 * 1024;

struct LogFile {
  std::unique_ptr<File> file;
  std::uint64_t at = 0;
  void write(const Bytes& group) {
    FIREBREAK_ASSERT(file->write_at(at, group).has_value());
    at = (at + kGroup) % kFile;
  }
  void sync() const { FIREBREAK_ASSERT(file->sync().has_value()); }
};

double ms_since(Steady::time_point start) { return std::chrono::duration<double, std::milli>(Steady::now() - start).count(); }

JsonObject summary(std::vector<double> waits, double seconds) {
  std::sort(waits.begin(), waits.end());
  return {{"groups_per_s", static_cast<double>(waits.size()) / seconds},
          {"p50_ms", waits[waits.size() / 2]},
          {"p99_ms", waits[waits.size() * 99 / 100]}};
}

JsonObject one_for_all(std::vector<LogFile>& logs, const Bytes& group, double seconds) {
  std::vector<double> waits;
  const auto begin = Steady::now();
  while (ms_since(begin) < seconds * 1'000) {
    const auto start = Steady::now();
    for (LogFile& log : logs) log.write(group);
    for (const LogFile& log : logs) {
      log.sync();
      waits.push_back(ms_since(start));
    }
  }
  return summary(std::move(waits), ms_since(begin) / 1'000);
}

JsonObject one_for_each(std::vector<LogFile>& logs, const Bytes& group, double seconds) {
  std::vector<std::vector<double>> waits(logs.size());
  std::vector<std::thread> threads;
  const auto begin = Steady::now();
  for (std::size_t i = 0; i < logs.size(); ++i)
    threads.emplace_back([&, i] {
      while (ms_since(begin) < seconds * 1'000) {
        const auto start = Steady::now();
        logs[i].write(group);
        logs[i].sync();
        waits[i].push_back(ms_since(start));
      }
    });
  for (std::thread& thread : threads) thread.join();
  const double took = ms_since(begin) / 1'000;
  std::vector<double> all;
  for (const auto& of : waits) all.insert(all.end(), of.begin(), of.end());
  return summary(std::move(all), took);
}

std::vector<LogFile> make(const std::filesystem::path& dir, std::size_t count) {
  PosixFiles files;
  std::vector<LogFile> logs(count);
  for (std::size_t i = 0; i < count; ++i) {
    logs[i].file = std::move(*files.open((dir / std::to_string(i)).string(), OpenMode::kAppendDirect));
    FIREBREAK_ASSERT(logs[i].file->allocate(kFile).has_value());
    for (std::uint64_t at = 0; at < kFile; at += 1 << 20)  // written once: no extent is converted while it is measured
      FIREBREAK_ASSERT(logs[i].file->write_at(at, Bytes(1 << 20, 'x')).has_value());
    FIREBREAK_ASSERT(logs[i].file->sync().has_value());
  }
  return logs;
}

int run(double seconds) {
  const std::filesystem::path dir = "build/bench/commit-data";
  const Bytes group(kGroup, 'g');
  JsonArray rows;
  for (const std::size_t count : {1u, 4u, 16u}) {
    std::filesystem::remove_all(dir);
    std::filesystem::create_directories(dir);
    std::vector<LogFile> logs = make(dir, count);
    rows.push_back(JsonObject{{"logs", count}, {"one_for_all", one_for_all(logs, group, seconds)}, {"one_for_each", one_for_each(logs, group, seconds)}});
  }
  std::filesystem::remove_all(dir);
  fmt::print("{}", pretty_json(JsonObject{{"group_octets", kGroup}, {"cases", rows}}));
  return 0;
}

}  // namespace
}  // namespace firebreak

int main(int argc, char** argv) {
  const double seconds = argc > 1 ? std::atof(argv[1]) : 0;
  return firebreak::run(seconds > 0 ? seconds : 3);
}
