#include "run/app/stream_feed.h"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>

#include "base/log.h"

namespace firebreak::app {
namespace {

constexpr std::size_t kPiece = 1'000;       // records read at a time
constexpr const char* kErased = "its records were erased";
constexpr const char* kEnded = "it ended while the server did not run";

}  // namespace

StreamFeed::StreamFeed(record::Stream& stream, const Endpoint& endpoint,
                       std::unique_ptr<detect::StreamDetector> detector, journal::Journal& journal, Logger& logger,
                       detect::OpenEpisodes said, std::function<void()> renewed, std::shared_ptr<RuleBook> rules)
    : stream_(stream),
      endpoint_(endpoint),
      journal_(journal),
      logger_(logger),
      renewed_(std::move(renewed)),
      rules_(std::move(rules)),
      meter_(endpoint.positive_label),
      said_(std::move(said)) {
  mind_ = std::make_shared<FeedMind>(endpoint_, std::move(detector), stream_.gone().size(), logger_, rules_);
  // As far as the journal has heard nothing is said again; what differs there (rows are gone, a crash cut a finding short) is
  // handed over.
  if (const auto mark = journal_.mark("detect:" + endpoint_.name)) {
    heard_until_ = std::min(mark->position + 1, stream_.size());
    advances_ = mark->ordinal < kAdvanceOrdinal ? 0 : mark->ordinal - kAdvanceOrdinal + 1;
    quiet_ = heard_until_ > 0;
    journal_.with_state([this](const journal::View& view) { advanced_to_ = view.time(); });
  }
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
  stop_renewing();
}

std::shared_ptr<const FeedMind> StreamFeed::mind() const {
  const std::lock_guard lock(mutex_);
  return mind_;
}

std::size_t StreamFeed::renewing() const {
  const std::lock_guard lock(mutex_);
  return renewing_;
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

void StreamFeed::advance(Time now) {
  const std::lock_guard lock(mutex_);
  advance_to_ = now;
  changed_.notify_all();
}

void StreamFeed::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    const std::uint64_t size = stream_.size();
    if (fresh_ != nullptr) {
      take_over(lock);
    } else if (auto asked = rules_ == nullptr || quiet_ ? std::nullopt : rules_->asked()) {
      asked->from = size;  // what stands already is not theirs
      lock.unlock();
      take_rules(std::move(*asked));
      lock.lock();
    } else if (position_ < size) {
      const std::uint64_t from = position_, end = quiet_ ? heard_until_ : size;
      lock.unlock();
      read_some(from, std::min<std::uint64_t>(end, from + kPiece));
      lock.lock();
      changed_.notify_all();
    } else if (advance_to_.us >= 0) {
      const Time now = advance_to_;
      const std::uint64_t index = position_ == 0 ? 0 : position_ - 1;
      lock.unlock();
      advanced_to_ = std::max(advanced_to_, now);
      for (FindingUpdate& update : mind_->advance(now)) submit(std::move(update), index, kAdvanceOrdinal + advances_++);
      lock.lock();
      if (advance_to_ == now) advance_to_ = Time{-1};
      changed_.notify_all();
    } else {
      changed_.wait(lock);
    }
  }
}

void StreamFeed::rules_changed() {
  const std::lock_guard lock(mutex_);
  changed_.notify_all();
}

// The journal first: a start after a crash changes rules at the same place, or has never heard of them.
void StreamFeed::take_rules(RuleBook::Taken asked) {
  const JsonObject body{{"endpoint", endpoint_.name}, {"stream", endpoint_.name}, {"digest", asked.digest}, {"from", asked.from}};
  const auto group = journal_.submit_wait(Draft{"rules_taken", body, "detect", {}, {}});
  if (group) return rules_->take(std::move(asked));
  if (group.error().code != Code::kBusy) {
    logger_.error("applied rules were not taken up", group.error());
    return rules_->give_up(asked.digest);
  }
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, std::chrono::milliseconds(20), [&] { return stopping_; });
}

std::uint64_t StreamFeed::read(std::uint64_t from, std::uint64_t end,
                               const std::function<void(const record::Record&, record::ObservationReader&)>& each) {
  record::ObservationReader reader(endpoint_.features);
  std::uint64_t unread = from;
  auto next = stream_.read_from(from, end - from, [&](const record::Record& record) {
    each(record, reader);
    unread = record.index + 1;
  });
  if (next) return *next;
  // A record that cannot be read must not stop the ones behind it; verify names it to a person. Those before it were taken.
  logger_.error("a record cannot be read; the detectors go on behind it", next.error());
  return unread + 1;
}

void StreamFeed::read_some(std::uint64_t from, std::uint64_t end) {
  const std::uint64_t next = read(from, end, [&](const record::Record& record, record::ObservationReader& reader) {
    std::vector<FindingUpdate> updates = mind_->take(record, reader, &meter_);
    for (std::uint64_t ordinal = 0; !quiet_ && ordinal < updates.size(); ++ordinal)
      submit(std::move(updates[ordinal]), record.index, ordinal);
  });
  {
    const std::lock_guard lock(mutex_);
    position_ = next;
  }
  if (!quiet_) {
    advances_ = 0;
  } else if (next >= heard_until_) {
    quiet_ = false;
    hand_over();
  }
}

// Behind the last record, as what comes with time is: ordinals rise on. What time alone closed before stays closed.
void StreamFeed::hand_over(const std::string& why) {
  if (advanced_to_.us >= 0) mind_->advance(advanced_to_);
  detect::Handover news = detect::hand_over(said_, mind_->open(), !why.empty() ? why : mind_->known() > 0 ? kErased : kEnded);
  renamed_.clear();
  taken_over_at_ = position_;
  const std::uint64_t index = position_ == 0 ? 0 : position_ - 1;
  for (FindingUpdate& update : news.updates) submit(std::move(update), index, kAdvanceOrdinal + advances_++);
  renamed_.merge(news.renamed);
  said_ = mind_->open();  // and nothing of who is gone
  for (const auto& [from, to] : renamed_) said_.rename(from, to);
}

void StreamFeed::submit(FindingUpdate update, std::uint64_t index, std::uint64_t ordinal) {
  // What begins before the place where these detectors took over may have been open once, under other detectors.
  if (update.phase == FindingPhase::kOpened && update.first_index < taken_over_at_)
    renamed_[update.episode] = fmt::format("{}@{}.{}", update.episode, index, ordinal);
  if (const auto other = renamed_.find(update.episode); other != renamed_.end()) {
    update.episode = other->second;
    if (update.phase == FindingPhase::kClosed) renamed_.erase(other);
  }
  Draft draft{std::string(finding_entry_kind(update.phase)), to_json(update), "detect", {}, {}};
  draft.source = {"detect:" + endpoint_.name, 1, index, ordinal};
  while (true) {
    const auto group = journal_.submit_wait(draft);
    if (group) return said_.apply(update);
    if (group.error().code == Code::kConflict) return;  // the journal has it from before a restart
    if (group.error().code != Code::kBusy) return logger_.error("a finding was not taken", group.error());
    std::unique_lock lock(mutex_);
    if (changed_.wait_for(lock, std::chrono::milliseconds(20), [&] { return stopping_; })) return;
  }
}

// ---- made anew

void StreamFeed::renew(std::unique_ptr<detect::StreamDetector> detector, std::string why, std::function<void(std::uint64_t)> taken) {
  stop_renewing();
  auto mind = std::make_shared<FeedMind>(endpoint_, std::move(detector), stream_.gone().size(), logger_, rules_);
  const std::lock_guard lock(mutex_);
  give_up_ = false;
  fresh_.reset();
  fresh_why_ = std::move(why);
  fresh_taken_ = std::move(taken);
  renewing_ = mind->known();
  renewer_ = std::thread([this, mind = std::move(mind)] { make_anew(mind); });
}

void StreamFeed::stop_renewing() {
  {
    const std::lock_guard lock(mutex_);
    give_up_ = true;
  }
  if (renewer_.joinable()) renewer_.join();
}

void StreamFeed::make_anew(std::shared_ptr<FeedMind> mind) {
  for (std::uint64_t at = 0;;) {
    std::uint64_t end = 0;
    {
      const std::lock_guard lock(mutex_);
      if (stopping_ || give_up_) return;
      end = std::min<std::uint64_t>(position_, at + kPiece);
      if (at >= end && position_ >= heard_until_) {  // as far as the other
        fresh_ = std::move(mind);
        fresh_at_ = at;
        changed_.notify_all();
        return;
      }
    }
    if (at < end) {
      at = read(at, end, [&](const record::Record& record, record::ObservationReader& reader) { mind->take(record, reader, nullptr); });
      continue;
    }
    std::unique_lock lock(mutex_);  // a start that still reads what the journal has heard
    changed_.wait(lock, [&] { return stopping_ || give_up_ || position_ > at || position_ >= heard_until_; });
  }
}

// On the reading thread, between two records: what came meanwhile is read up to, then the other's place is taken.
void StreamFeed::take_over(std::unique_lock<std::mutex>& lock) {
  const std::shared_ptr<FeedMind> mind = std::move(fresh_);
  std::uint64_t at = fresh_at_;
  const std::uint64_t end = position_;
  const std::string why = std::exchange(fresh_why_, {});
  const auto taken = std::exchange(fresh_taken_, {});
  lock.unlock();
  while (at < end)
    at = read(at, std::min<std::uint64_t>(end, at + kPiece),
              [&](const record::Record& record, record::ObservationReader& reader) { mind->take(record, reader, nullptr); });
  meter_.take_rows(mind->own_meter());
  lock.lock();
  mind_ = mind;
  renewing_ = 0;
  lock.unlock();
  hand_over(why);
  if (taken) taken(end);
  if (renewed_) renewed_();
  lock.lock();
  changed_.notify_all();
}

}  // namespace firebreak::app
