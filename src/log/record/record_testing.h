// For tests and benchmarks of this room: a data folder in memory and lines like those of the fraud story.
#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/simulated_files.h"
#include "log/record/streams.h"

namespace firebreak::record::testing {

struct Room {
  SimulatedFiles files;
  FedClock clock{parse_time("2026-03-07T04:00:00Z").value()};
  SeededRandom random{7};
  StreamOptions options;  // from the next reopen() on
  std::unique_ptr<Streams> streams;

  explicit Room(std::uint64_t seed = 1) : files(seed) { open(); }

  void open() { streams = Streams::open(files, clock, random, "data", options).value(); }
  void reopen() {
    streams.reset();
    open();
  }
  void crash() {
    files.crash();
    reopen();
  }

  Stream& stream(const StreamConfig& config = {.name = "fraud-api"}) { return *streams->create(config).value(); }
};

// Waits for the receipt: admit() answers on the log's writer thread.
inline Result<Receipt> admit(Stream& stream, std::string_view batch, const Producer& producer = {},
                             BatchForm form = BatchForm::kNdjson) {
  std::mutex mutex;
  std::condition_variable ready;
  std::optional<Result<Receipt>> answer;
  const auto done = [&](Result<Receipt> result) {
    const std::lock_guard lock(mutex);
    answer = std::move(result);
    ready.notify_one();
  };
  stream.admit(batch, producer, done, form);
  std::unique_lock lock(mutex);
  ready.wait(lock, [&] { return answer.has_value(); });
  return std::move(*answer);
}

inline std::string inference(std::string_view id, std::string_view features = R"({"age":56,"sex":"female"})") {
  return R"({"type":"inference","id":")" + std::string(id) +
         R"(","time":"2026-03-07T03:27:37.823Z","caller":"key-1","source":"gw-1","endpoint":"fraud-api",)"
         R"("release":"1.0.0","model":{"name":"fraud-scorer","version":"1.0.0","digest":"aa"},"features":)" +
         std::string(features) +
         R"(,"output":{"label":"approve","score":0.2382},"disposition":"served","latency_us":812,"trace_id":"t1"})"
         "\n";
}

}  // namespace firebreak::record::testing
