#include "deadline/calendar.h"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>

namespace firebreak::deadline {
namespace {

std::chrono::year_month_day date_of(Day day) {
  return std::chrono::year_month_day(std::chrono::sys_days(std::chrono::days(day)));
}

Day day_of(std::chrono::year_month_day date) { return std::chrono::sys_days(date).time_since_epoch().count(); }

std::int64_t offset_us(const Calendar& calendar) { return calendar.offset_minutes * kMinute; }

bool stands_still(Day day, const Calendar& calendar, const std::vector<Interval>& still) {
  const Time from = at_second(day, 0, calendar), to = at_second(day + 1, 0, calendar);
  return std::any_of(still.begin(), still.end(), [&](const Interval& one) { return one.from <= from && to <= one.to; });
}

}  // namespace

Result<Day> parse_day(std::string_view text) {
  const auto midnight = text.size() == 10 ? parse_time(std::string(text) + "T00:00:00Z") : parse_time({});
  if (!midnight) return fail(Code::kInvalid, fmt::format("'{}' is no day (as 2026-12-25)", text.substr(0, 40)));
  return midnight->us / kDay;
}

std::string format_day(Day day) { return format_time(Time{day * kDay}).substr(0, 10); }

Result<int> parse_offset(std::string_view text) {
  const auto local = parse_time("1970-01-02T00:00:00" + std::string(text));
  if (!local) return fail(Code::kInvalid, fmt::format("'{}' is no offset from UTC (as -05:00, or Z)", text.substr(0, 40)));
  return static_cast<int>((kDay - local->us) / kMinute);
}

Day local_day(Time time, const Calendar& calendar) {
  const std::int64_t local = time.us + offset_us(calendar);
  return local >= 0 ? local / kDay : -((-local + kDay - 1) / kDay);
}

Time at_second(Day day, std::int64_t second_of_day, const Calendar& calendar) {
  return Time{day * kDay + second_of_day * kSecond - offset_us(calendar)};
}

Time end_of_day(Day day, const Calendar& calendar) { return at_second(day, 86399, calendar); }

Time end_of_year(Time time, const Calendar& calendar) {
  const auto year = date_of(local_day(time, calendar)).year();
  return end_of_day(day_of(year / std::chrono::December / 31), calendar);
}

bool is_business_day(Day day, const Calendar& calendar) {
  const std::int64_t weekday = ((day + 4) % 7 + 7) % 7;  // 1970-01-01 was a Thursday
  return !calendar.weekend[static_cast<std::size_t>(weekday)] && !calendar.holidays.contains(day);
}

Day next_business_day(Day day, const Calendar& calendar) {
  do ++day;
  while (!is_business_day(day, calendar));
  return day;
}

Time add_months(Time start, int months, const Calendar& calendar) {
  const Day day = local_day(start, calendar);
  auto date = date_of(day) + std::chrono::months(months);
  if (!date.ok()) date = date.year() / date.month() / std::chrono::last;
  return start + (day_of(date) - day) * kDay;
}

Result<std::vector<Interval>> merged(std::vector<Interval> intervals) {
  for (const Interval& one : intervals) {
    if (one.to <= one.from)
      return fail(Code::kInvalid, fmt::format("an interval from {} to {} has no length", format_time(one.from), format_time(one.to)));
  }
  std::stable_sort(intervals.begin(), intervals.end(), [](const Interval& a, const Interval& b) { return a.from < b.from; });
  std::vector<Interval> out;
  for (Interval& one : intervals) {
    if (out.empty() || out.back().to < one.from) {
      out.push_back(std::move(one));
      continue;
    }
    out.back().to = std::max(out.back().to, one.to);
    if (!one.reason.empty()) out.back().reason += (out.back().reason.empty() ? "" : "; ") + one.reason;
  }
  return out;
}

Day add_business_days(Time start, int count, const Calendar& calendar, const std::vector<Interval>& still) {
  Day day = local_day(start, calendar);
  for (int counted = 0; counted < count;) {
    day = next_business_day(day, calendar);
    if (!stands_still(day, calendar, still)) ++counted;
  }
  return day;
}

Time add_running(Time start, std::int64_t span, const std::vector<Interval>& still) {
  Time end = start + span;
  for (const Interval& one : still) {
    // What began when the time was over no longer stops it.
    if (one.from >= end) break;
    if (one.to > start) end = end + (one.to - std::max(one.from, start));
  }
  return end;
}

Time add_business_hours(Time start, int hours, const Office& office, const Calendar& calendar, const std::vector<Interval>& still) {
  std::int64_t left = hours * kHour;
  for (Day day = local_day(start, calendar);; day = next_business_day(day, calendar)) {
    if (!is_business_day(day, calendar)) continue;
    const Time closes = at_second(day, office.closes, calendar);
    const Time from = std::max(start, at_second(day, office.opens, calendar));
    if (from >= closes) continue;
    const Time end = add_running(from, left, still);
    if (end <= closes) return end;
    // What this day took off: the open time that the clock ran.
    std::int64_t ran = closes - from;
    for (const Interval& one : still) ran -= std::max<std::int64_t>(0, std::min(one.to, closes) - std::max(one.from, from));
    left -= ran;
  }
}

}  // namespace firebreak::deadline
