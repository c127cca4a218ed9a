// Keys: one master key in a 0600 file, a random seed per key epoch wrapped by it, a key per subject derived from it.
//
// A seed lives in its own file beside the log and not in it: a log is never rewritten, a key must be able to die.
// Deleting a seed's file makes every row of that epoch unreadable and leaves all proofs valid.
//
// Key of a row: HMAC(HMAC(seed, bucket), subject), SHA-256, bucket = one of 1,024 by the subject's digest. One subject
// can so be erased later by keeping the other buckets' keys and the other subjects of its bucket, not the seed.
// Bytes: docs/formats/record.md, "Keys".
//
// Threads: all functions from any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/random.h"
#include "base/result.h"

namespace firebreak {
class Files;
}

namespace firebreak::vault {

inline constexpr std::uint32_t kBuckets = 1'024;
std::uint32_t bucket_of(std::string_view subject);

// What a batch stores for each subject in it, so that a reader finds the key without knowing the subject:
// u16 bucket, key id[16], AES-256-GCM of the row key[32 + 16]. A pure function of epoch and subject.
inline constexpr std::size_t kKeyEntryBytes = 2 + 16 + 32 + 16;

struct SubjectKey {
  Digest key;   // AES-256 key of the subject's rows in this epoch
  Bytes entry;  // kKeyEntryBytes
};

// A seed and what is derived from it. Holds key material. Thread-safe: it does not change.
class EpochKeys {
 public:
  explicit EpochKeys(const Digest& seed) : seed_(seed) {}
  SubjectKey subject_key(std::string_view subject) const;
  Result<Digest> open_entry(ByteView entry) const;  // kCorrupt
  Digest check() const;                             // tells seeds apart without giving one away

 private:
  Digest derive(std::uint32_t bucket, std::string_view purpose) const;

  Digest seed_;
};

class Vault {
 public:
  // Opens DIR/keys, making the folder and the master key (0600, random) at the first start.
  // Errors: kCorrupt when the master key file has not 32 octets, kIo.
  static Result<std::unique_ptr<Vault>> open(Files& files, Random& random, const std::string& data_dir);

  // Makes a new seed for `epoch` of `log`; when it returns, the wrapped seed is durable. kConflict when it exists.
  Result<EpochKeys> create_epoch(std::string_view log, std::uint32_t epoch);

  // kNotFound when the seed was destroyed or never made, kCorrupt when it does not unwrap.
  Result<EpochKeys> open_epoch(std::string_view log, std::uint32_t epoch);

  // Keyed hash for fields that a stream declares `keep: hash`: HMAC under a key of this installation and log.
  Digest field_hash(std::string_view log, std::string_view value) const;

 private:
  Vault(Files& files, Random& random, std::string dir, const Digest& master);
  std::string epoch_path(std::string_view log, std::uint32_t epoch) const;

  Files& files_;
  Random& random_;
  std::string dir_;
  Digest wrapping_key_;
  Digest hash_key_;
};

}  // namespace firebreak::vault
