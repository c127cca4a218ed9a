// Where what went was: nothing that was added lies outside, and what lies far from all of it does not count.
#include "log/record/gone.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <set>

#include "log/record/record_testing.h"

namespace firebreak::record {
namespace {

RC_GTEST_PROP(Spans, cover_all_that_was_added_in_few_pieces_and_come_back_from_json, (const std::vector<std::uint16_t>& places)) {
  const std::set<std::uint64_t> rising(places.begin(), places.end());
  Spans spans;
  for (const std::uint64_t place : rising) spans.add(place, place);
  RC_ASSERT(spans.list().size() <= Spans::kMost);
  const Json control = parse_json(canonical_json(JsonObject{{"order", 7}, {"records", rising.size()}, {"spans", to_json(spans.list())}})).value();
  const Gone gone = gone_from_json(3, control).value();
  for (const std::uint64_t place : rising) RC_ASSERT(gone.touches(place, place + 1));
  if (rising.empty()) return;
  RC_ASSERT(!gone.touches(*rising.rbegin() + 1, UINT64_MAX));
  if (rising.size() <= Spans::kMost)  // none was joined with another: no place between counts
    for (std::uint64_t place = 0; place < *rising.rbegin(); ++place) RC_ASSERT(gone.touches(place, place + 1) == rising.contains(place));
}

TEST(Spans, join_the_two_that_lie_nearest_when_there_are_too_many) {
  Spans spans;
  for (std::uint64_t i = 0; i <= Spans::kMost; ++i) spans.add(i * 100 + (i == 5 ? 90 : 0), i * 100 + (i == 5 ? 90 : 0));
  ASSERT_EQ(spans.list().size(), Spans::kMost);
  EXPECT_EQ(spans.list()[5].first, 590U);
  EXPECT_EQ(spans.list()[5].last, 600U) << "10 apart; all others 100 and more";
}

TEST(Gone, of_an_older_version_may_be_anywhere) {
  const Gone gone = gone_from_json(3, JsonObject{{"order", 7}, {"records", 2}}).value();
  EXPECT_TRUE(gone.touches(0, 1));
  EXPECT_FALSE(gone_from_json(3, JsonObject{{"spans", JsonArray{"x"}}}).has_value());
}

// The stream's own word, also after a start: it touches the rows of who was erased and no others.
TEST(Gone, is_told_by_the_stream_where_the_rows_were) {
  testing::Room room;
  std::vector<std::uint64_t> of_ada;
  for (int i = 0; i < 20; ++i) {
    const std::string person = i % 7 == 3 ? "ada" : "ben";
    const auto receipt = testing::admit(room.stream(), R"({"id":"e)" + std::to_string(i) + R"(","time":"2026-03-07T03:27:37Z","caller":")" + person + R"(","features":{"x":1}})");
    ASSERT_TRUE(receipt);
    if (person == "ada") of_ada.push_back(receipt->last);
  }
  ASSERT_TRUE(room.stream().erase("ada", 9));
  for (int round = 0; round < 2; ++round) {
    const auto gone = room.stream().gone();
    ASSERT_EQ(gone.size(), 1U);
    EXPECT_EQ(gone[0]->order, 9U);
    EXPECT_EQ(gone[0]->records, of_ada.size());
    for (std::uint64_t at = 0; at < room.stream().size(); ++at)
      EXPECT_EQ(gone[0]->touches(at, at + 1), std::find(of_ada.begin(), of_ada.end(), at) != of_ada.end()) << at;
    room.reopen();
  }
}

}  // namespace
}  // namespace firebreak::record
