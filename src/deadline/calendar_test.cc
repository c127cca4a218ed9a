// The arithmetic against counting day by day and minute by minute.
#include "deadline/calendar.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <chrono>

#include "deadline/sample.h"

namespace firebreak::deadline {
namespace {

constexpr Day kFirst = 18'262;  // 2020-01-01

Time some_time() { return Time{*rc::gen::inRange<std::int64_t>(kFirst * 1440, (kFirst + 4000) * 1440) * kMinute}; }

Calendar some_calendar() {
  Calendar calendar;
  calendar.offset_minutes = *rc::gen::inRange(-840, 841);
  for (const int day : *rc::gen::container<std::vector<int>>(rc::gen::inRange(-10, 4100))) calendar.holidays.insert(kFirst + day);
  for (std::size_t i = 0; i < 6; ++i) calendar.weekend[i] = *rc::gen::inRange(0, 4) == 0;
  calendar.weekend[6] = false;
  return calendar;
}

// Up to three stops of minutes to days, near `start`.
std::vector<Interval> some_stops(Time start) {
  std::vector<Interval> stops;
  for (int i = *rc::gen::inRange(0, 4); i > 0; --i) {
    const Time from = start + *rc::gen::inRange(-3000, 6000) * kMinute;
    stops.push_back({from, from + *rc::gen::inRange(1, 6000) * kMinute, ""});
  }
  return *merged(stops);
}

bool stands(Time minute, const std::vector<Interval>& stops) {
  return std::any_of(stops.begin(), stops.end(), [&](const Interval& one) { return one.from <= minute && minute < one.to; });
}

// By the standard library's own weekday, not by our remainder.
bool open_by_hand(Day day, const Calendar& calendar) {
  const std::chrono::weekday weekday{std::chrono::sys_days(std::chrono::days(day))};
  return !calendar.weekend[weekday.c_encoding()] && calendar.holidays.count(day) == 0;
}

TEST(Calendar, reads_days_and_nothing_else) {
  EXPECT_EQ(*parse_day("1970-01-02"), 1);
  EXPECT_EQ(format_day(*parse_day("2024-02-29")), "2024-02-29");
  for (const char* const bad : {"2026-02-29", "2026-2-01", "2026-02-01T", "", "25.12.2026", "2026-13-01", "1969-12-31"})
    EXPECT_FALSE(parse_day(bad)) << bad;
}

TEST(Calendar, a_local_day_is_that_of_the_offset) {
  Calendar new_york;
  new_york.offset_minutes = -300;
  EXPECT_EQ(format_day(local_day(at("2026-12-22T01:00:00Z"), new_york)), "2026-12-21");
  EXPECT_EQ(format_time(end_of_day(*parse_day("2026-12-21"), new_york)), "2026-12-22T04:59:59Z");
  EXPECT_EQ(format_time(end_of_year(at("2027-01-01T03:00:00Z"), new_york)), "2027-01-01T04:59:59Z");
  EXPECT_EQ(local_day(Time{0}, new_york), -1);
}

TEST(Calendar, a_month_ends_on_the_months_last_day_when_it_has_no_such_day) {
  const Calendar utc;
  EXPECT_EQ(format_time(add_months(at("2026-01-31T10:00:00Z"), 1, utc)), "2026-02-28T10:00:00Z");
  EXPECT_EQ(format_time(add_months(at("2028-01-31T10:00:00Z"), 1, utc)), "2028-02-29T10:00:00Z");
  EXPECT_EQ(format_time(add_months(at("2026-02-28T10:00:00Z"), 1, utc)), "2026-03-28T10:00:00Z");
  EXPECT_EQ(format_time(add_months(at("2026-08-31T10:00:00Z"), 1, utc)), "2026-09-30T10:00:00Z");
  EXPECT_EQ(format_time(add_months(at("2026-12-31T10:00:00Z"), 2, utc)), "2027-02-28T10:00:00Z");
  // 31 January in Berlin is still 30 January in UTC: the local day is what has a month added.
  Calendar berlin;
  berlin.offset_minutes = 60;
  EXPECT_EQ(format_time(add_months(at("2026-01-30T23:30:00Z"), 1, berlin)), "2026-02-27T23:30:00Z");
  EXPECT_EQ(format_time(add_months(at("2026-01-30T23:30:00Z"), 1, utc)), "2026-02-28T23:30:00Z");
}

TEST(Calendar, stops_that_touch_are_one_and_keep_their_reasons) {
  const auto stops = merged({{Time{20}, Time{30}, "b"}, {Time{10}, Time{20}, "a"}, {Time{40}, Time{50}, "c"}});
  ASSERT_TRUE(stops);
  ASSERT_EQ(stops->size(), 2U);
  EXPECT_EQ((*stops)[0].reason, "a; b");
  EXPECT_EQ((*stops)[0].to, Time{30});
  EXPECT_FALSE(merged({{Time{10}, Time{10}, ""}}));
}

TEST(Calendar, a_stop_that_begins_at_the_end_changes_nothing) {
  EXPECT_EQ(add_running(Time{0}, 10, {{Time{10}, Time{20}, ""}}), Time{10});
  EXPECT_EQ(add_running(Time{0}, 10, {{Time{9}, Time{20}, ""}}), Time{21});
}

RC_GTEST_PROP(Calendar, months_agree_with_counting_on_a_table, ()) {
  const Calendar calendar{Calendar{}.weekend, {}, *rc::gen::inRange(-840, 841)};
  const Time start = some_time();
  const int months = *rc::gen::inRange(1, 200);
  const auto local = [&](Time time) { return format_time(time + calendar.offset_minutes * kMinute); };
  const std::string from = local(start), to = local(add_months(start, months, calendar));
  int year = std::stoi(from.substr(0, 4)), month = std::stoi(from.substr(5, 2));
  for (int i = 0; i < months; ++i) {
    if (++month == 13) month = 1, ++year;
  }
  static constexpr int kLong[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  const int last = kLong[month - 1] + (month == 2 && leap ? 1 : 0);
  RC_ASSERT(std::stoi(to.substr(0, 4)) == year);
  RC_ASSERT(std::stoi(to.substr(5, 2)) == month);
  RC_ASSERT(std::stoi(to.substr(8, 2)) == std::min(last, std::stoi(from.substr(8, 2))));
  RC_ASSERT(to.substr(10) == from.substr(10));
}

RC_GTEST_PROP(Calendar, business_days_agree_with_counting_day_by_day, ()) {
  const Calendar calendar = some_calendar();
  const Time start = some_time();
  const int count = *rc::gen::inRange(1, 40);
  const auto stops = some_stops(start);
  const Day end = add_business_days(start, count, calendar, stops);
  int counted = 0;
  bool last_counts = false;
  for (Day day = local_day(start, calendar) + 1; day <= end; ++day) {
    // A day stands still when each of its minutes does.
    bool still = open_by_hand(day, calendar);
    for (int minute = 0; still && minute < 1440; ++minute) still = stands(at_second(day, minute * 60, calendar), stops);
    last_counts = open_by_hand(day, calendar) && !still;
    counted += last_counts ? 1 : 0;
  }
  RC_ASSERT(counted == count);
  RC_ASSERT(last_counts);
}

RC_GTEST_PROP(Calendar, running_time_agrees_with_counting_minute_by_minute, ()) {
  const Time start = some_time();
  const int minutes = *rc::gen::inRange(1, 6000);
  const auto stops = some_stops(start);
  Time now = start;
  for (int ran = 0; ran < minutes; now = now + kMinute) ran += stands(now, stops) ? 0 : 1;
  RC_ASSERT(add_running(start, minutes * kMinute, stops) == now);
}

RC_GTEST_PROP(Calendar, business_hours_agree_with_counting_minute_by_minute, ()) {
  const Calendar calendar = some_calendar();
  const Time start = some_time();
  const int hours = *rc::gen::inRange(1, 13);
  const std::int64_t opens = *rc::gen::inRange(0, 12) * 3600;
  const Office office{opens, opens + *rc::gen::inRange(1, 12) * 3600};
  const auto stops = some_stops(start);
  Time now = start;
  for (int ran = 0; ran < hours * 60; now = now + kMinute) {
    const Day day = local_day(now, calendar);
    const std::int64_t second = (now - at_second(day, 0, calendar)) / kSecond;
    ran += open_by_hand(day, calendar) && office.opens <= second && second < office.closes && !stands(now, stops) ? 1 : 0;
  }
  RC_ASSERT(add_business_hours(start, hours, office, calendar, stops) == now);
}

RC_GTEST_PROP(Calendar, a_later_start_never_ends_earlier, ()) {
  const Calendar calendar = some_calendar();
  const Time one = some_time(), other = one + *rc::gen::inRange(1, 100'000) * kMinute;
  const int amount = *rc::gen::inRange(1, 40);
  const auto stops = some_stops(one);
  RC_ASSERT(add_running(one, amount * kHour, stops) <= add_running(other, amount * kHour, stops));
  RC_ASSERT(add_business_days(one, amount, calendar, stops) <= add_business_days(other, amount, calendar, stops));
  RC_ASSERT(add_business_hours(one, amount, {}, calendar, stops) <= add_business_hours(other, amount, {}, calendar, stops));
  // Months clip: in order by day, not within one.
  RC_ASSERT(local_day(add_months(one, amount, calendar), calendar) <= local_day(add_months(other, amount, calendar), calendar));
}

RC_GTEST_PROP(Calendar, a_holiday_or_a_stop_more_never_ends_earlier, ()) {
  Calendar calendar = some_calendar();
  const Time start = some_time();
  const int amount = *rc::gen::inRange(1, 40);
  const auto stops = some_stops(start);
  const Day day = add_business_days(start, amount, calendar, {});
  const Time hour = add_business_hours(start, amount, {}, calendar, {});
  RC_ASSERT(add_business_days(start, amount, calendar, stops) >= day);
  RC_ASSERT(add_business_hours(start, amount, {}, calendar, stops) >= hour);
  RC_ASSERT(add_running(start, amount * kHour, stops) >= start + amount * kHour);
  calendar.holidays.insert(local_day(start, calendar) + *rc::gen::inRange(0, 40));
  RC_ASSERT(add_business_days(start, amount, calendar, {}) >= day);
  RC_ASSERT(add_business_hours(start, amount, {}, calendar, {}) >= hour);
}

}  // namespace
}  // namespace firebreak::deadline
