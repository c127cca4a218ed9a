#include "fold/detect/episode.h"

#include <algorithm>

namespace firebreak::detect {

void Episode::hit(const std::string& kind, std::uint64_t index, Time time) {
  if (!open()) {
    *this = Episode();
    kind_ = kind;
    name_ = kind + "/" + std::to_string(index);
    first_index_ = last_index_ = index;
    first_time_ = last_time_ = time;
  }
  cover(index, index, time, time);
  ++count_;
  news_ = true;
  if (indexes_.size() < kIndexes) indexes_.push_back(index);
}

void Episode::extend(std::uint64_t index, Time time) {
  cover(index, index, time, time);
  ++count_;
  news_ = true;
}

void Episode::cover(std::uint64_t first_index, std::uint64_t last_index, Time first, Time last) {
  first_index_ = std::min(first_index_, first_index);
  last_index_ = std::max(last_index_, last_index);
  first_time_ = std::min(first_time_, first);
  last_time_ = std::max(last_time_, last);
}

bool Episode::due(Time now, std::int64_t update_us) const {
  return open() && news_ && (!reported_ || now - last_report_ >= update_us);
}

FindingUpdate Episode::report(const DetectorConfig& config, Time now) {
  FindingUpdate update = describe(config);
  update.phase = reported_ ? FindingPhase::kUpdated : FindingPhase::kOpened;
  update.indexes.swap(indexes_);
  reported_ = true;
  news_ = false;
  last_report_ = now;
  return update;
}

FindingUpdate Episode::close(const DetectorConfig& config) {
  FindingUpdate update = describe(config);
  update.phase = FindingPhase::kClosed;
  *this = Episode();
  return update;
}

FindingUpdate Episode::describe(const DetectorConfig& config) const {
  FindingUpdate update;
  update.episode = name_;
  update.kind = kind_;
  update.endpoint = config.endpoint;
  update.stream = config.stream;
  update.first_index = first_index_;
  update.last_index = last_index_;
  update.first_time = first_time_;
  update.last_time = last_time_;
  update.count = count_;
  return update;
}

}  // namespace firebreak::detect
