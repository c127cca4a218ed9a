// What a feed derives of its stream: the detectors with what they have open, where ids stand, when callers were first seen,
// and what the meter counts. Made by reading the stream in order; made anew, from the stream without the rows of who was
// erased, it takes another one's place (stream_feed.h).
//
// Threads: take() and advance() from one thread, the rest from any; detector() and open() only while nothing is read.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "fold/detect/detector.h"
#include "fold/detect/open_episodes.h"
#include "log/record/record.h"
#include "run/app/rule_runner.h"
#include "types/endpoint.h"
#include "world/effects/meter.h"

namespace firebreak {
class Logger;
}

namespace firebreak::app {

class FeedMind {
 public:
  // `detector` may be empty: nothing to compare with. `known`: erasures and expiries that the log told of before the first row.
  // `rules`: which rules run from which record on; may be empty.
  FeedMind(const Endpoint& endpoint, std::unique_ptr<detect::StreamDetector> detector, std::size_t known, Logger& logger,
           std::shared_ptr<const RuleBook> rules = {})
      : endpoint_(endpoint), detector_(std::move(detector)), known_(known), logger_(logger), meter_(endpoint.positive_label),
        rules_(endpoint, std::move(rules)) {}

  // `meter`: where it counts; empty: its own.
  std::vector<FindingUpdate> take(const record::Record& record, record::ObservationReader& reader, effects::Meter* meter);
  std::vector<FindingUpdate> advance(Time now);
  const detect::OpenEpisodes& open() const { return open_; }  // of the thread that takes
  effects::Meter& own_meter() { return meter_; }

  std::optional<std::uint64_t> find_id(std::string_view id) const;
  std::optional<std::uint64_t> find_label(std::string_view id) const;
  std::map<std::string, Time> first_seen_all() const;
  bool detects() const { return detector_ != nullptr; }
  std::size_t known() const { return known_; }
  const detect::StreamDetector* detector() const { return detector_.get(); }  // for looking into while nothing is read
  Json performance() const;  // what labels and scores say now; null without detectors. Waits for the record at hand
  std::size_t detector_bytes() const { return detector_bytes_.load(); }

 private:
  std::vector<FindingUpdate> detected(const std::function<std::vector<FindingUpdate>(detect::StreamDetector&)>& step);
  std::vector<FindingUpdate> looked_at(const record::Record& record, record::ObservationReader& reader, effects::Meter* meter);
  template <class Seen>
  std::vector<FindingUpdate> judged(const record::Record& record, const Seen& seen);
  std::vector<FindingUpdate> heard(std::vector<FindingUpdate> updates);

  const Endpoint& endpoint_;
  const std::unique_ptr<detect::StreamDetector> detector_;
  const std::size_t known_;
  Logger& logger_;
  effects::Meter meter_;
  RuleRunner rules_;
  detect::OpenEpisodes open_;
  std::atomic<std::size_t> detector_bytes_{0};
  std::uint64_t steps_ = 0;
  mutable std::mutex detecting_;  // detector_, while it takes a record or is asked
  mutable std::mutex mutex_;  // what follows
  std::unordered_map<std::string, std::uint64_t> ids_, labels_;  // bounded: kMaxIds
  std::map<std::string, Time> first_seen_;
};

}  // namespace firebreak::app
