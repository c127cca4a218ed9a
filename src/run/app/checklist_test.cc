#include "run/app/checklist.h"

#include <gtest/gtest.h>

#include "types/casefile.h"

namespace firebreak::app {
namespace {

const Json& item(const Json& checklist, std::string_view id) {
  for (const Json& one : checklist.at("items").as_array())
    if (one.at("id").as_string() == id) return one;
  ADD_FAILURE() << "no item " << id;
  return checklist;
}

Json check(std::string_view item, std::string_view state, int round) {
  return JsonObject{{"item", item}, {"state", state}, {"round", round}, {"said", JsonObject{{"by", "ana"}, {"time", "2026-03-07T03:00:00Z"}}}};
}

TEST(Checklist, has_every_item_of_table_3_5_and_each_maps_to_csf) {
  const auto content = shipped_checklist();
  ASSERT_TRUE(content) << content.error().message;
  const Json told = checklist_of(*content, JsonObject{{"id", "inc-1"}});
  EXPECT_EQ(told.at("items").as_array().size(), std::size(words::kChecklistItems));
  EXPECT_TRUE(told.at("unmapped").as_array().empty());
  EXPECT_EQ(told.at("coverage").as_array().size(), 21u) << "RS and RC of CSF 2.0 that r3 names";
  for (const Json& one : told.at("coverage").as_array()) EXPECT_GT(int_or(one, "of"), 0) << string_or(one, "id");
}

TEST(Checklist, a_list_that_leaves_something_out_is_refused) {
  const Json content = *shipped_checklist();
  Json fewer = content;
  fewer.as_object()["items"].as_array().pop_back();
  EXPECT_FALSE(check_checklist(fewer));
  Json unmapped = content;
  unmapped.as_object()["items"].as_array()[3].as_object()["csf"] = JsonArray{};
  EXPECT_FALSE(check_checklist(unmapped));
  Json other = content;
  other.as_object()["items"].as_array()[0].as_object()["follows_from"] = "hope";
  EXPECT_FALSE(check_checklist(other));
}

TEST(Checklist, items_follow_from_the_record_and_people_say_otherwise) {
  const Json content = *shipped_checklist();
  JsonObject incident{{"id", "inc-1"},
                      {"evidence", JsonArray{JsonObject{{"state", "captured"}}}},
                      {"actions", JsonArray{JsonObject{{"id", "act-2"}, {"class", "bounded"}, {"in_force", JsonObject{{"time", "t"}}}}}}};
  EXPECT_EQ(string_or(item(checklist_of(content, incident), "5"), "because"), "act-2 came into force");
  EXPECT_EQ(string_or(item(checklist_of(content, incident), "4"), "state"), "done");
  incident["evidence"].as_array().push_back(JsonObject{{"state", "failed"}});
  EXPECT_EQ(string_or(item(checklist_of(content, incident), "4"), "state"), "open") << "one item failed";
  incident["checks"] = JsonArray{check("4", "not_applicable", 1)};
  EXPECT_EQ(string_or(item(checklist_of(content, incident), "4"), "state"), "not_applicable");
  const Json told = checklist_of(content, incident);
  for (const Json& one : told.at("coverage").as_array())
    if (string_or(one, "id") == "RS.AN-07") {
      EXPECT_EQ(int_or(one, "done"), 1);
    }
}

TEST(Checklist, what_a_loop_opened_waits_for_a_person) {
  const Json content = *shipped_checklist();
  JsonObject incident{{"id", "inc-1"}, {"round", 2}, {"triage", JsonObject{{"verdict", "suspected_malice"}}},
                      {"actions", JsonArray{JsonObject{{"id", "act-2"}, {"class", "bounded"}, {"in_force", JsonObject{{"time", "t"}}}}}}};
  incident["checks"] = JsonArray{check("1.1", "open", 2), check("5", "done", 2)};
  const Json told = checklist_of(content, incident);
  EXPECT_EQ(string_or(item(told, "1.1"), "state"), "open") << "the verdict is of the round before";
  EXPECT_EQ(string_or(item(told, "5"), "state"), "done");
  EXPECT_EQ(int_or(told, "round"), 2);
}

}  // namespace
}  // namespace firebreak::app
