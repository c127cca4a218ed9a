// Whatever happens in whatever order: no alert is lost, and nobody is paged twice for one step beyond the tries that are recorded.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "fold/notify/story_for_tests.h"

namespace firebreak::notify {
namespace {

struct Checked : Story {
  // Of each delivery: how often it was started; of each (alert, step, contact): how many are open at once.
  void check() const {
    std::map<std::string, int> open, started;
    for (const auto& [index, one] : state().deliveries)
      if (one.action == "trigger") RC_ASSERT(++open[one.of + "/" + std::to_string(one.step) + "/" + one.contact] == 1);
    std::set<std::string> acknowledged, ended;
    std::map<std::string, std::string> of;
    for (const Entry& entry : entries()) {
      if (entry.kind == "alert_acknowledged") acknowledged.insert(string_or(entry.body, "alert"));
      if (entry.kind == "alert_ended") ended.insert(string_or(entry.body, "alert"));
      if (entry.kind == "delivery_started") RC_ASSERT(++started[string_or(entry.body, "delivery")] <= state().settings.attempts);
      if (entry.kind == "alert_step") RC_ASSERT(!acknowledged.contains(string_or(entry.body, "alert")));
    }
    for (const Entry* const raised : all("alert_raised")) {
      const std::string id = raised->id("alert");
      const auto alert = state().alerts.find(raised->index);
      RC_ASSERT((alert == state().alerts.end()) == ended.contains(id));
      if (alert == state().alerts.end() || !alert->second.acknowledged_by.empty()) continue;
      RC_ASSERT(alert->second.next.us != 0 || alert->second.unanswered);  // it goes on, or it was said that it does not
      RC_ASSERT(alert->second.next.us == 0 || (state().wake.us != 0 && state().wake <= alert->second.next));
    }
    for (const auto& [what, times] : got)
      if (what.ends_with("trigger")) RC_ASSERT(times <= 1);
    RC_ASSERT(state() == driver_copy().replayed());
    RC_ASSERT(notify_state_from_json(parse_json(canonical_json(to_json(state()))).value()).value() == state());
  }
  const GroupDriver<NotifyState>& driver_copy() const { return const_cast<Checked*>(this)->driver(); }
};

RC_GTEST_PROP(NotifyProperty, no_order_of_events_loses_an_alert_or_pages_twice_for_a_step, ()) {
  Checked story;
  std::vector<std::string> incidents, flying;
  const int steps = *rc::gen::inRange(5, 60);
  for (int i = 0; i < steps; ++i) {
    switch (*rc::gen::inRange(0, 11)) {
      case 0:
        if (incidents.size() < 3) incidents.push_back(story.open(*rc::gen::element<std::string>("SEV-1", "SEV-2", "SEV-3")));
        break;
      case 1: story.tick(*rc::gen::elementOf(std::vector<std::int64_t>{kSecond, 10 * kSecond, 5 * kMinute, 20 * kMinute})); break;
      case 2:
      case 3:
        if (const auto ids = ready(story.state()); !ids.empty()) {
          const std::string id = *rc::gen::elementOf(ids);
          story.start(id);
          flying.push_back(id);
        }
        break;
      case 4:
      case 5:
        if (!flying.empty()) {
          const std::size_t which = *rc::gen::inRange<std::size_t>(0, flying.size());
          story.end(flying[which], *rc::gen::arbitrary<bool>(), *rc::gen::inRange(0, 5) == 0);
          flying.erase(flying.begin() + static_cast<std::ptrdiff_t>(which));
        }
        break;
      case 6:
        if (!incidents.empty()) story.acknowledge(*rc::gen::elementOf(incidents));
        break;
      case 7:
        if (!incidents.empty()) story.driver().input("incident_severity", JsonObject{{"incident", *rc::gen::elementOf(incidents)}, {"from", "SEV-3"}, {"to", *rc::gen::element<std::string>("SEV-1", "SEV-2")}});
        break;
      case 8:
        if (!incidents.empty() && *rc::gen::inRange(0, 3) == 0) {
          story.close(incidents.back());
          incidents.pop_back();
        }
        break;
      case 9:  // a kill: what was under way is not known
        flying.clear();
        story.driver().input("server_started", JsonObject{});
        break;
      default:
        if (!flying.empty()) story.driver().input("delivery_ended", JsonObject{{"delivery", flying.back()}, {"attempt", 99}, {"result", "failed"}});  // of another start: nothing
        break;
    }
    story.check();
  }
  // In the end everything that was raised is acknowledged, over with its incident, or was called through all rounds.
  flying.clear();
  story.driver().input("server_started", JsonObject{});
  if (*rc::gen::arbitrary<bool>()) story.down = {"pager", "mail", "hook"};
  story.pass(6 * kHour, kMinute);
  story.check();
  RC_ASSERT(story.state().deliveries.empty());
  for (const auto& [index, alert] : story.state().alerts) {
    RC_ASSERT(!alert.acknowledged_by.empty() || alert.unanswered);
    if (alert.acknowledged_by.empty()) RC_ASSERT(alert.step == 4);
  }
}

// How many alerts began in any ten minutes; what each may call then is bounded by its steps.
std::size_t most_in_a_window(const Story& story) {
  std::vector<Time> began;
  for (const Entry* const raised : story.all("alert_raised")) began.push_back(raised->time);
  std::size_t most = 0;
  for (std::size_t from = 0, to = 0; to < began.size(); ++to) {
    while (began[from] + kStormWindow <= began[to]) ++from;
    most = std::max(most, to - from + 1);
  }
  return most;
}

// Of every incident that would have called: it calls, is called for, or a person has had it. `at_the_end`, when all calls are over: nobody is left who
// was only counted.
void nothing_is_lost(const Story& story, bool at_the_end = false) {
  std::set<std::string> called, over, told;
  std::map<std::string, std::string> source;
  for (const Entry& entry : story.entries()) {
    if (entry.kind == "alert_raised") source[entry.id("alert")] = string_or(entry.body, "source");
    if (entry.kind == "alert_raised") called.insert(string_or(entry.body, "incident"));
    if (entry.kind == "incident_acknowledged" || entry.kind == "incident_closed") over.insert(string_or(entry.body, "incident"));
  }
  const auto opened = story.all("incident_opened");
  for (const auto& [alert, text] : story.said)
    if (source[alert] == kStorm)
      for (const Entry* const one : opened)
        if (story.was_told(alert, one->id("inc"))) told.insert(one->id("inc"));
  for (const Entry* const one : opened) {
    const std::string id = one->id("inc");
    RC_ASSERT(called.contains(id) || over.contains(id) || told.contains(id) || (!at_the_end && story.state().held.contains(id)));
  }
  if (uncalled(story.state())) RC_ASSERT(story.state().wake.us != 0 && story.state().wake <= story.state().summary + kStormWindow);
}

std::string summary_of(const Story& story) {
  const auto* const open = open_summary(story.state());
  return open == nullptr ? "" : "alert-" + std::to_string(open->first);
}

TEST(Storm, of_five_thousand_findings_in_a_minute_calls_a_bounded_number_of_times) {
  Story story;
  for (int i = 0; i < 5'000; ++i) {
    if (i % 10 == 0) story.open(i % 50 == 0 ? "SEV-1" : "SEV-2");  // five hundred incidents
    else story.driver().input("finding_opened", JsonObject{});
    if (i % 80 == 79) story.tick(kSecond);
  }
  EXPECT_EQ(story.count("alert_raised"), kStormBudget + 1) << "those that call by themselves, and one summary";
  EXPECT_EQ(story.count("alert_held"), 500u - kStormBudget);
  story.deliver();
  EXPECT_EQ(story.state().held.size(), 490u);
  story.command("user:ana", "analyst", "alert.ack", {{"alert", summary_of(story)}});
  EXPECT_EQ(story.state().held.size(), 489u) << "the one that was held when the text was made";
  EXPECT_EQ(summary_of(story), "");
  story.tick(kStormWindow);
  ASSERT_NE(summary_of(story), "");
  const auto first = std::find_if(story.state().deliveries.begin(), story.state().deliveries.end(), [&](const auto& item) { return item.second.of == summary_of(story); });
  ASSERT_NE(first, story.state().deliveries.end());
  const Notice notice = notice_of(story.state(), first->second);
  EXPECT_NE(notice.subject.find("489 incidents"), std::string::npos) << notice.subject;
  EXPECT_NE(notice.text.find("389 more"), std::string::npos) << notice.text;
  EXPECT_LE(notice.text.size(), 2'000u);
  for (std::size_t left = 489; left != 0; left = story.state().held.size()) {
    story.deliver();
    story.command("user:ana", "analyst", "alert.ack", {{"alert", summary_of(story)}});
    ASSERT_EQ(story.state().held.size(), left - std::min(left, kStormNames));
    story.tick(kStormWindow);
  }
  EXPECT_EQ(summary_of(story), "");
}

TEST(Storm, an_acknowledgement_speaks_only_for_the_incidents_that_were_named) {
  Story story;
  std::vector<std::string> held;
  for (std::size_t i = 0; i < kStormBudget + 5; ++i) {
    const std::string id = story.open();
    if (i >= kStormBudget) held.push_back(id);
    story.tick();
    story.deliver();
  }
  const std::string summary = summary_of(story);
  ASSERT_NE(story.said[summary].find("1 incident that nobody has"), std::string::npos) << story.said[summary];
  EXPECT_EQ(story.said[summary].find("--state"), std::string::npos) << "there is no such word";
  const auto group = story.command("user:ana", "analyst", "alert.ack", {{"alert", summary}});
  EXPECT_EQ(strings_or_empty(find_kind(group, "alert_acknowledged")->body, "covers"), std::vector<std::string>{held.front()});
  EXPECT_EQ(story.state().held.size(), 4u);
  story.pass(kStormWindow);
  const std::string second = summary_of(story);
  ASSERT_NE(second, "");
  EXPECT_NE(story.said[second].find("4 incidents that nobody has"), std::string::npos) << story.said[second];
  for (std::size_t i = 1; i < held.size(); ++i) EXPECT_TRUE(story.was_told(second, held[i]));
  story.command("user:ana", "analyst", "alert.ack", {{"alert", second}});
  EXPECT_TRUE(story.state().held.empty());
}

TEST(Storm, a_summary_that_reached_nobody_speaks_for_nothing_and_later_steps_name_who_came_since) {
  Story story;
  std::string last;
  for (std::size_t i = 0; i < kStormBudget + 3; ++i) last = story.open();
  story.command("user:ana", "analyst", "alert.ack", {{"alert", summary_of(story)}});
  EXPECT_EQ(story.state().held.size(), 3u);
  story.tick(kStormWindow);
  const std::string summary = summary_of(story);
  std::string later;
  for (std::size_t i = 0; i < kStormBudget + 1; ++i) later = story.open();
  story.deliver();
  EXPECT_TRUE(story.was_told(summary, last));
  EXPECT_FALSE(story.was_told(summary, later));
  story.pass(20 * kMinute, kMinute);
  EXPECT_TRUE(story.was_told(summary, later));
}

TEST(Storm, what_is_held_after_all_rounds_of_a_summary_is_called_for_by_a_new_one) {
  Story story;
  for (std::size_t i = 0; i < kStormBudget + 1; ++i) story.open();
  const std::string summary = summary_of(story);
  while (summary_of(story) == summary) {
    story.pass(kMinute, kMinute);
    if (story.state().alerts.at(index_of(summary)).step == 4) break;
  }
  for (std::size_t i = 0; i < kStormBudget + 1; ++i) story.open();  // more than may call, and after the last step
  story.pass(6 * kHour, kMinute);
  nothing_is_lost(story, true);
}

RC_GTEST_PROP(StormProperty, calls_are_bounded_and_every_incident_is_called_for, ()) {
  Checked story;
  std::vector<std::string> incidents;
  for (std::size_t first = *rc::gen::resize(rc::kNominalSize, rc::gen::inRange<std::size_t>(0, kStormBudget + 6)); first > 0; --first) incidents.push_back(story.open());
  const int steps = *rc::gen::inRange(20, 120);
  for (int i = 0; i < steps; ++i) {
    switch (*rc::gen::inRange(0, 8)) {
      case 0: story.tick(*rc::gen::elementOf(std::vector<std::int64_t>{kSecond, kMinute, 11 * kMinute})); break;
      case 1:
        if (!incidents.empty()) story.acknowledge(*rc::gen::elementOf(incidents));
        break;
      case 2:
        if (!incidents.empty()) {
          story.close(incidents.back());
          incidents.pop_back();
        }
        break;
      case 3:
        if (const auto* const summary = open_summary(story.state()); summary != nullptr) story.command("user:ana", "analyst", "alert.ack", {{"alert", "alert-" + std::to_string(summary->first)}});
        break;
      default: incidents.push_back(story.open(*rc::gen::element<std::string>("SEV-1", "SEV-2"))); break;
    }
    if (*rc::gen::inRange(0, 4) != 0) story.deliver();  // else an acknowledgement may come before the text does
    nothing_is_lost(story);
    RC_ASSERT(most_in_a_window(story) <= kStormBudget + 1);
    RC_ASSERT(notify_state_from_json(parse_json(canonical_json(to_json(story.state()))).value()).value() == story.state());
  }
  // Calls go on, nobody answers: then all of them have been named to somebody.
  story.pass(6 * kHour, 5 * kMinute);
  nothing_is_lost(story, true);
  RC_ASSERT(story.state() == story.driver_copy().replayed());
}

}  // namespace
}  // namespace firebreak::notify
