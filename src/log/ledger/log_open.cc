#include "log/ledger/log_state.h"

namespace firebreak::ledger {
namespace {

// The file's content; nothing when it does not exist.
Result<std::optional<Bytes>> read_if_there(Files& files, const Path& path) {
  Result<Bytes> data = read_all(files, path);
  if (data) return std::optional<Bytes>(std::move(*data));
  if (data.error().code == Code::kNotFound) return std::optional<Bytes>();
  return fail(std::move(data.error()));
}

tl::unexpected<Error> corrupt(const Path& dir, const Damage& damage) {
  std::string text = "log " + dir + ": " + damage.file + ", offset " + std::to_string(damage.offset);
  if (damage.record) text += ", record " + std::to_string(*damage.record);
  return fail(Code::kCorrupt, text + ": " + damage.reason + "; run 'firebreak ledger verify'");
}

}  // namespace

Result<void> Log::State::open(Recovery& recovery) {
  FIREBREAK_TRY(files.make_dir(dir));
  FIREBREAK_ASSIGN(folder_lock, files.lock(path_of(kLockFile)));
  FIREBREAK_ASSIGN(const auto vkey, read_if_there(files, path_of(kVkeyFile)));
  FIREBREAK_ASSIGN(const auto checkpoint, read_if_there(files, path_of(kCheckpointFile)));
  FIREBREAK_ASSIGN(const std::vector<std::string> names, files.list(dir));
  bool has_segments = false;
  for (const std::string& name : names) has_segments |= segment_number(name).has_value();

  if (vkey && *vkey != options.key.verifier().text() + "\n")
    return fail(Code::kInvalid, "log " + dir + " was made with another key; its vkey file says " + *vkey);
  if (!has_segments) {
    // The first segment is the last thing that is made: without it nothing was ever appended.
    if (checkpoint) {
      const Result<Checkpoint> parsed = parse_checkpoint(*checkpoint);
      if (!parsed || parsed->size > 0)
        return corrupt(dir, {segment_name(1), 0, 0, "the segment is missing, the checkpoint is there"});
    }
    FIREBREAK_TRY(create());
    recovery.created = true;
  } else if (!vkey || !checkpoint) {
    return corrupt(dir,
                   {std::string(vkey ? kCheckpointFile : kVkeyFile), 0, std::nullopt, "the file is missing"});
  }
  FIREBREAK_TRY(recover(recovery));
  FIREBREAK_TRY(take_reserve());
  recovery.size = size_on_disk;
  return {};
}

Result<void> Log::State::create() {
  FIREBREAK_TRY(write_atomic(files, path_of(kVkeyFile), options.key.verifier().text() + "\n"));
  FIREBREAK_TRY(write_atomic(files, path_of(kCheckpointFile), sign_checkpoint(0, empty_root()).text()));
  FIREBREAK_TRY(files.sync_dir(parent_of(dir)));
  const SegmentHeader header{1, 0, {}, sha256(options.key.verifier().name)};
  return write_atomic(files, path_of(segment_name(1)), header.encode());
}

Result<void> Log::State::recover(Recovery& recovery) {
  FIREBREAK_ASSIGN(const Bytes text, read_all(files, path_of(kCheckpointFile)));
  Result<Checkpoint> checkpoint = parse_checkpoint(text);
  Result<void> authentic =
      checkpoint ? check_checkpoint(*checkpoint, options.key.verifier()) : Result<void>();
  if (!checkpoint || !authentic)
    return corrupt(dir, {std::string(kCheckpointFile), 0, std::nullopt,
                         (checkpoint ? authentic.error() : checkpoint.error()).message});

  FIREBREAK_ASSIGN(
      const ScanResult scan,
      scan_segments(files, dir, options.key.verifier().name, [&](const ScannedFrame& frame) {
        frames.push_back({frame.header.first, frame.segment & 0xffffff, frame.offset & 0xffffffffff});
        for (const Digest& hash : frame.body.hashes) tree.append(hash);
      }));
  if (scan.damage) return corrupt(dir, *scan.damage);
  const bool lost = checkpoint->size > scan.size;
  if (lost && !options.accept_loss) {
    if (scan.tail)
      return corrupt(dir, {scan.tail->segment, scan.tail->place, scan.tail->record, scan.tail->reason});
    return corrupt(dir, {segment_name(scan.segments.size()), scan.segments.back().end, scan.size,
                         "the checkpoint signs " + std::to_string(checkpoint->size) +
                             " entries, the log has " + std::to_string(scan.size)});
  }
  if (!lost) FIREBREAK_TRY(check_against(*checkpoint, scan));
  if (scan.tail) FIREBREAK_TRY(cut_tail(*scan.tail, lost, recovery));

  for (const ScannedSegment& segment : scan.segments)
    segments.push_back({segment.number, segment.end, nullptr});
  end = scan.segments.back().end;
  last_digest = scan.last_digest;
  size_on_disk = scan.size;
  checkpointed = lost ? 0 : checkpoint->size;
  FIREBREAK_ASSIGN(auto file, files.open(path_of(segment_name(segments.back().number)), OpenMode::kWrite));
  segments.back().file = std::move(file);
  FIREBREAK_ASSIGN(allocated, segments.back().file->size());
  FIREBREAK_TRY(rewrite_last_group(scan));
  // A segment whose name was never made durable must not take entries that are acknowledged.
  FIREBREAK_TRY(files.sync_dir(dir));
  return checkpointed == size_on_disk ? Result<void>() : write_checkpoint();
}

Result<void> Log::State::check_against(const Checkpoint& signed_before, const ScanResult& scan) const {
  FIREBREAK_ASSIGN(const Digest root, tree.root_at(signed_before.size));
  if (root != signed_before.root)
    return corrupt(dir, {std::string(kCheckpointFile), 0, std::nullopt,
                         "the root of the first " + std::to_string(signed_before.size) + " of " +
                             std::to_string(scan.size) + " entries is not the signed one"});
  return {};
}

Result<void> Log::State::cut_tail(const TornTail& tail, bool below_checkpoint, Recovery& recovery) {
  FIREBREAK_ASSIGN(const auto file, files.open(path_of(tail.segment), OpenMode::kWrite));
  FIREBREAK_TRY(file->truncate(tail.offset));
  FIREBREAK_TRY(file->sync());
  recovery.cuts.push_back({tail.segment, tail.offset, tail.octets, below_checkpoint, tail.reason});
  return {};
}

// After a failed sync the kernel may hold octets as clean that never reached the disk. No later frame vouches
// for the last group, so it is written again before anything is built on it.
Result<void> Log::State::rewrite_last_group(const ScanResult& scan) {
  const std::uint64_t length = end - scan.last_group;
  if (length == 0) return {};
  File& file = *segments.back().file;
  FIREBREAK_ASSIGN(const Bytes data, file.read_at(scan.last_group, length));
  if (data.size() != length)
    return fail(Code::kIo, "log " + dir + ": the segment became shorter while it was read");
  FIREBREAK_TRY(file.write_at(scan.last_group, data));
  return file.sync();
}

Result<void> Log::State::take_reserve() {
  if (options.reserve_bytes == 0) return {};
  Result<std::unique_ptr<File>> file = files.open(path_of(kReserveFile), OpenMode::kWrite);
  if (!file) return fail(std::move(file.error()));
  const Result<void> taken = (*file)->allocate(options.reserve_bytes);
  if (taken) return {};
  if (!is_disk_full(taken.error())) return fail(Error(taken.error()).with("log " + dir + ": reserve"));
  // Starting on a full disk is what the reserve is for: go on without it.
  reserve_gone = true;
  return files.remove(path_of(kReserveFile));
}

Result<void> Log::State::add_segment(std::uint64_t number) {
  const SegmentHeader header{number, size_on_disk, last_digest, sha256(options.key.verifier().name)};
  const Path path = path_of(segment_name(number));
  FIREBREAK_TRY(write_atomic(files, path, header.encode()));
  FIREBREAK_ASSIGN(auto file, files.open(path, OpenMode::kWrite));
  const std::lock_guard lock(mutex);
  segments.push_back({number, kSegmentHeaderBytes, std::move(file)});
  end = allocated = kSegmentHeaderBytes;
  return {};
}

}  // namespace firebreak::ledger
