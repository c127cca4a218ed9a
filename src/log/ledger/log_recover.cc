// What stands on the disk at the start: read, compared with the signed checkpoint, cut where a write was torn.
#include "log/ledger/log_state.h"

namespace firebreak::ledger {
namespace {

constexpr std::uint64_t kSpillAt = 65'536;

}  // namespace

tl::unexpected<Error> Log::State::damage_error(const Damage& damage) const {
  std::string text = "log " + dir + ": " + damage.file + ", offset " + std::to_string(damage.offset);
  if (damage.record) text += ", record " + std::to_string(*damage.record);
  return fail(Code::kCorrupt, text + ": " + damage.reason + "; run 'firebreak ledger verify'");
}

Result<Checkpoint> Log::State::read_checkpoint() const {
  FIREBREAK_ASSIGN(const Bytes text, read_all(files, path_of(kCheckpointFile)));
  Result<Checkpoint> checkpoint = parse_checkpoint(text);
  const Result<void> authentic =
      checkpoint ? check_checkpoint(*checkpoint, options.key.verifier()) : fail(Error(checkpoint.error()));
  if (!authentic) return damage_error({std::string(kCheckpointFile), 0, std::nullopt, authentic.error().message});
  return checkpoint;
}

// The file begins as the index says and has its size.
bool Log::State::is_segment_of(const SegmentIndex& index, const ScanStart& before) const {
  const auto file = files.open(path_of(segment_name(index.number)), OpenMode::kRead);
  if (!file) return false;
  const Result<std::uint64_t> octets = (*file)->size();
  const Result<Bytes> head = (*file)->read_at(0, kSegmentHeaderBytes);
  if (!octets || *octets != index.end || !head) return false;
  const Result<SegmentHeader> header = parse_segment_header(*head);
  return header && header->number == index.number && header->first == index.first &&
         header->previous == before.last_digest && header->origin == sha256(options.key.verifier().name);
}

// Closed segments whose indexes agree with one another, with the files' sizes and with the hash files are taken as
// read. Whether that was right is seen when the signed checkpoint is compared with the tree.
ScanStart Log::State::start_behind_indexes() {
  ScanStart start;
  for (std::uint64_t number = 1;; ++number) {
    const Result<Bytes> data = read_all(files, path_of(segment_index_name(number)));
    if (!data) break;
    Result<SegmentIndex> index = parse_segment_index(*data);
    if (!index || index->number != number || index->first != start.size || !is_segment_of(*index, start)) break;
    segments.push_back({number, index->first, index->end, nullptr, index->last_digest, {}});
    start = {number + 1, index->size, index->last_digest};
    last_index_root = index->root;
  }
  indexed = segments.size();
  if (start.number == 1) return start;
  Result<Tree> restored = Tree::restore(hashes, start.size);
  if (!restored || restored->root() != last_index_root || !exists(files, path_of(segment_name(start.number)))) {
    forget_derived();
    return {};
  }
  tree = std::move(*restored);
  return start;
}

void Log::State::forget_derived() {
  segments.clear();
  indexed = 0;
  tree = Tree();
  (void)hashes.clear();  // and what stays is overwritten
}

Result<ScanResult> Log::State::scan_from(const ScanStart& start) {
  const std::size_t before = segments.size();
  FIREBREAK_ASSIGN(ScanResult scan,
                   scan_segments(files, dir, options.key.verifier().name, [&](const ScannedFrame& frame) {
                     segments.resize(before + frame.segment + 1);
                     add_place(segments.back().places, {frame.header.first, frame.offset});
                     segments.back().last_digest = frame.header.digest;
                     tree.append(frame.body.hashes);
                     if (tree.unspilled() >= kSpillAt) (void)tree.spill(hashes);
                   }, start));
  segments.resize(before + scan.segments.size());
  for (std::size_t i = 0; i < scan.segments.size(); ++i) {
    OpenSegment& segment = segments[before + i];
    segment.number = scan.segments[i].number;
    segment.first = scan.segments[i].first;
    segment.end = scan.segments[i].end;
  }
  return scan;
}

// Reads from the first segment that has no index; everything, when that does not lead to what the checkpoint signs.
Result<ScanResult> Log::State::scan_all(const Checkpoint& signed_before) {
  const ScanStart start = start_behind_indexes();
  FIREBREAK_ASSIGN(ScanResult scan, scan_from(start));
  if (start.number == 1) return scan;
  if (!scan.damage && signed_before.size <= scan.size && check_against(signed_before)) return scan;
  forget_derived();
  return scan_from({});
}

Result<void> Log::State::recover(Recovery& recovery) {
  FIREBREAK_ASSIGN(const Checkpoint checkpoint, read_checkpoint());
  FIREBREAK_ASSIGN(const ScanResult scan, scan_all(checkpoint));
  if (scan.damage) return damage_error(*scan.damage);
  const bool lost = checkpoint.size > scan.size;
  if (lost && !options.accept_loss) {
    if (scan.tail) return damage_error({scan.tail->segment, scan.tail->place, scan.tail->record, scan.tail->reason});
    return damage_error({segment_name(segments.back().number), scan.segments.back().end, scan.size,
                         "the checkpoint signs " + std::to_string(checkpoint.size) + " entries, the log has " +
                             std::to_string(scan.size)});
  }
  if (!lost) FIREBREAK_TRY(check_against(checkpoint));
  if (scan.tail) FIREBREAK_TRY(cut_tail(*scan.tail, lost, recovery));
  end = segments.back().end;
  last_digest = scan.last_digest;
  size_on_disk = scan.size;
  checkpointed = lost ? 0 : checkpoint.size;
  FIREBREAK_ASSIGN(auto file, files.open(path_of(segment_name(segments.back().number)), OpenMode::kAppendDirect));
  last_file = std::move(file);
  segments.back().file = last_file;
  FIREBREAK_ASSIGN(allocated, last_file->size());
  FIREBREAK_TRY(rewrite_last_group(scan));
  // A segment whose name was never made durable must not take entries that are acknowledged.
  FIREBREAK_TRY(files.sync_dir(dir));
  return checkpointed == size_on_disk ? Result<void>() : write_checkpoint();
}

Result<void> Log::State::check_against(const Checkpoint& signed_before) const {
  FIREBREAK_ASSIGN(const Digest root, tree.root_at(signed_before.size));
  if (root != signed_before.root)
    return damage_error({std::string(kCheckpointFile), 0, std::nullopt,
                         "the root of the first " + std::to_string(signed_before.size) + " of " +
                             std::to_string(tree.size()) + " entries is not the signed one"});
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
  File& file = *last_file;
  FIREBREAK_ASSIGN(const Bytes data, file.read_at(scan.last_group, length));
  if (data.size() != length)
    return fail(Code::kIo, "log " + dir + ": the segment became shorter while it was read");
  FIREBREAK_TRY(file.write_at(scan.last_group, data));
  return file.sync();
}

}  // namespace firebreak::ledger
