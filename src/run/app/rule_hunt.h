// The retro-hunt: what rules that nobody has applied yet would have matched in the history of a stream.
//
// A backtest (run/replay/backtest.h) whose `before` has no watcher and whose `after` has the rules alone, by the same RuleRunner that a
// feed has. The rules see what `rule apply` would have shown them, had it been given at `from`: nothing of before (a correlation begins
// empty), every record from then on, and what the stream's detectors say of it, which have read from the first record on.
// Nothing of it enters a journal. Same records, same answer. Threads: one owner; hunt_rules reads the stream, any thread.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "run/app/rule_runner.h"
#include "run/replay/backtest.h"

namespace firebreak::app {

// What one rule, or one group of a correlation, matched: several episodes together.
struct Hunted {
  std::uint64_t matches = 0, open = 0;  // open: of them, in the episode that is not closed
  std::uint64_t episodes = 0;
  std::uint64_t first_index = 0, last_index = 0;
  Time first_time, last_time;
  std::vector<std::uint64_t> indexes;  // ascending, the first kHuntedIndexes that were told
  std::vector<std::string> callers;    // as they came
};

inline constexpr std::size_t kHuntedIndexes = 400, kHuntedCallers = 64;  // of each
inline constexpr std::size_t kHuntedKept = 10'000;                      // groups; of more, only how many matches they had

class HuntedMatches {
 public:
  using Key = std::pair<std::string, std::string>;  // rule (RuleSet::find), group
  void hear(const FindingUpdate& update);
  const std::map<Key, Hunted>& all() const { return all_; }
  std::uint64_t unlisted() const { return unlisted_; }  // matches of groups beyond kHuntedKept

 private:
  std::map<Key, Hunted> all_;
  std::map<Key, std::uint64_t> unlisted_open_;  // matches told of episodes that are not closed: few, by the engine's bound
  std::uint64_t unlisted_ = 0;
};

// True: some rule, itself or for a correlation, looks at findings of detectors.
bool reads_findings(const rules::RuleSet& set);

// {"endpoint", "from", "since", "to", "span_s", "records", "total", "per_week", "matches": [{rule, title, level, group?, matches, per_week, episodes,
// first, last, first_time, last_time, indexes, callers?}] (most matches first, at most replay::kListed), "left_out", "findings",
// "incidents", "alerts_per_week", "assumptions"}. `detector`: nullptr when rules see no findings. `rules`: of correlation, for
// "incidents". Errors: kNotFound when nothing was recorded from `from` on; those of reading.
Result<Json> hunt_rules(record::Stream& stream, const Endpoint& endpoint, std::shared_ptr<const rules::RuleSet> set,
                        std::unique_ptr<detect::StreamDetector> detector, std::vector<incident::Rule> rules, Time from);

}  // namespace firebreak::app
