// An exported folder, file by file in the order of the tree. The same questions as examples/verify/tlog_verify.py asks, which
// shares no code with this; test/property holds the two against each other on mutated folders.
#include <algorithm>

#include "log/ledger/cosigned.h"
#include "log/ledger/log_state.h"

namespace firebreak::ledger {
namespace {

Result<Bytes> must_read(Files& files, const Path& dir, const std::string& name) {
  Result<Bytes> data = read_all(files, dir + "/" + name);
  if (!data && data.error().code == Code::kNotFound) return fail(Code::kCorrupt, "the file is missing");
  return data;
}

class TileCheck {
 public:
  TileCheck(Files& files, const Path& dir, VerifyReport& report) : files_(files), dir_(dir), report_(report) {}

  // Sets report.damage at the first file that is not what the others say. Errors: kIo.
  Result<void> run(const Checkpoint& checkpoint, Tree& tree) {
    for (std::uint64_t first = 0; first < checkpoint.size && !report_.damage; first += kTileWidth)
      FIREBREAK_TRY(bundle(first, std::min(kTileWidth, checkpoint.size - first), tree));
    if (report_.damage) return {};
    if (tree.root() != checkpoint.root) damage("checkpoint", 0, {}, "the signed root is not the root of these entries");
    std::uint64_t count = checkpoint.size;
    for (unsigned level = 0; count > 0; ++level, count /= kTileWidth)
      for (std::uint64_t n = 0; n * kTileWidth < count && !report_.damage; ++n)
        FIREBREAK_TRY(tile(level, n, std::min(kTileWidth, count - n * kTileWidth), tree));
    return {};
  }

 private:
  void damage(const std::string& file, std::uint64_t offset, std::optional<std::uint64_t> record, std::string reason) {
    if (!report_.damage) report_.damage = Damage{file, offset, record, std::move(reason)};
  }

  // Octets of a file; nothing when it is missing, which is damage.
  Result<std::optional<Bytes>> read(const std::string& name, std::uint64_t record) {
    Result<Bytes> data = must_read(files_, dir_, name);
    if (!data && data.error().code != Code::kCorrupt) return fail(std::move(data.error()));
    if (!data) damage(name, 0, record, data.error().message);
    report_.octets += data ? data->size() : 0;
    return data ? std::optional<Bytes>(std::move(*data)) : std::nullopt;
  }

  Result<void> bundle(std::uint64_t first, std::uint64_t width, Tree& tree) {
    const std::string name = bundle_path(first / kTileWidth, width), hashes = tile_path(0, first / kTileWidth, width);
    FIREBREAK_ASSIGN(const auto entries, read(name, first));
    FIREBREAK_ASSIGN(const auto leaves, read(hashes, first));
    if (!entries || !leaves) return {};
    if (leaves->size() != width * 32) damage(hashes, 0, first, "the tile has another length");
    std::size_t at = 0;
    for (std::uint64_t i = 0; i < width && !report_.damage; ++i) {
      const auto octet = [&](std::size_t k) { return static_cast<std::size_t>(static_cast<unsigned char>((*entries)[k])); };
      if (at + 2 > entries->size() || at + 2 + octet(at) * 256 + octet(at + 1) > entries->size()) {
        damage(name, at, first + i, "the bundle ends inside this entry");
        break;
      }
      const std::size_t length = octet(at) * 256 + octet(at + 1);
      const Digest leaf = leaf_hash(ByteView(*entries).substr(at + 2, length));
      if (leaf.view() != ByteView(*leaves).substr(i * 32, 32)) damage(name, at, first + i, "the entry is not the one that " + hashes + " holds");
      tree.append(leaf);
      at += 2 + length;
      ++report_.size;
    }
    if (at != entries->size()) damage(name, at, first + width - 1, "octets behind the last entry");
    return {};
  }

  Result<void> tile(unsigned level, std::uint64_t n, std::uint64_t width, const Tree& tree) {
    const std::string name = tile_path(level, n, width);
    FIREBREAK_ASSIGN(const auto found, read(name, n * kTileWidth));
    if (!found) return {};
    FIREBREAK_ASSIGN(const Bytes wanted, tree.tile(level, n, width));
    if (*found == wanted) return {};
    const std::size_t common = std::min(found->size(), wanted.size());
    const auto differs = std::mismatch(found->begin(), found->begin() + static_cast<std::ptrdiff_t>(common), wanted.begin());
    damage(name, static_cast<std::uint64_t>(differs.first - found->begin()), {}, "the tile is not what the entries give");
    return {};
  }

  Files& files_;
  const Path& dir_;
  VerifyReport& report_;
};

// Key, checkpoint and origin; damage names the file.
Result<void> read_notes(Files& files, const Path& dir, VerifierKey& key, Checkpoint& checkpoint, VerifyReport& report) {
  const auto damaged = [&](std::string_view file, const std::string& reason) {
    report.damage = Damage{std::string(file), 0, std::nullopt, reason};
    return Result<void>();
  };
  const auto part = [&](std::string_view name) { return must_read(files, dir, std::string(name)); };
  const Result<Bytes> vkey = part(kVkeyFile), note = part(kCheckpointFile), origin = part("origin");
  for (const Result<Bytes>* read : {&vkey, &note, &origin})
    if (!*read && read->error().code != Code::kCorrupt) return fail(Error(read->error()));
  if (!vkey) return damaged(kVkeyFile, vkey.error().message);
  Result<VerifierKey> parsed_key = parse_vkey(*vkey);
  if (!parsed_key) return damaged(kVkeyFile, parsed_key.error().message);
  key = std::move(*parsed_key);
  report.vkey = key.text();
  if (*vkey != report.vkey + "\n") return damaged(kVkeyFile, "the file does not end in one line feed");
  report.origin = key.name;
  if (!note) return damaged(kCheckpointFile, note.error().message);
  Result<Checkpoint> parsed = parse_checkpoint(*note);
  if (!parsed) return damaged(kCheckpointFile, parsed.error().message);
  if (const auto good = check_checkpoint(*parsed, key); !good) return damaged(kCheckpointFile, good.error().message);
  checkpoint = std::move(*parsed);
  report.checkpoint_size = checkpoint.size;
  report.root = checkpoint.root;
  if (!origin || *origin != key.name + "\n") return damaged("origin", "it is not the checkpoint's origin");
  return {};
}

}  // namespace

Result<VerifyReport> verify_export(Files& files, const Path& dir, const std::optional<std::string>& pinned_vkey,
                                   const Kept& kept) {
  std::optional<VerifierKey> pinned;
  if (pinned_vkey) {
    FIREBREAK_ASSIGN(pinned, parse_vkey(*pinned_vkey));
  }
  FIREBREAK_TRY(files.list(dir));
  VerifyReport report;
  VerifierKey key;
  Checkpoint checkpoint;
  FIREBREAK_TRY(read_notes(files, dir, key, checkpoint, report));
  if (report.damage) return report;
  if (pinned && key != *pinned) {
    report.damage = Damage{std::string(kVkeyFile), 0, std::nullopt,
                           "the log is signed by " + key.text() + ", not by the pinned " + pinned->text()};
    return report;
  }
  Tree tree;
  FIREBREAK_TRY(TileCheck(files, dir, report).run(checkpoint, tree));
  if (report.damage) return report;
  FIREBREAK_ASSIGN(const std::vector<Vouched> vouched, read_vouched(files, dir));
  judge_kept(key, past_view(tree), kept, vouched, report);
  if (report.verdict != Verdict::kContradicted) report.verdict = pinned ? Verdict::kAuthentic : Verdict::kConsistent;
  return report;
}

}  // namespace firebreak::ledger
