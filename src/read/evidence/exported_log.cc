#include "read/evidence/exported_log.h"

#include <fmt/core.h>

#include <algorithm>

#include "log/ledger/proof.h"

namespace firebreak::evidence {
namespace {

using ledger::kTileWidth;

Error corrupt(std::string_view file, std::string_view why) {
  return Error{Code::kCorrupt, fmt::format("{}: {}", file, why), {}, 0};
}

// u16 big-endian length ‖ entry, `width` times.
Result<void> read_bundle(ByteView octets, const std::string& file, std::uint64_t width,
                         std::vector<Bytes>& entries) {
  for (std::uint64_t i = 0; i < width; ++i) {
    if (octets.size() < 2) return fail(corrupt(file, fmt::format("entry {} is missing", entries.size())));
    const std::size_t length = static_cast<std::size_t>(static_cast<unsigned char>(octets[0])) << 8 |
                               static_cast<unsigned char>(octets[1]);
    if (octets.size() < 2 + length)
      return fail(corrupt(file, fmt::format("entry {} is cut", entries.size())));
    entries.emplace_back(octets.substr(2, length));
    octets.remove_prefix(2 + length);
  }
  if (!octets.empty()) return fail(corrupt(file, "octets after the last entry"));
  return {};
}

Result<void> read_entries(Files& files, const Path& dir, ExportedLog& log) {
  const std::uint64_t size = log.checkpoint.size;
  for (std::uint64_t n = 0; n * kTileWidth < size; ++n) {
    const std::uint64_t width = std::min<std::uint64_t>(kTileWidth, size - n * kTileWidth);
    const std::string name = ledger::bundle_path(n, width);
    FIREBREAK_ASSIGN(const Bytes octets, read_all(files, dir + "/" + name));
    FIREBREAK_TRY(read_bundle(octets, name, width, log.entries));
  }
  for (const Bytes& entry : log.entries) log.tree.append(ledger::leaf_hash(entry));
  return {};
}

// The first entry under a tile that is not what the entries give: where a reader should look.
Result<void> check_tiles(Files& files, const Path& dir, const ExportedLog& log) {
  std::uint64_t count = log.checkpoint.size, span = 1;
  for (unsigned level = 0; count > 0; ++level, count /= kTileWidth, span *= kTileWidth) {
    for (std::uint64_t n = 0; n * kTileWidth < count; ++n) {
      const std::uint64_t width = std::min<std::uint64_t>(kTileWidth, count - n * kTileWidth);
      const std::string name = ledger::tile_path(level, n, width);
      FIREBREAK_ASSIGN(const Bytes stored, read_all(files, dir + "/" + name));
      FIREBREAK_ASSIGN(const Bytes computed, log.tree.tile(level, n, width));
      if (stored == computed) continue;
      const auto at = static_cast<std::uint64_t>(
          std::mismatch(stored.begin(), stored.end(), computed.begin(), computed.end()).first -
          stored.begin());
      return fail(corrupt(
          name, fmt::format("hash of entry {} differs from the entries", (n * kTileWidth + at / 32) * span)));
    }
  }
  return {};
}

}  // namespace

Result<ExportedLog> ExportedLog::read(Files& files, const Path& dir) {
  ExportedLog log;
  FIREBREAK_ASSIGN(const Bytes vkey, read_all(files, dir + "/vkey"));
  Result<ledger::VerifierKey> key = ledger::parse_vkey(vkey);
  if (!key) return fail(corrupt("vkey", key.error().message));
  log.key = std::move(*key);
  FIREBREAK_ASSIGN(const Bytes note, read_all(files, dir + "/checkpoint"));
  Result<ledger::Checkpoint> checkpoint = ledger::parse_checkpoint(note);
  if (!checkpoint) return fail(corrupt("checkpoint", checkpoint.error().message));
  log.checkpoint = std::move(*checkpoint);
  if (const auto signed_well = ledger::check_checkpoint(log.checkpoint, log.key); !signed_well)
    return fail(corrupt("checkpoint", signed_well.error().message));
  FIREBREAK_TRY(read_entries(files, dir, log));
  if (log.tree.root() != log.checkpoint.root)
    return fail(corrupt("tile/entries", fmt::format("the {} entries do not give the signed root {}",
                                                    log.entries.size(), log.checkpoint.root.hex())));
  FIREBREAK_TRY(check_tiles(files, dir, log));
  return log;
}

Result<std::string> ExportedLog::proof_text(std::uint64_t index) const {
  if (index >= checkpoint.size)
    return fail(Code::kBusy,
                fmt::format("entry {} stands under no checkpoint yet; try again in a second", index));
  ledger::Proof proof;
  proof.index = index;
  FIREBREAK_ASSIGN(proof.path, tree.inclusion_proof(index, checkpoint.size));
  proof.checkpoint = checkpoint;
  return proof.text();
}

Result<void> ExportedLog::check_checkpoint(const std::string& note) const {
  FIREBREAK_ASSIGN(const ledger::Checkpoint other, ledger::parse_checkpoint(note));
  FIREBREAK_TRY(ledger::check_checkpoint(other, key));
  if (other.size > checkpoint.size)
    return fail(Code::kCorrupt,
                fmt::format("it signs {} entries, the export holds {}", other.size, checkpoint.size));
  FIREBREAK_ASSIGN(const Digest root, tree.root_at(other.size));
  if (root != other.root)
    return fail(Code::kCorrupt,
                fmt::format("at {} entries it signs another root than the export has", other.size));
  return {};
}

}  // namespace firebreak::evidence
