#include "run/app/feed_mind.h"

#include "base/log.h"

namespace firebreak::app {
namespace {

constexpr std::size_t kMaxIds = 4'000'000;  // beyond it a trace reads the stream instead

template <class Map>
std::optional<typename Map::mapped_type> found_in(const Map& map, std::string_view key) {
  const auto found = map.find(std::string(key));
  return found == map.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace

std::vector<FindingUpdate> FeedMind::take(const record::Record& record, record::ObservationReader& reader, effects::Meter* meter) {
  if (record.kind == record::Kind::kInference) {
    auto observation = reader.read(record);
    if (!observation) {
      logger_.error("a record is no inference of this endpoint", observation.error());
      return {};
    }
    bool established = false;
    {
      const std::lock_guard lock(mutex_);
      if (ids_.size() < kMaxIds) ids_[observation->id] = record.index;
      const Time first = first_seen_.try_emplace(observation->caller, observation->time).first->second;
      established = observation->time - first >= endpoint_.caps.young_key_age_us;
    }
    (meter != nullptr ? *meter : meter_).count(*observation, established);
    return heard([&](detect::StreamDetector& detector) { return detector.observe(*observation); });
  }
  if (record.kind != record::Kind::kLabel) return {};
  const auto label = record::to_label(record);
  if (!label) {
    logger_.error("a record is no label", label.error());
    return {};
  }
  {
    const std::lock_guard lock(mutex_);
    if (labels_.size() < kMaxIds) labels_[label->id] = record.index;
  }
  return heard([&](detect::StreamDetector& detector) { return detector.observe(*label); });
}

std::vector<FindingUpdate> FeedMind::advance(Time now) {
  return heard([now](detect::StreamDetector& detector) { return detector.advance(now); });
}

Json FeedMind::performance() const {
  const std::lock_guard lock(detecting_);
  return detector_ ? detector_->performance() : Json(nullptr);
}

std::vector<FindingUpdate> FeedMind::heard(const std::function<std::vector<FindingUpdate>(detect::StreamDetector&)>& step) {
  if (!detector_) return {};
  const std::lock_guard lock(detecting_);
  std::vector<FindingUpdate> updates = step(*detector_);
  for (const FindingUpdate& update : updates) open_.apply(update);
  detector_bytes_.store(detector_->bytes());
  return updates;
}

std::optional<std::uint64_t> FeedMind::find_id(std::string_view id) const {
  const std::lock_guard lock(mutex_);
  return found_in(ids_, id);
}

std::optional<std::uint64_t> FeedMind::find_label(std::string_view id) const {
  const std::lock_guard lock(mutex_);
  return found_in(labels_, id);
}

std::map<std::string, Time> FeedMind::first_seen_all() const {
  const std::lock_guard lock(mutex_);
  return first_seen_;
}

}  // namespace firebreak::app
