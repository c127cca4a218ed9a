// Reads one endpoint's stream from its first record on, as it grows, and gives every record to the detectors, the
// meter and the id index. Ingest never waits for it: how far it is behind is a metric.
//
// After a restart it reads the stream again from the start: detectors come to the same state and the same findings. As far as
// the journal has heard (one high-water mark per producer) they say nothing; there, what the journal does not know is handed over.
//
// When rows are gone (an erasure, an expiry) renew() makes everything derived anew beside, on a thread of its own; the old goes
// on meanwhile. Once it has read as far it takes over between two records, and the journal hears the difference alone: nothing
// opens twice, what nothing stands behind any more is closed.
// Threads: the reading is done on a thread of its own; renew() and stopping from one thread, all other functions from any.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "log/journal/journal.h"
#include "log/record/stream.h"
#include "run/app/feed_mind.h"

namespace firebreak::app {

class StreamFeed {
 public:
  // A finding's ordinal from here on: not a record led to it but time, or a take-over, behind the record at its position.
  static constexpr std::uint64_t kAdvanceOrdinal = 1'000;

  // `said`: what the journal has open of this feed's; `renewed`: called when others took over, on the reading thread.
  StreamFeed(record::Stream& stream, const Endpoint& endpoint, std::unique_ptr<detect::StreamDetector> detector,
             journal::Journal& journal, Logger& logger, detect::OpenEpisodes said = {}, std::function<void()> renewed = {},
             std::shared_ptr<RuleBook> rules = {});
  ~StreamFeed();  // stops

  // Everything that was durable when the call began has been read and its findings are in the journal.
  void wait_idle() const;
  bool idle() const;

  // Lets the detectors report and close what is due at `now`, once everything durable has been read.
  void advance(Time now);

  // The book of its rules asks for others: they are taken up before the next record.
  void rules_changed();

  // Goes on with `detector` (may be empty), made anew from the first record on. A renewal that is under way is given up.
  // `why`: under which what they do not find any more is closed; `taken`: called with the place from which on they judge.
  void renew(std::unique_ptr<detect::StreamDetector> detector, std::string why = {}, std::function<void(std::uint64_t)> taken = {});
  // Erasures and expiries of the stream of whose rows nothing derived holds anything; and those that a renewal under way knows.
  std::size_t forgotten() const { return mind()->known(); }
  std::size_t renewing() const;
  bool detects() const { return mind()->detects(); }

  std::uint64_t behind() const;  // records not read yet

  // Stream index of the newest inference with this id.
  std::optional<std::uint64_t> find_id(std::string_view id) const { return mind()->find_id(id); }
  std::optional<std::uint64_t> find_label(std::string_view id) const { return mind()->find_label(id); }
  std::map<std::string, Time> first_seen_all() const { return mind()->first_seen_all(); }

  effects::Meter& meter() { return meter_; }
  Json performance() const { return mind()->performance(); }
  std::size_t detector_bytes() const { return mind()->detector_bytes(); }
  std::shared_ptr<const FeedMind> mind() const;

 private:
  void run();
  void read_some(std::uint64_t from, std::uint64_t end);
  std::uint64_t read(std::uint64_t from, std::uint64_t end, const std::function<void(const record::Record&, record::ObservationReader&)>& each);
  void take_rules(RuleBook::Taken asked);
  void submit(FindingUpdate update, std::uint64_t index, std::uint64_t ordinal);
  void take_over(std::unique_lock<std::mutex>& lock);
  void hand_over(const std::string& why = {});
  void make_anew(std::shared_ptr<FeedMind> mind);
  void stop_renewing();

  record::Stream& stream_;
  const Endpoint endpoint_;
  journal::Journal& journal_;
  Logger& logger_;
  const std::function<void()> renewed_;
  const std::shared_ptr<RuleBook> rules_;
  effects::Meter meter_;

  // Of the reading thread.
  detect::OpenEpisodes said_;                   // what the journal knows
  std::map<std::string, std::string> renamed_;  // the detectors' name of an episode -> the journal's
  std::uint64_t heard_until_ = 0;               // records before it: the journal has heard all it will hear of them
  bool quiet_ = false;                          // until there
  Time advanced_to_{-1};                        // how far the detectors were told of time
  std::uint64_t taken_over_at_ = 0;             // by detectors that were made anew
  std::uint64_t advances_ = 0;                  // findings behind the last record: their ordinals

  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::shared_ptr<FeedMind> mind_;
  std::shared_ptr<FeedMind> fresh_;     // made anew, as far as fresh_at_
  std::uint64_t fresh_at_ = 0;
  std::string fresh_why_;
  std::function<void(std::uint64_t)> fresh_taken_;
  std::size_t renewing_ = 0;            // what the renewal under way knows
  bool give_up_ = false;                // the renewal
  std::uint64_t position_ = 0;  // next index to read
  Time advance_to_{-1};          // asked for and not yet done; -1 = nothing
  bool stopping_ = false;
  std::uint64_t listener_ = 0;
  std::thread renewer_;
  std::thread thread_;
};

}  // namespace firebreak::app
