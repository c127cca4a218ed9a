// The deletion report is whole wherever a sweep was cut short, and says nothing twice.
#include "run/app/retention.h"

#include <gtest/gtest.h>

#include "run/app/app_testing.h"

namespace firebreak::app {
namespace {

constexpr int kRows = 5;

record::StreamConfig config() {
  record::StreamConfig config;
  config.name = "clinic";
  config.retention_days = 30;
  return config;
}

void sweep(testing::Parts& parts) {
  Retention(*parts.context, [](const std::string&) { return Result<std::uint64_t>(0); }, [] {}).sweep();
}

std::int64_t reported(const testing::Parts& parts) {
  std::int64_t sum = 0;
  for (const Entry& entry : parts.entries("retention_done")) sum += int_or(entry.body, "records", 0);
  return sum;
}

void record(testing::Parts& parts) {
  std::string lines;
  for (int i = 0; i < kRows; ++i) lines += record::testing::inference("e" + std::to_string(i));
  ASSERT_TRUE(record::testing::admit(**parts.streams->create(config()), lines));
  parts.clock.feed(parts.clock.now() + 40 * kDay);
}

// The disk fails at the k-th call of a sweep, for every k, and the power goes: the first sweep after the start finishes the work
// and the report. Among the k is the one between the stream's word and the journal's.
TEST(Retention, reports_a_sweep_once_wherever_it_was_cut_short) {
  std::uint64_t runs = 0, between = 0;
  for (std::uint64_t k = 1;; ++k, ++runs) {
    testing::Parts parts(k);
    record(parts);
    const std::uint64_t before = parts.files.calls();
    parts.files.fail_call(k, true);
    sweep(parts);
    const bool untouched = parts.files.calls() - before < k;
    parts.files.fail_call(0);
    parts.crash();
    between += !parts.streams->get("clinic")->gone().empty() && reported(parts) == 0 ? 1 : 0;
    sweep(parts);
    ASSERT_EQ(reported(parts), kRows) << "call " << k;
    sweep(parts);
    ASSERT_EQ(parts.entries("retention_done").size(), 1U) << "call " << k;
    if (untouched) break;
  }
  EXPECT_GT(runs, 10U);
  EXPECT_GT(between, 0U) << "no crash fell between the stream's word and the journal's";
}

// Reports of versions that named no control record: what they told is not told again.
TEST(Retention, does_not_report_again_what_an_older_version_did) {
  testing::Parts parts;
  record(parts);
  record::Stream& stream = *parts.streams->get("clinic");
  const Time now = parts.clock.now(), cutoff = now - 30 * kDay;
  ASSERT_TRUE(stream.expire(cutoff, now - kDay, {}));
  ASSERT_TRUE(parts.journal->submit_wait(
      Draft{"retention_done", JsonObject{{"stream", "clinic"}, {"cutoff", format_time(cutoff)}, {"records", kRows}}, "retention", {}, {}}));
  sweep(parts);
  EXPECT_EQ(parts.entries("retention_done").size(), 1U);
  record(parts);
  sweep(parts);
  EXPECT_EQ(reported(parts), 2 * kRows);
}

}  // namespace
}  // namespace firebreak::app
