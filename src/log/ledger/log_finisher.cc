// Behind the disk: what is durable goes into the tree and is answered (the finisher), checkpoints and what is derived
// from the segments are written (the keeper).
#include <algorithm>
#include <chrono>

#include "log/ledger/log_state.h"

namespace firebreak::ledger {
namespace {

constexpr std::uint64_t kSpillAt = 4096;  // hashes; larger writes gain nothing

}  // namespace

void Log::State::start_threads() {
  writer = std::thread([this] { write_on(); });
  finisher = std::thread([this] { finish_on(); });
  keeper = std::thread([this] { keep_on(); });
}

void Log::State::join_threads() {
  writer.join();
  finisher.join();
  keeper.join();
}

void Log::State::finish_on() {
  std::unique_lock lock(mutex);
  for (;;) {
    if (!written.empty()) {
      Written next = std::move(written.front());
      written.pop_front();
      for (const Pending& pending : next.group) queued_bytes -= pending.batch.octets();
      room.notify_one();
      lock.unlock();
      finish(next);
      lock.lock();
    } else if (writer_gone) {
      break;
    } else {
      wake_finisher.wait(lock);
    }
  }
  finisher_gone = true;
  wake_keeper.notify_all();
}

void Log::State::finish(Written& group) {
  if (group.error) {
    for (Pending& pending : group.group) pending.done(fail(Error(*group.error)));
    return;
  }
  Digest root;
  take_in(group, root);
  const std::uint64_t size = group.headers.back().first + group.headers.back().count;
  const std::string signature = options.key.sign(checkpoint_body(options.key.verifier().name, size, root));
  for (std::size_t i = 0; i < group.group.size(); ++i) {
    const FrameHeader& header = group.headers[i];
    group.group[i].done(Commit{header.first, header.first + header.count - 1, group.group[i].batch.hashes.back(), size,
                               root, signature});
  }
  const std::lock_guard lock(listeners_mutex);
  for (const auto& listener : listeners) listener(size);
}

// From here on readers see the group.
void Log::State::take_in(const Written& group, Digest& root) {
  const std::lock_guard lock(mutex);
  OpenSegment& segment = segments[group.segment];
  std::uint64_t offset = group.begin;
  for (std::size_t i = 0; i < group.group.size(); ++i) {
    add_place(segment.places, {group.headers[i].first, offset});
    offset += group.headers[i].frame_octets();
    tree.append(group.group[i].batch.hashes);
  }
  segment.end = offset;
  segment.last_digest = group.headers.back().digest;
  root = tree.root();
  // When the disk does not take it, it stays in memory until it does.
  if (tree.unspilled() >= kSpillAt) (void)tree.spill(hashes);
  if (checkpoint_at == 0) checkpoint_at = clock.steady_us() + options.checkpoint_us;
  wake_keeper.notify_one();
}

void Log::State::keep_on() {
  std::unique_lock lock(mutex);
  bool just_failed = false;  // the checkpoint: its next attempt waits its turn
  for (;;) {
    if (!just_failed && (checkpoint_due() || (finisher_gone && checkpointed != tree.size()))) {
      lock.unlock();
      Result<void> result = write_checkpoint();
      lock.lock();
      just_failed = !result;
      checkpoint_failed = result ? std::nullopt : std::optional<Error>(std::move(result.error()));
    } else if (const auto position = segment_to_index()) {
      lock.unlock();
      const Result<void> result = write_index(*position);
      lock.lock();
      if (result) {
        ++indexed;
      } else {
        index_failed_at = segments.size();
      }
    } else if (finisher_gone) {
      return;
    } else if (checkpoint_at == 0) {
      wake_keeper.wait(lock);
    } else {
      const std::int64_t wait = checkpoint_at - clock.steady_us();
      wake_keeper.wait_for(lock, std::chrono::microseconds(std::max(wait, just_failed ? kMillisecond : 0)));
      just_failed = false;
    }
  }
}

bool Log::State::checkpoint_due() const {
  return checkpointed != tree.size() && checkpoint_at != 0 && clock.steady_us() >= checkpoint_at;
}

Result<void> Log::State::write_checkpoint() {
  Checkpoint checkpoint;
  {
    const std::lock_guard lock(mutex);
    // Set first: on an error the next attempt waits its turn instead of spinning.
    checkpoint_at = clock.steady_us() + options.checkpoint_us;
    checkpoint = sign_checkpoint(tree.size(), tree.root());
  }
  Result<void> result = write_atomic(files, path_of(kCheckpointFile), checkpoint.text());
  if (!result && is_disk_full(result.error()) && release_reserve())
    result = write_atomic(files, path_of(kCheckpointFile), checkpoint.text());
  if (!result) return result;
  const std::lock_guard lock(mutex);
  checkpointed = checkpoint.size;
  if (tree.size() == checkpointed) checkpoint_at = 0;
  return {};
}

// A closed segment whose entries are all in the tree and which has no index yet. An index that could not be written is
// tried again when the next segment closes.
std::optional<std::size_t> Log::State::segment_to_index() const {
  if (indexed + 1 >= segments.size() || segments.size() == index_failed_at) return std::nullopt;
  return tree.size() >= segments[indexed + 1].first ? std::optional(indexed) : std::nullopt;
}

Result<void> Log::State::write_index(std::size_t position) {
  SegmentIndex index;
  {
    const std::lock_guard lock(mutex);
    const OpenSegment& segment = segments[position];
    index.number = segment.number;
    index.first = segment.first;
    index.size = segments[position + 1].first;
    index.end = segment.end;
    index.last_digest = segment.last_digest;
    index.places = segment.places;
    FIREBREAK_ASSIGN(index.root, tree.root_at(index.size));
    FIREBREAK_TRY(tree.spill(hashes));
  }
  FIREBREAK_TRY(hashes.sync());  // the tree first: the index says that it is there
  FIREBREAK_TRY(write_atomic(files, path_of(segment_index_name(index.number)), index.encode()));
  const std::lock_guard lock(mutex);
  segments[position].places = {};
  return {};
}

}  // namespace firebreak::ledger
