#include "fold/notify/notify.h"

#include <gtest/gtest.h>

#include "fold/notify/story_for_tests.h"

namespace firebreak::notify {
namespace {

std::vector<std::string> contacts(const Entry& step) { return strings_or_empty(step.body, "contacts"); }
using Names = std::vector<std::string>;

TEST(Notify, calls_who_is_on_call_when_an_incident_opens) {
  Story story;
  story.open();
  ASSERT_EQ(story.count("alert_step"), 1U);
  EXPECT_EQ(contacts(*story.all("alert_step")[0]), Names{"ana"});
  story.deliver();
  ASSERT_EQ(story.count("delivery_ended"), 1U);
  EXPECT_EQ(string_or(story.all("delivery_ended")[0]->body, "channel"), "pager");
  EXPECT_EQ(story.state(), story.driver().replayed());
}

TEST(Notify, tells_who_gave_an_approval_in_advance_that_it_was_used) {
  Story story;
  const std::string incident = story.open("SEV-4");
  story.driver().input("incident_person_excluded", JsonObject{{"incident", incident}, {"user", "chief"}});
  const auto group = story.driver().input("standing_used", JsonObject{{"standing", "std-7"}, {"action", "act-9"}, {"incident", incident}, {"endpoint", "scores"}, {"use", 1}, {"of", 3}, {"requested_by", "user:cyd"},
                                                                      {"text", "review answers"}, {"tells", JsonArray{"user:ana", "user:chief", "user:dan"}}});
  const Entry* const ordered = find_kind(group, "delivery_ordered");
  ASSERT_NE(ordered, nullptr);
  EXPECT_EQ(string_or(ordered->body, "contact"), "ana");
  EXPECT_EQ(std::count_if(group.begin(), group.end(), [](const Entry& one) { return one.kind == "delivery_ordered"; }), 1) << "the chief is kept from this incident, and dan is no contact";
  const Notice notice = notice_of(story.state(), *find_delivery(story.state(), ordered->id("dlv")));
  EXPECT_NE(notice.subject.find("std-7 was used: act-9 on scores"), std::string::npos) << notice.subject;
  EXPECT_NE(notice.text.find("firebreak standing revoke std-7"), std::string::npos) << notice.text;
  story.deliver();
  EXPECT_TRUE(story.state().deliveries.empty());
  const auto restored = notify_state_from_json(*parse_json(canonical_json(to_json(story.state()))));
  ASSERT_TRUE(restored.has_value());
  EXPECT_EQ(*restored, story.state());
}

TEST(Notify, leaves_small_incidents_and_installations_without_it_alone) {
  Story story;
  story.open("SEV-3");
  EXPECT_EQ(story.count("alert_raised"), 0U);
  Story off(JsonObject{});
  off.open("SEV-1");
  EXPECT_EQ(off.count("alert_raised"), 0U);
}

TEST(Notify, goes_on_after_five_minutes_for_the_gravest_and_fifteen_for_the_next) {
  for (const auto& [severity, minutes] : {std::pair{"SEV-1", 5}, {"SEV-2", 15}}) {
    Story story;
    story.open(severity);
    story.deliver();
    story.pass(minutes * kMinute - kSecond);
    EXPECT_EQ(story.count("alert_step"), 1U) << severity;
    story.pass(kSecond);
    ASSERT_EQ(story.count("alert_step"), 2U) << severity;
    EXPECT_EQ(contacts(*story.all("alert_step")[1]), (Names{"ana", "chief"}));
    EXPECT_EQ(string_or(story.all("alert_step")[1]->body, "reason"), "unacknowledged");
  }
}

TEST(Notify, stops_when_somebody_acknowledges_and_tells_the_pager) {
  Story story;
  const std::string incident = story.open();
  story.deliver();
  story.acknowledge(incident);
  story.pass(60 * kMinute, kMinute);
  EXPECT_EQ(story.count("alert_step"), 1U);
  ASSERT_EQ(story.count("delivery_ordered"), 2U);
  EXPECT_EQ(string_or(story.all("delivery_ordered")[1]->body, "action"), "acknowledge");
  story.close(incident);
  story.deliver();
  EXPECT_EQ(string_or(story.all("delivery_ordered").back()->body, "action"), "resolve");
  EXPECT_TRUE(story.state().alerts.empty());
  EXPECT_TRUE(story.state().deliveries.empty());
}

TEST(Notify, says_when_the_rounds_are_over_and_nobody_has_answered) {
  Story story;
  story.open();
  story.deliver();
  story.pass(60 * kMinute, 10 * kSecond);
  EXPECT_EQ(story.count("alert_step"), 4U) << "two rounds of two levels";
  EXPECT_EQ(story.count("alert_unanswered"), 1U);
  const JsonArray needs = needs_of(story.state(), story.now());
  ASSERT_FALSE(needs.empty());
  EXPECT_NE(string_or(needs[0], "what").find("UNANSWERED"), std::string::npos);
}

TEST(Notify, tries_again_and_then_the_next_channel_and_says_which_fails) {
  Story story;
  story.down = {"pager"};
  story.open();
  story.deliver();
  EXPECT_EQ(story.count("delivery_postponed"), 1U);
  story.pass(30 * kSecond);
  EXPECT_EQ(story.count("delivery_started"), 4U) << "three on the pager, one by mail";
  EXPECT_EQ(story.count("delivery_given_up"), 1U);
  EXPECT_EQ(story.got.size(), 1U);
  const Json status = status_view(story.state(), story.now());
  std::map<std::string, std::string> states;
  for (const Json& one : status.at("channels").as_array()) states[string_or(one, "channel")] = string_or(one, "state");
  EXPECT_EQ(states, (std::map<std::string, std::string>{{"pager", "failing"}, {"mail", "ok"}, {"hook", "not used yet"}}));
  EXPECT_EQ(story.count("alert_step"), 1U) << "ana was reached: five minutes are hers";
}

TEST(Notify, asks_the_next_level_at_once_when_nobody_can_be_reached) {
  Story story;
  story.down = {"pager", "mail"};
  story.open();
  story.deliver();
  story.pass(60 * kSecond);
  ASSERT_GE(story.count("alert_step"), 2U);
  EXPECT_EQ(string_or(story.all("alert_step")[1]->body, "reason"), "unreachable");
  story.down.clear();
  story.pass(5 * kMinute);
  EXPECT_FALSE(story.got.empty()) << "it goes on while everything is down, and arrives when something is up";
}

TEST(Notify, calls_anew_when_it_becomes_graver) {
  Story story;
  const std::string incident = story.open("SEV-2");
  story.deliver();
  story.driver().input("incident_severity", JsonObject{{"incident", incident}, {"from", "SEV-2"}, {"to", "SEV-1"}});
  ASSERT_EQ(story.count("alert_step"), 2U);
  EXPECT_EQ(*get_time(story.all("alert_step")[1]->body, "next"), story.now() + 5 * kMinute);
  story.acknowledge(incident);
  story.driver().input("incident_severity", JsonObject{{"incident", incident}, {"from", "SEV-1"}, {"to", "SEV-2"}});
  EXPECT_EQ(story.count("alert_raised"), 1U) << "less grave calls nobody";
  story.driver().input("incident_severity", JsonObject{{"incident", incident}, {"from", "SEV-2"}, {"to", "SEV-1"}});
  EXPECT_EQ(story.count("alert_raised"), 2U) << "it was acknowledged as less";
  const std::string alert = story.all("alert_raised")[1]->id("alert");
  EXPECT_NE(find_kind(story.command("user:ana", "analyst", "alert.ack", {{"alert", alert}}), "alert_acknowledged"), nullptr);
  EXPECT_NE(find_kind(story.command("user:ben", "analyst", "alert.ack", {{"alert", alert}}), "command_refused"), nullptr);
}

TEST(Notify, calls_again_for_an_incident_that_is_opened_again) {
  Story story;
  const std::string incident = story.open("SEV-1");
  story.deliver();
  story.acknowledge(incident);
  story.close(incident);
  ASSERT_EQ(story.count("alert_raised"), 1U);
  story.driver().input("incident_reopened", JsonObject{{"incident", incident}, {"endpoint", "scores"}, {"title", "Odd answers"}, {"severity", "SEV-1"}, {"roles", JsonObject{{"commander", "user:ana"}}}});
  EXPECT_EQ(story.count("alert_raised"), 2U);
  EXPECT_EQ(story.state().incidents.at(incident).roles.at("commander"), "user:ana");
  story.deliver();
  EXPECT_NE(find_kind(story.command("user:ana", "commander", "message.draft", {{"incident", incident}, {"audience", "executives"}, {"values", JsonObject{{"impact", "i"}}}}), "message_drafted"), nullptr);
}

TEST(Notify, resolves_a_page_that_arrived_after_the_incident_ended) {
  Story story;
  const std::string incident = story.open();
  const std::string page = ready(story.state()).front();
  story.start(page);
  story.close(incident);
  EXPECT_EQ(ready(story.state()), Names{});
  story.end(page, true);
  ASSERT_EQ(ready(story.state()).size(), 1U);
  EXPECT_EQ(find_delivery(story.state(), ready(story.state()).front())->action, "resolve");
}

TEST(Notify, starts_again_what_was_under_way_when_the_program_ended_and_counts_it) {
  Story story;
  story.open();
  const std::string page = ready(story.state()).front();
  for (int i = 0; i < 3; ++i) {
    story.start(page);
    EXPECT_TRUE(ready(story.state()).empty());
    story.driver().input("server_started", JsonObject{});
  }
  EXPECT_EQ(find_delivery(story.state(), page), nullptr) << "three times are all";
  ASSERT_EQ(ready(story.state()).size(), 1U);
  EXPECT_EQ(find_delivery(story.state(), ready(story.state()).front())->channel, "mail");
}

TEST(Notify, gives_up_what_goes_over_a_channel_that_the_configuration_lost) {
  Story story;
  story.open();
  Json settings = shop();
  settings.as_object()["channels"].as_object().erase("pager");
  settings.as_object()["contacts"].as_object()["ana"] = JsonArray{"mail"};
  story.driver().input("notify_applied", JsonObject{{"digest", "e"}, {"document", settings}});
  EXPECT_EQ(story.count("delivery_given_up"), 1U);
  story.pass(10 * kMinute, 10 * kSecond);
  EXPECT_FALSE(story.got.empty());
}

// ---- turns

TEST(Notify, hands_over_at_the_same_time_on_the_wall_all_year) {
  Story story;
  const auto turn = [&](const char* time) { return on_call(story.state(), "primary", parse_time(time).value()).value_or("nobody"); };
  EXPECT_EQ(turn("2026-03-02T07:59:59Z"), "nobody") << "before it begins";
  EXPECT_EQ(turn("2026-03-02T08:00:00Z"), "ana");
  EXPECT_EQ(turn("2026-03-09T07:59:59Z"), "ana");
  EXPECT_EQ(turn("2026-03-09T08:00:00Z"), "ben");
  EXPECT_EQ(turn("2026-03-30T06:59:59Z"), "ben") << "summer time: nine o'clock is seven in UTC";
  EXPECT_EQ(turn("2026-03-30T07:00:00Z"), "ana");
  EXPECT_EQ(turn("2026-10-26T07:59:59Z"), "ben");
  EXPECT_EQ(turn("2026-10-26T08:00:00Z"), "ana") << "and eight again in winter";
}

TEST(Notify, gives_nobody_a_turn_twice_when_the_clocks_are_set_back) {
  const Settings settings = settings_from_json(shop()).value();
  const Zone& berlin = settings.zones.at("Europe/Berlin");
  Rotation hourly = settings.rotations.at("primary");
  hourly.every_us = kHour;
  hourly.start = parse_time("2026-01-01T00:30:00Z").value();
  std::int64_t before = turn_at(hourly, berlin, parse_time("2026-10-24T00:00:00Z").value());
  for (Time at = parse_time("2026-10-24T00:00:00Z").value(); at < parse_time("2026-10-26T00:00:00Z").value(); at = at + kMinute) {
    const std::int64_t turn = turn_at(hourly, berlin, at);
    ASSERT_GE(turn, before) << format_time(at);
    if (turn > before) {
      EXPECT_EQ(begin_of_turn(hourly, berlin, turn), at);
    }
    before = turn;
  }
}

TEST(Notify, lets_somebody_else_take_a_turn) {
  Story story;
  const std::string until = format_time(story.now() + kHour);
  const auto group = story.command("user:ana", "analyst", "oncall.override", {{"rotation", "primary"}, {"contact", "chief"}, {"until", until}});
  ASSERT_NE(find_kind(group, "oncall_override_added"), nullptr);
  EXPECT_EQ(on_call(story.state(), "primary", story.now()), "chief");
  EXPECT_EQ(on_call(story.state(), "primary", story.now() + kHour), "ana");
  const std::string id = find_kind(group, "oncall_override_added")->id("ovr");
  EXPECT_EQ(string_or(oncall_view(story.state(), story.now()).at("overrides").at(0), "id"), id);
  story.command("user:ana", "analyst", "oncall.restore", {{"override", id}});
  EXPECT_EQ(on_call(story.state(), "primary", story.now()), "ana");
  for (const JsonObject& wrong : {JsonObject{{"rotation", "x"}, {"contact", "chief"}, {"until", until}}, JsonObject{{"rotation", "primary"}, {"contact", "x"}, {"until", until}},
                                  JsonObject{{"rotation", "primary"}, {"contact", "chief"}, {"until", "2026-01-01T00:00:00Z"}}, JsonObject{{"rotation", "primary"}, {"contact", "chief"}, {"until", "soon"}}})
    EXPECT_NE(find_kind(story.command("user:ana", "analyst", "oncall.override", wrong), "command_refused"), nullptr);
}

TEST(Notify, refuses_settings_with_the_place_that_is_wrong) {
  const auto pointer = [](const char* from, const char* to) {
    std::string text = canonical_json(shop());
    const std::size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    text.replace(at, std::string(from).size(), to);
    const auto settings = settings_from_json(parse_json(text).value());
    return settings ? std::string("taken") : settings.error().pointer;
  };
  EXPECT_EQ(pointer(R"("smtp")", R"("fax")"), "/channels/mail");
  EXPECT_EQ(pointer(R"(["hook","mail"])", R"(["hook","pigeon"])"), "/contacts/ben");
  EXPECT_EQ(pointer(R"(["primary","chief"])", R"(["primary","boss"])"), "/levels/1");
  EXPECT_EQ(pointer(R"({{impact}})", R"({{damage}})"), "/audiences/executives/body");
  EXPECT_EQ(pointer(R"({{impact}})", R"({{impact)"), "/audiences/executives/body");
  EXPECT_EQ(pointer(R"("approves":["approver"])", R"("approves":[])"), "/audiences/regulators/approves");
  EXPECT_EQ(pointer(R"("zone":"Europe/Berlin")", R"("zone":"Mars")"), "/rotations/primary/zone");
  EXPECT_EQ(settings_from_json(to_json(settings_from_json(shop()).value())).value(), settings_from_json(shop()).value());
}

}  // namespace
}  // namespace firebreak::notify
