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

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
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

// A seed and what is derived from it. Copyable; holds key material.
class EpochKeys {
 public:
  explicit EpochKeys(const Digest& seed) : seed_(seed) {}
  Digest row_key(std::string_view subject) const;
  Digest bucket_key(std::uint32_t bucket) const;

 private:
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
