#include "log/vault/vault.h"

#include <fmt/core.h>

#include "base/files.h"
#include "log/vault/gcm.h"

namespace firebreak::vault {
namespace {

constexpr std::string_view kMasterFile = "vault.master";
constexpr std::size_t kSealedSeedBytes = 1 + Gcm::kNonceBytes + 32 + Gcm::kTagBytes;
constexpr char kSealedSeedVersion = 1;

std::string seed_context(std::string_view log, std::uint32_t epoch) {
  return fmt::format("firebreak seed v1\n{}\n{}", log, epoch);
}

Result<Digest> load_master(Files& files, Random& random, const std::string& path) {
  if (!exists(files, path)) {
    const Bytes fresh = random.bytes(32);
    FIREBREAK_TRY(write_atomic(files, path, fresh));
    return Digest::from_bytes(fresh);
  }
  FIREBREAK_ASSIGN(const Bytes stored, read_all(files, path));
  if (stored.size() != 32)
    return fail(Code::kCorrupt, fmt::format("master key {}: {} octets instead of 32; restore it from your copy", path,
                                            stored.size()));
  return Digest::from_bytes(stored);
}

}  // namespace

std::uint32_t bucket_of(std::string_view subject) {
  const Digest digest = sha256(subject);
  return get_le<std::uint16_t>(digest.view(), 0) % kBuckets;
}

Digest EpochKeys::derive(std::uint32_t bucket, std::string_view purpose) const {
  Bytes message;
  put_le(message, static_cast<std::uint16_t>(bucket));
  message += purpose;
  return hmac_sha256(seed_.view(), message);
}

SubjectKey EpochKeys::subject_key(std::string_view subject) const {
  const std::uint32_t bucket = bucket_of(subject);
  SubjectKey made;
  made.key = hmac_sha256(derive(bucket, "").view(), subject);
  // The id is the nonce too. That is safe: one id belongs to one subject, and always seals the same key.
  const Digest id = hmac_sha256(derive(bucket, "id").view(), subject);
  put_le(made.entry, static_cast<std::uint16_t>(bucket));
  made.entry += id.view().substr(0, 16);
  Gcm gcm;
  gcm.seal(derive(bucket, "wrap"), id.view().substr(0, Gcm::kNonceBytes), made.entry.substr(0, 18), made.key.view(),
           made.entry);
  FIREBREAK_ASSERT(made.entry.size() == kKeyEntryBytes);
  return made;
}

Result<Digest> EpochKeys::open_entry(ByteView entry) const {
  if (entry.size() != kKeyEntryBytes) return fail(Code::kCorrupt, "key entry has a wrong length");
  const auto bucket = get_le<std::uint16_t>(entry, 0);
  if (bucket >= kBuckets) return fail(Code::kCorrupt, "key entry names no bucket");
  thread_local Gcm gcm;
  Bytes key;
  FIREBREAK_TRY(gcm.open(derive(bucket, "wrap"), entry.substr(2, Gcm::kNonceBytes), entry.substr(0, 18),
                         entry.substr(18), key));
  return Digest::from_bytes(key);
}

Digest EpochKeys::check() const { return hmac_sha256(seed_.view(), "firebreak seed check v1"); }

Vault::Vault(Files& files, Random& random, std::string dir, const Digest& master)
    : files_(files),
      random_(random),
      dir_(std::move(dir)),
      wrapping_key_(hmac_sha256(master.view(), "firebreak wrap v1")),
      hash_key_(hmac_sha256(master.view(), "firebreak field hash v1")) {}

Result<std::unique_ptr<Vault>> Vault::open(Files& files, Random& random, const std::string& data_dir) {
  const std::string dir = data_dir + "/keys";
  FIREBREAK_TRY(files.make_dir(dir));
  FIREBREAK_TRY(files.sync_dir(data_dir));
  FIREBREAK_ASSIGN(const Digest master, load_master(files, random, fmt::format("{}/{}", dir, kMasterFile)));
  return std::unique_ptr<Vault>(new Vault(files, random, dir, master));
}

std::string Vault::epoch_path(std::string_view log, std::uint32_t epoch) const {
  return fmt::format("{}/epochs/{}/{:08}.seed", dir_, log, epoch);
}

Result<EpochKeys> Vault::create_epoch(std::string_view log, std::uint32_t epoch) {
  const std::string path = epoch_path(log, epoch);
  if (exists(files_, path)) return fail(Code::kConflict, fmt::format("seed {} exists already", path));
  const Digest seed = Digest::from_bytes(random_.bytes(32));
  const Bytes nonce = random_.bytes(Gcm::kNonceBytes);
  Bytes sealed(1, kSealedSeedVersion);
  sealed += nonce;
  Gcm gcm;
  gcm.seal(wrapping_key_, nonce, seed_context(log, epoch), seed.view(), sealed);
  FIREBREAK_TRY(files_.make_dir(parent_of(path)));
  FIREBREAK_TRY(files_.sync_dir(dir_));
  FIREBREAK_TRY(files_.sync_dir(dir_ + "/epochs"));
  FIREBREAK_TRY(write_atomic(files_, path, sealed));
  return EpochKeys(seed);
}

Result<EpochKeys> Vault::open_epoch(std::string_view log, std::uint32_t epoch) {
  const std::string path = epoch_path(log, epoch);
  auto sealed = read_all(files_, path);
  if (!sealed) return fail(std::move(sealed.error()).with(fmt::format("seed of log '{}' epoch {}", log, epoch)));
  if (sealed->size() != kSealedSeedBytes || sealed->front() != kSealedSeedVersion)
    return fail(Code::kCorrupt, fmt::format("seed {} is damaged", path));
  Gcm gcm;
  Bytes seed;
  const ByteView view = *sealed;
  auto opened = gcm.open(wrapping_key_, view.substr(1, Gcm::kNonceBytes), seed_context(log, epoch),
                         view.substr(1 + Gcm::kNonceBytes), seed);
  if (!opened)
    return fail(Code::kCorrupt, fmt::format("seed {} does not open with this master key, or is damaged", path));
  return EpochKeys(Digest::from_bytes(seed));
}

Digest Vault::field_hash(std::string_view log, std::string_view value) const {
  Bytes message(log);
  message += '\n';
  message += value;
  return hmac_sha256(hash_key_.view(), message);
}

}  // namespace firebreak::vault
