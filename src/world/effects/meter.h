// Measures what an action in force does, from the recorded dispositions of the last hour.
//
// works: of the requests that belong to the chain (caller or exact copy in the sets), how many the model no longer
// served. harm: of all others, how many got an answer of the rules or a review (changed), or none (failed: limited or
// blocked). Upstream failures and schema violations are nobody's action and count in neither. Membership is judged
// with the sets as they are now, so a query that was recognised later still counts as the chain's.
//
// Memory: at most kMaxRows requests of the newest hour; older ones are dropped. Threads: all functions from any thread.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <string>

#include "base/digest.h"
#include "types/observation.h"
#include "types/policy.h"

namespace firebreak::effects {

struct Effect {
  std::uint64_t not_served = 0, chain = 0;          // works
  std::uint64_t changed = 0, failed = 0, others = 0;  // harm
};

struct ReleaseCounts {
  std::uint64_t of = 0, positive = 0, failed = 0;  // answers of the release, positive labels, upstream failures
};

struct ShadowCounts {
  std::uint64_t answers = 0, agree = 0;  // of a candidate to copies; the same as what the caller got
};

class Meter {
 public:
  static constexpr std::size_t kMaxRows = 500'000;

  explicit Meter(std::string positive_label) : positive_label_(std::move(positive_label)) {}

  // `established`: the caller has a history. Releases are compared on such callers alone: an attack under young keys
  // meets a hardened release differently, which is what it was hardened for and no fault of it.
  void count(const Observation& observation, bool established);

  // Over the last hour before `now`, and after `since`.
  Effect effect(const Measure& measure, Time since, Time now) const;

  // Answers per release since the last reset_releases(): what a canary step is judged by.
  std::map<std::string, ReleaseCounts> releases() const;
  // A candidate's answers to copies of established callers' requests, since the same reset.
  ShadowCounts shadow(const std::string& release) const;
  void reset_releases();

  // Goes on with the requests of another meter of the same stream, which counted it without who was erased; what was
  // counted of releases since their reset stays. Nobody else may use `other`.
  void take_rows(Meter& other);

  std::size_t bytes() const;

 private:
  struct Row {
    Time time;
    std::uint32_t caller = 0;  // index into names_
    Digest digest;
    Disposition disposition = Disposition::kServed;
  };

  const std::string positive_label_;
  mutable std::mutex mutex_;
  std::deque<Row> rows_;
  std::map<std::string, std::uint32_t> names_;
  std::vector<std::string> name_of_;
  std::map<std::string, ReleaseCounts> releases_;
  std::map<std::string, ShadowCounts> shadows_;
};

}  // namespace firebreak::effects
