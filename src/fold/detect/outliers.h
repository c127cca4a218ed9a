// Outlier share: how many of the last hour's distinct requests lie further out than nearly all training rows,
// against a binomial limit. Copies do not count: the binomial law needs independent draws.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "fold/detect/config.h"
#include "fold/detect/episode.h"
#include "fold/detect/profile.h"
#include "types/finding.h"
#include "types/observation.h"

namespace firebreak::detect {

class OutlierDetector {
 public:
  OutlierDetector(const DetectorConfig& config, const ReferenceProfile& profile)
      : config_(config), profile_(profile) {}

  void observe(const Observation& observation, const std::vector<Rank>& ranks, Time now,
               std::vector<FindingUpdate>& out);
  void advance(Time now, std::vector<FindingUpdate>& out);

  std::size_t bytes() const { return buckets_.size() * sizeof(Bucket) + Episode::kIndexes * 8; }

 private:
  // A sixtieth of the window: the state does not grow with the traffic.
  struct Bucket {
    std::int64_t number = 0;
    std::uint64_t rows = 0, outliers = 0;
    std::uint64_t first_index = 0, last_index = 0;  // of its outliers
    Time first_time, last_time;
  };

  void forget(Time now);
  double probability() const;
  void report(Time now, std::vector<FindingUpdate>& out);
  void describe(FindingUpdate& update) const;
  void note_features(const std::vector<Rank>& ranks);
  std::string most_outlying() const;

  const DetectorConfig& config_;
  const ReferenceProfile& profile_;
  std::deque<Bucket> buckets_;
  std::uint64_t rows_ = 0, outliers_ = 0;
  std::vector<double> outlying_;  // by numeric feature: summed surprise of the window's outliers, halved now and then
  Episode episode_;
  FindingUpdate peak_;  // figures of the open episode when most lay outside
};

}  // namespace firebreak::detect
