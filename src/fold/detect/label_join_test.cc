// Labels that come in any order, are corrected or belong to nobody: the parts of the performance detector that take them.
#include "fold/detect/label_join.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <string>

#include "fold/detect/loss_watch.h"
#include "fold/detect/performance_windows.h"

namespace firebreak::detect {
namespace {

TEST(LossWatch, after_corrections_it_is_what_it_would_have_been_with_the_right_losses) {
  rc::check("corrected equals right", [] {
    LossWatchOptions options;
    options.baseline = 0.3;
    options.threshold = 1e3;
    options.window = 40;
    LossWatch corrected(options), right(options);
    const auto n = *rc::gen::inRange<std::uint64_t>(1, 120);
    for (std::uint64_t i = 0; i < n; ++i) {
      const double loss = *rc::gen::inRange(0, 2), first = *rc::gen::inRange(0, 2);
      corrected.add(i, i, {static_cast<std::int64_t>(i)}, first);
      corrected.correct(i, loss);
      right.add(i, i, {static_cast<std::int64_t>(i)}, loss);
    }
    RC_ASSERT(corrected.evidence() == right.evidence());
    RC_ASSERT(corrected.mean() == right.mean());
    RC_ASSERT(corrected.band(0.05).low == right.band(0.05).low);
    RC_ASSERT(corrected.band(0.05).high == right.band(0.05).high);
    // Taken back: as if it had never come.
    right.add(1000, 1000, {1000}, 1);
    right.correct(1000, std::nullopt);
    RC_ASSERT(corrected.n() == right.n() || n >= options.window);
    RC_ASSERT(corrected.seen() == right.seen());
  });
}

TEST(LabelJoin, is_bounded_and_counts_what_gives_way) {
  LabelJoin join(100, 10);
  for (int i = 0; i < 1000; ++i) {
    Answer answer;
    answer.id = id_hash("a" + std::to_string(i));
    answer.index = static_cast<std::uint64_t>(i);
    EXPECT_FALSE(join.add(answer));
    EXPECT_FALSE(join.add("stranger" + std::to_string(i), Label{1, 0, false}));
  }
  EXPECT_FALSE(join.add("a0", Label{1, 0, false}));
  EXPECT_TRUE(join.add("a950", Label{1, 0, false}));
  EXPECT_EQ(join.waiting(), 10U);
  EXPECT_EQ(join.counts().unknown, 991U);
  EXPECT_LT(join.bytes(), 20'000U);
}

TEST(PerformanceWindows, take_labels_by_the_time_of_their_answer_and_tell_the_late_ones) {
  PerformanceWindows windows(kDay, kDay);
  Losses miss = kNoLosses;
  miss[2] = 1;
  for (int day = 0; day < 70; ++day) windows.answer({day * kDay + kHour}, true, 0.5);
  EXPECT_EQ(windows.all().size(), PerformanceWindows::kWindows);
  windows.label({69 * kDay}, true, false, 0.9, miss, 1);
  windows.label({20 * kDay}, true, false, 0.9, miss, 1);
  windows.label({20 * kDay}, true, false, 0.9, miss, -1);
  windows.label({1 * kDay}, true, false, 0.9, miss, 1);
  EXPECT_EQ(windows.late(), 1U);
  EXPECT_EQ(windows.too_late(), 1U);
  EXPECT_EQ(windows.all().back().n[2], 1);
  EXPECT_FALSE(windows.complete(windows.all().back()));
  EXPECT_EQ(windows.all().front().labels, 0U);
  for (const auto& window : windows.all()) EXPECT_LE(window.loss[2], window.n[2]);
}

}  // namespace
}  // namespace firebreak::detect
