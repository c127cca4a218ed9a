// Findings about single requests: a schema violation, a model nobody registered, answers that failed. None of them refuses anything.
// A feature without a value is none of these but missing_values (feature_watches.h), unless the request has no value at all.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "fold/detect/config.h"
#include "fold/detect/episode.h"
#include "fold/detect/profile.h"
#include "types/finding.h"
#include "types/observation.h"

namespace firebreak::detect {

class InputChecks {
 public:
  InputChecks(const DetectorConfig& config, const ReferenceProfile& profile)
      : config_(config), profile_(profile) {}

  void observe(const Observation& observation, Time now, std::vector<FindingUpdate>& out);
  void advance(Time now, std::vector<FindingUpdate>& out);

  std::size_t bytes() const;

 private:
  struct Open {
    Episode episode;
    Time hit_at;  // when it came, which for a record that is late is not when it was
    Severity severity = Severity::kLow;
    std::string summary;
  };

  void hit(const std::string& slot, const std::string& kind, Severity severity, std::string summary,
           const Observation& observation, Time now);
  void tell_violation(const Observation& observation, Time now);
  bool is_missing_value(const Observation& observation) const;
  void check_failures(const Observation& observation, Time now);

  const DetectorConfig& config_;
  const ReferenceProfile& profile_;
  std::map<std::string, Open> open_;
  std::deque<Time> failures_;
};

}  // namespace firebreak::detect
