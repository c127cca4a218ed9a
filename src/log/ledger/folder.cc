#include "log/ledger/folder.h"

#include "log/ledger/log_state.h"

namespace firebreak::ledger {
namespace {

// kNotFound becomes damage: the folder is there, the file is not.
Result<std::optional<Bytes>> read_part(Files& files, const Path& dir, std::string_view name) {
  Result<Bytes> data = read_all(files, dir + "/" + std::string(name));
  if (data) return std::optional<Bytes>(std::move(*data));
  if (data.error().code == Code::kNotFound) return std::optional<Bytes>();
  return fail(std::move(data.error()));
}

std::optional<Damage> damaged(std::string_view file, std::string reason) {
  return Damage{std::string(file), 0, std::nullopt, std::move(reason)};
}

// The segments agree with themselves; does the signed checkpoint agree with them?
std::optional<Damage> compare(const Folder& folder) {
  const ScanResult& scan = folder.scan;
  if (scan.damage) return scan.damage;
  if (folder.checkpoint.size > scan.size) return missing_end(scan, folder.checkpoint.size);
  const Result<Digest> root = folder.tree.root_at(folder.checkpoint.size);
  if (!root || *root != folder.checkpoint.root)
    return damaged(kCheckpointFile, "the signed root is not the root of the first " +
                                        std::to_string(folder.checkpoint.size) + " entries");
  return std::nullopt;
}

}  // namespace

Damage missing_end(const ScanResult& scan, std::uint64_t signed_size) {
  if (scan.tail) return Damage{scan.tail->segment, scan.tail->place, scan.tail->record, scan.tail->reason};
  const bool empty = scan.segments.empty();
  return Damage{segment_name(empty ? 1 : scan.segments.back().number), empty ? 0 : scan.segments.back().end, scan.size,
                "entries are missing: the checkpoint signs " + std::to_string(signed_size) + ", the log has " +
                    std::to_string(scan.size)};
}

std::string describe(const Damage& damage) {
  std::string text = damage.file + ", offset " + std::to_string(damage.offset);
  if (damage.record) text += ", record " + std::to_string(*damage.record);
  return text + ": " + damage.reason;
}

Result<Folder> read_folder(Files& files, const Path& dir, const FolderVisitor& visit) {
  Folder folder;
  FIREBREAK_TRY(files.list(dir));
  FIREBREAK_ASSIGN(const auto vkey, read_part(files, dir, kVkeyFile));
  FIREBREAK_ASSIGN(const auto checkpoint, read_part(files, dir, kCheckpointFile));
  Result<VerifierKey> key = vkey ? parse_vkey(*vkey) : fail(Code::kInvalid, "the file is missing");
  if (!key || key->text() + "\n" != *vkey) {
    folder.damage = damaged(kVkeyFile, key ? "the file does not end in one line feed" : key.error().message);
    return folder;
  }
  folder.key = std::move(*key);
  Result<Checkpoint> parsed =
      checkpoint ? parse_checkpoint(*checkpoint) : fail(Code::kInvalid, "the file is missing");
  const Result<void> good = parsed ? check_checkpoint(*parsed, folder.key) : fail(Error(parsed.error()));
  if (good) {
    folder.checkpoint = std::move(*parsed);
  } else {
    folder.damage = damaged(kCheckpointFile, good.error().message);
  }
  FIREBREAK_ASSIGN(folder.scan, scan_segments(files, dir, folder.key.name, [&](const ScannedFrame& frame) {
                     folder.tree.append(frame.body.hashes);
                     if (visit) visit(folder, frame);
                   }));
  if (!folder.damage) folder.damage = compare(folder);
  return folder;
}

}  // namespace firebreak::ledger
