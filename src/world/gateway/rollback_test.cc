// Going back to the last known good release while callers ask: nobody is answered by an error, or the record says how many were.
#include <atomic>
#include <thread>
#include <vector>

#include "world/gateway/gateway_testing.h"

namespace firebreak::gateway::testing {
namespace {

// Callers that ask one after the other until they are stopped, each over a connection of its own.
class Load {
 public:
  Load(std::string url, int callers) : url_(std::move(url)) {
    for (int i = 0; i < callers; ++i) threads_.emplace_back([this] { run(); });
  }
  ~Load() { end(); }
  void end() {
    stop_ = true;
    for (std::thread& thread : threads_)
      if (thread.joinable()) thread.join();
  }
  std::uint64_t asked() const { return asked_; }
  std::uint64_t failed() const { return failed_; }
  // Waits until so many more have been answered.
  void more(std::uint64_t requests) const {
    for (const std::uint64_t goal = asked_ + requests; asked_ < goal;) std::this_thread::yield();
  }

 private:
  void run() {
    net::HttpClient client;
    while (!stop_) {
      net::Request request;
      request.method = "POST";
      request.body = R"({"features":{"amount":400,"age":30,"country":"de"}})";
      request.headers.emplace_back("Authorization", "Bearer key-of-ana");
      const auto answer = client.send(request, url_);
      if (!answer || answer->status != 200) ++failed_;
      ++asked_;
    }
  }
  std::string url_;
  std::atomic<bool> stop_ = false;
  std::atomic<std::uint64_t> asked_ = 0, failed_ = 0;
  std::vector<std::thread> threads_;
};

TEST_F(GatewayTest, goes_back_and_forth_under_load_without_a_failed_request) {
  serve();
  Load load("http://127.0.0.1:" + std::to_string(gateway->port()) + "/fraud-api/score", 4);
  for (int turn = 0; turn < 10; ++turn) {
    for (const char* release : {"1.2.0", "1.0.0"}) {
      policy.base_weights = {{release, 100}};
      ++policy.fence;
      ASSERT_EQ(200, put().status);
      // From the answer on, everybody who asks is answered by the release that was asked for.
      for (int i = 0; i < 5; ++i) EXPECT_EQ(release, string_or(*parse_json(ask("key-of-ana", 400).body), "from"));
      load.more(20);
    }
  }
  load.end();
  EXPECT_GE(load.asked(), 400U);
  EXPECT_EQ(0U, load.failed());
  std::uint64_t failed = 0;
  for (const Json& line : recorded()) failed += string_or(line, "disposition") == "failed" ? 1 : 0;
  EXPECT_EQ(0U, failed);
}

TEST_F(GatewayTest, goes_back_from_a_release_that_does_not_answer_and_the_record_counts_those_who_were_hurt) {
  policy.base_weights = {{"1.2.0", 100}};
  serve();
  Load load("http://127.0.0.1:" + std::to_string(gateway->port()) + "/fraud-api/score", 2);
  load.more(20);
  new_model.reset();
  load.more(20);
  policy.base_weights = {{"1.0.0", 100}};
  ++policy.fence;
  ASSERT_EQ(200, put().status);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(200, ask("key-of-ana", 400).status);
  load.end();
  EXPECT_GT(load.failed(), 0U);
  std::uint64_t failed = 0;
  for (const Json& line : recorded()) failed += string_or(line, "disposition") == "failed" ? 1 : 0;
  EXPECT_EQ(load.failed(), failed) << "as many as callers saw";
}

}  // namespace
}  // namespace firebreak::gateway::testing
