// One stream floods the server, another sends a little now and then: the second does not wait in the first one's queue.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>

#include "support/installation.h"

namespace firebreak {
namespace {

using testing::Installation;
using Milliseconds = std::chrono::duration<double, std::milli>;

std::string batch_of(int records, int features) {
  std::string line = R"(,"time":"2026-03-07T03:00:00Z","caller":"c","features":{)";
  for (int f = 0; f < features; ++f) line += (f == 0 ? "\"f" : ",\"f") + std::to_string(f) + "\":" + std::to_string(f) + ".5";
  line += "}}\n";
  std::string batch;
  for (int i = 0; i < records; ++i) batch += R"({"id":"d)" + std::to_string(i) + "\"" + line;
  return batch;
}

struct Sender {
  const Installation& place;
  net::HttpClient http;
  explicit Sender(const Installation& at) : place(at) { http.set_token(place.token("admin")); }
  double send(const std::string& stream, const std::string& batch) {
    const auto start = std::chrono::steady_clock::now();
    const auto answer = http.post(place.url() + "/api/v1/streams/" + stream + "/records", batch, "application/x-ndjson");
    EXPECT_TRUE(answer && (answer->status == 200 || answer->status == 429 || answer->status == 503));
    return Milliseconds(std::chrono::steady_clock::now() - start).count();
  }
};

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2), values.end());
  return values[values.size() / 2];
}

TEST(Flood, of_one_stream_does_not_make_another_wait_in_its_queue) {
  Installation place;
  ASSERT_TRUE(place.start_server());
  for (const char* stream : {"flood", "modest"})
    ASSERT_TRUE(place.put("/api/v1/streams/" + std::string(stream), JsonObject{{"kinds", JsonArray{"inference"}}}));
  std::atomic<bool> stop = false;
  std::mutex mutex;
  std::vector<double> flooding, modest;
  std::vector<std::thread> flood;
  const std::string large = batch_of(3'000, 23), small = batch_of(20, 23);
  for (int client = 0; client < 16; ++client)
    flood.emplace_back([&] {
      Sender sender(place);
      while (!stop) {
        const double took = sender.send("flood", large);
        const std::lock_guard lock(mutex);
        flooding.push_back(took);
      }
    });
  const auto answered = [&] {
    const std::lock_guard lock(mutex);
    return flooding.size();
  };
  while (answered() < 16) std::this_thread::yield();  // every client is in the queue
  Sender sender(place);
  while (answered() < 48 || modest.size() < 20) modest.push_back(sender.send("modest", small));
  stop = true;
  for (std::thread& one : flood) one.join();
  // The flood waits for itself. In one queue for all, both would wait as long.
  EXPECT_LT(median(modest), median(flooding) / 2);
  RecordProperty("modest_ms", std::to_string(median(modest)));
  RecordProperty("flooding_ms", std::to_string(median(flooding)));
}

}  // namespace
}  // namespace firebreak
