#include <gtest/gtest.h>

#include "base/digest.h"
#include "fold/casefile/casefile.h"
#include "types/command.h"
#include "types/group_driver.h"

namespace firebreak::casefile {
namespace {

class Review : public GroupDriver<CasefileState> {
 public:
  Review() : GroupDriver(&casefile::decide, &casefile::apply, Time{1'772'850'000 * kSecond}) {
    incident_ = input("incident_opened", JsonObject{{"endpoint", "api"}, {"stream", "api"}, {"title", "t"}, {"severity", "SEV-3"}, {"rule", "r"}}).front().id("inc");
    input("incident_closed", JsonObject{{"incident", incident_}, {"summary", "s"}});
    lesson_ = find_kind(command("user:ana", "incident.lesson", JsonObject{{"incident", incident_}, {"text", "watch the retries"}}), "lesson_added")->id("lesson");
  }
  std::vector<Entry> propose(const std::string& kind, JsonObject document, const std::string& lesson = "") {
    const JsonObject args{{"incident", incident_}, {"lesson", lesson.empty() ? lesson_ : lesson}, {"kind", kind}, {"document", std::move(document)}, {"reason", "so that it is found"}};
    EXPECT_TRUE(check_command("amendment.propose", args));
    return input("command_accepted", JsonObject{{"name", "amendment.propose"}, {"args", args}, {"role", "analyst"}, {"via", JsonObject{{"session", "s1"}}}}, "user:ana");
  }
  // What was proposed, as its approver reads it.
  const Entry& proposed(const std::string& kind, JsonObject document) {
    const auto group = propose(kind, std::move(document));
    const Entry* const entry = find_kind(group, "amendment_proposed");
    EXPECT_NE(entry, nullptr);
    if (entry != nullptr) last_ = *entry;
    return last_;
  }
  std::vector<Entry> approve(const Entry& entry, const std::string& by = "user:ben", const std::string& session = "s2", const std::string& digest = "") {
    const JsonObject args{{"incident", incident_}, {"amendment", entry.id("amend")}, {"digest", digest.empty() ? string_or(entry.body, "digest") : digest}};
    return input("command_accepted", JsonObject{{"name", "amendment.approve"}, {"args", args}, {"role", "approver"}, {"via", JsonObject{{"session", session}}}}, by);
  }
  std::vector<Entry> reject(const Entry& entry, const std::string& by) {
    return command(by, "amendment.reject", JsonObject{{"incident", incident_}, {"amendment", entry.id("amend")}, {"reason", "too broad"}});
  }
  const std::string& incident() const { return incident_; }
  const std::string& lesson() const { return lesson_; }

 private:
  std::string incident_, lesson_;
  Entry last_;
};

std::string refused(const std::vector<Entry>& group) {
  const Entry* const entry = find_kind(group, "command_refused");
  return entry == nullptr ? "" : string_or(entry->body, "code") + " " + string_or(entry->body, "pointer");
}

JsonObject rule(const std::string& base = "") {
  return {{"digest", sha256("set").hex()}, {"own", sha256("own").hex()}, {"base", base}, {"loaded", 3}, {"refused", 0}, {"endpoints", JsonArray{"api"}}};
}
JsonObject trace() {
  return {{"endpoint", "api"}, {"stream", "api"}, {"blob", sha256("trace").hex()}, {"answer", "approve"}, {"answers", 12}, {"most", 0.1}};
}

TEST(CasefileAmendments, name_a_lesson_that_there_is_and_say_why) {
  Review review;
  EXPECT_EQ(refused(review.propose("rule", rule(), "lesson-999")), "not_found /lesson");
  EXPECT_EQ(refused(review.propose("wish", rule())), "invalid /kind");
  EXPECT_EQ(refused(review.propose("rule", rule(sha256("other").hex()))), "conflict /document/base");
  EXPECT_EQ(refused(review.propose("playbook", {{"type", "bundle"}})), "invalid /document/type");
  EXPECT_EQ(refused(review.propose("retire", {{"amendment", "amend-3"}})), "not_found /document/amendment");
  for (const auto& [key, value] : {std::pair<const char*, Json>("endpoint", ""), {"blob", "x"}, {"answers", 0}, {"most", 1.0}, {"most", "all"}}) {
    JsonObject wrong = trace();
    wrong[key] = value;
    EXPECT_EQ(refused(review.propose("regression", wrong)), std::string("invalid /document/") + key);
  }
  const Entry& good = review.proposed("regression", trace());
  EXPECT_EQ(string_or(good.body, "lesson"), review.lesson());
  EXPECT_EQ(string_or(good.body, "incident"), review.incident()) << "a closed incident still teaches";
}

TEST(CasefileAmendments, come_into_force_when_another_person_approves_exactly_this) {
  Review review;
  const Entry one = review.proposed("regression", trace());
  EXPECT_EQ(refused(review.approve(one, "user:ana", "s2")), "forbidden /amendment") << "never one's own";
  EXPECT_EQ(refused(review.approve(one, "service:gw", "s2")), "forbidden /amendment");
  EXPECT_EQ(refused(review.approve(one, "user:ben", "s1")), "forbidden /amendment") << "not from the session that proposed";
  EXPECT_EQ(refused(review.approve(one, "user:ben", "s2", sha256("else").hex())), "conflict /digest");
  const auto group = review.approve(one);
  EXPECT_EQ(string_or(find_kind(group, "amendment_in_force")->body, "change"), "regression");
  EXPECT_TRUE(review.state().regressions.contains(one.id("amend")));
  EXPECT_EQ(refused(review.approve(one)), "not_found /amendment") << "once";
  const Entry end = review.proposed("retire", {{"amendment", one.id("amend")}});
  EXPECT_NE(find_kind(review.approve(end), "amendment_in_force"), nullptr);
  EXPECT_TRUE(review.state().regressions.empty());
}

TEST(CasefileAmendments, a_rule_is_taken_by_its_owner_in_the_name_of_who_proposed_it) {
  Review review;
  const Entry one = review.proposed("rule", rule());
  const auto group = review.approve(one);
  const Entry* const given = &group.back();
  ASSERT_EQ(given->kind, "command_accepted");
  EXPECT_EQ(string_or(given->body, "name"), "rules.apply");
  EXPECT_EQ(given->actor, "user:ana");
  EXPECT_EQ(string_or(given->body, "approved_by"), "user:ben");
  EXPECT_EQ(cause_of_drafts(*given, 0), given->index) << "its answer is found by this cause";
  const auto answer = [&](const std::string& kind, JsonObject body) {
    Entry entry = *given;
    entry.index = given->index + 1;
    entry.kind = kind;
    entry.body = std::move(body);
    entry.cause = "journal:" + std::to_string(given->index);
    CasefileState state = review.state();
    apply(state, entry);
    return decide(state, entry);
  };
  const auto taken = answer("rules_applied", {{"digest", sha256("set").hex()}, {"loaded", 3}});
  ASSERT_EQ(taken.size(), 1u);
  EXPECT_EQ(taken[0].kind, "amendment_in_force");
  const auto not_taken = answer("command_refused", {{"reason", "there is no endpoint 'api'"}});
  ASSERT_EQ(not_taken.size(), 1u);
  EXPECT_EQ(not_taken[0].kind, "amendment_failed");
  EXPECT_EQ(string_or(not_taken[0].body, "reason"), "there is no endpoint 'api'");
}

TEST(CasefileAmendments, a_rule_added_to_others_than_those_that_are_applied_now_is_refused) {
  Review review;
  const Entry one = review.proposed("rule", rule());
  review.input("rules_applied", JsonObject{{"digest", sha256("newer").hex()}, {"loaded", 2}});
  EXPECT_EQ(refused(review.approve(one)), "conflict /document/base") << "it would take back what was applied in the meantime";
}

TEST(CasefileAmendments, expire_and_can_be_refused_or_taken_back) {
  Review review;
  const Entry one = review.proposed("regression", trace()), two = review.proposed("regression", trace());
  EXPECT_NE(find_kind(review.reject(one, "user:ben"), "amendment_rejected"), nullptr);
  EXPECT_EQ(refused(review.approve(one)), "not_found /amendment");
  review.advance(14 * kDay);
  EXPECT_EQ(refused(review.approve(two)), "conflict /amendment");
  EXPECT_NE(find_kind(review.reject(two, "user:ana"), "amendment_rejected"), nullptr);
  EXPECT_TRUE(review.state().amendments.empty());
}

TEST(CasefileAmendments, survive_a_snapshot) {
  Review review;
  const Entry one = review.proposed("regression", trace());
  review.approve(one);
  review.proposed("rule", rule());
  const auto back = state_from_json(to_json(review.state()));
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(*back, review.state());
}

}  // namespace
}  // namespace firebreak::casefile
