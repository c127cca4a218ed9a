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
        return damage_error({segment_name(1), 0, 0, "the segment is missing, the checkpoint is there"});
    }
    FIREBREAK_TRY(create());
    recovery.created = true;
  } else if (!vkey || !checkpoint) {
    return damage_error({std::string(vkey ? kCheckpointFile : kVkeyFile), 0, std::nullopt, "the file is missing"});
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

}  // namespace firebreak::ledger
