#include "deadline/clock.h"

#include <fmt/core.h>

#include <algorithm>

namespace firebreak::deadline {
namespace {

// Everything a stage's end depends on, checked.
struct Board {
  const Regime& regime;
  const Case& what;
  Calendar calendar;
  std::vector<Interval> still;
  std::optional<Time> restarted;

  bool holds(const std::string& fact) const { return what.facts.contains(fact); }
};

struct Start {
  Time at;
  bool expected = false;
};

std::optional<Time> happened(const Board& board, const std::string& event, bool last) {
  std::optional<Time> at;
  const bool filing = event.starts_with("filed:");
  for (const Happened& one : board.what.happened) {
    if (one.event != event) continue;
    // What was filed under the former classification does not count for the present one.
    if (filing && board.restarted && one.at < *board.restarted) continue;
    if (!at || (last ? one.at > *at : one.at < *at)) at = one.at;
  }
  return at;
}

std::optional<Time> event_time(const Board& board, const std::string& event, bool last) {
  const std::optional<Time> at = happened(board, event, last);
  // A restart stands for the start itself when that was never told.
  if (board.restarted && board.regime.restart->of.contains(event) && (!at || *board.restarted > *at)) return board.restarted;
  return at;
}

std::optional<Start> start_of(const Board& board, const Period& period, const std::vector<Due>& before) {
  std::optional<Start> start;
  if (const auto at = event_time(board, period.from, period.last)) {
    start = Start{*at, false};
  } else if (period.after_stage && before[*period.after_stage].state == State::kDue) {
    start = Start{before[*period.after_stage].due, true};
  }
  if (start && period.year_end) start->at = end_of_year(start->at, board.calendar);
  return start;
}

// The end by the calendar alone, `still` left out.
Time end_of(const Board& board, const Period& period, Time start, const std::vector<Interval>& still) {
  switch (period.unit) {
    case Unit::kImmediately: return start;
    case Unit::kHours: return add_running(start, period.amount * kHour, still);
    case Unit::kDays: return add_running(start, period.amount * kDay, still);
    case Unit::kMonths: return add_running(start, add_months(start, period.amount, board.calendar) - start, still);
    case Unit::kBusinessHours: return add_business_hours(start, period.amount, board.regime.office, board.calendar, still);
    case Unit::kBusinessDays:
      return at_second(add_business_days(start, period.amount, board.calendar, still), board.regime.day_ends, board.calendar);
  }
  return start;
}

// Nothing is due before a stop that is on at the end is over.
Time not_before(Time end, const std::vector<Interval>& still) {
  for (const Interval& one : still) {
    if (one.from <= end && end < one.to) return one.to;
  }
  return end;
}

bool counts_whole_days(Unit unit) { return unit == Unit::kDays || unit == Unit::kMonths; }

// The later reading of `end`; never earlier than it.
Time later_of(const Board& board, const Period& period, Time start, Time end) {
  const Calendar& calendar = board.calendar;
  const Day day = local_day(end, calendar);
  switch (board.regime.later) {
    case Later::kNone: return end;
    case Later::kEndOfDay: return counts_whole_days(period.unit) ? end_of_day(day, calendar) : end;
    case Later::kWorkingDay:
      // Regulation (EEC, Euratom) 1182/71, art. 3(1): the hour and the day of the event do not count; 3(4): a last day that is no working
      // day moves on, but not for periods in hours.
      if (period.unit == Unit::kHours) {
        const std::int64_t over = ((start.us + calendar.offset_minutes * kMinute) % kHour + kHour) % kHour;
        return over == 0 ? end : end + (kHour - over);
      }
      if (!counts_whole_days(period.unit)) return end;
      return end_of_day(is_business_day(day, calendar) ? day : next_business_day(day, calendar), calendar);
    case Later::kWorkingDayNoon:
      if (period.unit == Unit::kImmediately || is_business_day(day, calendar)) return end;
      return at_second(next_business_day(day, calendar), 12 * 3600, calendar);
  }
  return end;
}

struct End {
  Time due, later;
};

End ends(const Board& board, const Period& period, Time start) {
  const Time plain = end_of(board, period, start, {});
  const Time due = period.unit == Unit::kImmediately || board.regime.tolling == Tolling::kNone ? plain : not_before(plain, board.still);
  Time later = due;
  if (board.regime.tolling == Tolling::kStops && period.unit != Unit::kImmediately)
    later = std::max(later, end_of(board, period, start, board.still));
  return {due, std::max(later, later_of(board, period, start, later))};
}

void consider(const Board& board, const Period& period, const std::vector<Due>& before, Due& due, std::optional<Time>& later) {
  if (!period.only_if.empty() && !board.holds(period.only_if)) return;
  const std::optional<Start> start = start_of(board, period, before);
  if (!start) {
    due.waits_for.push_back(period.from);
    return;
  }
  const End end = ends(board, period, start->at);
  if (!period.drops_if_later.empty()) {
    const auto other = event_time(board, period.drops_if_later, false);
    if (other && *other > end.due) {
      due.notes.push_back(fmt::format("{} {} after {} do not bind: {} came later, at {}", period.amount, unit_name(period.unit), period.from,
                                      period.drops_if_later, format_time(*other)));
      return;
    }
  }
  later = later ? std::min(*later, end.later) : end.later;
  if (due.by != nullptr && end.due >= due.due) return;
  due.state = State::kDue;
  due.by = &period;
  due.start = start->at;
  due.due = end.due;
  due.expected = start->expected;
}

Due due_of(const Board& board, const Stage& stage, const std::vector<Due>& before) {
  Due due;
  due.stage = &stage;
  due.filed = happened(board, "filed:" + stage.id, false);
  if (!stage.only_if.empty() && !board.holds(stage.only_if)) {
    due.state = State::kDoesNotApply;
    due.notes.push_back(fmt::format("applies only with the fact '{}'", stage.only_if));
    return due;
  }
  if (!stage.unless.empty() && board.holds(stage.unless)) {
    due.state = State::kDoesNotApply;
    due.notes.push_back(fmt::format("does not apply with the fact '{}'", stage.unless));
    return due;
  }
  std::optional<Time> later;
  for (const Period& period : stage.periods) consider(board, period, before, due, later);
  if (later && *later > due.due) due.later = later;
  if (due.by != nullptr && due.by->unit == Unit::kBusinessDays && board.calendar.holidays.empty())
    due.notes.push_back("no holidays were given: only weekends are left out");
  if (due.by != nullptr && board.regime.applies_from && local_day(due.start, board.calendar) < *board.regime.applies_from)
    due.notes.push_back("applies from " + format_day(*board.regime.applies_from) + " on: not yet at the start");
  return due;
}

std::string listed(const std::set<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ", ") + name;
  return out.empty() ? "none" : out;
}

Result<void> check(const Regime& regime, const Case& what, const Calendar& calendar, bool allow_draft) {
  if (regime.draft && !allow_draft) return fail(Code::kConflict, fmt::format("'{}' is a draft, not law", regime.id));
  if (calendar.offset_minutes < -14 * 60 || calendar.offset_minutes > 14 * 60)
    return fail(Code::kInvalid, fmt::format("an offset of {} minutes is beyond 14 hours", calendar.offset_minutes));
  const std::set<std::string> events = events_of(regime), facts = facts_of(regime);
  for (const Happened& one : what.happened) {
    if (!events.contains(one.event)) return fail(Code::kInvalid, fmt::format("'{}' has no event '{}'; it has: {}", regime.id, one.event, listed(events)));
  }
  for (const std::string& fact : what.facts) {
    if (!facts.contains(fact)) return fail(Code::kInvalid, fmt::format("'{}' has no fact '{}'; it has: {}", regime.id, fact, listed(facts)));
  }
  if (regime.tolling == Tolling::kNone && !what.still.empty())
    return fail(Code::kInvalid, fmt::format("'{}' knows nothing that stops or delays its clocks", regime.id));
  return {};
}

}  // namespace

Result<std::vector<Due>> due_times(const Regime& regime, const Case& what, const Calendar& calendar, bool allow_draft) {
  FIREBREAK_TRY(check(regime, what, calendar, allow_draft));
  Board board{regime, what, calendar, {}, std::nullopt};
  board.calendar.weekend = regime.weekend;
  FIREBREAK_ASSIGN(board.still, merged(what.still));
  if (regime.restart) board.restarted = happened(board, regime.restart->on, true);
  std::vector<Due> out;
  for (const Stage& stage : regime.stages) out.push_back(due_of(board, stage, out));
  return out;
}

}  // namespace firebreak::deadline
