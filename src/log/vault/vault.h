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
#include <optional>
#include <string>
#include <string_view>
#include <vector>

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

// Tells a subject's key in an epoch apart from others without giving it away; stands in the clear in key entries.
using KeyId = std::array<std::uint8_t, 16>;
KeyId key_id_of_entry(ByteView entry);
std::uint32_t bucket_of_entry(ByteView entry);

// What is left of an epoch when subjects were erased from it: no seed any more.
struct Remains {
  Digest check;
  struct Bucket {
    Digest id;                   // derives key ids: whoever has the vault can still tell that a key was of a subject
    std::optional<Digest> wrap;  // opens all key entries of the bucket; gone when somebody of it was erased …
    std::map<KeyId, Digest> kept;  // … and then these are the row keys of the others
  };
  std::vector<Bucket> buckets;  // kBuckets
};

// The keys of an epoch: its seed and what is derived from it, or what remains. Holds key material. Thread-safe: it does
// not change.
class EpochKeys {
 public:
  explicit EpochKeys(const Digest& seed) : seed_(seed) {}
  explicit EpochKeys(Remains remains);

  SubjectKey subject_key(std::string_view subject) const;  // only with a seed (asserted)
  // kCorrupt; kNotFound: the subject was erased.
  Result<Digest> open_entry(ByteView entry) const;
  Digest check() const;  // tells seeds apart without giving one away
  KeyId key_id(std::string_view subject) const;
  bool has_seed() const { return remains_ == nullptr; }
  // What remains when only the keys of `entries` are kept.
  Result<Remains> only(const std::vector<Bytes>& entries) const;
  // What remains without the key `gone`. `entries`: all key entries of its bucket that the log has in this epoch.
  Result<Remains> without(std::uint32_t bucket, const KeyId& gone, const std::vector<Bytes>& entries) const;

 private:
  Digest derive(std::uint32_t bucket, std::string_view purpose) const;
  Result<Digest> open_with(const Digest& wrap, ByteView entry) const;

  Digest seed_;
  std::shared_ptr<const Remains> remains_;
};

// DIR/keys/epochs/<log>/<epoch>.seed: an epoch's seed, sealed, or what remains of it.
std::string seed_path_of(const std::string& data_dir, std::string_view log, std::uint32_t epoch);

class Vault {
 public:
  // Opens DIR/keys, making the folder and the master key (0600, random) at the first start.
  // Errors: kCorrupt when the master key file has not 32 octets, kIo.
  static Result<std::unique_ptr<Vault>> open(Files& files, Random& random, const std::string& data_dir);

  // Makes a new seed for `epoch` of `log`; when it returns, the wrapped seed is durable. kConflict when it exists.
  Result<EpochKeys> create_epoch(std::string_view log, std::uint32_t epoch);

  // kNotFound when the seed was destroyed or never made, kCorrupt when it does not unwrap.
  Result<EpochKeys> open_epoch(std::string_view log, std::uint32_t epoch);

  // Erases a subject's key from an epoch: the seed's file is replaced by what remains, and its old octets are overwritten.
  // A crash leaves the one or the other. Doing it again changes nothing. Errors: kNotFound, kCorrupt, kIo.
  Result<void> erase(std::string_view log, std::uint32_t epoch, std::uint32_t bucket, const KeyId& gone,
                     const std::vector<Bytes>& entries);

  // Destroys all keys of an epoch but those of `kept` (key entries that the log has of it); with none its file goes. Otherwise
  // as erase(); kNotFound is no error here: it is gone already.
  Result<void> expire(std::string_view log, std::uint32_t epoch, const std::vector<Bytes>& kept);

  // Keyed hash for fields that a stream declares `keep: hash`: HMAC under a key of this installation and log.
  Digest field_hash(std::string_view log, std::string_view value) const;

 private:
  Vault(Files& files, Random& random, std::string dir, const Digest& master);
  Bytes seal_file(char version, std::string_view log, std::uint32_t epoch, ByteView plain);
  std::string epoch_path(std::string_view log, std::uint32_t epoch) const;

  Files& files_;
  Random& random_;
  std::string dir_;
  Digest wrapping_key_;
  Digest hash_key_;
};

}  // namespace firebreak::vault
