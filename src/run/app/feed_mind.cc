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

void append(std::vector<FindingUpdate>& to, std::vector<FindingUpdate> more) {
  for (FindingUpdate& update : more) to.push_back(std::move(update));
}

}  // namespace

std::vector<FindingUpdate> FeedMind::take(const record::Record& record, record::ObservationReader& reader, effects::Meter* meter) {
  std::vector<FindingUpdate> updates = rules_.turn(record.index);
  append(updates, looked_at(record, reader, meter));
  return heard(std::move(updates));
}

// The detectors first; the rules see the record, then what the detectors say of it.
template <class Seen>
std::vector<FindingUpdate> FeedMind::judged(const record::Record& record, const Seen& seen) {
  std::vector<FindingUpdate> updates = detected([&seen](detect::StreamDetector& detector) { return detector.observe(seen); });
  if (!rules_.running()) return updates;
  std::vector<FindingUpdate> ruled = rules_.observe(record, seen);
  append(ruled, rules_.observe(updates, record.index));
  append(updates, std::move(ruled));
  return updates;
}

std::vector<FindingUpdate> FeedMind::looked_at(const record::Record& record, record::ObservationReader& reader, effects::Meter* meter) {
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
    return judged(record, *observation);
  }
  if (record.kind != record::Kind::kLabel) return rules_.observe(record);
  const auto label = record::to_label(record);
  if (!label) {
    logger_.error("a record is no label", label.error());
    return {};
  }
  {
    const std::lock_guard lock(mutex_);
    if (labels_.size() < kMaxIds) labels_[label->id] = record.index;
  }
  return judged(record, *label);
}

std::vector<FindingUpdate> FeedMind::advance(Time now) {
  std::vector<FindingUpdate> updates = detected([now](detect::StreamDetector& detector) { return detector.advance(now); });
  append(updates, rules_.advance(now));
  return heard(std::move(updates));
}

Json FeedMind::performance() const {
  const std::lock_guard lock(detecting_);
  return detector_ ? detector_->performance() : Json(nullptr);
}

std::vector<FindingUpdate> FeedMind::detected(const std::function<std::vector<FindingUpdate>(detect::StreamDetector&)>& step) {
  constexpr std::uint64_t kMeasureEvery = 256;  // adding up what every part holds costs as much as some records
  if (!detector_) return {};
  const std::lock_guard lock(detecting_);
  std::vector<FindingUpdate> updates = step(*detector_);
  if (steps_++ % kMeasureEvery == 0) detector_bytes_.store(detector_->bytes() + rules_.bytes());
  return updates;
}

std::vector<FindingUpdate> FeedMind::heard(std::vector<FindingUpdate> updates) {
  for (const FindingUpdate& update : updates) open_.apply(update);
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
