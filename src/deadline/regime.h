// Reporting regimes as data: who must be told what, how long after which event, and in whose words.
//
// A document is {version: 1, regimes: […]} (docs/deadlines.md has every key). Reading is strict: unknown keys, a stage that follows a later
// one, a period whose number does not stand in the text it is drawn from, and names used twice are kInvalid with a JSON Pointer. The program
// does not judge law: what a regime says is what its document says.
//
// Pure; values, no threads.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "deadline/calendar.h"

namespace firebreak::deadline {

enum class Unit { kImmediately, kHours, kBusinessHours, kDays, kBusinessDays, kMonths };
std::string_view unit_name(Unit unit);  // as in documents: "immediately", "hours", "business_hours", …

// How the facts were come by.
enum class Checked {
  kSource,     // read in the source itself
  kSecondary,  // read about elsewhere
  kUnchecked,  // general knowledge: compare with the source before relying on it
};
std::string_view checked_name(Checked checked);

// The later end that a rule of counting may give. Due is always the earlier.
enum class Later {
  kNone,
  kEndOfDay,        // days and months end with the last day
  kWorkingDay,      // Regulation 1182/71: that, moved on to a working day; hours run from the next full hour
  kWorkingDayNoon,  // a deadline on a day that is no working day: noon of the next that is
};
enum class Tolling {
  kNone,       // nothing stops the clock
  kStops,      // due: not before the stop is over; later: the time of the stop does not count
  kPostpones,  // due: not before the delay is over
};

struct Source {
  std::string citation, url;
  Day seen = 0;  // the state of the law that the document describes
  Checked checked = Checked::kUnchecked;
};

struct Period {
  // The start: an event, or the filing of an earlier stage (then `after_stage`, its place in the regime).
  std::string from;
  std::optional<std::size_t> after_stage;
  bool last = false;      // of several such events or filings the last counts, otherwise the first
  bool year_end = false;  // the time runs from the end of the calendar year of the start
  Unit unit = Unit::kHours;
  int amount = 0;               // 1..10000, 0 for kImmediately
  std::string only_if;          // a fact without which this period does not bind; empty: always
  std::string drops_if_later;   // an event: when it comes after this period's end, the period does not bind
};

struct Stage {
  std::string id, name, recipient;
  std::string due;                // what must be said
  std::string text, citation;     // the source's words, or what they say
  bool paraphrased = true;        // `text` is ours
  std::string only_if, unless;    // facts
  std::vector<Period> periods;    // of those that bind, the earliest end counts; never empty
};

struct Restart {
  std::string on;               // an event
  std::set<std::string> of;     // starts that it replaces when it comes later; what was filed before it counts no more
};

struct Regime {
  std::string id, name, jurisdiction;
  Source source;
  bool draft = false;             // not law
  std::optional<Day> applies_from;
  std::array<bool, 7> weekend = Calendar{}.weekend;
  std::int64_t day_ends = 86399;  // last second of a business day on which what is due that day is in time
  Office office;
  Later later = Later::kNone;
  Tolling tolling = Tolling::kNone;
  std::optional<Restart> restart;
  std::vector<Stage> stages;
  std::string holds_evidence_until;  // a stage: until its report is filed nothing may change the system (AI Act, art. 73(6)); empty: none
  std::vector<std::string> unknown;  // what the program does not know, for people
};

Result<std::vector<Regime>> regimes_from_json(const Json& document);

std::string period_text(const Period& period);  // "72 hours after awareness", "1 month after filed:notification"

// The names that a case may bring: events ("awareness", "filed:initial"), and facts ("death").
std::set<std::string> events_of(const Regime& regime);
std::set<std::string> facts_of(const Regime& regime);

// True when `text` names the span: the number in digits or, up to twelve, in words, before its unit ("72 hours", "four business days").
bool names_period(std::string_view text, Unit unit, int amount);

}  // namespace firebreak::deadline
