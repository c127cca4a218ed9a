#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "run/main/screens.h"

namespace firebreak::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Json incident(int chained) {
  const Json option = JsonObject{{"name", "isolate"},
                                 {"title", "answer by rules"},
                                 {"stops", JsonObject{{"attack_queries", 0}, {"of", chained}}},
                                 {"hurts", JsonObject{{"honest_answers_changed_per_hour", 3}, {"honest_failed_per_hour", 0}, {"honest_requests_per_hour", 90}}},
                                 {"approvals", 1},
                                 {"undo", "let go"}};
  return JsonObject{{"id", "inc-7"}, {"title", "The input of shop changed"}, {"endpoint", "shop"}, {"state", "open"}, {"actions", JsonArray{}},
                    {"options", JsonObject{{"options", JsonArray{option}}}}};
}

Json picture(int points) {
  return JsonObject{{"sentence", "a sentence about chains"}, {"chain", JsonObject{{"points", JsonArray(static_cast<std::size_t>(points), JsonObject{})}}},
                    {"cost", JsonObject{{"requests_per_hour", points}, {"money_per_hour", 0}, {"money_unit", "EUR"}, {"customers", 0}}}};
}

TEST(IncidentText, says_nothing_of_chains_where_there_is_none) {
  const std::string without = incident_text(incident(0), picture(0)), with = incident_text(incident(40), picture(40));
  EXPECT_THAT(without, Not(HasSubstr("chains")));
  EXPECT_THAT(without, Not(HasSubstr("requests of the attack")));
  EXPECT_THAT(without, HasSubstr("an hour 3 honest answers changed, 0 refused, of 90"));
  EXPECT_THAT(with, HasSubstr("a sentence about chains"));
  EXPECT_THAT(with, HasSubstr("an hour: 40 requests of the attack"));
  EXPECT_THAT(with, HasSubstr("would have stopped 0 of 40 requests of the chains"));
}

}  // namespace
}  // namespace firebreak::cli
