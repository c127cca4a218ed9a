#include "deadline/worksheet.h"

#include <gmock/gmock.h>

#include "deadline/sample.h"

namespace firebreak::deadline {
namespace {

using ::testing::HasSubstr;

const Worksheet& dora() {
  static const std::vector<Worksheet> sheets = [] {
    auto read = worksheets_from_json(content("worksheets.yaml"));
    EXPECT_TRUE(read) << read.error().pointer << ": " << read.error().message;
    return read.value_or(std::vector<Worksheet>(1));
  }();
  return sheets.front();
}

std::string outcome(const std::map<std::string, std::string>& values) {
  const auto found = judged(dora(), values);
  return found ? std::string(answer_name(found->outcome)) : found.error().message;
}

// Every value at its most harmless, so that a test turns what it is about.
std::map<std::string, std::string> harmless() {
  std::map<std::string, std::string> out;
  for (const Criterion& criterion : dora().criteria)
    for (const Threshold& threshold : criterion.any) out[threshold.value] = threshold.yes ? "no" : "0";
  return out;
}
std::map<std::string, std::string> with(std::map<std::string, std::string> of, const std::map<std::string, std::string>& more) {
  for (const auto& [name, value] : more) of[name] = value;
  return of;
}

TEST(Worksheet, judges_dora_by_its_thresholds) {
  EXPECT_EQ(outcome(harmless()), "no");
  EXPECT_EQ(outcome(with(harmless(), {{"critical_service", "yes"}})), "no");
  EXPECT_EQ(outcome(with(harmless(), {{"critical_service", "yes"}, {"malicious_access", "yes"}})), "yes");
  EXPECT_EQ(outcome(with(harmless(), {{"malicious_access", "yes"}, {"costs_euro", "200000"}, {"member_states", "3"}})), "no") << "no critical service";
  EXPECT_EQ(outcome(with(harmless(), {{"critical_service", "yes"}, {"costs_euro", "100001"}})), "no") << "one of two";
  EXPECT_EQ(outcome(with(harmless(), {{"critical_service", "yes"}, {"costs_euro", "100001"}, {"member_states", "2"}})), "yes");
  // At the bounds: above is above, from is from.
  EXPECT_EQ(outcome(with(harmless(), {{"critical_service", "yes"}, {"costs_euro", "100000"}, {"member_states", "2"}})), "no");
  EXPECT_EQ(outcome(with(harmless(), {{"critical_service", "yes"}, {"duration_hours", "24"}, {"clients_share", "10.01"}})), "no");
  EXPECT_EQ(outcome(with(harmless(), {{"critical_service", "yes"}, {"duration_hours", "24.5"}, {"clients_share", "10.01"}})), "yes");
  EXPECT_EQ(outcome(with(harmless(), {{"critical_service", "yes"}, {"clients", "100001"}, {"clients_share", "50"}})), "no") << "two values of one criterion";
}

TEST(Worksheet, does_not_take_for_no_what_nobody_has_said) {
  EXPECT_EQ(outcome({}), "not known");
  EXPECT_EQ(outcome({{"critical_service", "no"}}), "no") << "nothing that is missing could turn it";
  EXPECT_EQ(outcome({{"critical_service", "yes"}, {"malicious_access", "yes"}}), "yes");
  EXPECT_EQ(outcome({{"critical_service", "yes"}, {"malicious_access", "no"}, {"costs_euro", "1000000"}}), "not known");
  auto almost = with(harmless(), {{"critical_service", "yes"}, {"costs_euro", "1000000"}});
  almost.erase("reputation");
  EXPECT_EQ(outcome(almost), "not known");
  EXPECT_THAT(judged(dora(), almost)->missing, ::testing::ElementsAre("reputation"));
}

TEST(Worksheet, refuses_what_it_can_not_read_and_thresholds_without_their_text) {
  EXPECT_THAT(outcome({{"nobody", "1"}}), HasSubstr("has no value 'nobody'; it has: clients"));
  EXPECT_THAT(outcome({{"costs_euro", "much"}}), HasSubstr("is a number of euro"));
  EXPECT_THAT(outcome({{"costs_euro", "-1"}}), HasSubstr("is a number of euro"));
  EXPECT_THAT(outcome({{"critical_service", "1"}}), HasSubstr("is yes or no"));
  Json changed = content("worksheets.yaml");
  changed.at("worksheets").as_array()[0].as_object()["criteria"].as_array()[7].as_object()["any"].as_array()[0].as_object()["above"] = 10'000;
  EXPECT_EQ(worksheets_from_json(changed).error().pointer, "/worksheets/0/criteria/7/any/0/above") << "the text says 100000";
  changed = content("worksheets.yaml");
  changed.at("worksheets").as_array()[0].as_object()["decision"].as_object()["all"] = JsonArray{"nobody"};
  EXPECT_EQ(worksheets_from_json(changed).error().pointer, "/worksheets/0/decision/all");
}

TEST(Worksheet, tells_the_decision_in_one_paragraph) {
  const std::map<std::string, std::string> values{{"critical_service", "yes"}, {"malicious_access", "yes"}};
  EXPECT_THAT(summary(dora(), values, *judged(dora(), values)), HasSubstr("DORA: is the ICT-related incident major? yes, by Delegated Regulation (EU) 2024/1772, art. 6, 8 and 9. Critical services affected: yes;"));
  EXPECT_TRUE(events_of(regime(dora().regime)).contains(dora().event));
}

}  // namespace
}  // namespace firebreak::deadline
