// Who asks, and how many of them: told when one caller has a far greater share of the records than any had
// before (caller_mix), or far more callers come than came before (cardinality_burst).
//
// Of each kBlock records that name a caller, the greatest share and the number of callers are held against
// the greatest of all blocks before: far is a factor of caller_factor, and for the share a chance below e^-20
// besides, as if callers came in no order (Chernoff 1952). No more is promised: callers come in bursts, and
// what was never seen in the first kLearnt blocks may be usual. After a day of it it is. State: one block.
// Same records, same answers.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "fold/detect/config.h"
#include "fold/detect/episode.h"
#include "fold/detect/id_table.h"
#include "types/finding.h"
#include "types/observation.h"

namespace firebreak::detect {

class CallerMix {
 public:
  static constexpr std::uint32_t kBlock = 256;
  static constexpr std::uint64_t kLearnt = 16;

  explicit CallerMix(const DetectorConfig& config) : config_(config) {}

  void observe(const Observation& observation, Time now, std::vector<FindingUpdate>& out);
  std::size_t bytes() const { return sizeof(*this) + counts_.bytes(); }

 private:
  struct Question {
    std::string kind;
    double usual = 0;  // the greatest before
    Episode episode;
    Time began;
  };
  struct Block {
    std::uint32_t records = 0, callers = 0, most = 0;
    std::string leader;  // who sent the most
    std::uint64_t first_index = 0, last_index = 0;
    Time first_time, last_time;
  };
  void judge(Time now, std::vector<FindingUpdate>& out);
  void tell(Question& question, double value, bool far, Time now, std::vector<FindingUpdate>& out);
  FindingUpdate described(const Question& question, double value, FindingUpdate update) const;

  const DetectorConfig& config_;
  IdTable<std::uint32_t> counts_{kBlock};  // of the block, by caller
  Block block_;
  std::uint64_t blocks_ = 0;
  Question share_{"caller_mix", 0, {}, {}}, callers_{"cardinality_burst", 0, {}, {}};
};

}  // namespace firebreak::detect
