#include "log/ledger/cosignature.h"

#include <charconv>

#include "base/encoding.h"
#include "base/bytes.h"

namespace firebreak::ledger {
namespace {

constexpr std::size_t kMaxHashes = 63, kMaxRequestBytes = 128 * 1024, kMaxAnswerBytes = 16 * 1024;
constexpr std::size_t kIdBytes = 4, kTimeBytes = 8, kSignatureBytes = 64;

tl::unexpected<Error> bad(std::string_view why) { return fail(Code::kInvalid, "add-checkpoint: " + std::string(why)); }

std::string signed_text(const Checkpoint& checkpoint, std::uint64_t seconds) {
  return "cosignature/v1\ntime " + std::to_string(seconds) + "\n" + checkpoint.body();
}

std::uint64_t read_time(ByteView octets) {
  std::uint64_t seconds = 0;
  for (const char c : octets) seconds = seconds << 8 | static_cast<unsigned char>(c);
  return seconds;
}

}  // namespace

std::string AddCheckpoint::text() const {
  std::string out = "old " + std::to_string(old_size) + "\n";
  for (const Digest& hash : proof) out += to_base64(hash.view()) + "\n";
  return out + "\n" + checkpoint.text();
}

Result<AddCheckpoint> parse_add_checkpoint(std::string_view text) {
  if (text.size() > kMaxRequestBytes) return bad("larger than 128 KiB");
  AddCheckpoint request;
  for (bool first = true;; first = false) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return bad("ends before the checkpoint");
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end + 1);
    if (first) {
      if (!line.starts_with("old ")) return bad("does not start with 'old <size>'");
      const std::string_view number = line.substr(4);
      const auto [stop, error] = std::from_chars(number.data(), number.data() + number.size(), request.old_size);
      if (error != std::errc() || std::to_string(request.old_size) != number || stop != number.data() + number.size())
        return bad("the old size is not a decimal number");
      continue;
    }
    if (line.empty()) break;
    const Result<Bytes> hash = from_base64(line);
    if (!hash || hash->size() != 32 || request.proof.size() == kMaxHashes) return bad("a line is no hash, or there are more than 63");
    request.proof.push_back(Digest::from_bytes(*hash));
  }
  FIREBREAK_ASSIGN(request.checkpoint, parse_checkpoint(text));
  return request;
}

Result<std::vector<NoteSignature>> parse_cosignatures(std::string_view text) {
  if (text.size() > kMaxAnswerBytes) return fail(Code::kInvalid, "cosignatures: larger than 16 KiB");
  // The lines of a note, so the note's parser reads them: under a checkpoint that says nothing.
  const std::string note = checkpoint_body("x", 0, empty_root()) + "\n" + std::string(text);
  Result<Checkpoint> parsed = parse_checkpoint(note);
  if (!parsed) return fail(Code::kInvalid, "cosignatures: the answer is not lines of signatures");
  return std::move(parsed->signatures);
}

Result<std::uint64_t> check_cosignature(const Checkpoint& checkpoint, const std::vector<NoteSignature>& lines, const VerifierKey& witness) {
  for (const NoteSignature& line : lines) {
    const Result<Bytes> raw = from_base64(line.signature);
    if (line.name != witness.name || !raw || raw->substr(0, kIdBytes) != witness.id) continue;
    if (raw->size() != kIdBytes + kTimeBytes + kSignatureBytes)
      return fail(Code::kCorrupt, "the cosignature of " + witness.name + " has another length");
    const std::uint64_t seconds = read_time(ByteView(*raw).substr(kIdBytes, kTimeBytes));
    const std::string plain = to_base64(witness.id + raw->substr(kIdBytes + kTimeBytes));
    if (!verify_signature(witness, signed_text(checkpoint, seconds), plain))
      return fail(Code::kCorrupt, "the cosignature of " + witness.name + " does not verify");
    return seconds;
  }
  return fail(Code::kCorrupt, "not cosigned by " + witness.text());
}

VerifierKey cosigner_of(const SigningKey& key) {
  return make_vkey(key.verifier().name, key.verifier().public_key, KeyType::kCosignature);
}

NoteSignature cosign(const SigningKey& key, const Checkpoint& checkpoint, std::uint64_t seconds) {
  const Result<Bytes> plain = from_base64(key.sign(signed_text(checkpoint, seconds)));
  FIREBREAK_ASSERT(plain && plain->size() == kIdBytes + kSignatureBytes);
  Bytes raw = cosigner_of(key).id;
  for (int shift = 56; shift >= 0; shift -= 8) raw += static_cast<char>(seconds >> shift & 0xff);
  return {key.verifier().name, to_base64(raw + plain->substr(kIdBytes))};
}

}  // namespace firebreak::ledger
