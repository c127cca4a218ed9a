#include "log/vault/vault.h"

#include <fmt/core.h>

#include <cstring>
#include <utility>

#include "base/files.h"
#include "log/vault/gcm.h"

namespace firebreak::vault {
namespace {

constexpr std::string_view kMasterFile = "vault.master";
constexpr std::size_t kSealedSeedBytes = 1 + Gcm::kNonceBytes + 32 + Gcm::kTagBytes;
constexpr char kSealedSeedVersion = 1, kRemainsVersion = 2;

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

KeyId key_id_of_entry(ByteView entry) {
  FIREBREAK_ASSERT(entry.size() == kKeyEntryBytes);
  KeyId id;
  std::memcpy(id.data(), entry.data() + 2, id.size());
  return id;
}

std::uint32_t bucket_of_entry(ByteView entry) { return get_le<std::uint16_t>(entry, 0); }

EpochKeys::EpochKeys(Remains remains) : remains_(std::make_shared<const Remains>(std::move(remains))) {}

Result<Digest> EpochKeys::open_with(const Digest& wrap, ByteView entry) const {
  thread_local Gcm gcm;
  Bytes key;
  FIREBREAK_TRY(gcm.open(wrap, entry.substr(2, Gcm::kNonceBytes), entry.substr(0, 18), entry.substr(18), key));
  return Digest::from_bytes(key);
}

Result<Digest> EpochKeys::open_entry(ByteView entry) const {
  if (entry.size() != kKeyEntryBytes) return fail(Code::kCorrupt, "key entry has a wrong length");
  const std::uint32_t bucket = bucket_of_entry(entry);
  if (bucket >= kBuckets) return fail(Code::kCorrupt, "key entry names no bucket");
  if (remains_ == nullptr) return open_with(derive(bucket, "wrap"), entry);
  const Remains::Bucket& left = remains_->buckets[bucket];
  if (left.wrap) return open_with(*left.wrap, entry);
  const auto kept = left.kept.find(key_id_of_entry(entry));
  if (kept == left.kept.end()) return fail(Code::kNotFound, "the key was erased");
  return kept->second;
}

Digest EpochKeys::check() const {
  return remains_ != nullptr ? remains_->check : hmac_sha256(seed_.view(), "firebreak seed check v1");
}

KeyId EpochKeys::key_id(std::string_view subject) const {
  const std::uint32_t bucket = bucket_of(subject);
  const Digest by = remains_ != nullptr ? remains_->buckets[bucket].id : derive(bucket, "id");
  const Digest digest = hmac_sha256(by.view(), subject);
  KeyId id;
  std::memcpy(id.data(), digest.bytes.data(), id.size());
  return id;
}

Result<Remains> EpochKeys::without(std::uint32_t bucket, const KeyId& gone, const std::vector<Bytes>& entries) const {
  Remains out;
  if (remains_ != nullptr) {
    out = *remains_;
  } else {
    out.check = check();
    for (std::uint32_t b = 0; b < kBuckets; ++b) out.buckets.push_back({derive(b, "id"), derive(b, "wrap"), {}});
  }
  std::map<KeyId, Digest> kept;
  for (const Bytes& entry : entries) {
    const KeyId id = key_id_of_entry(entry);
    if (id == gone) continue;
    auto key = open_entry(entry);
    if (!key && key.error().code == Code::kNotFound) continue;  // erased before
    if (!key) return fail(std::move(key.error()));
    kept[id] = *key;
  }
  out.buckets[bucket].wrap.reset();
  out.buckets[bucket].kept = std::move(kept);
  return out;
}

Result<Remains> EpochKeys::only(const std::vector<Bytes>& entries) const {
  Remains out;
  out.check = check();
  for (std::uint32_t b = 0; b < kBuckets; ++b)
    out.buckets.push_back({remains_ != nullptr ? remains_->buckets[b].id : derive(b, "id"), std::nullopt, {}});
  for (const Bytes& entry : entries) {
    auto key = open_entry(entry);
    if (!key && key.error().code == Code::kNotFound) continue;  // erased before
    if (!key) return fail(std::move(key.error()));
    out.buckets[bucket_of_entry(entry)].kept[key_id_of_entry(entry)] = *key;
  }
  return out;
}

namespace {

// check[32]; per bucket: id[32], u8 1 and wrap[32], or u8 0, u32 count, count × (key id[16], row key[32])
Bytes write_remains(const Remains& remains) {
  Bytes out(remains.check.view());
  for (const Remains::Bucket& bucket : remains.buckets) {
    out += bucket.id.view();
    out += static_cast<char>(bucket.wrap ? 1 : 0);
    if (bucket.wrap) {
      out += bucket.wrap->view();
      continue;
    }
    put_le(out, static_cast<std::uint32_t>(bucket.kept.size()));
    for (const auto& [id, key] : bucket.kept) {
      out.append(reinterpret_cast<const char*>(id.data()), id.size());
      out += key.view();
    }
  }
  return out;
}

Result<Remains> read_remains(ByteView in) {
  const auto short_file = [] { return fail(Code::kCorrupt, "what remains of the epoch is cut short"); };
  Remains out;
  std::size_t at = 0;
  const auto has = [&](std::size_t n) { return in.size() - at >= n; };
  const auto digest = [&] { return Digest::from_bytes(in.substr(std::exchange(at, at + 32), 32)); };
  if (!has(32)) return short_file();
  out.check = digest();
  for (std::uint32_t b = 0; b < kBuckets; ++b) {
    Remains::Bucket bucket;
    if (!has(33)) return short_file();
    bucket.id = digest();
    if (in[at++] == 1) {
      if (!has(32)) return short_file();
      bucket.wrap = digest();
    } else {
      if (!has(4)) return short_file();
      const std::uint64_t count = get_le<std::uint32_t>(in, at);
      at += 4;
      if (!has(count * 48)) return short_file();
      for (std::uint64_t i = 0; i < count; ++i) {
        KeyId id;
        std::memcpy(id.data(), in.data() + at, id.size());
        at += id.size();
        bucket.kept[id] = digest();
      }
    }
    out.buckets.push_back(std::move(bucket));
  }
  if (at != in.size()) return fail(Code::kCorrupt, "octets follow what remains of the epoch");
  return out;
}

}  // namespace

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

std::string seed_path_of(const std::string& data_dir, std::string_view log, std::uint32_t epoch) {
  return fmt::format("{}/keys/epochs/{}/{:08}.seed", data_dir, log, epoch);
}

std::string Vault::epoch_path(std::string_view log, std::uint32_t epoch) const {
  return fmt::format("{}/epochs/{}/{:08}.seed", dir_, log, epoch);
}

// Version, nonce, and `plain` sealed under the wrapping key, bound to log and epoch.
Bytes Vault::seal_file(char version, std::string_view log, std::uint32_t epoch, ByteView plain) {
  const Bytes nonce = random_.bytes(Gcm::kNonceBytes);
  Bytes sealed(1, version);
  sealed += nonce;
  Gcm gcm;
  gcm.seal(wrapping_key_, nonce, seed_context(log, epoch), plain, sealed);
  return sealed;
}

Result<EpochKeys> Vault::create_epoch(std::string_view log, std::uint32_t epoch) {
  const std::string path = epoch_path(log, epoch);
  if (exists(files_, path)) return fail(Code::kConflict, fmt::format("seed {} exists already", path));
  const Digest seed = Digest::from_bytes(random_.bytes(32));
  const Bytes sealed = seal_file(kSealedSeedVersion, log, epoch, seed.view());
  FIREBREAK_TRY(files_.make_dir(parent_of(path)));
  FIREBREAK_TRY(files_.sync_dir(dir_));
  FIREBREAK_TRY(files_.sync_dir(dir_ + "/epochs"));
  FIREBREAK_TRY(write_atomic(files_, path, sealed));
  return EpochKeys(seed);
}

Result<EpochKeys> Vault::open_epoch(std::string_view log, std::uint32_t epoch) {
  const std::string path = epoch_path(log, epoch);
  const auto unseal = [&](const Bytes& sealed) -> Result<EpochKeys> {
    const bool whole = sealed.size() == kSealedSeedBytes && sealed.front() == kSealedSeedVersion;
    if (!whole && (sealed.size() < kSealedSeedBytes || sealed.front() != kRemainsVersion))
      return fail(Code::kCorrupt, fmt::format("seed {} is damaged", path));
    Gcm gcm;
    Bytes seed;
    const ByteView view = sealed;
    auto opened = gcm.open(wrapping_key_, view.substr(1, Gcm::kNonceBytes), seed_context(log, epoch),
                           view.substr(1 + Gcm::kNonceBytes), seed);
    if (!opened)
      return fail(Code::kCorrupt, fmt::format("seed {} does not open with this master key, or is damaged", path));
    if (whole) return EpochKeys(Digest::from_bytes(seed));
    auto remains = read_remains(seed);
    if (!remains) return fail(std::move(remains.error()).with(path));
    return EpochKeys(std::move(*remains));
  };
  // An erasure puts another file in its place and overwrites the octets of the old one: who had that open looks again.
  for (Bytes before;;) {
    auto sealed = read_all(files_, path);
    if (!sealed) return fail(std::move(sealed.error()).with(fmt::format("seed of log '{}' epoch {}", log, epoch)));
    auto keys = unseal(*sealed);
    if (keys || *sealed == before) return keys;
    before = std::move(*sealed);
  }
}

Result<void> Vault::erase(std::string_view log, std::uint32_t epoch, std::uint32_t bucket, const KeyId& gone,
                          const std::vector<Bytes>& entries) {
  FIREBREAK_ASSIGN(const EpochKeys keys, open_epoch(log, epoch));
  FIREBREAK_ASSIGN(const Remains remains, keys.without(bucket, gone, entries));
  const std::string path = epoch_path(log, epoch);
  FIREBREAK_ASSIGN(const auto old, files_.open(path, OpenMode::kWrite));  // held: its octets outlive its name
  FIREBREAK_TRY(write_atomic(files_, path, seal_file(kRemainsVersion, log, epoch, write_remains(remains))));
  overwrite(*old);
  return {};
}

Result<void> Vault::expire(std::string_view log, std::uint32_t epoch, const std::vector<Bytes>& kept) {
  const std::string path = epoch_path(log, epoch);
  const auto old = files_.open(path, OpenMode::kWrite);  // held: its octets outlive its name
  if (!old) return old.error().code == Code::kNotFound ? Result<void>() : fail(Error(old.error()));
  if (kept.empty()) {
    FIREBREAK_TRY(files_.remove(path));
    FIREBREAK_TRY(files_.sync_dir(parent_of(path)));
  } else {
    FIREBREAK_ASSIGN(const EpochKeys keys, open_epoch(log, epoch));
    FIREBREAK_ASSIGN(const Remains remains, keys.only(kept));
    FIREBREAK_TRY(write_atomic(files_, path, seal_file(kRemainsVersion, log, epoch, write_remains(remains))));
  }
  overwrite(**old);
  return {};
}

Digest Vault::field_hash(std::string_view log, std::string_view value) const {
  Bytes message(log);
  message += '\n';
  message += value;
  return hmac_sha256(hash_key_.view(), message);
}

}  // namespace firebreak::vault
