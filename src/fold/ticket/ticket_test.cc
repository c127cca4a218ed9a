#include "fold/ticket/ticket.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

#include "types/command.h"
#include "types/group_driver.h"

namespace firebreak::ticket {
namespace {

class Desk : public GroupDriver<TicketState> {
 public:
  Desk() : GroupDriver(&ticket::decide, &ticket::apply, Time{1'772'850'000 * kSecond}) {
    input("tickets_applied", JsonObject{{"digest", "d"}, {"document", JsonObject{{"trackers", JsonObject{{"jira", JsonObject{{"shape", "jira"}}}, {"snow", JsonObject{{"shape", "servicenow"}}}}}}}});
    incident_ = input("incident_opened", JsonObject{{"endpoint", "api"}, {"title", "odd answers"}, {"severity", "SEV-2"}}).front().id("inc");
  }
  std::vector<Entry> act(const std::string& name, JsonObject args) {
    args["incident"] = incident_;
    const auto checked = check_command(name, args);
    EXPECT_TRUE(checked) << name << ": " << (checked ? "" : checked.error().message);
    return command("user:ana", name, std::move(args));
  }
  std::string open(const std::string& tracker = "jira") {
    const auto group = act("ticket.open", {{"tracker", tracker}});
    const Entry* const linked = find_kind(group, "ticket_linked");
    return linked == nullptr ? "" : linked->id("ticket");
  }
  std::string first_ready() const {
    const auto all = ready(state());
    return all.empty() ? "" : "tcall-" + std::to_string(all.front());
  }
  void start(const std::string& call, int attempt = 1) { input("ticket_call_started", JsonObject{{"call", call}, {"attempt", attempt}}, "effects"); }
  std::vector<Entry> end(const std::string& call, JsonObject more, int attempt = 1) {
    more["call"] = call;
    more["attempt"] = attempt;
    return input("ticket_call_ended", more, "effects");
  }
  // What is ready now is done, until nothing is.
  void drain(const std::string& reference = "SEC-1") {
    for (std::string call = first_ready(); !call.empty(); call = first_ready()) {
      start(call);
      end(call, {{"result", "done"}, {"reference", reference}, {"comment", "c-" + call}});
    }
  }
  std::vector<Entry> hear(const std::string& event, JsonObject more) {
    more["tracker"] = "jira";
    more["event"] = event;
    if (!more.contains("reference")) more["reference"] = "SEC-1";
    return input("ticket_heard", more, "tracker:jira");
  }
  const std::string& incident() const { return incident_; }

 private:
  std::string incident_;
};

std::string refused(const std::vector<Entry>& group) {
  const Entry* const entry = find_kind(group, "command_refused");
  return entry == nullptr ? "" : string_or(entry->body, "code") + " " + string_or(entry->body, "pointer");
}

TEST(Tickets, one_of_an_incident_in_a_tracker_that_there_is) {
  Desk desk;
  EXPECT_EQ(refused(desk.act("ticket.open", {{"tracker", "trello"}})), "not_found /tracker");
  EXPECT_EQ(refused(desk.act("ticket.open", {{"tracker", "jira"}, {"follow_up", "follow-99"}})), "not_found /follow_up");
  const std::string id = desk.open();
  ASSERT_NE(id, "");
  EXPECT_EQ(refused(desk.act("ticket.open", {{"tracker", "jira"}})), "conflict /tracker");
  EXPECT_EQ(refused(desk.act("ticket.link", {{"tracker", "snow"}, {"reference", "a b"}})), "invalid /reference");
  desk.drain();
  EXPECT_EQ(refused(desk.act("ticket.link", {{"tracker", "jira"}, {"reference", "SEC-1"}})), "conflict /reference");
  EXPECT_EQ(refused(desk.act("ticket.link", {{"tracker", "snow"}, {"reference", "a1b2"}})), "");
  EXPECT_EQ(words_of(desk.state(), {1, "open", "", "", Calling::kOrdered, 0, {}}).title, "") << "of no ticket";
}

TEST(Tickets, calls_of_one_ticket_leave_one_after_the_other) {
  Desk desk;
  const std::string id = desk.open();
  desk.act("ticket.comment", {{"ticket", id}, {"text", "we look at it"}});
  desk.input("incident_severity", JsonObject{{"incident", desk.incident()}, {"from", "SEV-2"}, {"to", "SEV-1"}});
  EXPECT_EQ(ready(desk.state()).size(), 1u) << "nothing before it was opened";
  const std::string open = desk.first_ready();
  EXPECT_NE(words_of(desk.state(), desk.state().calls.begin()->second).title.find("odd answers"), std::string::npos);
  desk.start(open);
  EXPECT_TRUE(ready(desk.state()).empty());
  desk.end(open, {{"result", "done"}, {"reference", "SEC-1"}});
  const std::string comment = desk.first_ready();
  EXPECT_NE(comment, open);
  EXPECT_EQ(desk.state().calls.begin()->second.what, "comment");
  desk.drain();
  desk.input("incident_closed", JsonObject{{"incident", desk.incident()}});
  EXPECT_EQ(desk.state().calls.begin()->second.what, "close");
}

TEST(Tickets, a_tracker_that_is_down_is_tried_again_and_what_it_refuses_for_good_waits_for_a_person) {
  Desk desk;
  const std::string id = desk.open(), call = desk.first_ready();
  desk.start(call);
  EXPECT_NE(find_kind(desk.end(call, {{"result", "failed"}, {"detail", "no connection"}}), "ticket_call_postponed"), nullptr);
  EXPECT_TRUE(ready(desk.state()).empty());
  desk.advance(5 * kSecond);
  EXPECT_NE(find_kind(desk.input("tick", JsonObject{}), "ticket_call_due"), nullptr);
  desk.start(call, 2);
  EXPECT_NE(find_kind(desk.input("server_started", JsonObject{}), "ticket_call_due"), nullptr) << "cut off: sent again under its key";
  desk.start(call, 3);
  EXPECT_NE(find_kind(desk.end(call, {{"result", "failed"}, {"permanent", true}, {"detail", "status 400"}}, 3), "ticket_call_stuck"), nullptr);
  desk.advance(kDay);
  EXPECT_TRUE(desk.input("tick", JsonObject{}).empty());
  desk.act("ticket.retry", {{"ticket", id}});
  EXPECT_EQ(desk.first_ready(), call);
  desk.drain();
  EXPECT_EQ(refused(desk.act("ticket.retry", {{"ticket", id}})), "conflict /ticket");
}

TEST(Tickets, a_person_hurries_a_call_that_waits_for_its_next_try) {
  Desk desk;
  const std::string id = desk.open(), call = desk.first_ready();
  EXPECT_EQ(refused(desk.act("ticket.retry", {{"ticket", id}})), "conflict /ticket") << "it is to leave already";
  desk.start(call);
  EXPECT_EQ(refused(desk.act("ticket.retry", {{"ticket", id}})), "conflict /ticket") << "it is under way";
  desk.end(call, {{"result", "failed"}, {"detail", "no connection"}});
  EXPECT_NE(find_kind(desk.act("ticket.retry", {{"ticket", id}}), "ticket_call_due"), nullptr);
  EXPECT_EQ(desk.first_ready(), call);
  desk.start(call, 2);
  desk.end(call, {{"result", "failed"}, {"detail", "no connection"}}, 2);
  desk.advance(kHour);
  const auto both = desk.act("ticket.retry", {{"ticket", id}});
  EXPECT_EQ(std::count_if(both.begin(), both.end(), [](const Entry& entry) { return entry.kind == "ticket_call_due"; }), 1) << "due by its time, too: once";
  desk.drain();
  EXPECT_TRUE(desk.state().calls.empty());
}

TEST(Tickets, what_a_tracker_tells_is_taken_once_and_never_changes_the_incident) {
  Desk desk;
  const std::string id = desk.open();
  desk.drain();
  const auto said = desk.hear("e1", {{"what", "comment"}, {"text", "who has it?"}, {"comment", "900"}});
  ASSERT_NE(find_kind(said, "ticket_news"), nullptr);
  EXPECT_EQ(string_or(find_kind(said, "ticket_news")->body, "text"), "who has it?");
  EXPECT_EQ(find_kind(desk.hear("e1", {{"what", "comment"}, {"text", "who has it?"}, {"comment", "900"}}), "ticket_news"), nullptr) << "told before";
  EXPECT_TRUE(was_heard(desk.state(), "jira", "e1"));
  const auto over = desk.hear("e2", {{"what", "status"}, {"status", "Done"}, {"closed", true}});
  EXPECT_EQ(string_or(find_kind(over, "ticket_news")->body, "proposes"), "close");
  for (const Entry& entry : over) EXPECT_FALSE(entry.kind.starts_with("incident_") || entry.kind == "phase_requested") << entry.kind;
  EXPECT_TRUE(desk.state().tickets.begin()->second.closed_there);
  EXPECT_EQ(find_kind(desk.hear("e3", {{"what", "status"}, {"status", "Done"}, {"reference", "SEC-77"}}), "ticket_news"), nullptr) << "of no ticket of ours";
}

TEST(Tickets, an_echo_of_our_own_call_makes_nothing) {
  Desk desk;
  const std::string id = desk.open();
  desk.act("ticket.comment", {{"ticket", id}, {"text", "we look at it"}});
  desk.drain();
  const std::string ours = *desk.state().tickets.begin()->second.ours.rbegin();
  EXPECT_EQ(desk.hear("e1", {{"what", "comment"}, {"text", "we look at it"}, {"comment", ours}}).size(), 1u) << "by the id that came back with the call";
  EXPECT_EQ(desk.hear("e2", {{"what", "comment"}, {"text", "x"}, {"comment", "77"}, {"ours", true}}).size(), 1u) << "by our account, or our mark";
  desk.input("incident_closed", JsonObject{{"incident", desk.incident()}});
  EXPECT_EQ(desk.hear("e3", {{"what", "status"}, {"status", "Done"}, {"closed", true}}).size(), 1u) << "also before the call's own answer is in";
  desk.drain();
  EXPECT_EQ(desk.hear("e4", {{"what", "status"}, {"status", "Done"}, {"closed", true}}).size(), 1u);
  EXPECT_NE(find_kind(desk.hear("e5", {{"what", "status"}, {"status", "Reopened"}}), "ticket_news"), nullptr) << "that was not ours";
}

TEST(Tickets, a_follow_up_has_its_own_and_closes_it_with_its_evidence) {
  Desk desk;
  const std::string follow = desk.input("follow_up_opened", JsonObject{{"incident", desk.incident()}, {"text", "pin the source"}, {"owner", "bo"}}).front().id("follow");
  const auto group = desk.act("ticket.open", {{"tracker", "jira"}, {"follow_up", follow}});
  ASSERT_NE(find_kind(group, "ticket_linked"), nullptr);
  EXPECT_NE(words_of(desk.state(), desk.state().calls.begin()->second).title.find("pin the source"), std::string::npos);
  desk.drain();
  desk.input("incident_closed", JsonObject{{"incident", desk.incident()}});
  EXPECT_TRUE(desk.state().calls.empty()) << "it goes on after its incident";
  desk.input("follow_up_closed", JsonObject{{"incident", desk.incident()}, {"follow_up", follow}, {"evidence", "ev-4"}});
  ASSERT_FALSE(desk.state().calls.empty());
  EXPECT_EQ(desk.state().calls.begin()->second.what, "close");
  EXPECT_NE(desk.state().calls.begin()->second.text.find("ev-4"), std::string::npos);
}

TEST(Tickets, a_follow_up_of_a_closed_incident_can_get_one) {
  Desk desk;
  desk.input("incident_closed", JsonObject{{"incident", desk.incident()}});
  const std::string follow = desk.input("follow_up_opened", JsonObject{{"incident", desk.incident()}, {"text", "pin the source"}, {"owner", "bo"}}).front().id("follow");
  EXPECT_EQ(refused(desk.act("ticket.open", {{"tracker", "jira"}})), "not_found /incident");
  EXPECT_NE(find_kind(desk.act("ticket.open", {{"tracker", "jira"}, {"follow_up", follow}}), "ticket_call_ordered"), nullptr);
  const Words said = words_of(desk.state(), desk.state().calls.begin()->second);
  EXPECT_EQ(said.title, "[" + follow + "] pin the source");
  EXPECT_EQ(said.text, "Follow-up of " + desk.incident() + " in Firebreak.");
}

// Whatever comes in whatever order, with trackers that fail and servers that stop: no two calls of a ticket are under way, calls end in the order
// in which they were made, none is lost, an event is told once, and replay and snapshot give the same state.
RC_GTEST_PROP(TicketProperty, calls_keep_their_order_and_none_is_lost, ()) {
  Desk desk;
  const std::string id = desk.open();
  std::vector<std::string> done;
  int event = 0;
  for (int step = *rc::gen::inRange(1, 60); step > 0; --step) {
    switch (*rc::gen::inRange(0, 8)) {
      case 6: desk.act("ticket.retry", {{"ticket", id}}); break;
      case 0: desk.act("ticket.comment", {{"ticket", id}, {"text", "x"}}); break;
      case 1:
        if (const std::string call = desk.first_ready(); !call.empty()) desk.start(call, static_cast<int>(desk.state().calls.at(index_of(call)).attempt) + 1);
        break;
      case 2:
        for (const auto& [index, call] : std::map(desk.state().calls))
          if (call.state == Calling::kStarted) {
            const bool good = *rc::gen::arbitrary<bool>();
            if (good) done.push_back(std::to_string(index));
            desk.end("tcall-" + std::to_string(index), good ? JsonObject{{"result", "done"}, {"reference", "SEC-1"}} : JsonObject{{"result", "failed"}}, static_cast<int>(call.attempt));
          }
        break;
      case 3: desk.input("server_started", JsonObject{}); break;
      case 4: desk.advance(*rc::gen::inRange<std::int64_t>(1, 3'600) * kSecond); desk.input("tick", JsonObject{}); break;
      case 5: desk.hear("e" + std::to_string(*rc::gen::inRange(0, 5)), {{"what", "comment"}, {"text", "y"}, {"comment", "9"}}); break;
      default: desk.hear("n" + std::to_string(event++), {{"what", "status"}, {"status", "Open"}}); break;
    }
    std::size_t under_way = 0;
    for (const auto& [index, call] : desk.state().calls) under_way += call.state == Calling::kStarted ? 1 : 0;
    RC_ASSERT(under_way <= 1u);
  }
  std::vector<std::string> numbers = done;
  std::sort(numbers.begin(), numbers.end(), [](const std::string& a, const std::string& b) { return std::stoull(a) < std::stoull(b); });
  RC_ASSERT(done == numbers);
  std::size_t made = 0;
  std::map<std::string, int> told;
  for (const Entry& entry : desk.entries()) {
    made += entry.kind == "ticket_call_ordered" ? 1 : 0;
    if (entry.kind == "ticket_news") ++told[entry.cause];
  }
  RC_ASSERT(made == done.size() + desk.state().calls.size());
  RC_ASSERT(desk.replayed() == desk.state());
  const auto back = ticket_state_from_json(to_json(desk.state()));
  RC_ASSERT(back.has_value());
  RC_ASSERT(*back == desk.state());
}

}  // namespace
}  // namespace firebreak::ticket
