// What is wrong with the stream rather than with a feature: copies, lateness, scores that are no probabilities, silence.
//
// duplicate_requests: more rows than in the reference repeat an earlier one. Asked only of a reference that is the endpoint's own
// records in order; a training set says nothing about retries. timestamp_disorder: more records than allowed come with a time far behind
// the newest. probability_rule: a score outside 0..1 where all were inside. volume_drop: a silence longer than any before
// by a factor, of an endpoint whose records come as they happen; told by advance(), ended by the next record.
// Rows are compared with as many before them as the reference's were (half of its rows), so that chance repeats them as often.
// State: the digests of those rows, kRemembered at most.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "fold/detect/caller_mix.h"
#include "fold/detect/caller_share.h"
#include "fold/detect/config.h"
#include "fold/detect/episode.h"
#include "fold/detect/id_table.h"
#include "fold/detect/profile.h"
#include "stats/rare_events.h"
#include "types/finding.h"
#include "types/observation.h"

namespace firebreak::detect {

class RecordWatch {
 public:
  static constexpr std::size_t kRemembered = 1 << 16;

  RecordWatch(const DetectorConfig& config, const ReferenceProfile& profile);

  // `now`: the newest event time before this record.
  void observe(const Observation& observation, Time now, std::vector<FindingUpdate>& out);
  void advance(Time now, std::vector<FindingUpdate>& out);

  std::size_t bytes() const;

 private:
  struct Question {  // a rare event and what is open about it
    std::string kind, what;
    std::optional<stats::RareEvents> events;
    Episode episode;
    std::uint64_t asked = 0;            // records
    std::deque<std::uint64_t> hits;     // places of the newest such, oldest first
    double evidence = 0;      // at the alarm
    Time last_hit;
  };

  bool repeats(const Observation& observation);
  void ask(Question& question, bool hit, const Observation& observation, Time now, std::vector<FindingUpdate>& out);
  void close_quiet(Time now, std::vector<FindingUpdate>& out);
  void describe(const Question& question, FindingUpdate& update) const;
  void listen(const Observation& observation, Time now, std::vector<FindingUpdate>& out);
  FindingUpdate describe_silence(FindingUpdate update, Time now) const;

  const DetectorConfig& config_;
  double limit_;  // ln
  CallerMix mix_;
  CallerShare callers_;
  Question copies_, late_, scores_;
  std::uint64_t inside_ = 0;  // scores within 0..1 so far
  IdTable<std::uint64_t> rows_;  // digest -> place of its newest copy
  std::deque<std::uint64_t> order_;  // of rows_, oldest first
  std::size_t pool_ = 0;
  std::uint64_t pooled_ = 0;
  Episode silence_;
  std::uint64_t records_ = 0, last_index_ = 0;
  bool live_ = false;  // the newest record came soon after its event: one that is read in later says nothing of silence since
  Time first_, last_;
  std::int64_t longest_gap_us_ = 0;
};

}  // namespace firebreak::detect
