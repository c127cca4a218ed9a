// The delivery thread's half of Journal::Core: answers, subscribers, snapshots on the way.
#include "log/journal/core.h"

namespace firebreak::journal {
namespace {

constexpr std::size_t kDeliveredAtOnce = 256;
constexpr std::size_t kPiece = 1'000;  // entries handed at once to a subscriber that starts in the past

}  // namespace

void Journal::Core::deliver() {
  for (;;) {
    std::vector<std::shared_ptr<Pending>> ready;
    {
      std::unique_lock lock(progress_mutex_);
      deliverable_.wait(lock, [&] {
        return append_failed_ || (pending_.empty() ? closing_ : pending_.front()->resolved);
      });
      if (!append_failed_) {
        if (pending_.empty()) return;
        ready = take_resolved();
      }
    }
    if (ready.empty()) {
      roll_back();
      continue;
    }
    std::size_t octets = 0;
    for (const auto& pending : ready) {
      octets += pending->octets;
      deliver_one(*pending);
    }
    {
      std::lock_guard lock(progress_mutex_);
      in_flight_groups_ -= ready.size();
      in_flight_octets_ -= octets;
      open_ -= ready.size();
    }
    room_.notify_one();
    progress_.notify_all();
    snapshot_when_due();
  }
}

std::vector<std::shared_ptr<Journal::Core::Pending>> Journal::Core::take_resolved() {
  std::vector<std::shared_ptr<Pending>> ready;
  while (!pending_.empty() && pending_.front()->resolved && ready.size() < kDeliveredAtOnce) {
    ready.push_back(std::move(pending_.front()));
    pending_.pop_front();
  }
  return ready;
}

void Journal::Core::deliver_one(Pending& pending) {
  if (pending.error) {
    if (pending.done) pending.done(fail(*pending.error));
    return;
  }
  std::lock_guard lock(subscribers_mutex_);
  delivering_ = true;
  if (pending.done) pending.done(pending.group);
  if (!pending.group.entries.empty()) {
    for (const auto& [id, listener] : subscribers_) listener(pending.group);
    delivered_ = pending.group.entries.back().index + 1;
  }
  delivering_ = false;
  for (const std::uint64_t id : ended_) subscribers_.erase(id);
  ended_.clear();
}

Result<std::uint64_t> Journal::Core::subscribe(std::function<void(const Group&)> listener,
                                               std::optional<std::uint64_t> from) {
  // Most of the past goes by without holding up the present; the rest is handed over under the lock, so that no group
  // is delivered in between.
  std::uint64_t next = from.value_or(0);
  while (from && next + kPiece < log_->size()) {
    FIREBREAK_ASSIGN(next, deliver_log(listener, next, next + kPiece));
  }
  std::lock_guard lock(subscribers_mutex_);
  while (from && next < delivered_) {
    FIREBREAK_ASSIGN(next, deliver_log(listener, next, std::min(delivered_, next + kPiece)));
  }
  const std::uint64_t id = next_subscriber_++;
  // Entries between delivered_ and the log's end may have been handed over already: they are skipped when they come.
  subscribers_[id] = [listener = std::move(listener), next](const Group& group) {
    if (group.entries.front().index >= next) {
      listener(group);
    } else if (group.entries.back().index >= next) {
      Group rest;
      for (const Entry& entry : group.entries)
        if (entry.index >= next) rest.entries.push_back(entry);
      listener(rest);
    }
  };
  return id;
}

// Returns the index after the last entry handed over.
Result<std::uint64_t> Journal::Core::deliver_log(const std::function<void(const Group&)>& listener, std::uint64_t from,
                                                 std::uint64_t end) const {
  FIREBREAK_ASSIGN(std::vector<Entry> found, entries(from, static_cast<std::size_t>(end - from)));
  if (found.empty()) return fail(Code::kCorrupt, "the journal's log ends before its size");
  const std::uint64_t next = found.back().index + 1;
  listener(Group{std::move(found)});
  return next;
}

void Journal::Core::unsubscribe(std::uint64_t id) {
  if (std::this_thread::get_id() == delivery_.get_id() && delivering_) {
    ended_.push_back(id);  // the lock is ours already, and the map is being walked
    return;
  }
  std::lock_guard lock(subscribers_mutex_);
  subscribers_.erase(id);
}

void Journal::Core::snapshot_when_due() {
  if (options_.snapshot_every == 0) return;
  {
    std::lock_guard lock(snapshot_mutex_);
    if (log_->size() < last_snapshot_ + options_.snapshot_every) return;
  }
  if (auto saved = snapshot_now(); !saved) {
    // Not worth stopping for: the log has everything. Tried again after as many entries more.
    std::lock_guard lock(snapshot_mutex_);
    last_snapshot_ = log_->size();
    if (options_.logger != nullptr) options_.logger->error("journal snapshot failed", saved.error());
  }
}

}  // namespace firebreak::journal
