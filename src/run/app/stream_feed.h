// Reads one endpoint's stream from its first record on, as it grows, and gives every record to the detectors, the
// meter and the id index. Ingest never waits for it: how far it is behind is a metric.
//
// After a restart it reads the stream again from the start: detectors come to the same state and the same findings,
// and the journal refuses those it already has (one high-water mark per producer).
// Threads: the reading is done on a thread of its own; all functions from any thread.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>

#include "fold/detect/detector.h"
#include "log/journal/journal.h"
#include "log/record/stream.h"
#include "types/endpoint.h"
#include "world/effects/meter.h"

namespace firebreak {
class Logger;
}

namespace firebreak::app {

class StreamFeed {
 public:
  StreamFeed(record::Stream& stream, const Endpoint& endpoint, std::unique_ptr<detect::StreamDetector> detector,
             journal::Journal& journal, Logger& logger);
  ~StreamFeed();  // stops

  // Everything that was durable when the call began has been read and its findings are in the journal.
  void wait_idle() const;
  bool idle() const;

  // Lets the detectors report and close what is due at `now`, once everything durable has been read.
  void advance(Time now);

  std::uint64_t behind() const;  // records not read yet

  // Stream index of the newest inference with this id.
  std::optional<std::uint64_t> find_id(std::string_view id) const;
  std::optional<std::uint64_t> find_label(std::string_view id) const;
  std::optional<Time> first_seen(const std::string& caller) const;
  std::map<std::string, Time> first_seen_all() const;

  effects::Meter& meter() { return meter_; }
  std::size_t detector_bytes() const { return detector_bytes_.load(); }

 private:
  void run();
  std::uint64_t read_some(std::uint64_t from);
  void take(const record::Record& record, record::ObservationReader& reader);
  void submit(const FindingUpdate& update, std::uint64_t index, std::uint64_t ordinal);

  record::Stream& stream_;
  const Endpoint endpoint_;
  const std::unique_ptr<detect::StreamDetector> detector_;
  journal::Journal& journal_;
  Logger& logger_;
  effects::Meter meter_;
  std::atomic<std::size_t> detector_bytes_{0};

  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::uint64_t position_ = 0;  // next index to read
  Time advance_to_{-1};          // asked for and not yet done; -1 = nothing
  std::uint64_t advances_ = 0;   // findings of advance() at this position: their ordinals
  bool stopping_ = false;
  std::unordered_map<std::string, std::uint64_t> ids_, labels_;  // bounded: kMaxIds
  std::map<std::string, Time> first_seen_;
  std::uint64_t listener_ = 0;
  std::thread thread_;
};

}  // namespace firebreak::app
