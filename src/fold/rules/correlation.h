// What one correlation remembers: occurrences of its rules, by group, within its timespan of event time.
//
// Source: Sigma Correlation Rules Specification 2.0. Windows slide: an occurrence is judged with those of its group that are at
// most the timespan older than the group's newest one, bounds included. An occurrence that is older than the newest event of
// the whole stream by more than the timespan is late: it is counted and otherwise without effect. temporal_ordered asks for
// rising (time, arrival); of each of its rules the 8 chains with the newest ends are remembered.
// State: at most kBytes each, by forgetting the group that was touched least recently; forgotten() counts these.
// Pure; one owner.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "fold/rules/rule.h"

namespace firebreak::rules {

struct Occurrence {
  Time time;
  std::uint64_t index = 0;    // of the record
  std::uint64_t arrival = 0;  // its place among the events that were seen
};

struct Fired {
  std::uint64_t count = 0;  // events, values, or rules
  bool rising = false;      // the condition did not hold at the group's last occurrence
  Occurrence first, last;
  std::vector<std::uint64_t> indexes;  // the newest ones behind it, at most kEvidence
};

class CorrelationState {
 public:
  static constexpr std::size_t kBytes = 4 * 1024 * 1024;
  static constexpr std::size_t kEvidence = 100;
  static constexpr std::size_t kChains = 8;

  explicit CorrelationState(const Correlation& correlation, std::size_t bytes = kBytes);

  // `rule`: position among the correlation's rules; `newest`: of the whole stream; `value`: of value_count's field. Filled when
  // the condition holds.
  std::optional<Fired> take(std::size_t rule, const Occurrence& occurrence, Time newest, const std::string& group, std::string_view value);

  std::size_t bytes() const { return bytes_; }
  std::size_t groups() const { return live_; }
  std::uint64_t forgotten() const { return forgotten_; }
  std::uint64_t late() const { return late_; }

 private:
  static constexpr std::uint32_t kNone = UINT32_MAX;
  struct Seen {  // a value
    Occurrence at;
    std::uint64_t high = 0, low = 0;
  };
  struct Chain {  // of occurrences in the order of the rules
    Occurrence at, start;
  };
  struct Group {
    std::string key;
    Time newest{INT64_MIN};
    bool holds = false;
    std::vector<Occurrence> marks;           // event_count: a ring in order of time from `head`; temporal: one a rule
    std::size_t head = 0;
    std::vector<Seen> values;                // value_count: one a value
    std::vector<std::vector<Chain>> chains;  // temporal_ordered, by rule
    std::uint32_t older = kNone, newer = kNone;
    std::size_t bytes = 0;
  };

  std::size_t slot_of(const std::string& key) const;  // its own, or the free one where it belongs
  std::uint32_t find_or_add(const std::string& key);
  void touch(std::uint32_t at);
  void unlink(std::uint32_t at);
  void forget(std::uint32_t at);
  void rehash(std::size_t slots);
  void account(Group& group);
  Fired count_events(Group& group, const Occurrence& occurrence);
  Fired count_values(Group& group, const Occurrence& occurrence, std::string_view value);
  Fired count_rules(Group& group, std::size_t rule, const Occurrence& occurrence);
  Fired follow(Group& group, std::size_t rule, const Occurrence& occurrence);

  const Correlation& correlation_;
  const std::size_t most_bytes_;
  const std::size_t needed_;    // occurrences, or values, that a group remembers
  std::deque<Group> groups_;
  std::vector<std::uint32_t> free_, slots_;  // slots_: kNone, or a group
  std::uint32_t oldest_ = kNone, newest_ = kNone;
  std::size_t live_ = 0, bytes_ = 0;
  std::uint64_t forgotten_ = 0, late_ = 0;
};

}  // namespace firebreak::rules
