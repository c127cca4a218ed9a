// Golden cases, their ends worked out by hand on a calendar, and what must hold whatever happens.
#include "deadline/clock.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "deadline/sample.h"

namespace firebreak::deadline {
namespace {

Calendar offset(int minutes) {
  Calendar calendar;
  calendar.offset_minutes = minutes;
  return calendar;
}

Calendar with_holidays(int minutes, std::initializer_list<const char*> days) {
  Calendar calendar = offset(minutes);
  for (const char* const day : days) calendar.holidays.insert(*parse_day(day));
  return calendar;
}

constexpr int kEastern = -300;  // winter

std::string later(const Due& due) { return due.later ? format_time(*due.later) : "none"; }

TEST(Gdpr, seventy_two_hours_run_over_a_weekend) {
  // Friday; the hour of the event left out gives the later end.
  const Due due = due_of(regime("gdpr"), "authority", {{{"awareness", at("2026-03-06T15:20:00Z")}}, {}, {}});
  EXPECT_EQ(when(due), "2026-03-09T15:20:00Z");
  EXPECT_EQ(later(due), "2026-03-09T16:00:00Z");
}

TEST(Gdpr, a_full_hour_has_one_end_only) {
  const Due due = due_of(regime("gdpr"), "authority", {{{"awareness", at("2026-03-06T15:00:00Z")}}, {}, {}});
  EXPECT_EQ(when(due), "2026-03-09T15:00:00Z");
  EXPECT_EQ(later(due), "none");
}

TEST(Gdpr, seventy_two_hours_do_not_know_that_the_clocks_changed) {
  // Europe put its clocks forward on 29 March 2026: 10:00 became 11:00 on the wall.
  const Due due = due_of(regime("gdpr"), "authority", {{{"awareness", at("2026-03-28T10:00:00+01:00")}}, {}, {}}, offset(120));
  EXPECT_EQ(format_time(due.due), format_time(at("2026-03-31T11:00:00+02:00")));
}

TEST(Gdpr, the_first_awareness_counts) {
  const Due due = due_of(regime("gdpr"), "authority", {{{"awareness", at("2026-03-07T00:00:00Z")}, {"awareness", at("2026-03-06T00:00:00Z")}}, {}, {}});
  EXPECT_EQ(when(due), "2026-03-09T00:00:00Z");
}

TEST(Gdpr, persons_are_told_at_once_and_only_for_a_high_risk) {
  const Case low{{{"awareness", at("2026-03-06T15:20:00Z")}}, {}, {}};
  EXPECT_EQ(when(due_of(regime("gdpr"), "subjects", low)), "does not apply");
  const Case high{low.happened, {"high_risk"}, {}};
  EXPECT_EQ(when(due_of(regime("gdpr"), "subjects", high)), "2026-03-06T15:20:00Z");
  EXPECT_EQ(when(due_of(regime("gdpr"), "controller", high)), "waits");
}

TEST(Nis2, the_final_report_follows_the_notification_not_the_awareness) {
  Case what{{{"awareness", at("2026-01-30T10:00:00Z")}}, {}, {}};
  EXPECT_EQ(when(due_of(regime("nis2"), "early_warning", what)), "2026-01-31T10:00:00Z");
  EXPECT_EQ(when(due_of(regime("nis2"), "notification", what)), "2026-02-02T10:00:00Z");
  const Due expected = due_of(regime("nis2"), "final", what);
  EXPECT_EQ(when(expected), "2026-03-02T10:00:00Z");
  EXPECT_TRUE(expected.expected);
  // Filed on 31 January: no such day in February; the 28th is a Saturday, so the later end is Monday's.
  what.happened.push_back({"filed:notification", at("2026-01-31T09:00:00Z")});
  const Due due = due_of(regime("nis2"), "final", what);
  EXPECT_EQ(when(due), "2026-02-28T09:00:00Z");
  EXPECT_EQ(later(due), "2026-03-02T23:59:59Z");
  EXPECT_FALSE(due.expected);
}

TEST(Nis2, trust_services_have_a_day) {
  const Case what{{{"awareness", at("2026-01-30T10:00:00Z")}}, {"trust_service"}, {}};
  EXPECT_EQ(when(due_of(regime("nis2"), "notification", what)), "2026-01-31T10:00:00Z");
}

TEST(Nis2, what_goes_on_has_a_progress_report_and_ends_a_month_after_handling) {
  Case what{{{"awareness", at("2026-01-30T10:00:00Z")}, {"filed:notification", at("2026-02-01T10:00:00Z")}}, {"ongoing"}, {}};
  EXPECT_EQ(when(due_of(regime("nis2"), "final", what)), "does not apply");
  EXPECT_EQ(when(due_of(regime("nis2"), "progress", what)), "2026-03-01T10:00:00Z");
  EXPECT_EQ(when(due_of(regime("nis2"), "final_after_handling", what)), "waits");
  what.happened.push_back({"handled", at("2026-05-31T12:00:00Z")});
  EXPECT_EQ(when(due_of(regime("nis2"), "final_after_handling", what)), "2026-06-30T12:00:00Z");
}

TEST(Dora, the_first_of_four_hours_and_a_day_counts) {
  // Friday 12 June 2026.
  Case what{{{"awareness", at("2026-06-12T08:00:00Z")}}, {}, {}};
  const Due unclassified = due_of(regime("dora"), "initial", what);
  EXPECT_EQ(when(unclassified), "2026-06-13T08:00:00Z");
  EXPECT_EQ(unclassified.waits_for, std::vector<std::string>{"classification"});
  what.happened.push_back({"classification", at("2026-06-12T20:00:00Z")});
  const Due due = due_of(regime("dora"), "initial", what);
  EXPECT_EQ(when(due), "2026-06-13T00:00:00Z");
  // A Saturday: some may wait until Monday's noon.
  EXPECT_EQ(later(due), "2026-06-15T12:00:00Z");
  what.happened.back().at = at("2026-06-13T06:00:00Z");
  EXPECT_EQ(when(due_of(regime("dora"), "initial", what)), "2026-06-13T08:00:00Z");
}

TEST(Dora, classified_after_a_day_leaves_four_hours) {
  const Case what{{{"awareness", at("2026-06-12T08:00:00Z")}, {"classification", at("2026-06-13T09:00:00Z")}}, {}, {}};
  const Due due = due_of(regime("dora"), "initial", what);
  EXPECT_EQ(when(due), "2026-06-13T13:00:00Z");
  ASSERT_EQ(due.notes.size(), 1U);
  EXPECT_NE(due.notes[0].find("24 hours after awareness do not bind"), std::string::npos) << due.notes[0];
}

TEST(Dora, classified_on_the_last_instant_of_the_day_is_in_the_day) {
  const Case what{{{"awareness", at("2026-06-12T08:00:00Z")}, {"classification", at("2026-06-13T08:00:00Z")}}, {}, {}};
  EXPECT_EQ(when(due_of(regime("dora"), "initial", what)), "2026-06-13T08:00:00Z");
}

TEST(Dora, the_later_reading_too_is_the_least_of_those_that_bind) {
  // Four hours end on Sunday 14 June, so on Monday's noon; the day ends on Monday at 02:00, a working day.
  const Case what{{{"awareness", at("2026-06-14T02:00:00Z")}, {"classification", at("2026-06-14T18:00:00Z")}}, {}, {}};
  const Due due = due_of(regime("dora"), "initial", what);
  EXPECT_EQ(when(due), "2026-06-14T22:00:00Z");
  EXPECT_EQ(later(due), "2026-06-15T02:00:00Z");
}

TEST(Dora, stages_follow_what_was_filed_and_the_last_intermediate_report) {
  Case what{{{"awareness", at("2026-06-12T08:00:00Z")}, {"classification", at("2026-06-13T06:00:00Z")}}, {}, {}};
  EXPECT_EQ(when(due_of(regime("dora"), "intermediate", what)), "2026-06-16T08:00:00Z");
  EXPECT_EQ(when(due_of(regime("dora"), "final", what)), "2026-07-16T08:00:00Z");
  what.happened.push_back({"filed:initial", at("2026-06-13T07:30:00Z")});
  const Due intermediate = due_of(regime("dora"), "intermediate", what);
  // 72 hours after the notification, not after awareness or detection.
  EXPECT_EQ(when(intermediate), "2026-06-16T07:30:00Z");
  EXPECT_FALSE(intermediate.expected);
  what.happened.push_back({"filed:intermediate", at("2026-06-15T10:00:00Z")});
  what.happened.push_back({"filed:intermediate", at("2026-06-30T10:00:00Z")});
  EXPECT_EQ(when(due_of(regime("dora"), "final", what)), "2026-07-30T10:00:00Z");
}

TEST(Dora, a_late_filing_is_told_and_the_next_stage_follows_it) {
  const Case what{{{"awareness", at("2026-06-12T08:00:00Z")}, {"classification", at("2026-06-12T20:00:00Z")}, {"filed:initial", at("2026-06-13T02:00:00Z")}}, {}, {}};
  const Due initial = due_of(regime("dora"), "initial", what);
  EXPECT_TRUE(initial.late());
  EXPECT_EQ(when(due_of(regime("dora"), "intermediate", what)), "2026-06-16T02:00:00Z");
}

TEST(Dora, a_reclassification_starts_the_stages_anew) {
  const Case what{{{"awareness", at("2026-06-12T08:00:00Z")},
                   {"classification", at("2026-06-12T20:00:00Z")},
                   {"filed:initial", at("2026-06-12T23:00:00Z")},
                   {"filed:intermediate", at("2026-06-14T00:00:00Z")},
                   {"reclassification", at("2026-06-20T12:00:00Z")}},
                  {},
                  {}};
  const auto all = dues(regime("dora"), what);
  EXPECT_EQ(when(all[0]), "2026-06-20T16:00:00Z");
  EXPECT_FALSE(all[0].filed);
  EXPECT_EQ(when(all[1]), "2026-06-23T16:00:00Z");
  EXPECT_TRUE(all[1].expected);
  EXPECT_EQ(when(all[3]), "2026-07-23T16:00:00Z");
}

TEST(Dora, a_reclassification_counts_without_a_first_classification) {
  const Case what{{{"awareness", at("2026-06-12T08:00:00Z")}, {"reclassification", at("2026-06-20T12:00:00Z")}}, {}, {}};
  EXPECT_EQ(when(due_of(regime("dora"), "initial", what)), "2026-06-20T16:00:00Z");
}

TEST(Sec, four_business_days_after_the_determination) {
  // Friday 18 December 2026, 15:00 Eastern: Monday to Thursday.
  const auto due = [](const char* determined, const Calendar& calendar) {
    return when(due_of(regime("sec-8k"), "initial", {{{"materiality", at(determined)}}, {}, {}}, calendar));
  };
  const Calendar closed = with_holidays(kEastern, {"2026-12-25", "2027-01-01"});
  EXPECT_EQ(due("2026-12-18T15:00:00-05:00", closed), "2026-12-24T22:30:00Z");
  // A Saturday's determination counts from Monday on, Monday included.
  EXPECT_EQ(due("2026-12-19T15:00:00-05:00", closed), "2026-12-24T22:30:00Z");
  // Monday 21 December: 22, 23, 24, and after Christmas and the weekend the 28th.
  EXPECT_EQ(due("2026-12-21T09:00:00-05:00", closed), "2026-12-28T22:30:00Z");
  // Monday evening in New York is Tuesday in UTC; the day there counts.
  EXPECT_EQ(due("2026-12-22T01:00:00Z", closed), "2026-12-28T22:30:00Z");
}

TEST(Sec, missing_holidays_are_told) {
  const Case what{{{"materiality", at("2026-12-21T14:00:00Z")}}, {}, {}};
  const Due due = due_of(regime("sec-8k"), "initial", what, offset(kEastern));
  EXPECT_EQ(when(due), "2026-12-25T22:30:00Z");
  EXPECT_EQ(due.notes, std::vector<std::string>{"no holidays were given: only weekends are left out"});
}

TEST(Sec, discovery_starts_nothing_and_is_refused) {
  const auto due = due_times(regime("sec-8k"), {{{"discovery", Time{}}}, {}, {}}, {});
  ASSERT_FALSE(due);
  EXPECT_EQ(due.error().code, Code::kInvalid);
  EXPECT_NE(due.error().message.find("materiality"), std::string::npos) << due.error().message;
}

TEST(Sec, a_delay_that_covers_the_end_puts_it_off_until_its_own) {
  Case what{{{"materiality", at("2026-12-18T20:00:00Z")}}, {}, {{at("2026-12-24T00:00:00Z"), at("2027-01-23T00:00:00Z"), "Attorney General"}}};
  EXPECT_EQ(when(due_of(regime("sec-8k"), "initial", what, offset(kEastern))), "2027-01-23T00:00:00Z");
  // One that was over before, or came after, changes nothing.
  what.still[0] = {at("2026-12-19T00:00:00Z"), at("2026-12-23T00:00:00Z"), ""};
  EXPECT_EQ(when(due_of(regime("sec-8k"), "initial", what, offset(kEastern))), "2026-12-24T22:30:00Z");
  what.still[0] = {at("2026-12-25T00:00:00Z"), at("2027-01-23T00:00:00Z"), ""};
  EXPECT_EQ(when(due_of(regime("sec-8k"), "initial", what, offset(kEastern))), "2026-12-24T22:30:00Z");
}

TEST(Hipaa, sixty_days_after_discovery) {
  const Case what{{{"discovery", at("2026-11-01T14:00:00Z")}}, {}, {}};
  const Due due = due_of(regime("hipaa"), "individuals", what);
  EXPECT_EQ(when(due), "2026-12-31T14:00:00Z");
  EXPECT_EQ(later(due), "2026-12-31T23:59:59Z");
  EXPECT_EQ(when(due_of(regime("hipaa"), "media", what)), "does not apply");
  EXPECT_EQ(when(due_of(regime("hipaa"), "hhs", what)), "does not apply");
}

TEST(Hipaa, few_are_told_sixty_days_after_the_year_which_is_not_always_the_first_of_march) {
  const auto due = [](const char* discovered, int minutes) {
    return when(due_of(regime("hipaa"), "hhs_annual", {{{"discovery", at(discovered)}}, {}, {}}, offset(minutes)));
  };
  EXPECT_EQ(due("2026-11-01T14:00:00Z", 0), "2027-03-01T23:59:59Z");
  EXPECT_EQ(due("2026-01-01T00:00:00Z", 0), "2027-03-01T23:59:59Z");
  EXPECT_EQ(due("2027-05-01T00:00:00Z", 0), "2028-02-29T23:59:59Z");  // a leap year
  EXPECT_EQ(due("2027-01-01T03:00:00Z", kEastern), "2027-03-02T04:59:59Z");  // still 2026 there
}

TEST(Hipaa, five_hundred_are_told_with_the_individuals) {
  const Case what{{{"discovery", at("2026-11-01T14:00:00Z")}}, {"affected_500_or_more"}, {}};
  EXPECT_EQ(when(due_of(regime("hipaa"), "hhs", what)), "2026-12-31T14:00:00Z");
  EXPECT_EQ(when(due_of(regime("hipaa"), "hhs_annual", what)), "does not apply");
}

TEST(Hipaa, a_statement_of_law_enforcement_has_two_readings) {
  Case what{{{"discovery", at("2026-11-01T14:00:00Z")}}, {}, {{at("2026-11-10T00:00:00Z"), at("2026-11-20T00:00:00Z"), "statement"}}};
  Due due = due_of(regime("hipaa"), "individuals", what);
  EXPECT_EQ(when(due), "2026-12-31T14:00:00Z");
  EXPECT_EQ(later(due), "2027-01-10T23:59:59Z");
  // 26 days over the end.
  what.still[0] = {at("2026-12-20T00:00:00Z"), at("2027-01-15T00:00:00Z"), "statement"};
  due = due_of(regime("hipaa"), "individuals", what);
  EXPECT_EQ(when(due), "2027-01-15T00:00:00Z");
  EXPECT_EQ(later(due), "2027-01-26T23:59:59Z");
}

TEST(Gdpr, knows_no_stop) {
  EXPECT_FALSE(due_times(regime("gdpr"), {{}, {}, {{Time{1}, Time{2}, "police"}}}, {}));
}

TEST(AiAct, only_the_shortest_binds) {
  const auto due = [](std::set<std::string> facts) {
    return when(due_of(regime("ai-act-73"), "report", {{{"awareness", at("2028-01-10T12:00:00Z")}}, std::move(facts), {}}));
  };
  EXPECT_EQ(due({}), "2028-01-25T12:00:00Z");
  EXPECT_EQ(due({"death"}), "2028-01-20T12:00:00Z");
  EXPECT_EQ(due({"widespread_or_critical_infrastructure"}), "2028-01-12T12:00:00Z");
  EXPECT_EQ(due({"death", "widespread_or_critical_infrastructure"}), "2028-01-12T12:00:00Z");
}

TEST(AiAct, a_causal_link_is_told_at_once) {
  const Case what{{{"awareness", at("2028-01-10T12:00:00Z")}, {"causal_link", at("2028-01-11T08:00:00Z")}}, {}, {}};
  const Due due = due_of(regime("ai-act-73"), "report", what);
  EXPECT_EQ(when(due), "2028-01-11T08:00:00Z");
  EXPECT_EQ(due.by->unit, Unit::kImmediately);
}

TEST(AiAct, says_that_it_does_not_apply_yet) {
  const Due due = due_of(regime("ai-act-73"), "report", {{{"awareness", at("2026-11-29T12:00:00Z")}}, {}, {}});
  EXPECT_EQ(due.notes, std::vector<std::string>{"applies from 2027-12-02 on: not yet at the start"});
}

TEST(AiAct, a_codes_cyber_breach_has_five_days) {
  const Case what{{{"awareness", at("2026-11-29T12:00:00Z")}}, {"cybersecurity_breach"}, {}};
  EXPECT_EQ(when(due_of(regime("ai-act-55"), "first_report", what)), "2026-12-04T12:00:00Z");
}

TEST(Nydfs, hours_for_incident_and_payment_days_for_the_reasons) {
  const auto all = dues(regime("nydfs"), {{{"determination", at("2026-02-27T22:00:00Z")}, {"payment", at("2026-02-28T06:00:00Z")}}, {}, {}});
  EXPECT_EQ(when(all[0]), "2026-03-02T22:00:00Z");
  EXPECT_EQ(when(all[1]), "waits");
  EXPECT_EQ(when(all[2]), "2026-03-01T06:00:00Z");
  EXPECT_EQ(when(all[3]), "2026-03-30T06:00:00Z");
}

TEST(UsBanks, thirty_six_hours) {
  EXPECT_EQ(when(due_of(regime("us-banks"), "notice", {{{"determination", at("2026-11-29T12:00:00Z")}}, {}, {}})), "2026-12-01T00:00:00Z");
}

TEST(Ftc, thirty_days_when_five_hundred_are_affected) {
  Case what{{{"discovery", at("2026-01-30T12:00:00Z")}}, {}, {}};
  EXPECT_EQ(when(due_of(regime("ftc-safeguards"), "notice", what)), "does not apply");
  what.facts = {"affected_500_or_more"};
  EXPECT_EQ(when(due_of(regime("ftc-safeguards"), "notice", what)), "2026-03-01T12:00:00Z");
}

TEST(Circia, is_a_draft_and_counted_only_when_asked_to) {
  const Case what{{{"reasonable_belief", at("2026-11-29T12:00:00Z")}, {"payment", at("2026-11-29T12:00:00Z")}}, {}, {}};
  const auto refused = due_times(regime("circia"), what, {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kConflict);
  const auto all = due_times(regime("circia"), what, {}, true);
  ASSERT_TRUE(all);
  EXPECT_EQ(when((*all)[0]), "2026-12-02T12:00:00Z");
  EXPECT_EQ(when((*all)[1]), "2026-11-30T12:00:00Z");
}

TEST(CardBrands, calendar_and_business_days_side_by_side) {
  // Wednesday 23 December 2026.
  const Case what{{{"suspicion", at("2026-12-23T09:00:00Z")}}, {}, {}};
  EXPECT_EQ(when(due_of(regime("card-brands"), "acquirer", what)), "2026-12-23T09:00:00Z");
  EXPECT_EQ(when(due_of(regime("card-brands"), "visa_report", what)), "2026-12-26T09:00:00Z");
  EXPECT_EQ(when(due_of(regime("card-brands"), "visa_accounts", what)), "2027-01-06T23:59:59Z");
  EXPECT_EQ(when(due_of(regime("card-brands"), "visa_accounts", what, with_holidays(0, {"2026-12-25", "2027-01-01"}))), "2027-01-08T23:59:59Z");
}

TEST(Clock, business_hours_leave_out_nights_and_weekends) {
  const Regime eight = small(R"("business_hours": 10)", "10 business hours", R"("office": {"opens": "09:00", "closes": "17:00"}, )");
  // Friday 15:00: two hours on Friday, eight on Monday.
  EXPECT_EQ(when(due_of(eight, "first", {{{"start", at("2026-12-18T15:00:00Z")}}, {}, {}})), "2026-12-21T17:00:00Z");
}

TEST(Clock, a_week_may_end_on_friday) {
  const Regime gulf = small(R"("business_days": 2)", "two business days", R"("weekend": ["friday", "saturday"], )");
  EXPECT_EQ(when(due_of(gulf, "first", {{{"start", at("2026-12-17T10:00:00Z")}}, {}, {}})), "2026-12-21T23:59:59Z");
}

TEST(Clock, an_offset_beyond_the_earths_is_refused) {
  EXPECT_FALSE(due_times(regime("gdpr"), {}, offset(841)));
  EXPECT_FALSE(due_times(regime("gdpr"), {{}, {"death"}, {}}, {}));
}

Time some_time() { return Time{*rc::gen::inRange<std::int64_t>(29'000'000, 31'000'000) * kMinute}; }

// Any events, facts and stops of a regime; the calendar any.
Case some_case(const Regime& of) {
  Case what;
  for (const std::string& event : events_of(of)) {
    for (int i = *rc::gen::inRange(0, 3); i > 0; --i) what.happened.push_back({event, some_time()});
  }
  for (const std::string& fact : facts_of(of)) {
    if (*rc::gen::arbitrary<bool>()) what.facts.insert(fact);
  }
  if (of.tolling != Tolling::kNone && *rc::gen::arbitrary<bool>()) {
    const Time from = some_time();
    what.still.push_back({from, from + *rc::gen::inRange(1, 100'000) * kMinute, "r"});
  }
  return what;
}

RC_GTEST_PROP(Clock, every_due_follows_its_start_and_the_later_reading_follows_it, ()) {
  for (const Regime& of : shipped()) {
    const auto all = due_times(of, some_case(of), offset(*rc::gen::inRange(-840, 841)), true);
    RC_ASSERT(all.has_value());
    RC_ASSERT(all->size() == of.stages.size());
    for (const Due& one : *all) {
      if (one.state != State::kDue) continue;
      RC_ASSERT(one.by != nullptr);
      RC_ASSERT(one.due >= one.start);
      RC_ASSERT(!one.later || *one.later > one.due);
    }
  }
}

RC_GTEST_PROP(Clock, one_more_event_never_puts_off_an_end_where_nothing_restarts_drops_or_counts_the_last, ()) {
  for (const Regime& of : shipped()) {
    // DORA restarts; the others' "last" starts are updates of their own stage.
    if (of.restart) continue;
    Case what = some_case(of);
    const auto before = due_times(of, what, {}, true);
    const auto events = events_of(of);
    what.happened.push_back({*rc::gen::elementOf(std::vector<std::string>(events.begin(), events.end())), some_time()});
    if (what.happened.back().event.starts_with("filed:")) continue;
    const auto after = due_times(of, what, {}, true);
    for (std::size_t i = 0; i < of.stages.size(); ++i) {
      if ((*before)[i].state != State::kDue || of.stages[i].periods[0].last) continue;
      RC_ASSERT((*after)[i].state == State::kDue);
      RC_ASSERT((*after)[i].due <= (*before)[i].due || (*after)[i].by->unit == Unit::kMonths);
    }
  }
}

RC_GTEST_PROP(Clock, a_stop_never_brings_an_end_forward, ()) {
  for (const Regime& of : shipped()) {
    if (of.tolling == Tolling::kNone) continue;
    const Case what = some_case(of);
    Case free = what;
    free.still.clear();
    const auto with = due_times(of, what, {}), without = due_times(of, free, {});
    for (std::size_t i = 0; i < of.stages.size(); ++i) {
      RC_ASSERT((*with)[i].state == (*without)[i].state);
      RC_ASSERT((*with)[i].due >= (*without)[i].due);
    }
  }
}

}  // namespace
}  // namespace firebreak::deadline
