// The writer thread: one write and one sync for whatever has queued while the disk was busy.
#include <algorithm>

#include "log/ledger/log_state.h"

namespace firebreak::ledger {
namespace {

constexpr std::uint64_t kSmallestStep = 1024 * 1024, kLargestStep = 64 * 1024 * 1024;
constexpr std::size_t kGroupsAhead = 4;  // durable and not answered yet; more would only make answers late

}  // namespace

void Log::State::write_on() {
  std::unique_lock lock(mutex);
  for (;;) {
    if (!queue.empty()) {
      std::vector<Pending> group = take_group();
      lock.unlock();
      commit(std::move(group));
      lock.lock();
    } else if (closing) {
      break;
    } else {
      wake.wait(lock);
    }
  }
  lock.unlock();
  if (allocated > end) (void)drop_room();  // a nicety: readers know the zeros behind the last frame
  lock.lock();
  writer_gone = true;
  wake_finisher.notify_all();
}

std::vector<Pending> Log::State::take_group() {
  std::vector<Pending> group;
  std::uint64_t octets = 0;
  while (!queue.empty()) {
    const std::uint64_t more = kFrameHeaderBytes + queue.front().batch.octets();
    if (!group.empty() && octets + more > options.group_bytes) break;
    octets += more;
    group.push_back(std::move(queue.front()));
    queue.pop_front();
  }
  return group;
}

void Log::State::hand_over(Written group) {
  std::unique_lock lock(mutex);
  room.wait(lock, [&] { return written.size() < kGroupsAhead; });
  written.push_back(std::move(group));
  wake_finisher.notify_one();
}

// Batches that were made for another place in the log, because one before them was refused.
void Log::State::refuse_displaced(std::vector<Pending>& group) {
  std::vector<Pending> kept;
  std::uint64_t next = size_on_disk;
  for (Pending& pending : group) {
    if (pending.first && *pending.first != next) {
      Written refused;
      refused.error = Error{Code::kConflict,
                            "the batch was made for index " + std::to_string(*pending.first) + ", the log is at " +
                                std::to_string(next),
                            {}, 0};
      refused.group.push_back(std::move(pending));
      hand_over(std::move(refused));
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
  Written done;
  Result<void> result = failure_of_stopped();
  if (result) result = write_group(group, done.headers);
  done.group = std::move(group);
  if (result) {
    done.begin = end;
    for (const FrameHeader& header : done.headers) {
      end += header.frame_octets();
      size_on_disk += header.count;
    }
    last_digest = done.headers.back().digest;
    const std::lock_guard lock(mutex);
    done.segment = segments.size() - 1;
  } else {
    done.error = std::move(result.error());
  }
  hand_over(std::move(done));
}

Result<void> Log::State::failure_of_stopped() const {
  const std::lock_guard lock(mutex);
  if (failed) return fail(Error(*failed));
  return {};
}

Result<void> Log::State::write_group(const std::vector<Pending>& group, std::vector<FrameHeader>& headers) {
  for (int attempt = 0;; ++attempt) {
    Result<void> result = try_write_group(group, headers);
    if (result) return {};
    Error error = std::move(result.error()).with("log " + dir);
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
    FIREBREAK_TRY(last_file->sync());
    std::unique_lock lock(mutex);
    const std::uint64_t number = segments.back().number + 1;
    lock.unlock();
    FIREBREAK_TRY(add_segment(number));
  }
  headers.clear();
  Bytes heads;
  heads.reserve(group.size() * kFrameHeaderBytes);
  std::uint64_t first = size_on_disk, octets = 0;
  Digest previous = last_digest;
  for (const Pending& pending : group) {
    FrameHeader header;
    header.first = first;
    header.committed = end;
    header.count = static_cast<std::uint32_t>(pending.batch.hashes.size());
    header.leaves_octets = static_cast<std::uint32_t>(pending.batch.leaves.size());
    header.payload_octets = static_cast<std::uint32_t>(pending.batch.payload.size());
    header.previous = previous;
    header.body = pending.batch.body_digest;
    header.append_to(heads);
    previous = header.digest;
    first += header.count;
    octets += header.frame_octets();
    headers.push_back(header);
  }
  std::vector<ByteView> parts;
  parts.reserve(group.size() * 5);
  for (std::size_t i = 0; i < group.size(); ++i) {
    const PreparedBatch& batch = group[i].batch;
    parts.push_back(ByteView(heads).substr(i * kFrameHeaderBytes, kFrameHeaderBytes));
    for (const ByteView part : {ByteView(batch.index), ByteView(batch.leaves), ByteView(batch.payload), batch.padding()})
      parts.push_back(part);
  }
  FIREBREAK_TRY(make_room(octets));
  FIREBREAK_TRY(last_file->write_parts_at(end, parts));
  allocated = std::max(allocated, end + octets);
  return last_file->sync();
}

Result<void> Log::State::add_segment(std::uint64_t number) {
  const SegmentHeader header{number, size_on_disk, last_digest, sha256(options.key.verifier().name)};
  const Path path = path_of(segment_name(number));
  FIREBREAK_TRY(write_atomic(files, path, header.encode()));
  FIREBREAK_ASSIGN(auto file, files.open(path, OpenMode::kAppendDirect));
  last_file = std::move(file);
  const std::lock_guard lock(mutex);
  segments.push_back({number, size_on_disk, kSegmentHeaderBytes, last_file, last_digest, {}});
  end = allocated = kSegmentHeaderBytes;
  return {};
}

// Takes blocks ahead, in growing steps: a sync that need not record a new file size is 2-3 times faster on
// ext4.
Result<void> Log::State::make_room(std::uint64_t octets) {
  if (end + octets <= allocated) return {};
  const std::uint64_t step = std::clamp(end, kSmallestStep, kLargestStep);
  const std::uint64_t want = std::max(end + octets, std::min(end + step, options.segment_bytes));
  const Result<void> grown = last_file->allocate(want);
  if (grown) allocated = want;
  if (grown) return {};
  if (!is_disk_full(grown.error())) return grown;
  // The write itself will say what fits; what was taken of the step goes back.
  return last_file->truncate(std::max(allocated, end));
}

// Gives back what was taken ahead: a segment that is not written any more ends with its last frame.
Result<void> Log::State::drop_room() {
  FIREBREAK_TRY(last_file->truncate(end));
  allocated = end;
  return {};
}

// Never a second sync after a failed one: the kernel forgets what it could not write. What is durable stays
// readable.
void Log::State::stop(Error why) {
  (void)last_file->truncate(end);
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

}  // namespace firebreak::ledger
