#include "run/app/stream_feed.h"

#include <chrono>

#include "base/log.h"

namespace firebreak::app {
namespace {

constexpr std::size_t kPiece = 1'000;       // records read at a time
constexpr std::uint64_t kAdvanceOrdinal = 1'000;  // above those of the record at the same position
constexpr std::size_t kMaxIds = 4'000'000;  // beyond it a trace reads the stream instead

}  // namespace

StreamFeed::StreamFeed(record::Stream& stream, const Endpoint& endpoint,
                       std::unique_ptr<detect::StreamDetector> detector, journal::Journal& journal, Logger& logger)
    : stream_(stream),
      endpoint_(endpoint),
      detector_(std::move(detector)),
      journal_(journal),
      logger_(logger),
      meter_(endpoint.positive_label) {
  listener_ = stream_.on_commit([this](std::uint64_t) {
    const std::lock_guard lock(mutex_);
    changed_.notify_all();
  });
  thread_ = std::thread([this] { run(); });
}

StreamFeed::~StreamFeed() {
  stream_.remove_on_commit(listener_);
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
  }
  thread_.join();
}

bool StreamFeed::idle() const {
  const std::lock_guard lock(mutex_);
  return stopping_ || (position_ >= stream_.size() && advance_to_.us < 0);
}

void StreamFeed::wait_idle() const {
  const std::uint64_t goal = stream_.size();
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return stopping_ || (position_ >= goal && advance_to_.us < 0); });
}

std::uint64_t StreamFeed::behind() const {
  const std::uint64_t size = stream_.size();
  const std::lock_guard lock(mutex_);
  return size - std::min(size, position_);
}

std::optional<std::uint64_t> StreamFeed::find_id(std::string_view id) const {
  const std::lock_guard lock(mutex_);
  const auto found = ids_.find(std::string(id));
  return found == ids_.end() ? std::nullopt : std::optional(found->second);
}

std::optional<std::uint64_t> StreamFeed::find_label(std::string_view id) const {
  const std::lock_guard lock(mutex_);
  const auto found = labels_.find(std::string(id));
  return found == labels_.end() ? std::nullopt : std::optional(found->second);
}

std::optional<Time> StreamFeed::first_seen(const std::string& caller) const {
  const std::lock_guard lock(mutex_);
  const auto found = first_seen_.find(caller);
  return found == first_seen_.end() ? std::nullopt : std::optional(found->second);
}

std::map<std::string, Time> StreamFeed::first_seen_all() const {
  const std::lock_guard lock(mutex_);
  return first_seen_;
}

void StreamFeed::advance(Time now) {
  const std::lock_guard lock(mutex_);
  advance_to_ = now;
  changed_.notify_all();
}

void StreamFeed::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (position_ < stream_.size()) {
      const std::uint64_t from = position_;
      lock.unlock();
      const std::uint64_t next = read_some(from);
      lock.lock();
      position_ = next;
      advances_ = 0;
      changed_.notify_all();
    } else if (advance_to_.us >= 0) {
      const Time now = advance_to_;
      const std::uint64_t index = position_ == 0 ? 0 : position_ - 1;
      lock.unlock();
      for (const FindingUpdate& update : detector_->advance(now)) submit(update, index, kAdvanceOrdinal + advances_++);
      lock.lock();
      if (advance_to_ == now) advance_to_ = Time{-1};
      changed_.notify_all();
    } else {
      changed_.wait(lock);
    }
  }
}

std::uint64_t StreamFeed::read_some(std::uint64_t from) {
  record::ObservationReader reader(endpoint_.features);
  auto next = stream_.read_from(from, kPiece, [&](const record::Record& record) { take(record, reader); });
  if (next) return *next;
  // A record that cannot be read must not stop the ones behind it; verify names it to a person.
  logger_.error("a record cannot be read; the detectors go on behind it", next.error());
  return from + 1;
}

void StreamFeed::take(const record::Record& record, record::ObservationReader& reader) {
  std::vector<FindingUpdate> updates;
  if (record.kind == record::Kind::kInference) {
    auto observation = reader.read(record);
    if (!observation) return logger_.error("a record is no inference of this endpoint", observation.error());
    bool established = false;
    {
      const std::lock_guard lock(mutex_);
      if (ids_.size() < kMaxIds) ids_[observation->id] = record.index;
      const Time first = first_seen_.try_emplace(observation->caller, observation->time).first->second;
      established = observation->time - first >= endpoint_.caps.young_key_age_us;
    }
    meter_.count(*observation, established);
    updates = detector_->observe(*observation);
  } else if (record.kind == record::Kind::kLabel) {
    const auto label = record::to_label(record);
    if (!label) return logger_.error("a record is no label", label.error());
    {
      const std::lock_guard lock(mutex_);
      if (labels_.size() < kMaxIds) labels_[label->id] = record.index;
    }
    updates = detector_->observe(*label);
  }
  detector_bytes_.store(detector_->bytes());
  for (std::uint64_t ordinal = 0; ordinal < updates.size(); ++ordinal) submit(updates[ordinal], record.index, ordinal);
}

void StreamFeed::submit(const FindingUpdate& update, std::uint64_t index, std::uint64_t ordinal) {
  Draft draft{std::string(finding_entry_kind(update.phase)), to_json(update), "detect", {}, {}};
  draft.source = {"detect:" + endpoint_.name, 1, index, ordinal};
  while (true) {
    const auto group = journal_.submit_wait(draft);
    // kConflict: the journal has it from before a restart.
    if (group || group.error().code == Code::kConflict) return;
    if (group.error().code != Code::kBusy) return logger_.error("a finding was not taken", group.error());
    std::unique_lock lock(mutex_);
    if (changed_.wait_for(lock, std::chrono::milliseconds(20), [&] { return stopping_; })) return;
  }
}

}  // namespace firebreak::app
