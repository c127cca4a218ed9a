// The writer thread: one write and one sync for whatever has queued while the disk was busy.
#include <algorithm>
#include <chrono>

#include "log/ledger/log_state.h"

namespace firebreak::ledger {
namespace {

constexpr std::uint64_t kSmallestStep = 1024 * 1024, kLargestStep = 16 * 1024 * 1024;

}  // namespace

void Log::State::run() {
  std::unique_lock lock(mutex);
  bool just_failed = false;  // the checkpoint: entries must not wait behind its next attempt
  for (;;) {
    if (!just_failed && (checkpoint_due() || (closing && queue.empty() && checkpointed != size_on_disk))) {
      lock.unlock();
      Result<void> written = write_checkpoint();
      lock.lock();
      just_failed = !written;
      checkpoint_failed = written ? std::nullopt : std::optional<Error>(std::move(written.error()));
    } else if (!queue.empty()) {
      std::vector<Pending> group = take_group();
      lock.unlock();
      commit(std::move(group));
      lock.lock();
      just_failed = false;
    } else if (closing) {
      lock.unlock();
      if (allocated > end) (void)drop_room();  // a nicety: readers know the zeros behind the last frame
      return;
    } else if (checkpointed == size_on_disk) {
      wake.wait(lock);
    } else {
      const std::int64_t wait = checkpoint_at - clock.steady_us();
      wake.wait_for(lock, std::chrono::microseconds(std::max(wait, just_failed ? kMillisecond : 0)));
      just_failed = false;
    }
  }
}

bool Log::State::checkpoint_due() const {
  return checkpointed != size_on_disk && clock.steady_us() >= checkpoint_at;
}

std::vector<Pending> Log::State::take_group() {
  std::vector<Pending> group;
  std::uint64_t octets = 0;
  while (!queue.empty()) {
    const std::uint64_t more = kFrameHeaderBytes + queue.front().batch.body.size();
    if (!group.empty() && octets + more > options.group_bytes) break;
    octets += more;
    queued_bytes -= queue.front().batch.body.size();
    group.push_back(std::move(queue.front()));
    queue.pop_front();
  }
  return group;
}

// Batches that were made for another place in the log, because one before them was refused.
void Log::State::refuse_displaced(std::vector<Pending>& group) const {
  std::vector<Pending> kept;
  std::uint64_t next = size_on_disk;
  for (Pending& pending : group) {
    if (pending.first && *pending.first != next) {
      pending.done(fail(Code::kConflict, "the batch was made for index " + std::to_string(*pending.first) +
                                             ", the log is at " + std::to_string(next)));
      continue;
    }
    next += pending.batch.hashes.size();
    kept.push_back(std::move(pending));
  }
  group = std::move(kept);
}

void Log::State::commit(std::vector<Pending> group) {
  refuse_displaced(group);
  if (group.empty()) return;
  std::vector<FrameHeader> headers;
  Result<void> written = failure_of_stopped();
  if (written) written = write_group(group, headers);
  if (!written) {
    for (Pending& pending : group) pending.done(fail(Error(written.error())));
    return;
  }
  Digest root;
  {
    const std::lock_guard lock(mutex);
    for (std::size_t i = 0; i < group.size(); ++i) {
      frames.push_back({headers[i].first, (segments.size() - 1) & 0xffffff, end & 0xffffffffff});
      end += headers[i].frame_octets();
      for (const Digest& hash : group[i].batch.hashes) tree.append(hash);
    }
    segments.back().end = end;
    size_on_disk = tree.size();
    root = tree.root();
  }
  last_digest = headers.back().digest;
  if (checkpoint_at == 0) checkpoint_at = clock.steady_us() + options.checkpoint_us;
  const std::string signature =
      options.key.sign(checkpoint_body(options.key.verifier().name, size_on_disk, root));
  for (std::size_t i = 0; i < group.size(); ++i) {
    const std::uint64_t last = headers[i].first + headers[i].count - 1;
    group[i].done(
        Commit{headers[i].first, last, group[i].batch.hashes.back(), size_on_disk, root, signature});
  }
  const std::lock_guard lock(listeners_mutex);
  for (const auto& listener : listeners) listener(size_on_disk);
}

Result<void> Log::State::failure_of_stopped() const {
  const std::lock_guard lock(mutex);
  if (failed) return fail(Error(*failed));
  return {};
}

Result<void> Log::State::write_group(const std::vector<Pending>& group, std::vector<FrameHeader>& headers) {
  for (int attempt = 0;; ++attempt) {
    Result<void> written = try_write_group(group, headers);
    if (written) return {};
    Error error = std::move(written.error()).with("log " + dir);
    if (!is_disk_full(error)) {
      stop(error);
      return fail(std::move(error));
    }
    // Nothing of the group may stay behind: a later and shorter write must not leave an old frame after it.
    if (!drop_room()) {
      stop(error);
      return fail(std::move(error));
    }
    if (attempt > 0 || !release_reserve()) return fail(std::move(error));
  }
}

Result<void> Log::State::try_write_group(const std::vector<Pending>& group,
                                         std::vector<FrameHeader>& headers) {
  if (end >= options.segment_bytes && end > kSegmentHeaderBytes) {
    FIREBREAK_TRY(drop_room());
    FIREBREAK_TRY(segments.back().file->sync());
    FIREBREAK_TRY(add_segment(segments.back().number + 1));
  }
  std::size_t octets = 0;
  for (const Pending& pending : group) octets += kFrameHeaderBytes + pending.batch.body.size();
  Bytes data;
  data.reserve(octets);
  headers.clear();
  std::uint64_t first = size_on_disk;
  Digest previous = last_digest;
  for (const Pending& pending : group) {
    FrameHeader header;
    header.first = first;
    header.committed = end;
    header.count = static_cast<std::uint32_t>(pending.batch.hashes.size());
    header.leaves_octets = pending.batch.leaves_octets;
    header.payload_octets = pending.batch.payload_octets;
    header.previous = previous;
    header.body = pending.batch.body_digest;
    header.append_to(data);
    data += pending.batch.body;
    previous = header.digest;
    first += header.count;
    headers.push_back(header);
  }
  FIREBREAK_TRY(make_room(data.size()));
  File& file = *segments.back().file;
  FIREBREAK_TRY(file.write_at(end, data));
  allocated = std::max(allocated, end + data.size());
  return file.sync();
}

// Takes blocks ahead, in growing steps: a sync that need not record a new file size is 2-3 times faster on
// ext4.
Result<void> Log::State::make_room(std::uint64_t octets) {
  if (end + octets <= allocated) return {};
  const std::uint64_t step = std::clamp(end, kSmallestStep, kLargestStep);
  const std::uint64_t want = std::max(end + octets, std::min(end + step, options.segment_bytes));
  const Result<void> grown = segments.back().file->allocate(want);
  if (grown) allocated = want;
  if (grown) return {};
  if (!is_disk_full(grown.error())) return grown;
  // The write itself will say what fits; what was taken of the step goes back.
  return segments.back().file->truncate(std::max(allocated, end));
}

// Gives back what was taken ahead: a segment that is not written any more ends with its last frame.
Result<void> Log::State::drop_room() {
  FIREBREAK_TRY(segments.back().file->truncate(end));
  allocated = end;
  return {};
}

// Never a second sync after a failed one: the kernel forgets what it could not write. What is durable stays
// readable.
void Log::State::stop(Error why) {
  (void)segments.back().file->truncate(end);
  const std::lock_guard lock(mutex);
  if (!failed) failed = std::move(why).with("the log takes no more entries until it is opened again");
}

bool Log::State::release_reserve() {
  {
    const std::lock_guard lock(mutex);
    if (options.reserve_bytes == 0 || reserve_gone) return false;
    reserve_gone = true;
  }
  return files.remove(path_of(kReserveFile)).has_value();
}

Result<void> Log::State::write_checkpoint() {
  // Set first: on an error the next attempt waits its turn instead of spinning.
  checkpoint_at = clock.steady_us() + options.checkpoint_us;
  Checkpoint checkpoint;
  {
    const std::lock_guard lock(mutex);
    checkpoint = sign_checkpoint(tree.size(), tree.root());
  }
  Result<void> written = write_atomic(files, path_of(kCheckpointFile), checkpoint.text());
  if (!written && is_disk_full(written.error()) && release_reserve())
    written = write_atomic(files, path_of(kCheckpointFile), checkpoint.text());
  if (!written) return written;
  checkpointed = checkpoint.size;
  checkpoint_at = 0;
  return {};
}

}  // namespace firebreak::ledger
