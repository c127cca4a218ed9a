// One stream of events against a rule set: which rules match, and the findings that this opens, updates and closes.
//
// Promise: the same events in the same order give the same matches and updates, bit for bit; no clock, no I/O. Windows
// of correlations follow the largest event time seen; findings also the time that advance() tells. A match of a rule (of a group, for correlations) opens an episode of kind `rule_match`; further ones
// update it at most every update_us; it is closed after idle_us, or the correlation's timespan if that is longer, without one.
// State: kMostEpisodes episodes (the one without a match for longest is closed for a new one) and what the correlations
// remember. A rule that only serves correlations says nothing by itself. One owner.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "fold/rules/correlation.h"
#include "fold/rules/rule_set.h"
#include "types/finding.h"

namespace firebreak::rules {

struct EngineOptions {
  std::string endpoint, stream;  // of the findings
  std::int64_t update_us = kMinute;
  std::int64_t idle_us = kHour;
  std::size_t correlation_bytes = CorrelationState::kBytes;
  bool all_speak = false;  // rules that only serve correlations match, too: for their own tests
};

struct Match {
  std::uint32_t rule = 0;          // of the set
  std::string group;               // "caller=c-17"; empty: no group
  std::uint64_t count = 1;         // events, values or rules of a correlation
  Occurrence first, last;
  std::vector<std::uint64_t> indexes;
  std::vector<std::string> callers;
};

class RuleEngine {
 public:
  static constexpr std::size_t kMostEpisodes = 256;

  RuleEngine(std::shared_ptr<const RuleSet> set, EngineOptions options);

  const RuleSet& set() const { return *set_; }
  Event& event() { return event_; }  // to be filled, then given to match() or observe()

  // Every rule that speaks and matches `event`, in the order of the set. Valid until the next call.
  const std::vector<Match>& match(const Event& event);
  // The same as findings.
  std::vector<FindingUpdate> observe(const Event& event);
  // A finding as an event of category `finding`, at the record `index`.
  std::vector<FindingUpdate> observe(const FindingUpdate& finding, std::uint64_t index);
  // Reports what is due and closes what is quiet at `now`.
  std::vector<FindingUpdate> advance(Time now);
  // Closes everything: other rules take over.
  std::vector<FindingUpdate> finish(const std::string& why);

  std::size_t bytes() const;           // now, without the set
  std::size_t most_bytes() const;      // it never takes more
  std::uint64_t late() const;          // occurrences too late for their correlation
  std::uint64_t forgotten() const;     // groups that were forgotten for want of room

 private:
  static constexpr std::size_t kIndexes = 400, kCallers = 64, kGroupBytes = 256;
  struct Episode {
    std::string name, segment;
    Time last_hit, last_report, first_time, last_time;
    std::uint64_t first_index = 0, last_index = 0, count = 0, most = 0;
    bool reported = false, news = false;
    std::vector<std::uint64_t> indexes;
    std::vector<std::string> callers;  // since the last report
    std::vector<std::uint64_t> said;   // hashes of callers that were told, sorted; at most kIndexes
  };
  using Key = std::pair<std::uint32_t, std::string>;  // rule, group

  void add_match(std::uint32_t rule, const Event& event);
  void correlate(std::size_t at, const Event& event);
  bool group_of(const std::vector<std::uint32_t>& slots, const Correlation& correlation, const Event& event, std::string& key) const;
  void hit(const Match& match, std::vector<FindingUpdate>& out);
  std::int64_t idle_of(std::uint32_t rule) const;
  FindingUpdate report(std::uint32_t rule, Episode& episode);
  FindingUpdate close(std::uint32_t rule, Episode& episode);
  FindingUpdate describe(std::uint32_t rule, const Episode& episode) const;
  void look_around(std::vector<FindingUpdate>& out);

  std::shared_ptr<const RuleSet> set_;
  const EngineOptions options_;
  Event event_;
  Matcher::Scratch scratch_;
  std::vector<std::uint32_t> found_;
  std::vector<CorrelationState> correlations_;
  std::vector<std::vector<std::pair<std::uint32_t, std::uint32_t>>> users_;  // by rule: correlation, position
  std::vector<std::vector<std::uint32_t>> touched_;                          // by correlation: positions of this event
  std::vector<Match> matches_;
  std::map<Key, Episode> episodes_;
  Time newest_{INT64_MIN};  // of the events
  Time now_{INT64_MIN}, next_look_{INT64_MAX};
  std::uint64_t arrivals_ = 0;
  std::string key_;
};

}  // namespace firebreak::rules
