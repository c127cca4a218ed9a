// Deadlines by the program itself: no server, exit codes, times in UTC and by the offset given.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/installation.h"

namespace firebreak {
namespace {

using ::testing::HasSubstr;

testing::Finished deadline(std::vector<std::string> words) {
  std::vector<std::string> all{FIREBREAK_BINARY, "deadline"};
  all.insert(all.end(), words.begin(), words.end());
  return testing::run(all);
}

// The stage of an answer with --json.
Json stage_of(const std::string& out, std::string_view name) {
  const auto document = parse_json(out);
  const Json* const stages = document ? find(*document, "stages") : nullptr;
  if (stages == nullptr) return nullptr;
  for (const Json& one : stages->as_array()) {
    if (string_or(one, "stage") == name) return one;
  }
  return nullptr;
}

TEST(Deadline, stages_follow_filings_and_lateness_is_told) {
  const auto ran = deadline({"due", "dora", "--from", "awareness=2026-06-12T08:00:00Z", "--from", "classification=2026-06-13T06:00:00Z", "--from",
                             "filed:initial=2026-06-13T08:30:00Z", "--json"});
  ASSERT_EQ(ran.code, 0) << ran.out;
  const Json initial = stage_of(ran.out, "initial"), intermediate = stage_of(ran.out, "intermediate"), last = stage_of(ran.out, "final");
  EXPECT_EQ(string_or(initial, "due"), "2026-06-13T08:00:00Z");
  EXPECT_EQ(string_or(initial, "later"), "2026-06-15T12:00:00Z");
  EXPECT_TRUE(bool_or(initial, "late"));
  EXPECT_EQ(string_or(intermediate, "due"), "2026-06-16T08:30:00Z");
  EXPECT_FALSE(bool_or(intermediate, "expected", true));
  EXPECT_TRUE(bool_or(last, "expected"));
}

TEST(Deadline, business_days_leave_out_the_holidays_of_a_file) {
  const testing::Folder folder;
  const std::string days = folder.path() + "/days.yaml";
  std::ofstream(days) << "[\"2026-12-25\", \"2027-01-01\"]\n";
  const auto ran = deadline({"due", "sec-8k", "--from", "materiality=2026-12-21T09:00:00-05:00", "--offset", "-05:00", "--holidays", days, "--json"});
  ASSERT_EQ(ran.code, 0) << ran.out;
  EXPECT_EQ(string_or(stage_of(ran.out, "initial"), "due_local"), "2026-12-28T17:30:00-05:00");
}

TEST(Deadline, what_cannot_be_counted_is_refused_with_what_can) {
  EXPECT_EQ(deadline({"due", "gdpr", "--from", "discovery=2026-03-06T15:20:00Z"}).code, 2);
  EXPECT_EQ(deadline({"due", "gdpr", "--from", "awareness"}).code, 2);
  EXPECT_EQ(deadline({"due", "gdpr"}).code, 2);
  EXPECT_EQ(deadline({"due", "gpdr", "--from", "awareness=2026-03-06T15:20:00Z"}).code, 1);
  const auto draft = deadline({"due", "circia", "--from", "payment=2026-03-06T15:20:00Z", "--json"});
  EXPECT_EQ(draft.code, 3);
  EXPECT_THAT(draft.out, HasSubstr("--draft"));
  EXPECT_EQ(deadline({"due", "circia", "--from", "payment=2026-03-06T15:20:00Z", "--draft"}).code, 0);
}

TEST(Deadline, the_list_says_how_far_a_source_was_read) {
  const auto ran = deadline({"list"});
  EXPECT_EQ(ran.code, 0);
  EXPECT_THAT(ran.out, HasSubstr("unchecked"));
  EXPECT_THAT(ran.out, HasSubstr("4 business days after materiality"));
}

}  // namespace
}  // namespace firebreak
