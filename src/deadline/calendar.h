// Days, business days and months at one fixed offset from UTC.
//
// A local day is 24 hours of that offset. Daylight saving is not known here: the caller gives the offset that holds where the deadline ends;
// when the clocks change between start and end, a time of day may be an hour off the wall clock there. Spans in hours never are.
//
// Pure; times 1970 to 9999, spans of the size that a regime may have (regime.h). No errors but where said.
#pragma once

#include <array>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace firebreak::deadline {

using Day = std::int64_t;  // days since 1970-01-01

struct Calendar {
  std::array<bool, 7> weekend = {true, false, false, false, false, false, true};  // from Sunday; never all seven
  std::set<Day> holidays;                                                         // local days on which nobody is open
  int offset_minutes = 0;                                                         // east of UTC is positive
};

Result<Day> parse_day(std::string_view text);  // "2026-12-25"; kInvalid for what is no date of 1970 to 9999
std::string format_day(Day day);
Result<int> parse_offset(std::string_view text);  // "-05:00" or "Z" in minutes; kInvalid for what is none

Day local_day(Time time, const Calendar& calendar);
Time at_second(Day day, std::int64_t second_of_day, const Calendar& calendar);  // seconds since local midnight
Time end_of_day(Day day, const Calendar& calendar);                             // 23:59:59 local: the last second to be in time
Time end_of_year(Time time, const Calendar& calendar);                          // 31 December, 23:59:59 local, of the year of `time`

bool is_business_day(Day day, const Calendar& calendar);
Day next_business_day(Day day, const Calendar& calendar);  // the first after `day`

// The same time of day `months` later on the day of the same number, or on the month's last day when it has no such day: 31 January and a
// month are 28 or 29 February. So two starts in order may end out of order within one day (30 January 18:00, 31 January 09:00).
Time add_months(Time start, int months, const Calendar& calendar);

// [from, to): the clock stands still.
struct Interval {
  Time from, to;
  std::string reason;
};
// Sorted, overlapping ones as one. kInvalid: an end that is not after its beginning.
Result<std::vector<Interval>> merged(std::vector<Interval> intervals);

// The `count`-th business day after the local day of `start`, which never counts itself. Days that lie in `still` whole do not count.
Day add_business_days(Time start, int count, const Calendar& calendar, const std::vector<Interval>& still);

// Seconds since local midnight between which an office is open; opens < closes.
struct Office {
  std::int64_t opens = 9 * 3600, closes = 17 * 3600;
};
// When `hours` have gone by on business days while the office was open and the clock did not stand still.
Time add_business_hours(Time start, int hours, const Office& office, const Calendar& calendar, const std::vector<Interval>& still);

// `span` microseconds after `start`, `still` left out. `still` as merged() gives it.
Time add_running(Time start, std::int64_t span, const std::vector<Interval>& still);

}  // namespace firebreak::deadline
