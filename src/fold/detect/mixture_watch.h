// Do the features still go together as in the reference? Blocks of 256 rows, each held against the reference as a whole.
//
// A block's distance (embedding.h) has a rank among those of 1,000 blocks drawn from the reference; ranks bet against uniform ones as
// power martingales (Vovk et al. 2003) in Shiryaev-Roberts form, so a false finding comes once in `arl_records` records at most, as far
// as blocks of the reference drawn at random are like honest ones: rows that depend on their neighbours make larger distances.
// Like NEWMA (Keriven, Garreau & Poli 2020) but against the reference itself instead of a slower average, into which a change fades.
// Says multivariate_drift. Needs two numeric features and a reference of 1,024 whole rows.
#pragma once

#include <array>
#include <deque>
#include <optional>

#include "fold/detect/config.h"
#include "fold/detect/embedding.h"
#include "fold/detect/episode.h"
#include "types/finding.h"
#include "types/observation.h"

namespace firebreak::detect {

class MixtureWatch {
 public:
  MixtureWatch(const DetectorConfig& config, const ReferenceProfile& profile);

  // A whole row that is no copy and near to no other.
  void observe(const Observation& observation, std::span<const Rank> ranks, Time now, std::vector<FindingUpdate>& out);

  std::size_t bytes() const { return sizeof(*this) + profile_.numeric.size() * kEmbedding * sizeof(double) + kBlocks * sizeof(Block); }

 private:
  static constexpr std::size_t kBlocks = 64;  // remembered
  struct Block {
    std::uint64_t first_index = 0, last_index = 0;
    Time first_time, last_time;
    double distance = 0, p = 1;
  };
  void finish(Time now, std::vector<FindingUpdate>& out);
  double rank_of(double distance) const;
  double log_evidence() const;
  bool are_usual(std::size_t newest) const;
  Onset onset() const;
  void describe(FindingUpdate& update) const;

  const DetectorConfig& config_;
  const ReferenceProfile& profile_;
  Embedding embedding_;
  Embedded sum_{}, mean_{};
  std::size_t rows_ = 0;
  Block block_;
  std::deque<Block> blocks_;  // newest last
  std::array<double, 4> wealth_{};
  double evidence_ = 0, limit_ = 0;
  Onset began_;
  std::size_t rested_on_ = 0, since_alarm_ = 0;  // blocks: as many as made the finding must be usual again to end it
  Episode episode_;
};

}  // namespace firebreak::detect
