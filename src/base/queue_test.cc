#include "base/queue.h"

#include <gtest/gtest.h>

#include <memory>
#include <thread>

namespace firebreak {
namespace {

TEST(BoundedQueue, refuses_when_full_and_leaves_the_value_alone) {
  BoundedQueue<std::unique_ptr<int>> queue(1);
  EXPECT_TRUE(queue.try_push(std::make_unique<int>(1)));
  auto second = std::make_unique<int>(2);
  EXPECT_FALSE(queue.try_push(second));
  ASSERT_NE(second, nullptr);
  EXPECT_EQ(**queue.pop(), 1);
  EXPECT_TRUE(queue.try_push(second));
}

TEST(BoundedQueue, gives_out_what_is_inside_after_close) {
  BoundedQueue<int> queue(4);
  EXPECT_TRUE(queue.push(1));
  EXPECT_TRUE(queue.push(2));
  queue.close();
  EXPECT_FALSE(queue.push(3));
  EXPECT_EQ(queue.pop_some(10), (std::vector<int>{1, 2}));
  EXPECT_EQ(queue.pop(), std::nullopt);
  EXPECT_TRUE(queue.pop_some(10).empty());
}

TEST(BoundedQueue, keeps_the_order_of_one_producer_while_it_waits_for_room) {
  BoundedQueue<int> queue(3);
  std::thread producer([&] {
    for (int i = 0; i < 1'000; ++i) queue.push(i);
    queue.close();
  });
  int next = 0;
  while (auto value = queue.pop()) EXPECT_EQ(*value, next++);
  producer.join();
  EXPECT_EQ(next, 1'000);
}

}  // namespace
}  // namespace firebreak
