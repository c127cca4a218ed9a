#include "world/gateway/spool.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/limits.h"

namespace firebreak::gateway {
namespace {
constexpr std::size_t kBatchOctets = 4 * limits::kMiB;
constexpr std::size_t kBatchPayload = 16;
constexpr std::int64_t kDiskPauseUs = 50'000;  // before the disk is asked again
}  // namespace

Spool::Spool(Files& files, const Clock& clock, SpoolOptions options)
    : files_(files), clock_(clock), options_(std::move(options)) {}

Spool::~Spool() { close(); }

Result<std::unique_ptr<Spool>> Spool::open(Files& files, const Clock& clock, const SpoolOptions& options) {
  std::unique_ptr<Spool> spool(new Spool(files, clock, options));
  if (auto ok = spool->recover(); !ok)
    return fail(std::move(ok.error()).with(fmt::format("open spool {}", options.dir)));
  spool->writer_ = std::thread([raw = spool.get()] { raw->run_writer(); });
  spool->keeper_ = std::thread([raw = spool.get()] { raw->run_keeper(); });
  return spool;
}

Result<void> Spool::recover() {
  FIREBREAK_TRY(files_.make_dir(options_.dir));
  FIREBREAK_ASSIGN(lease_file_, DurableNumber::open(files_, options_.dir + "/lease", 1));
  FIREBREAK_ASSIGN(ack_file_, DurableNumber::open(files_, options_.dir + "/acknowledged", 2));
  if (ack_file_->values()[0] == 0 && options_.first_sequence > 1)
    FIREBREAK_TRY(ack_file_->store({options_.first_sequence - 1, 0}, true));
  const std::uint64_t acked_sequence = ack_file_->values()[0];
  acknowledged_ = ack_file_->values()[1];
  next_sequence_ = acked_sequence + 1;
  std::uint64_t highest = acknowledged_, marked_to = acknowledged_;
  std::vector<std::uint64_t> waiting;
  const auto each = [&](const SpoolFrame& frame) {
    if (frame.kind == SpoolFrame::Kind::kLine) {
      highest = std::max(highest, frame.number);
      if (frame.number > acknowledged_) waiting.push_back(frame.number);
    } else if (frame.number > acked_sequence && frame.payload.size() == kBatchPayload) {
      SpoolBatch batch;
      batch.sequence = frame.number;
      batch.first = get_le<std::uint64_t>(frame.payload, 0);
      batch.last = get_le<std::uint64_t>(frame.payload, 8);
      marked_to = std::max(marked_to, batch.last);
      next_sequence_ = std::max(next_sequence_, frame.number + 1);
      const auto same = [&](const SpoolBatch& other) { return other.first == batch.first; };
      const auto renumbered = std::find_if(marked_.begin(), marked_.end(), same);
      if (renumbered != marked_.end()) renumbered->sequence = batch.sequence;  // its place stays
      else marked_.push_back(std::move(batch));
    }
  };
  std::uint64_t damaged_after = 0;
  std::vector<Gap> damages;
  const auto watch = [&](const SpoolFrame& frame) {
    if (damaged_after != 0 && frame.kind == SpoolFrame::Kind::kLine && frame.number > damaged_after)
      damages.push_back({std::exchange(damaged_after, 0), frame.number - 1, true, "the spool was damaged on disk"});
    each(frame);
  };
  const auto on_damage = [&] { damaged_after = highest + 1; };
  FIREBREAK_ASSIGN(segments_,
                   SpoolSegments::open(files_, options_.dir, options_.segment_bytes, watch, on_damage));
  unread_ = std::count_if(waiting.begin(), waiting.end(), [&](std::uint64_t number) { return number > marked_to; });
  taken_ = highest;
  oldest_unread_us_ = clock_.steady_us();
  disk_bytes_ = segments_->bytes();
  const std::uint64_t bound = std::max(lease_file_->values()[0], highest + 1);
  next_number_ = bound;
  FIREBREAK_TRY(renew_lease(bound + options_.lease));
  for (const Gap& damage : damages) {
    gap_ = damage;
    gap_open_ = true;
    push_gap_locked();
  }
  if (bound > highest + 1) {
    gap_ = {highest + 1, bound - 1, true, "the gateway ended without notice"};
    gap_open_ = true;
    push_gap_locked();
  }
  return {};
}

Result<void> Spool::renew_lease(std::uint64_t bound) {
  FIREBREAK_TRY(lease_file_->store({bound}, true));
  const std::lock_guard lock(mutex_);
  leased_ = bound;
  return {};
}

void Spool::push_gap_locked() {
  if (!gap_open_) return;
  gap_open_ = false;
  taken_ = next_number_;
  Line line{next_number_++, gap_line(options_.producer, clock_.now(), gap_)};
  queued_bytes_ += line.text.size();
  queue_.push_back(std::move(line));
}

void Spool::widen_gap_locked(std::uint64_t from, std::uint64_t to, const std::string& reason) {
  if (!gap_open_) {
    gap_ = {from, to, false, reason};
  } else {
    // Numbers between the two may have been taken: then the range is only a bound.
    gap_.upper_bound = gap_.upper_bound || from != gap_.to + 1;
    gap_.from = std::min(gap_.from, from);
    gap_.to = std::max(gap_.to, to);
  }
  gap_open_ = true;
  stats_.dropped += to - from + 1;
}

bool Spool::has_room() const {
  const std::lock_guard lock(mutex_);
  return !stopping_ && next_number_ + 1 < leased_ && queued_bytes_ < options_.queue_bytes &&
         disk_bytes_ < options_.max_bytes;
}

bool Spool::push(std::string line, std::int64_t wait_us) {
  {
    std::unique_lock lock(mutex_);
    const auto room = [&] {
      return next_number_ + 1 < leased_ && queued_bytes_ + line.size() <= options_.queue_bytes &&
             disk_bytes_ < options_.max_bytes;
    };
    if (!room() && !stopping_ && wait_us > 0)
      room_.wait_for(lock, std::chrono::microseconds(wait_us), [&] { return stopping_ || room(); });
    if (stopping_ || !room()) {
      widen_gap_locked(next_number_, next_number_, disk_bytes_ < options_.max_bytes ? "queue full" : "spool full");
      ++next_number_;
      return false;
    }
    push_gap_locked();
    queued_bytes_ += line.size();
    taken_ = next_number_;
    queue_.push_back({next_number_++, std::move(line)});
    ++stats_.pushed;
    if (lease_low_locked()) keep_.notify_one();
    if (!std::exchange(writer_waits_, false)) return true;
  }
  work_.notify_one();
  return true;
}

void Spool::run_writer() {
  std::unique_lock lock(mutex_);
  while (true) {
    writer_waits_ = queue_.empty();
    work_.wait(lock, [&] { return stopping_ || !queue_.empty(); });
    writer_waits_ = false;
    if (queue_.empty()) return;
    std::vector<Line> lines;
    lines.swap(queue_);
    writing_ = lines.size();
    queued_bytes_ = 0;
    lock.unlock();
    write_out(lines);
    room_.notify_all();
    lock.lock();
    // Many lines a write when many come; nobody waits for less unless there is a flush.
    work_.wait_for(lock, std::chrono::microseconds(options_.write_pause_us),
                   [&] { return stopping_ || flushing_ > 0; });
  }
}

// What must wait for the disk, away from the writer.
void Spool::run_keeper() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    keep_.wait_for(lock, std::chrono::microseconds(options_.sync_us), [&] { return stopping_ || lease_low_locked(); });
    const bool low = lease_low_locked();
    const std::uint64_t bound = next_number_ + options_.lease;
    lock.unlock();
    if (low) note_error(renew_lease(bound));
    room_.notify_all();
    bool dirty = false;
    {
      const std::lock_guard files(files_mutex_);
      dirty = std::exchange(dirty_, false);
    }
    if (dirty) note_error(sync_outside_lock());
    lock.lock();
  }
}

void Spool::note_error(const Result<void>& result) {
  if (result) return;
  const std::lock_guard lock(mutex_);
  stats_.error = result.error().message;
}

Result<void> Spool::sync_outside_lock() {
  File* file = nullptr;
  {
    const std::lock_guard files(files_mutex_);
    file = segments_->newest();  // lives on: only segments before the one that is read are deleted, and not here
  }
  return file->sync();
}

void Spool::write_out(const std::vector<Line>& lines) {
  Bytes frames;
  for (const Line& line : lines) append_frame(frames, SpoolFrame::Kind::kLine, line.number, line.text);
  Result<void> written;
  std::uint64_t on_disk = 0;
  {
    const std::lock_guard files(files_mutex_);
    written = segments_->append(frames);
    on_disk = segments_->bytes();
    dirty_ = true;
  }
  {
    const std::lock_guard lock(mutex_);
    disk_bytes_ = on_disk;
    writing_ = 0;
    if (written) {
      if (unread_ <= 0) oldest_unread_us_ = clock_.steady_us();
      unread_ += static_cast<std::int64_t>(lines.size());
      stats_.error.clear();
    } else {
      stats_.error = written.error().message;
      widen_gap_locked(lines.front().number, lines.back().number, "spool: " + written.error().message);
    }
  }
  ready_.notify_one();
}

bool Spool::due_locked() const {
  if (delivery_stopped_ || !marked_.empty() || cut_) return true;
  if (unread_ <= 0) return false;
  return flushing_ > 0 || stopping_ || unread_ >= static_cast<std::int64_t>(options_.batch_lines) ||
         clock_.steady_us() - oldest_unread_us_ >= options_.batch_wait_us;
}

std::optional<SpoolBatch> Spool::next() {
  while (true) {
    SpoolBatch marked;
    {
      std::unique_lock lock(mutex_);
      while (!due_locked()) ready_.wait_for(lock, std::chrono::microseconds(options_.batch_wait_us));
      if (delivery_stopped_) return std::nullopt;
      if (!marked_.empty()) {
        marked = std::move(marked_.front());
        marked_.pop_front();
      }
    }
    auto batch = marked.sequence != 0 ? repeat_batch(std::move(marked)) : cut_batch();
    std::unique_lock lock(mutex_);
    if (batch && !batch->lines.empty()) {
      handed_out_ = batch->last;
      return std::move(*batch);
    }
    if (batch) continue;
    stats_.error = batch.error().message;
    // Octets that changed behind our back: the next start cuts them and says so in a gap; guessing here could skip.
    if (batch.error().code == Code::kCorrupt) return std::nullopt;
    ready_.wait_for(lock, std::chrono::microseconds(kDiskPauseUs), [&] { return delivery_stopped_; });
  }
}

Result<SpoolBatch> Spool::repeat_batch(SpoolBatch marked) {
  const std::lock_guard files(files_mutex_);
  while (true) {
    FIREBREAK_ASSIGN(auto frame, segments_->next());
    if (frame && (frame->kind != SpoolFrame::Kind::kLine || frame->number < marked.first)) continue;
    if (frame) marked.lines.push_back(std::move(frame->payload));
    if (frame && frame->number < marked.last) continue;
    if (!frame) {
      // Its mark is there and its lines are not: a sync failed before the power did. The server may have them.
      const Gap gap{marked.first, marked.last, true, "lost in the spool"};
      marked.lines = {gap_line(options_.producer, clock_.now(), gap)};
    }
    return marked;
  }
}

Result<void> Spool::read_batch(SpoolBatch& batch) {
  std::size_t octets = 0;
  const std::lock_guard files(files_mutex_);
  while (batch.lines.size() < options_.batch_lines && octets < kBatchOctets) {
    FIREBREAK_ASSIGN(auto frame, segments_->next());
    if (!frame) break;
    if (frame->kind != SpoolFrame::Kind::kLine || frame->number <= ack_file_->values()[1]) continue;
    if (batch.lines.empty()) batch.first = frame->number;
    batch.last = frame->number;
    octets += frame->payload.size();
    batch.lines.push_back(std::move(frame->payload));
  }
  if (!batch.lines.empty()) batch.sequence = next_sequence_++;
  return {};
}

// Lines and mark are durable before the first octet leaves: this sequence will always mean these lines.
Result<void> Spool::mark_batch(const SpoolBatch& batch) {
  Bytes payload, marker;
  put_le(payload, batch.first);
  put_le(payload, batch.last);
  append_frame(marker, SpoolFrame::Kind::kBatch, batch.sequence, payload);
  {
    const std::lock_guard files(files_mutex_);
    FIREBREAK_TRY(segments_->append(marker));
    dirty_ = false;
  }
  auto synced = sync_outside_lock();
  if (synced) return {};
  const std::lock_guard files(files_mutex_);
  static_cast<void>(segments_->start_new());  // a failed sync is never retried on the same file
  return synced;
}

Result<void> Spool::renumber(SpoolBatch& batch, std::uint64_t at_least) {
  SpoolBatch again = batch;
  again.sequence = std::max(next_sequence_, at_least);
  FIREBREAK_TRY(mark_batch(again));
  next_sequence_ = again.sequence + 1;
  batch = std::move(again);
  return {};
}

Result<SpoolBatch> Spool::cut_batch() {
  if (!cut_) {
    SpoolBatch batch;
    FIREBREAK_TRY(read_batch(batch));
    if (batch.lines.empty()) return batch;
    {
      const std::lock_guard lock(mutex_);
      unread_ -= static_cast<std::int64_t>(batch.lines.size());
      oldest_unread_us_ = clock_.steady_us();
      cut_ = std::move(batch);
    }
  }
  FIREBREAK_TRY(mark_batch(*cut_));
  const std::lock_guard lock(mutex_);
  SpoolBatch batch = std::move(*cut_);
  cut_.reset();
  return batch;
}

Result<void> Spool::acknowledged(const SpoolBatch& batch) {
  std::uint64_t on_disk = 0;
  {
    const std::lock_guard files(files_mutex_);
    // Not synced: a forgotten acknowledgement only repeats the batch, and the server knows its number. Before
    // segments are deleted it must be remembered.
    const bool drop = segments_->has_read_segments();
    FIREBREAK_TRY(ack_file_->store({batch.sequence, batch.last}, drop));
    if (drop) FIREBREAK_TRY(segments_->drop_read());
    on_disk = segments_->bytes();
  }
  {
    const std::lock_guard lock(mutex_);
    acknowledged_ = batch.last;
    stats_.acknowledged += batch.lines.size();
    disk_bytes_ = on_disk;
  }
  progress_.notify_all();
  room_.notify_all();
  return {};
}

void Spool::stop_delivery() {
  {
    const std::lock_guard lock(mutex_);
    delivery_stopped_ = true;
  }
  ready_.notify_all();
}

Result<void> Spool::flush(std::int64_t timeout_us) {
  std::unique_lock lock(mutex_);
  if (gap_open_ && !stopping_) push_gap_locked();
  const std::uint64_t target = taken_;
  const auto done = [&] { return acknowledged_ >= target; };
  if (done()) return {};
  ++flushing_;
  work_.notify_one();
  ready_.notify_one();
  const bool arrived = progress_.wait_for(lock, std::chrono::microseconds(timeout_us), done);
  --flushing_;
  if (arrived) return {};
  return fail(Code::kTimeout, fmt::format("{} records are not delivered yet", target - acknowledged_));
}

SpoolStats Spool::stats() const {
  const std::lock_guard lock(mutex_);
  SpoolStats out = stats_;
  const std::size_t held = queue_.size() + writing_ + marked_.size() + (cut_ ? cut_->lines.size() : 0);
  const std::int64_t waiting = unread_ + static_cast<std::int64_t>(held);
  out.waiting = static_cast<std::uint64_t>(std::max<std::int64_t>(0, waiting)) +
                (handed_out_ > acknowledged_ ? handed_out_ - acknowledged_ : 0);
  out.bytes = disk_bytes_ + queued_bytes_;
  return out;
}

void Spool::close() {
  {
    const std::lock_guard lock(mutex_);
    if (closed_) return;
    closed_ = true;
    push_gap_locked();
    stopping_ = true;
    delivery_stopped_ = true;
  }
  for (auto* waiting : {&work_, &ready_, &room_, &keep_}) waiting->notify_all();
  if (!writer_.joinable()) return;
  writer_.join();
  keeper_.join();
  const std::lock_guard files(files_mutex_);
  // While the lease stands, the next start tells of a gap.
  if (!segments_->sync() || gap_open_) return;
  static_cast<void>(lease_file_->store({next_number_}, true));
}

}  // namespace firebreak::gateway
