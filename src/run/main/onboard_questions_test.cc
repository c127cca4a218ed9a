#include "run/main/onboard_questions.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "types/endpoint.h"

namespace firebreak::cli {
namespace {

const OnboardKnown kKnown{{"night", "ana"}, {"Kill switch", "Drift"}, {"gdpr", "nis2"}};

OnboardPlan blank() { return {blank_endpoint("shop"), {}, false}; }

struct Talk {
  bool done = false;
  OnboardPlan plan = blank();
  std::string shown;
};
Talk talk(const std::string& typed) {
  Talk one;
  std::istringstream in(typed);
  std::ostringstream out;
  one.done = interview(one.plan, kKnown, in, out);
  one.shown = out.str();
  return one;
}

TEST(OnboardQuestions, are_ten_and_enter_takes_each_default) {
  const Talk one = talk(std::string(11, '\n'));
  EXPECT_TRUE(one.done) << one.shown;
  EXPECT_NE(one.shown.find("10 of 10"), std::string::npos);
  EXPECT_EQ(string_or(one.plan.document, "criticality"), "medium");
  EXPECT_EQ(string_or(one.plan.document, "mode"), "tap");
  EXPECT_TRUE(endpoint_from_json(one.plan.document));
}

TEST(OnboardQuestions, take_all_that_an_endpoint_needs) {
  const Talk one = talk("payments\nnight\nhigh\ngw-1 enforce\nnone\ndecline,approve after 14\nalways decline\n1.0.0\nKill switch\ngdpr,nis2\nyes\n");
  ASSERT_TRUE(one.done) << one.shown;
  const auto endpoint = endpoint_from_json(one.plan.document);
  ASSERT_TRUE(endpoint);
  EXPECT_EQ(endpoint->owner_team, "payments");
  EXPECT_EQ(endpoint->on_call, "night");
  EXPECT_EQ(endpoint->criticality, "high");
  EXPECT_EQ(endpoint->mode, EndpointMode::kInline);
  EXPECT_EQ(endpoint->state, EndpointState::kEnforce);
  EXPECT_EQ(endpoint->gateway, "gw-1");
  EXPECT_EQ(endpoint->labels, (std::vector<std::string>{"decline", "approve"}));
  EXPECT_EQ(endpoint->positive_label, "decline");
  EXPECT_EQ(endpoint->label_days, 14);
  EXPECT_EQ(string_or(endpoint->fallback.at("default"), "label"), "decline");
  EXPECT_EQ(endpoint->last_known_good, "1.0.0");
  EXPECT_EQ(endpoint->playbooks, (std::vector<std::string>{"Kill switch"}));
  EXPECT_EQ(endpoint->regimes, (std::vector<std::string>{"gdpr", "nis2"}));
}

TEST(OnboardQuestions, refuse_an_answer_with_its_reason_and_ask_again) {
  const Talk one = talk("payments\nnobody\nnight\nurgent\nhigh\n\n\nyes after soon\nyes\nalways perhaps\nnone\n\n\ncoppa\ngdpr\n\n");
  ASSERT_TRUE(one.done) << one.shown;
  for (const char* reason : {"'nobody' is no contact and no rotation; there are: night,ana", "'urgent' is no criticality", "a number of days", "'coppa' is no reporting regime; there are: gdpr,nis2"})
    EXPECT_NE(one.shown.find(reason), std::string::npos) << reason << "\n" << one.shown;
  EXPECT_EQ(string_or(one.plan.document, "on_call"), "night");
  EXPECT_EQ(string_or(one.plan.document, "criticality"), "high");
}

TEST(OnboardQuestions, go_back_as_if_it_had_not_been_answered) {
  const Talk one = talk("payments\nnight\n<\n<\nrisk\nana\n\n\n\n\n\n\n\n\n<\nnis2\nyes\n");
  ASSERT_TRUE(one.done) << one.shown;
  EXPECT_EQ(string_or(one.plan.document, "owner_team"), "risk");
  EXPECT_EQ(string_or(one.plan.document, "on_call"), "ana");
  EXPECT_EQ(strings_or_empty(one.plan.document, "regimes"), std::vector<std::string>{"nis2"});
}

TEST(OnboardQuestions, leave_at_any_place_without_a_yes) {
  std::string typed;
  for (std::size_t answered = 0; answered <= kOnboardQuestions; ++answered, typed += "\n") {
    EXPECT_FALSE(talk(typed + "quit\n").done);
    EXPECT_FALSE(talk(typed).done) << "the end of input is no yes";
  }
}

TEST(OnboardQuestions, take_features_and_answers_from_the_baseline) {
  const auto file = std::filesystem::temp_directory_path() / "firebreak-onboard-questions-test.ndjson";
  {
    std::ofstream out(file);
    for (int i = 0; i < 20; ++i) out << R"({"id":"a)" << i << R"(","time":"2026-03-07T03:00:00Z","features":{"age":)" << i << R"(,"sex":"f"},"output":{"label":")" << (i % 5 == 0 ? "decline" : "approve") << "\"}}\n";
  }
  OnboardPlan plan = blank();
  const auto taken = take_answers(plan, kKnown, {{"baseline", file.string()}, {"fallback", "always decline"}});
  std::filesystem::remove(file);
  ASSERT_TRUE(taken) << taken.error().message;
  EXPECT_EQ(canonical_json(plan.document.at("features")), R"({"categorical":["sex"],"numeric":["age"]})");
  EXPECT_EQ(string_or(plan.document, "positive_label"), "decline");
  EXPECT_EQ(plan.baseline, file.string());
}

TEST(OnboardQuestions, name_the_option_whose_answer_is_refused) {
  OnboardPlan plan = blank();
  const Json before = plan.document;
  const auto refused = take_answers(plan, kKnown, {{"kill-switch", "gw-1 please"}});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().pointer, "/--kill-switch");
  EXPECT_EQ(canonical_json(plan.document), canonical_json(before));
}

TEST(OnboardQuestions, refuse_control_characters_in_an_owner_and_mask_those_that_stand_already) {
  OnboardPlan plan{blank_endpoint("shop"), {}, false};
  const auto refused = take_answers(plan, {}, {{"owner", "pay\x1b[31mments"}});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().pointer, "/--owner/owner_team");
  plan.document.as_object()["owner_team"] = "pay\x1b[31mments";
  std::istringstream in("quit\n");
  std::ostringstream out;
  EXPECT_FALSE(interview(plan, {}, in, out));
  EXPECT_EQ(out.str().find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace firebreak::cli
