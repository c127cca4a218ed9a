#include <gtest/gtest.h>

#include "fold/notify/story_for_tests.h"

namespace firebreak::notify {
namespace {

struct Desk : Story {
  std::string draft(const std::string& audience, const std::string& key, const std::string& text, const std::string& actor = "user:ana") {
    const auto group = command(actor, "analyst", "message.draft", {{"incident", incident}, {"audience", audience}, {"values", JsonObject{{key, text}}}});
    const Entry* const drafted = find_kind(group, "message_drafted");
    return drafted == nullptr ? "" : drafted->id("msg");
  }
  std::string digest(const std::string& message) const { return state().messages.at(index_of(message)).digest; }
  std::string state_of(const std::string& message) const { return state().messages.at(index_of(message)).state; }
  std::vector<Entry> approve(const std::string& message, const std::string& actor, const std::string& role = "approver") { return command(actor, role, "message.approve", {{"message", message}, {"digest", digest(message)}}); }
  static std::string refused(const std::vector<Entry>& group) {
    const Entry* const refusal = find_kind(group, "command_refused");
    return refusal == nullptr ? "" : string_or(refusal->body, "code");
  }
  const std::string incident = open();
};

TEST(NotifyMessages, leave_after_somebody_else_approved_exactly_this_text) {
  Desk desk;
  const std::string message = desk.draft("executives", "impact", "Answers are wrong {{severity}} for 3 of 10.");
  ASSERT_FALSE(message.empty());
  EXPECT_EQ(desk.state().messages.at(index_of(message)).body, "Answers are wrong {{severity}} for 3 of 10.\nNext word by 2026-03-07T04:30:00Z.") << "what comes in is not read again";
  EXPECT_EQ(Desk::refused(desk.approve(message, "user:ana")), "forbidden") << "its author";
  EXPECT_EQ(Desk::refused(desk.approve(message, "user:cyd", "analyst")), "forbidden") << "no such role";
  EXPECT_EQ(Desk::refused(desk.command("user:ben", "approver", "message.approve", {{"message", message}, {"digest", std::string(64, '0')}})), "conflict");
  EXPECT_EQ(Desk::refused(desk.approve(message, "user:ben")), "");
  desk.deliver();
  EXPECT_EQ(desk.state_of(message), "delivered");
  EXPECT_EQ(Desk::refused(desk.approve(message, "user:ben")), "conflict");
  EXPECT_EQ(desk.state(), desk.driver().replayed());
}

TEST(NotifyMessages, may_be_approved_by_a_role_in_the_incident) {
  Desk desk;
  const std::string message = desk.draft("executives", "impact", "x");
  desk.driver().input("incident_role", JsonObject{{"incident", desk.incident}, {"role", "commander"}, {"user", "cyd"}});
  EXPECT_EQ(Desk::refused(desk.approve(message, "user:cyd", "analyst")), "");
}

TEST(NotifyMessages, take_as_many_people_as_the_plan_says) {
  Desk desk;
  const std::string message = desk.draft("regulators", "facts", "x");
  desk.approve(message, "user:ben");
  EXPECT_EQ(desk.state_of(message), "drafted");
  EXPECT_EQ(Desk::refused(desk.approve(message, "user:ben")), "conflict") << "twice the same";
  desk.approve(message, "user:dan");
  EXPECT_EQ(desk.state_of(message), "by_hand") << "nobody is configured to get it";
  EXPECT_NE(find_kind(desk.command("user:ana", "analyst", "message.sent", {{"message", message}, {"how", "by the authority's form"}}), "update_given"), nullptr);
  EXPECT_EQ(desk.state_of(message), "sent");
}

TEST(NotifyMessages, must_say_what_their_audience_is_to_hear) {
  Desk desk;
  EXPECT_EQ(desk.draft("executives", "impact", " "), "");
  EXPECT_EQ(desk.draft("executives", "damage", "x"), "");
  EXPECT_EQ(desk.draft("aunts", "impact", "x"), "");
  EXPECT_EQ(Desk::refused(desk.command("user:eve", "approver", "message.draft", {{"incident", desk.incident}, {"audience", "executives"}, {"values", JsonObject{{"impact", "x"}}}})), "forbidden");
  const std::string message = desk.draft("executives", "impact", "x");
  desk.command("user:ben", "approver", "message.reject", {{"message", message}, {"reason", "too soon"}});
  EXPECT_EQ(desk.state_of(message), "rejected");
}

TEST(NotifyMessages, are_measured_from_the_opening_and_fall_due_again) {
  Desk desk;
  desk.deliver();
  desk.acknowledge(desk.incident);
  desk.pass(20 * kMinute, kMinute);
  EXPECT_EQ(desk.count("update_due"), 0U);
  const std::string message = desk.draft("executives", "impact", "x");
  desk.approve(message, "user:ben");
  desk.deliver();
  ASSERT_EQ(desk.count("update_given"), 1U);
  const Json& first = desk.all("update_given")[0]->body;
  EXPECT_EQ(int_or(first, "after_s"), 20 * 60);
  EXPECT_EQ(int_or(first, "within_s"), 30 * 60);
  EXPECT_TRUE(bool_or(first, "in_time"));
  desk.pass(25 * kMinute, kMinute);
  EXPECT_EQ(desk.count("update_due"), 1U) << "five minutes before thirty are over";
  EXPECT_EQ(desk.count("update_overdue"), 0U);
  desk.pass(20 * kMinute, kMinute);
  EXPECT_EQ(desk.count("update_overdue"), 1U) << "once";
  EXPECT_NE(canonical_json(needs_of(desk.state(), desk.now())).find("should have heard"), std::string::npos);
  desk.driver().input("incident_phase", JsonObject{{"incident", desk.incident}, {"to", "post_incident"}});
  EXPECT_EQ(canonical_json(needs_of(desk.state(), desk.now())).find("should have heard"), std::string::npos) << "it is over";
}

TEST(NotifyMessages, go_out_by_hand_when_mail_and_chat_are_down) {
  Desk desk;
  desk.down = {"mail", "pager", "hook"};
  const std::string message = desk.draft("executives", "impact", "x");
  desk.approve(message, "user:ben");
  desk.deliver();
  desk.pass(2 * kMinute);
  EXPECT_EQ(desk.state_of(message), "undelivered");
  EXPECT_EQ(desk.count("update_given"), 0U);
  desk.command("user:ana", "analyst", "message.sent", {{"message", message}, {"how", "told them by telephone"}});
  ASSERT_EQ(desk.count("update_given"), 1U);
  EXPECT_TRUE(bool_or(desk.all("update_given")[0]->body, "in_time"));
}

// The same told to the executives, and as much hidden as there can be, or nothing of it: the same octets.
TEST(NotifyStakeholders, see_what_their_audience_was_told_and_not_one_octet_more) {
  const auto story = [](bool hidden) {
    Desk desk;
    desk.deliver();
    const std::string hash(64, 'a');
    const auto link = [&](const char* audience, const std::string& of) {
      return desk.command("user:ana", "analyst", "stakeholder.add", {{"incident", desk.incident}, {"audience", audience}, {"link_hash", of}, {"until", format_time(desk.now() + kDay)}});
    };
    EXPECT_NE(find_kind(link("executives", hash), "stakeholder_link_added"), nullptr);
    if (hidden) {
      link("regulators", std::string(64, 'b'));
      desk.down = {"pager", "hook"};
      desk.draft("executives", "impact", "HIDDEN draft");
      const std::string refused = desk.draft("executives", "impact", "HIDDEN rejected");
      desk.command("user:ben", "approver", "message.reject", {{"message", refused}, {"reason", "HIDDEN reason"}});
      const std::string others = desk.draft("regulators", "facts", "HIDDEN facts");
      desk.approve(others, "user:ben");
      desk.approve(others, "user:dan");
      desk.command("user:ana", "analyst", "message.sent", {{"message", others}, {"how", "HIDDEN way"}});
      desk.driver().input("incident_note", JsonObject{{"incident", desk.incident}, {"text", "HIDDEN note"}});
      desk.driver().input("incident_role", JsonObject{{"incident", desk.incident}, {"role", "commander"}, {"user", "HIDDEN"}});
      desk.driver().input("incident_opened", JsonObject{{"endpoint", "HIDDEN"}, {"title", "HIDDEN"}, {"severity", "SEV-1"}});
      desk.command("user:ana", "analyst", "oncall.override", {{"rotation", "primary"}, {"contact", "chief"}, {"until", format_time(desk.now() + kHour)}, {"reason", "HIDDEN"}});
    }
    const std::string told = desk.draft("executives", "impact", "Three of ten answers are wrong.");
    desk.approve(told, "user:ben");
    desk.deliver();
    EXPECT_EQ(stakeholder_view(desk.state(), std::string(64, 'c'), desk.now()).error().code, Code::kUnauthorized);
    EXPECT_EQ(stakeholder_view(desk.state(), hash, desk.now() + kDay).error().code, Code::kUnauthorized) << "it has ended";
    const auto seen = stakeholder_view(desk.state(), hash, desk.now());
    EXPECT_TRUE(seen);
    return canonical_json(seen.value_or(Json()));
  };
  const std::string with = story(true), without = story(false);
  EXPECT_EQ(with, without);
  EXPECT_NE(with.find("Three of ten"), std::string::npos);
  EXPECT_EQ(with.find("HIDDEN"), std::string::npos);
}

Entry call(Story& story, const std::string& verb, const std::string& to) {
  return *find_kind(story.driver().input("playbook_call_ordered", JsonObject{{"run", "run-1"}, {"call", "notify"},
                                         {"request", JsonObject{{"verb", verb}, {"to", to}, {"text", "come here"}, {"incident", "inc-3"}, {"severity", "SEV-3"}, {"endpoint", "scores"}}}}), "playbook_call_ordered");
}

TEST(NotifyMessages, answer_a_playbook_when_they_have_arrived) {
  for (const std::string& verb : {std::string("page"), std::string("notify")}) {
    Story story;
    story.open("SEV-3");
    const std::string id = call(story, verb, "ana").id("call");
    EXPECT_EQ(story.count("notify_ended"), 0U) << "sent is not arrived";
    story.deliver();
    ASSERT_EQ(story.count("notify_ended"), 1U) << verb;
    EXPECT_EQ(string_or(story.all("notify_ended")[0]->body, "call"), id);
    EXPECT_EQ(string_or(story.all("notify_ended")[0]->body, "result"), "done");
  }
}

TEST(NotifyMessages, tell_a_playbook_that_nobody_was_reached_while_the_alert_goes_on) {
  Story story;
  story.down = {"mail", "pager", "hook"};
  story.open("SEV-3");
  call(story, "page", "chief");
  story.deliver();
  story.pass(5 * kMinute);
  ASSERT_EQ(story.count("notify_ended"), 1U);
  EXPECT_EQ(string_or(story.all("notify_ended")[0]->body, "result"), "failed");
  const std::size_t before = story.count("delivery_ordered");
  story.pass(60 * kMinute);
  EXPECT_GT(story.count("delivery_ordered"), before);
  EXPECT_EQ(story.count("notify_ended"), 1U);
}

TEST(NotifyMessages, of_a_playbook_to_an_audience_wait_for_the_approval_of_the_plan) {
  Story story;
  story.open("SEV-1");
  story.deliver();
  call(story, "notify", "executives");
  ASSERT_EQ(story.count("message_drafted"), 1U);
  const Entry& drafted = *story.all("message_drafted")[0];
  story.command("user:ben", "approver", "message.approve", {{"message", drafted.id("msg")}, {"digest", string_or(drafted.body, "digest")}});
  story.deliver();
  ASSERT_EQ(story.count("notify_ended"), 1U);
  EXPECT_EQ(string_or(story.all("notify_ended")[0]->body, "result"), "done");
}

}  // namespace
}  // namespace firebreak::notify
