// What is handed over when other detectors take over, case by case; run/app/stream_feed_test.cc has the whole in any order.
#include "fold/detect/open_episodes.h"

#include <gtest/gtest.h>

namespace firebreak::detect {
namespace {

FindingUpdate chain(const std::string& name, std::uint64_t first, std::uint64_t last, const std::vector<std::string>& callers = {}) {
  FindingUpdate update;
  update.episode = name;
  update.kind = "query_chain";
  update.first_index = first;
  update.last_index = last;
  for (std::uint64_t i = first; i <= last; ++i) {
    update.indexes.push_back(i);
    update.digests.push_back(sha256(std::to_string(i)));
  }
  update.callers = callers;
  return update;
}

OpenEpisodes of(const std::vector<FindingUpdate>& updates) {
  OpenEpisodes open;
  for (const FindingUpdate& update : updates) open.apply(update);
  return open;
}

TEST(OpenEpisodes, that_are_the_same_need_no_word) {
  const OpenEpisodes same = of({chain("query_chain/1", 1, 9, {"otto"})});
  const Handover news = hand_over(same, same, "gone");
  EXPECT_TRUE(news.updates.empty());
  EXPECT_TRUE(news.renamed.empty());
}

TEST(OpenEpisodes, go_on_under_the_name_they_were_opened_under_when_they_share_rows) {
  const Handover news = hand_over(of({chain("query_chain/1", 1, 9), chain("query_chain/20", 20, 29)}),
                                  of({chain("query_chain/21", 21, 31), chain("query_chain/2", 2, 9)}), "gone");
  EXPECT_EQ(news.renamed, (std::map<std::string, std::string>{{"query_chain/2", "query_chain/1"}, {"query_chain/21", "query_chain/20"}}));
  ASSERT_EQ(news.updates.size(), 1U);
  EXPECT_EQ(news.updates[0].phase, FindingPhase::kUpdated);
  EXPECT_EQ(news.updates[0].episode, "query_chain/20");
  EXPECT_EQ(news.updates[0].indexes, (std::vector<std::uint64_t>{30, 31})) << "what nobody has heard of, alone";
  EXPECT_EQ(news.updates[0].digests.size(), 2U);
}

TEST(OpenEpisodes, open_in_pieces_that_an_entry_holds) {
  const Handover news = hand_over({}, of({chain("query_chain/1", 1, 900)}), "gone");
  ASSERT_EQ(news.updates.size(), 3U);
  EXPECT_EQ(news.updates[0].phase, FindingPhase::kOpened);
  std::size_t rows = 0;
  for (const FindingUpdate& update : news.updates) {
    EXPECT_LE(update.digests.size(), 400U);
    EXPECT_EQ(update.phase == FindingPhase::kOpened, rows == 0);
    rows += update.digests.size();
  }
  EXPECT_EQ(rows, 900U);
}

TEST(OpenEpisodes, close_when_nothing_of_them_is_left) {
  const Handover news = hand_over(of({chain("query_chain/1", 1, 9)}), of({chain("query_chain/20", 20, 29)}), "gone");
  ASSERT_EQ(news.updates.size(), 2U);
  EXPECT_EQ(news.updates[0].phase, FindingPhase::kOpened);
  EXPECT_EQ(news.updates[1].phase, FindingPhase::kClosed);
  EXPECT_EQ(news.updates[1].episode, "query_chain/1");
  EXPECT_NE(news.updates[1].summary.find("gone"), std::string::npos);
}

}  // namespace
}  // namespace firebreak::detect
