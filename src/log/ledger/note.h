// Signed notes, keys and checkpoints (C2SP signed-note v1, tlog-checkpoint v1), Ed25519 (key type 01).
//
// A note is text ending in LF, a blank line, and lines "— <key name> <base64(key id[4] || signature[64])>".
// Pure; thread-safe. Errors: kInvalid with the line that is wrong.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/files.h"
#include "base/random.h"
#include "base/result.h"

struct evp_pkey_st;

namespace firebreak::ledger {

enum class KeyType : char { kEd25519 = 1, kCosignature = 4 };  // of a log, of a witness (cosignature.h)

// Who may have signed: text form "<name>+<hex8 of the key id>+<base64(type || public key[32])>".
struct VerifierKey {
  std::string name;
  Bytes id;          // 4 octets
  Bytes public_key;  // 32 octets
  KeyType type = KeyType::kEd25519;
  std::string text() const;
  bool operator==(const VerifierKey&) const = default;
};
// One trailing LF is accepted.
Result<VerifierKey> parse_vkey(std::string_view text);          // a log's
Result<VerifierKey> parse_witness_vkey(std::string_view text);  // a witness'
VerifierKey make_vkey(std::string name, Bytes public_key, KeyType type);
bool is_key_name(std::string_view name);  // printable ASCII without space and '+', 1..128 octets

// Text form as Go's sumdb/note writes it: "PRIVATE+KEY+<name>+<hex8>+<base64(01 || seed[32])>".
class SigningKey {
 public:
  static Result<SigningKey> generate(const std::string& name, Random& random);
  static Result<SigningKey> parse(std::string_view text);
  // Reads `path`; makes it (0600, atomically) when absent. kInvalid when the file holds another name's key.
  static Result<SigningKey> load_or_create(Files& files, const Path& path, const std::string& name,
                                           Random& random);

  const VerifierKey& verifier() const { return verifier_; }
  std::string text() const;
  std::string sign(ByteView message) const;  // base64(key id || signature), as in a note's line

 private:
  static Result<SigningKey> from_seed(const std::string& name, Bytes seed);

  Bytes seed_;
  VerifierKey verifier_;
  std::shared_ptr<evp_pkey_st>
      handle_;  // immutable, shared by copies: making one costs as much as a signature
};

// `signature` as SigningKey::sign gives it.
bool verify_signature(const VerifierKey& key, ByteView message, std::string_view signature);

struct NoteSignature {
  std::string name;
  std::string signature;  // base64(key id || signature)
};

// Origin, size, root. body() is what is signed: three lines.
struct Checkpoint {
  std::string origin;
  std::uint64_t size = 0;
  Digest root;  // SHA-256 of nothing when size is 0
  std::vector<NoteSignature> signatures;

  std::string body() const;
  std::string text() const;  // the whole note
};

// No extension lines: Firebreak writes none, and a reader that ignored them would sign away what it cannot
// read.
Result<Checkpoint> parse_checkpoint(std::string_view text);
Result<void> check_checkpoint(const Checkpoint& checkpoint, const VerifierKey& key);  // origin and signature
std::string checkpoint_body(std::string_view origin, std::uint64_t size, const Digest& root);

}  // namespace firebreak::ledger
