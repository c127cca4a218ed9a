#include "log/ledger/export.h"

#include <algorithm>

#include "log/ledger/cosigned.h"
#include "log/ledger/folder.h"

namespace firebreak::ledger {
namespace {

class Exporter {
 public:
  Exporter(Files& files, const Path& out) : files_(files), out_(out) {}

  // Entries arrive in order; a bundle is written when it is full. What stands above the checkpoint is left
  // out.
  void add(const ScannedFrame& frame, std::uint64_t checkpoint_size) {
    std::size_t at = 0;
    for (const std::uint32_t length : frame.body.lengths) {
      if (entries_ == checkpoint_size) return;
      put_be16(bundle_, static_cast<std::uint16_t>(length));
      bundle_ += frame.body.leaves.substr(at, length);
      at += length;
      if (++entries_ % kTileWidth != 0) continue;
      if (status_) status_ = put(bundle_path(entries_ / kTileWidth - 1, kTileWidth), bundle_);
      bundle_.clear();
    }
  }

  // The last bundle and all tiles.
  Result<void> finish(const Folder& folder, const Checkpoint& checkpoint) {
    FIREBREAK_TRY(std::move(status_));
    const std::uint64_t size = folder.checkpoint.size, rest = size % kTileWidth;
    if (rest > 0) FIREBREAK_TRY(put(bundle_path(size / kTileWidth, rest), bundle_));
    std::uint64_t count = size;
    for (unsigned level = 0; count > 0; ++level, count /= kTileWidth) {
      for (std::uint64_t n = 0; n * kTileWidth < count; ++n) {
        const std::uint64_t width = std::min<std::uint64_t>(kTileWidth, count - n * kTileWidth);
        FIREBREAK_ASSIGN(const Bytes tile, folder.tree.tile(level, n, width));
        FIREBREAK_TRY(put(tile_path(level, n, width), tile));
      }
    }
    FIREBREAK_TRY(put("vkey", folder.key.text() + "\n"));
    FIREBREAK_TRY(put("origin", folder.checkpoint.origin + "\n"));
    return put("checkpoint", checkpoint.text());
  }

 private:
  Result<void> put(const std::string& name, ByteView data) {
    const Path path = out_ + "/" + name;
    const Path parent = parent_of(path);
    if (parent != last_parent_) {
      FIREBREAK_TRY(files_.make_dir(parent));
      last_parent_ = parent;
    }
    return write_plain(files_, path, data);
  }

  Files& files_;
  const Path& out_;
  Path last_parent_;
  Bytes bundle_;
  std::uint64_t entries_ = 0;
  Result<void> status_;
};

// Empty, absent, or an earlier export of the same log.
Result<void> check_target(Files& files, const Path& log_dir, const Path& out_dir) {
  const Result<std::vector<std::string>> names = files.list(out_dir);
  if (!names) return names.error().code == Code::kNotFound ? Result<void>() : fail(Error(names.error()));
  if (names->empty()) return {};
  const Result<Bytes> theirs = read_all(files, out_dir + "/vkey");
  const Result<Bytes> ours = read_all(files, log_dir + "/vkey");
  if (exists(files, out_dir + "/origin") && theirs && ours && *theirs == *ours) return {};
  return fail(Code::kConflict,
              "the folder " + out_dir + " is not empty and holds no earlier export of this log");
}

}  // namespace

Result<Checkpoint> export_tiles(Files& files, const Path& log_dir, const Path& out_dir) {
  FIREBREAK_TRY(check_target(files, log_dir, out_dir));
  FIREBREAK_TRY(files.make_dir(out_dir));
  FIREBREAK_ASSIGN(const std::vector<Vouched> vouched, read_vouched(files, log_dir));
  Exporter exporter(files, out_dir);
  FIREBREAK_ASSIGN(const Folder folder,
                   read_folder(files, log_dir, [&](const Folder& known, const ScannedFrame& frame) {
                     exporter.add(frame, known.checkpoint.size);
                   }));
  if (folder.damage) return fail(Code::kCorrupt, "log " + log_dir + ": " + describe(*folder.damage));
  VerifyReport report;
  judge_kept(folder.key, past_view(folder.tree), {}, vouched, report);
  for (const KeptAnswer& answer : report.kept)
    if (!answer.problem.empty())
      return fail(Code::kCorrupt, "log " + log_dir + ": " + answer.name + " contradicts it: " + answer.problem);
  Checkpoint checkpoint = folder.checkpoint;
  FIREBREAK_TRY(export_vouched(files, log_dir, out_dir, vouched, checkpoint));
  FIREBREAK_TRY(exporter.finish(folder, checkpoint));
  return checkpoint;
}

}  // namespace firebreak::ledger
