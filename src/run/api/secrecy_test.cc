#include "run/api/secrecy.h"

#include <gtest/gtest.h>

namespace firebreak::api {
namespace {

const Secrecy kSecrecy(std::set<std::string>{"inc-7", "act-12", "ab12cd"});

TEST(Secrecy, finds_a_name_as_a_word_wherever_it_stands) {
  for (const char* text : {"inc-7", "open inc-7 now", "(inc-7)", "/incidents/inc-7/picture", "act-12/3", "inc-7.", "re-inc-7", "\"act-12\"", "sha256:ab12cd", "inc-7-"})
    EXPECT_TRUE(kSecrecy.hides(std::string_view(text))) << text;
  for (const char* text : {"", "inc-77", "inc-71 inc-8", "act-1", "xinc-7", "ab12cde", "inc_7", "-"})
    EXPECT_FALSE(kSecrecy.hides(std::string_view(text))) << text;
}

TEST(Secrecy, takes_items_out_of_lists_and_leaves_nothing_of_a_single_thing) {
  Json list = *parse_json(R"({"items":[{"id":"act-12"},{"id":"act-13"},{"id":"act-14","why":{"text":"as in inc-7"}}],"next":null})");
  EXPECT_TRUE(kSecrecy.conceal(list));
  EXPECT_EQ(canonical_json(list), R"({"items":[{"id":"act-13"}],"next":null})");
  Json one = *parse_json(R"({"id":"act-15","incident":"inc-7"})");
  EXPECT_FALSE(kSecrecy.conceal(one));
  Json named = *parse_json(R"({"inc-7":3})");
  EXPECT_FALSE(kSecrecy.conceal(named)) << "a member's name tells as much";
  Json status = *parse_json(R"({"frozen":{"reason":"because of inc-7"},"needs":[]})");
  EXPECT_TRUE(kSecrecy.conceal(status));
  EXPECT_EQ(canonical_json(status), R"({"frozen":null,"needs":[]})");
}

TEST(Secrecy, shows_an_entry_of_the_journal_whole_or_not_at_all) {
  Json page = *parse_json(R"({"items":[
    {"index":7,"kind":"incident_opened","actor":"firebreak","cause":"","body":{"title":"t"}},
    {"index":8,"kind":"command","actor":"user:a","cause":"","body":{"args":{"findings":["find-3","inc-7"]}}},
    {"index":9,"kind":"order","actor":"firebreak","cause":"act-12","body":{}},
    {"index":10,"kind":"tick","actor":"firebreak","cause":"","body":{}}]})");
  EXPECT_TRUE(kSecrecy.conceal(page));
  ASSERT_EQ(page.at("items").as_array().size(), 1U);
  EXPECT_EQ(int_or(page.at("items").as_array()[0], "index"), 10);
  Entry entry;
  entry.index = 12;
  EXPECT_TRUE(kSecrecy.hides(entry)) << "it made act-12";
  entry.index = 13;
  EXPECT_FALSE(kSecrecy.hides(entry));
  EXPECT_FALSE(Secrecy().hides(entry));
}

TEST(Secrecy, hides_the_command_that_opened_the_incident_and_what_else_followed_from_it) {
  const Secrecy secrecy(std::set<std::string>{"inc-7"}, {5});
  Entry entry;
  entry.index = 5;
  EXPECT_TRUE(secrecy.hides(entry));
  entry.index = 6;
  entry.cause = "journal:5";
  EXPECT_TRUE(secrecy.hides(entry));
  Json page = *parse_json(R"({"items":[{"index":5,"kind":"command","actor":"user:a","cause":"","body":{}},
    {"index":6,"kind":"command_accepted","actor":"user:a","cause":"journal:5","body":{}}]})");
  EXPECT_TRUE(secrecy.conceal(page));
  EXPECT_TRUE(page.at("items").as_array().empty());
  entry.cause = "journal:55";
  EXPECT_FALSE(secrecy.hides(entry));
}

TEST(Secrecy, keeps_what_is_under_counsels_privilege_from_all_others) {
  Entry sealed, asked, other;
  sealed.kind = "privileged_note_sealed";
  asked.kind = "command_accepted";
  asked.body = JsonObject{{"name", "incident.privileged"}};
  other.kind = "command_accepted";
  other.body = JsonObject{{"name", "incident.note"}};
  EXPECT_TRUE(Secrecy().hides(sealed));
  EXPECT_TRUE(Secrecy().hides(asked));
  EXPECT_FALSE(Secrecy().hides(other));
  EXPECT_FALSE(Secrecy().counsel(true).hides(sealed));
  EXPECT_TRUE(Secrecy({"inc-7"}).counsel(true).hides(Entry{.index = 9, .version = 1, .kind = "privileged_note_sealed", .time = {}, .actor = {}, .cause = {}, .source = {}, .body = JsonObject{{"incident", "inc-7"}}}));
}

}  // namespace
}  // namespace firebreak::api
