// What a document may not say, and where the error points.
#include "deadline/regime.h"

#include <gtest/gtest.h>

#include "deadline/sample.h"

namespace firebreak::deadline {
namespace {

// The small document with one piece put in another's place; the error's pointer, or "read".
std::string refused(const std::string& what, const std::string& by) {
  std::string document = small_document(R"("hours": 72)", "72 hours after the start");
  const std::size_t place = document.find(what);
  if (place == std::string::npos) return "no such piece";
  document.replace(place, what.size(), by);
  const auto regimes = read(document);
  return regimes ? "read" : regimes.error().pointer;
}

TEST(Regimes, a_small_document_is_read) {
  const Regime one = small(R"("hours": 72)", "72 hours after the start");
  EXPECT_EQ(one.id, "small");
  EXPECT_EQ(one.stages.at(0).periods.at(0).amount, 72);
  EXPECT_EQ(one.later, Later::kNone);
  EXPECT_EQ(format_day(one.source.seen), "2026-11-22");
  EXPECT_EQ(events_of(one), (std::set<std::string>{"filed:first", "start"}));
}

TEST(Regimes, errors_name_their_place) {
  EXPECT_EQ(refused(R"("version": 1)", R"("version": 2)"), "/version");
  EXPECT_EQ(refused(R"("id": "small")", R"("id": "Small one")"), "/regimes/0/id");
  EXPECT_EQ(refused("https://", "http://"), "/regimes/0/source/url");
  EXPECT_EQ(refused("2026-11-22", "22 Nov 2026"), "/regimes/0/source/seen");
  EXPECT_EQ(refused(R"("checked": "source")", R"("checked": "surely")"), "/regimes/0/source/checked");
  EXPECT_EQ(refused(R"("paraphrased": false,)", ""), "/regimes/0/stages/0/paraphrased");
  EXPECT_EQ(refused(R"("hours": 72)", R"("hours": 0)"), "/regimes/0/stages/0/periods/0/hours");
  EXPECT_EQ(refused(R"("hours": 72)", R"("hours": 72, "days": 3)"), "/regimes/0/stages/0/periods/0");
  EXPECT_EQ(refused(R"("hours": 72)", R"("immediately": false)"), "/regimes/0/stages/0/periods/0/immediately");
  EXPECT_EQ(refused(R"("from": "start")", R"("from": "filed:second")"), "/regimes/0/stages/0/periods/0/from");
  EXPECT_EQ(refused(R"("from": "start")", R"("from": "filed:first")"), "/regimes/0/stages/0/periods/0/from");
  EXPECT_EQ(refused(R"("stages")", R"("day_ends": "25:00", "stages")"), "/regimes/0/day_ends");
  EXPECT_EQ(refused(R"("stages")", R"("office": {"opens": "09:00", "closes": "09:30"}, "stages")"), "/regimes/0/office/closes");
  EXPECT_EQ(refused(R"("stages")", R"("weekend": ["caturday"], "stages")"), "/regimes/0/weekend");
  EXPECT_EQ(refused(R"("stages")", R"("restart": {"on": "again", "of": ["finish"]}, "stages")"), "/regimes/0/restart/of");
  EXPECT_EQ(refused(R"("stages")", R"("later": "never", "stages")"), "/regimes/0/later");
}

TEST(Regimes, unknown_keys_are_refused) {
  const std::pair<const char*, const char*> more[] = {{R"("version": 1)", R"("version": 1, "x": 1)"},
                                                      {R"("id": "small")", R"("id": "small", "x": 1)"},
                                                      {R"("citation": "s. 1",)", R"("citation": "s. 1", "x": 1,)"},
                                                      {R"("id": "first")", R"("id": "first", "x": 1)"},
                                                      {R"("hours": 72)", R"("hours": 72, "x": 1)"}};
  for (const auto& [what, by] : more)
    EXPECT_NE(refused(what, by), "read") << by;
}

TEST(Regimes, a_period_must_stand_in_its_text) {
  EXPECT_EQ(refused(R"("hours": 72)", R"("hours": 73)"), "/regimes/0/stages/0/periods/0");
  EXPECT_EQ(refused(R"("hours": 72)", R"("days": 72)"), "/regimes/0/stages/0/periods/0");
  EXPECT_EQ(refused("72 hours after", "some hours after"), "/regimes/0/stages/0/periods/0");
  EXPECT_EQ(refused("72 hours after", "within a 72-hour window after"), "read");
}

TEST(Regimes, business_hours_need_an_office) {
  EXPECT_FALSE(read(small_document(R"("business_hours": 8)", "eight business hours")));
}

TEST(Regimes, ids_are_used_once) {
  const std::string one = small_document(R"("hours": 72)", "72 hours");
  const std::size_t from = one.find('[') + 1;
  const std::string body = one.substr(from, one.rfind(']') - from);
  const auto twice = read(R"({"version": 1, "regimes": [)" + body + "," + body + "]}");
  ASSERT_FALSE(twice);
  EXPECT_EQ(twice.error().pointer, "/regimes/1/id");
}

TEST(Words, a_number_belongs_to_its_unit) {
  EXPECT_TRUE(names_period("within four business days after", Unit::kBusinessDays, 4));
  EXPECT_TRUE(names_period("4 working days", Unit::kBusinessDays, 4));
  EXPECT_FALSE(names_period("four days", Unit::kBusinessDays, 4));
  EXPECT_FALSE(names_period("four business days", Unit::kDays, 4));
  EXPECT_TRUE(names_period("60 calendar days", Unit::kDays, 60));
  EXPECT_TRUE(names_period("one month", Unit::kMonths, 1));
  EXPECT_FALSE(names_period("172 hours", Unit::kHours, 72));
  EXPECT_FALSE(names_period("72", Unit::kHours, 72));
  EXPECT_TRUE(names_period("without undue delay", Unit::kImmediately, 0));
  EXPECT_FALSE(names_period("after a delay", Unit::kImmediately, 0));
  EXPECT_FALSE(names_period("", Unit::kImmediately, 0));
}

}  // namespace
}  // namespace firebreak::deadline
