#include "log/ledger/proof.h"

#include <charconv>

#include "base/encoding.h"
#include "log/ledger/cosigned.h"
#include "log/ledger/folder.h"

namespace firebreak::ledger {
namespace {

constexpr std::string_view kVersion = "c2sp.org/tlog-proof@v1";
constexpr std::size_t kMaxPath = 64;
constexpr std::size_t kMaxProofBytes = 1024 * 1024;

tl::unexpected<Error> bad(std::string_view why) {
  return fail(Code::kInvalid, "tlog-proof: " + std::string(why));
}

}  // namespace

std::string Proof::text() const {
  std::string out(kVersion);
  out += "\n";
  if (extra) out += "extra " + to_base64(*extra) + "\n";
  out += "index " + std::to_string(index) + "\n";
  for (const Digest& hash : path) out += to_base64(hash.view()) + "\n";
  return out + "\n" + checkpoint.text();
}

Result<Proof> parse_proof(std::string_view text) {
  if (text.size() > kMaxProofBytes) return bad("larger than 1 MiB");
  const auto next = [&]() -> std::optional<std::string_view> {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end + 1);
    return line;
  };
  Proof proof;
  std::optional<std::string_view> line = next();
  if (!line || *line != kVersion) return bad("does not start with " + std::string(kVersion));
  line = next();
  if (line && line->starts_with("extra ")) {
    FIREBREAK_ASSIGN(proof.extra, from_base64(line->substr(6)));
    line = next();
  }
  if (!line || !line->starts_with("index ")) return bad("no index line");
  const std::string_view digits = line->substr(6);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), proof.index);
  if (error != std::errc() || std::to_string(proof.index) != digits)
    return bad("the index is not a decimal number");
  for (line = next(); line && !line->empty(); line = next()) {
    if (proof.path.size() == kMaxPath) return bad("more than 64 hashes");
    const Result<Bytes> hash = from_base64(*line);
    if (!hash || hash->size() != 32) return bad("a hash is not base64 of 32 octets");
    proof.path.push_back(Digest::from_bytes(*hash));
  }
  if (!line) return bad("no checkpoint");
  FIREBREAK_ASSIGN(proof.checkpoint, parse_checkpoint(text));
  return proof;
}

Result<void> check_proof(const Proof& proof, const Digest& leaf, const VerifierKey& key) {
  FIREBREAK_TRY(check_checkpoint(proof.checkpoint, key));
  if (!verify_inclusion(leaf, proof.index, proof.checkpoint.size, proof.path, proof.checkpoint.root))
    return fail(Code::kCorrupt, "the entry is not at index " + std::to_string(proof.index) +
                                    " of the log that the checkpoint signs");
  return {};
}

Result<void> check_proof(const Proof& proof, ByteView entry, const VerifierKey& key) {
  return check_proof(proof, leaf_hash(entry), key);
}

Result<ProvenEntry> prove(Files& files, const Path& log_dir, std::uint64_t index) {
  ProvenEntry out;
  FIREBREAK_ASSIGN(const auto cosigned, read_cosigned(files, log_dir + "/" + std::string(kCosignedFile)));
  FIREBREAK_ASSIGN(const Folder folder,
                   read_folder(files, log_dir, [&](const Folder&, const ScannedFrame& frame) {
                     if (index < frame.header.first || index - frame.header.first >= frame.header.count)
                       return;
                     std::size_t at = 0;
                     const std::size_t ordinal = index - frame.header.first;
                     for (std::size_t i = 0; i < ordinal; ++i) at += frame.body.lengths[i];
                     out.entry = Bytes(frame.body.leaves.substr(at, frame.body.lengths[ordinal]));
                   }));
  if (folder.damage) return fail(Code::kCorrupt, "log " + log_dir + ": " + describe(*folder.damage));
  if (index >= folder.checkpoint.size)
    return fail(Code::kNotFound, "log " + log_dir + " signs " + std::to_string(folder.checkpoint.size) +
                                     " entries, none at index " + std::to_string(index));
  out.proof.index = index;
  out.proof.checkpoint = folder.checkpoint;
  if (cosigned && cosigned->size > index) {
    const Result<void> holds = check_receipt(receipt_of(*cosigned), folder.key, past_view(folder.tree));
    if (!holds) return fail(Code::kCorrupt, "log " + log_dir + ": cosigned contradicts it: " + holds.error().message);
    out.proof.checkpoint = *cosigned;
  }
  FIREBREAK_ASSIGN(out.proof.path, folder.tree.inclusion_proof(index, out.proof.checkpoint.size));
  return out;
}

}  // namespace firebreak::ledger
