#include "run/api/fair_queue.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <atomic>
#include <thread>

namespace firebreak::api {
namespace {

// One worker, busy with a first job while others come: then what order do they go in?
struct Busy {
  FairQueue queue{1, 1'000'000};
  std::vector<std::string> order;
  void first(const std::function<void()>& meanwhile) {
    ASSERT_TRUE(queue.run("first", 1, meanwhile));
  }
  void add(const std::string& stream, std::size_t octets) {
    ASSERT_TRUE(queue.run(stream, octets, [this, stream] { order.push_back(stream); }));
  }
};

TEST(FairQueue, a_modest_stream_goes_before_the_queue_of_one_that_floods) {
  Busy busy;
  busy.first([&] {
    for (int i = 0; i < 100; ++i) busy.add("flood", 1'000);
    busy.add("modest", 10);
  });
  const auto at = std::find(busy.order.begin(), busy.order.end(), "modest") - busy.order.begin();
  EXPECT_LE(at, 1);
  EXPECT_EQ(busy.order.size(), 101U);
}

TEST(FairQueue, refuses_what_is_over_a_streams_quota_and_keeps_the_others) {
  FairQueue queue(1, 1'000);
  int ran = 0;
  ASSERT_TRUE(queue.run("first", 1, [&] {
    EXPECT_TRUE(queue.run("flood", 5'000, [&] { ++ran; })) << "one is always taken: a batch has its own limit";
    EXPECT_EQ(queue.run("flood", 1, [&] { ++ran; }).error().code, Code::kBusy);
    EXPECT_TRUE(queue.run("modest", 1, [&] { ++ran; }));
  }));
  EXPECT_EQ(ran, 2);
}

// Streams that always have something waiting get the same octets, but for one job each.
RC_GTEST_PROP(FairQueue, shares_by_octets_whatever_the_sizes_of_jobs, ()) {
  const auto streams = *rc::gen::inRange<std::size_t>(2, 6);
  std::vector<std::vector<std::size_t>> sizes(streams);
  for (auto& of : sizes) of = *rc::gen::container<std::vector<std::size_t>>(40, rc::gen::inRange<std::size_t>(1, 500));
  FairQueue queue(1, 1'000'000);
  std::vector<std::size_t> served(streams), left(streams, 40);
  RC_ASSERT(queue.run("first", 1, [&] {
    for (std::size_t s = 0; s < streams; ++s)
      for (const std::size_t octets : sizes[s])
        RC_ASSERT(queue.run(std::to_string(s), octets, [&, s, octets] {
          if (std::all_of(left.begin(), left.end(), [](std::size_t n) { return n > 0; })) {
            const auto [least, most] = std::minmax_element(served.begin(), served.end());
            RC_ASSERT(*most - *least <= 1'000U);  // two jobs of the largest size
          }
          served[s] += octets;
          --left[s];
        }));
  }));
  RC_ASSERT(std::all_of(left.begin(), left.end(), [](std::size_t n) { return n == 0; }));
}

TEST(FairQueue, goes_on_after_a_job_that_throws) {
  FairQueue queue(1, 1'000);
  int ran = 0;
  ASSERT_TRUE(queue.run("a", 1, [&] {
    EXPECT_TRUE(queue.run("a", 1, [] { throw std::bad_alloc(); }));
    EXPECT_TRUE(queue.run("a", 1, [&] { ++ran; }));
  }));
  ASSERT_TRUE(queue.run("b", 1, [&] { ++ran; }));
  EXPECT_EQ(ran, 2);
}

TEST(FairQueue, runs_every_job_once_on_at_most_its_workers) {
  FairQueue queue(2, 1u << 30);
  std::atomic<int> ran = 0, working = 0, most = 0;
  std::vector<std::thread> callers;
  for (int t = 0; t < 6; ++t)
    callers.emplace_back([&, t] {
      for (int i = 0; i < 2'000; ++i)
        EXPECT_TRUE(queue.run(std::to_string(t % 3), 10, [&] {
          const int now = ++working;
          for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {
          }
          ++ran;
          --working;
        }));
    });
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(ran, 12'000);
  EXPECT_LE(most, 2);
}

}  // namespace
}  // namespace firebreak::api
