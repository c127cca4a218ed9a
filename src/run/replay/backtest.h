// What would another configuration have found? Recorded history through two sets of watchers and correlation rules, side by side:
// findings and incidents that would appear or vanish, alerts a week before and after. A what-if: nothing of it enters a journal.
//
// Both sides read the same records from the first one on (detectors come to the state that they would have), and what they say from
// `from` on counts. Labels, late records and erased rows are as recorded. Assumptions, stated in the answer: nothing is muted, and an
// incident is worked off when nothing of it was seen for kWorkedOff.
//
// A Watcher is whatever turns records into findings: the detectors of an endpoint, or the rules of a matcher. A retro-hunt for a new
// rule is a backtest whose `before` has no watcher and whose `after` has the rules alone.
// Pure but for the reading; one owner.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "fold/detect/detector.h"
#include "fold/incident/incident.h"
#include "log/record/stream.h"
#include "types/endpoint.h"

namespace firebreak::replay {

class Watcher {
 public:
  virtual ~Watcher() = default;
  virtual std::vector<FindingUpdate> observe(const record::Record& record, const Observation& observation) = 0;
  virtual std::vector<FindingUpdate> observe(const record::Record& record, const LabelObservation& label) = 0;
  virtual std::vector<FindingUpdate> observe(const record::Record&, Time) { return {}; }  // of another kind, with its event time
  virtual std::vector<FindingUpdate> advance(Time now) = 0;  // once a minute of event time
  virtual std::vector<FindingUpdate> finish(Time) { return {}; }  // after the last record: what is still to be said
};
std::unique_ptr<Watcher> watch(const detect::DetectorConfig& config, const detect::ReferenceProfile& profile);

struct Side {
  std::vector<std::unique_ptr<Watcher>> watchers;
  std::vector<incident::Rule> rules;
};

inline constexpr std::int64_t kWorkedOff = kDay;
inline constexpr std::int64_t kLeastSpan = kHour;  // that a rate is made of: a minute's records say nothing of a week
double weeks_of(std::int64_t span_us);             // of what the records cover, however far back was asked
inline constexpr std::size_t kListed = 500;  // of each list

struct BacktestFinding {
  FindingUpdate said;  // the newest, without members
  Time opened;
  std::string incident;  // in the what-if
};
struct BacktestIncident {
  std::string title, rule, severity;
  Time first, last, opened;
  std::uint64_t findings = 0;
};
struct Outcome {
  std::vector<BacktestFinding> findings;
  std::vector<BacktestIncident> incidents;
  double alerts_per_week = 0;  // incidents, and findings of severity medium or more that are in none
};

// Takes what watchers say, in the order of records, and lets the incident fold decide.
class Tally {
 public:
  Tally(const std::string& endpoint, std::vector<incident::Rule> rules, Time from);
  void hear(const FindingUpdate& update, Time now);
  Outcome outcome(std::int64_t span_us) const;  // of the records that counted

 private:
  std::vector<Entry> give(std::string kind, Json body, Time now);
  void work_off(Time now);

  const Time from_;
  incident::IncidentState state_;
  std::uint64_t next_ = 0;
  std::map<std::string, std::size_t> known_;  // episode -> finding
  std::map<std::string, std::size_t> by_id_;
  std::map<std::string, std::size_t> incidents_;
  Outcome outcome_;
};

// {"records", "from", "since", "to", "span_s", "findings": {"before", "after", "appear": […], "vanish": […]}, "incidents": the same,
// "alerts_per_week": {"before", "after"}, "assumptions": […]}. `from` is as asked; `since` to `to`, span_s, is what was recorded from then
// on, and what rates are of. kNotFound: nothing was.
Result<Json> backtest(record::Stream& stream, const Endpoint& endpoint, Side before, Side after, Time from);
Json compare(const Outcome& before, const Outcome& after);  // its "findings", "incidents" and "alerts_per_week"

}  // namespace firebreak::replay
