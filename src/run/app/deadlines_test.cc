#include "run/app/deadlines.h"

#include <gtest/gtest.h>

#include "base/simulated_files.h"
#include "deadline/clock.h"

namespace firebreak::app {
namespace {

TEST(Deadlines, the_shipped_regimes_pass_the_strict_reader_of_content) {
  SimulatedFiles files;
  const auto regimes = load_regimes(files, "");
  ASSERT_TRUE(regimes) << regimes.error().pointer << ": " << regimes.error().message;
  ASSERT_FALSE(regimes->empty());
  EXPECT_EQ(regimes->front().id, "gdpr");
  const Time aware = *parse_time("2026-03-06T15:20:00Z");
  const auto due = deadline::due_times(regimes->front(), {{{"awareness", aware}}, {}, {}}, {});
  ASSERT_TRUE(due);
  EXPECT_EQ(due->front().due, aware + 72 * kHour);
}

TEST(Deadlines, errors_of_a_file_name_it_and_the_place) {
  SimulatedFiles files;
  ASSERT_TRUE(write_plain(files, "mine.yaml", std::string_view("version: 1\nregimes: [{id: a, name: A, jurisdiction: B}]\n")));
  const auto regimes = load_regimes(files, "mine.yaml");
  ASSERT_FALSE(regimes);
  EXPECT_EQ(regimes.error().pointer, "/regimes/0/source");
  EXPECT_TRUE(regimes.error().message.starts_with("mine.yaml: ")) << regimes.error().message;
}

TEST(Deadlines, holidays_are_a_list_of_days) {
  SimulatedFiles files;
  ASSERT_TRUE(write_plain(files, "days.yaml", std::string_view("- 2026-12-25\n- \"2027-01-01\"\n")));
  const auto days = load_holidays(files, "days.yaml");
  ASSERT_TRUE(days) << days.error().message;
  EXPECT_EQ(*days, (std::set<deadline::Day>{*deadline::parse_day("2026-12-25"), *deadline::parse_day("2027-01-01")}));
  ASSERT_TRUE(write_plain(files, "bad.yaml", std::string_view("- 2026-12-25\n- Christmas\n")));
  const auto bad = load_holidays(files, "bad.yaml");
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().pointer, "/1");
  ASSERT_TRUE(write_plain(files, "map.yaml", std::string_view("days: []\n")));
  EXPECT_FALSE(load_holidays(files, "map.yaml"));
}

}  // namespace
}  // namespace firebreak::app
