#include "log/journal/core.h"

#include <fmt/core.h>

namespace firebreak::journal {
namespace {

// Below the ledger's own queue limit, so that its kBusy is not met in service.
constexpr std::size_t kInFlightOctets = 8 * limits::kMiB;
constexpr std::size_t kInputsAtOnce = 256;

}  // namespace

Journal::Core::Core(std::unique_ptr<ledger::Log> log, Files& files, const Clock& clock, const std::string& dir,
                    const Options& options, std::vector<std::unique_ptr<Fold>> folds)
    : log_(std::move(log)),
      clock_(clock),
      options_(options),
      snapshots_(files, dir),
      queue_(options.max_queued),
      machine_(std::move(folds)) {}

Result<void> Journal::Core::start() {
  FIREBREAK_TRY(snapshots_.prepare());
  for (const std::string& line : snapshots_.load(*log_, machine_))
    if (options_.logger != nullptr) options_.logger->warn("journal snapshot discarded", {{"reason", Json(line)}});
  last_snapshot_ = machine_.size();
  FIREBREAK_TRY(replay(*log_, machine_));
  applied_ = durable_ = delivered_ = machine_.size();
  sequencer_ = std::thread([this] { sequence(); });
  delivery_ = std::thread([this] { deliver(); });
  return {};
}

Journal::Core::~Core() {
  queue_.close();
  if (sequencer_.joinable()) sequencer_.join();
  {
    std::lock_guard lock(progress_mutex_);
    closing_ = true;
  }
  deliverable_.notify_one();
  if (delivery_.joinable()) delivery_.join();
  if (auto closed = log_->close(); !closed && options_.logger != nullptr)
    options_.logger->error("journal: closing the log failed", closed.error());
}

void Journal::Core::submit(Draft input, std::function<void(Result<Group>)> done) {
  std::optional<Error> refusal;
  {
    std::lock_guard lock(progress_mutex_);
    refusal = stopped_;
    if (!refusal) ++open_;
  }
  Input item{std::move(input), std::move(done)};
  if (!refusal) {
    if (queue_.try_push(item)) return;
    refusal = Error{Code::kBusy, fmt::format("{} inputs wait for the journal already", queue_.capacity()), {}, 0};
    {
      std::lock_guard lock(progress_mutex_);
      --open_;
    }
    progress_.notify_all();
  }
  if (item.done) item.done(fail(*refusal));
}

Result<Group> Journal::Core::submit_wait(Draft input) {
  if (std::this_thread::get_id() == delivery_.get_id())
    return fail(Code::kInternal, "submit_wait() from an answer or a subscriber would wait for itself");
  std::mutex mutex;
  std::condition_variable answered;
  std::optional<Result<Group>> answer;
  submit(std::move(input), [&](Result<Group> group) {
    // Notified under the lock: `answered` lives on the waiting thread's stack.
    std::lock_guard lock(mutex);
    answer = std::move(group);
    answered.notify_one();
  });
  std::unique_lock lock(mutex);
  answered.wait(lock, [&] { return answer.has_value(); });
  return std::move(*answer);
}

// ---- sequencer thread

void Journal::Core::sequence() {
  for (;;) {
    std::vector<Input> inputs = queue_.pop_some(kInputsAtOnce);
    if (inputs.empty()) return;
    for (Input& input : inputs) process(std::move(input));
  }
}

void Journal::Core::wait_for_room() {
  std::unique_lock lock(progress_mutex_);
  room_.wait(lock, [&] {
    return in_flight_groups_ == 0 ||
           (in_flight_groups_ < options_.max_in_flight && in_flight_octets_ < kInFlightOctets);
  });
}

void Journal::Core::process(Input input) {
  wait_for_room();
  std::unique_lock state(state_mutex_);
  {
    std::unique_lock lock(progress_mutex_);
    const bool failed = append_failed_;
    lock.unlock();
    // Deciding on a state that will not be: go back first.
    if (failed) static_cast<void>(restore_durable());
    lock.lock();
    if (stopped_) {
      const Error why = *stopped_;
      lock.unlock();
      enqueue({{}, std::move(input.done), 0, true, why});
      return;
    }
  }
  bool spoilt = false;
  auto decided = machine_.decide_group(std::move(input.draft), clock_.now(), options_.max_group, spoilt);
  if (!decided) {
    if (options_.logger != nullptr && decided.error().code == Code::kInternal)
      options_.logger->error("journal refused an input", decided.error());
    if (spoilt) static_cast<void>(restore_durable());
    enqueue({{}, std::move(input.done), 0, true, decided.error()});
    return;
  }
  std::size_t octets = 0;
  for (const std::string& entry : decided->octets) octets += entry.size();
  const bool nothing = decided->entries.empty();
  const auto pending = enqueue({{std::move(decided->entries)}, std::move(input.done), octets, nothing, std::nullopt});
  if (!nothing) append(pending, decided->octets);
}

std::shared_ptr<Journal::Core::Pending> Journal::Core::enqueue(Pending pending) {
  auto shared = std::make_shared<Pending>(std::move(pending));
  std::lock_guard lock(progress_mutex_);
  pending_.push_back(shared);
  ++in_flight_groups_;
  in_flight_octets_ += shared->octets;
  applied_ = machine_.size();
  if (shared->resolved && pending_.size() == 1) deliverable_.notify_one();
  return shared;
}

void Journal::Core::append(const std::shared_ptr<Pending>& pending, const std::vector<std::string>& octets) {
  ledger::Batch batch;
  for (const std::string& entry : octets) batch.add(entry);
  // The group was decided for exactly this place: behind a failed one it must fail too.
  batch.first = pending->group.index();
  log_->append(std::move(batch),
               [this, pending](Result<ledger::Commit> commit) { on_commit(pending, std::move(commit)); });
}

// On the ledger's writer thread, or on the sequencer's when the batch is refused at once.
void Journal::Core::on_commit(const std::shared_ptr<Pending>& pending, Result<ledger::Commit> commit) {
  std::lock_guard lock(progress_mutex_);
  pending->resolved = true;
  if (commit) {
    FIREBREAK_ASSERT(commit->first == pending->group.index());
    durable_ = commit->last + 1;
  } else {
    pending->error = std::move(commit.error()).with("append to the journal");
    append_failed_ = true;
  }
  // The delivery thread takes all that is resolved once it is awake: only a new front has to wake it.
  if (append_failed_ || pending_.front() == pending) deliverable_.notify_one();
  progress_.notify_all();
}

// Sets the state back to what the log holds. Waits first for the groups under way: some of them may still succeed.
Result<void> Journal::Core::restore_durable() {
  {
    std::unique_lock lock(progress_mutex_);
    progress_.wait(lock, [&] {
      for (const auto& pending : pending_)
        if (!pending->resolved) return false;
      return true;
    });
  }
  Machine machine = machine_.fresh();
  snapshots_.load(*log_, machine);
  const Result<void> replayed = replay(*log_, machine);
  std::lock_guard lock(progress_mutex_);
  if (!replayed) {
    // The log cannot even be read: keep nothing half-applied, take nothing more.
    stopped_ = Error(replayed.error()).with("the journal has stopped; its log cannot be read back");
    machine = machine_.fresh();
  } else if (const auto failure = log_->failure()) {
    stopped_ = Error{Code::kUnavailable, "the journal has stopped: " + failure->message, {}, 0};
  }
  if (stopped_ && options_.logger != nullptr) options_.logger->error("journal stopped", *stopped_);
  machine_ = std::move(machine);
  applied_ = durable_ = machine_.size();
  append_failed_ = false;
  deliverable_.notify_one();
  progress_.notify_all();
  return replayed;
}

void Journal::Core::roll_back() {
  std::unique_lock state(state_mutex_);
  {
    std::lock_guard lock(progress_mutex_);
    if (!append_failed_) return;
  }
  static_cast<void>(restore_durable());
}

// ---- readers

void Journal::Core::with_machine(const std::function<void(const Machine&)>& read) {
  for (;;) {
    {
      std::shared_lock state(state_mutex_);
      std::unique_lock lock(progress_mutex_);
      progress_.wait(lock, [&] { return append_failed_ || durable_ >= applied_; });
      if (!append_failed_) {
        lock.unlock();
        read(machine_);
        return;
      }
    }
    roll_back();
  }
}

Machine Journal::Core::fresh() {
  std::shared_lock state(state_mutex_);
  return machine_.fresh();
}

Result<std::vector<Entry>> Journal::Core::entries(std::uint64_t from, std::size_t most) const {
  std::vector<Entry> found;
  if (most == 0) return found;
  FIREBREAK_TRY(for_each_entry(*log_, from, [&](Entry entry, ByteView) {
    found.push_back(std::move(entry));
    return found.size() < most;
  }));
  return found;
}

bool Journal::Core::idle() {
  std::lock_guard lock(progress_mutex_);
  return open_ == 0;
}

void Journal::Core::wait_idle() {
  std::unique_lock lock(progress_mutex_);
  progress_.wait(lock, [&] { return open_ == 0; });
}

Result<void> Journal::Core::healthy() {
  std::lock_guard lock(progress_mutex_);
  if (stopped_) return fail(*stopped_);
  return {};
}

Result<void> Journal::Core::snapshot_now(bool alone) {
  std::lock_guard only_one(snapshot_mutex_);
  if (alone && !snapshots_.any()) return {};
  Json state, schemas;
  std::uint64_t index = 0;
  with_machine([&](const Machine& machine) {
    state = machine.snapshot();
    schemas = machine.schemas();
    index = machine.size();
  });
  if (index == 0 || (index == last_snapshot_ && !alone)) return {};
  FIREBREAK_ASSIGN(const Digest leaf, log_->leaf_at(index - 1));
  FIREBREAK_TRY(snapshots_.save(log_->origin(), leaf, index, std::move(schemas), std::move(state), alone));
  last_snapshot_ = index;
  return {};
}

}  // namespace firebreak::journal
