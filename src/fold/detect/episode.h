// An episode of hits: opened by the first, updated at most every so often, closed when quiet.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "fold/detect/config.h"
#include "types/finding.h"

namespace firebreak::detect {

class Episode {
 public:
  static constexpr std::size_t kIndexes =
      400;  // exact evidence in one update; the rest is in the range and count

  bool open() const { return !name_.empty(); }

  // Counts a hit at a record; the first one gives the episode its name, "<kind>/<index>".
  void hit(const std::string& kind, std::uint64_t index, Time time);
  // The same for a record that is one of very many: counted, not named.
  void extend(std::uint64_t index, Time time);
  // Widens the evidence to an interval that is known as a whole.
  void cover(std::uint64_t first_index, std::uint64_t last_index, Time first, Time last);

  // True when an opening or an update is due.
  bool due(Time now, std::int64_t update_us) const;
  // Fills phase, names, evidence and count, and takes what is new; the caller adds numbers, severity and
  // sentence.
  FindingUpdate report(const DetectorConfig& config, Time now);
  FindingUpdate close(const DetectorConfig& config);

  std::uint64_t count() const { return count_; }

 private:
  FindingUpdate describe(const DetectorConfig& config) const;

  std::string name_, kind_;
  bool reported_ = false, news_ = false;
  Time last_report_;
  std::uint64_t first_index_ = 0, last_index_ = 0, count_ = 0;
  Time first_time_, last_time_;
  std::vector<std::uint64_t> indexes_;
};

}  // namespace firebreak::detect
