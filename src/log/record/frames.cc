#include "log/record/frames.h"

#include <fmt/core.h>

#include <optional>

#include "log/record/leaf.h"
#include "log/record/row.h"
#include "log/vault/gcm.h"

namespace firebreak::record {
namespace {

constexpr std::size_t kKeysKept = 65'536;

// A record's head from its leaf; schema and release looked up.
Result<void> read_leaf(ByteView leaf, const Catalog& catalog, Record& record) {
  if (leaf.size() != kLeafBytes) return fail(Code::kCorrupt, fmt::format("its leaf has {} octets", leaf.size()));
  if (leaf[0] != static_cast<char>(kLeafVersion)) return fail(Code::kCorrupt, "its leaf has an unknown version");
  const auto flags = static_cast<unsigned char>(leaf[1]);
  record.kind = leaf_kind(leaf);
  record.time_outside = (flags & kTimeOutside) != 0;
  record.model_known = (flags & kModelUnknown) == 0;
  record.admitted = {get_le<std::int64_t>(leaf, 8)};
  record.leaf = leaf;
  const auto schema = get_le<std::uint16_t>(leaf, 2);
  const auto release = get_le<std::uint32_t>(leaf, 4);
  record.release_ordinal = release;
  record.schema = nullptr;
  record.release = nullptr;
  if (schema > catalog.schemas.size() || (schema == 0) != (record.kind == Kind::kControl))
    return fail(Code::kCorrupt, fmt::format("it names schema {}, which the log does not hold", schema));
  if (release > catalog.releases.size())
    return fail(Code::kCorrupt, fmt::format("it names release {}, which the log does not hold", release));
  if (schema != 0) record.schema = catalog.schemas[schema - 1];
  if (schema != 0 && record.schema->kind != record.kind) return fail(Code::kCorrupt, "its kind is not its schema's");
  if (release != 0) record.release = catalog.releases[release - 1];
  return {};
}

// `plain` = salt + row, as the leaf commits to it.
Result<void> take_row(const Bytes& plain, Record& record, Row& scratch) {
  if (plain.size() < kSaltBytes + 2) return fail(Code::kCorrupt, "its row is too short");
  if (sha256(plain).view() != ByteView(record.leaf).substr(kLeafHeadBytes))
    return fail(Code::kCorrupt, "its row is not the one its leaf commits to");
  record.salt.assign(plain, 0, kSaltBytes);
  record.row.assign(plain, kSaltBytes);
  return record.schema == nullptr ? Result<void>{} : decode_row(*record.schema, record.row, scratch);
}

}  // namespace

Result<std::shared_ptr<const vault::EpochKeys>> FrameReader::epoch_keys(std::uint32_t epoch, const Catalog& catalog) {
  const std::lock_guard lock(mutex_);
  auto& slot = epochs_[epoch];
  if (slot != nullptr) return slot;
  FIREBREAK_ASSIGN(const vault::EpochKeys keys, vault_.open_epoch(log_, epoch));
  const auto check = catalog.epoch_checks.find(epoch);
  if (check == catalog.epoch_checks.end() || check->second != keys.check())
    return fail(Code::kCorrupt, fmt::format("the seed of epoch {} is not the one the log announced", epoch));
  slot = std::make_shared<const vault::EpochKeys>(keys);
  return slot;
}

Result<Digest> FrameReader::subject_key(const Payload& payload, std::uint32_t subject, const Catalog& catalog) {
  const ByteView entry = payload.key_entries.substr(std::size_t{subject} * vault::kKeyEntryBytes, vault::kKeyEntryBytes);
  // The whole entry is the name of the key: an altered one must not find it.
  std::string name(entry);
  put_le(name, payload.epoch);
  {
    const std::lock_guard lock(mutex_);
    const auto known = keys_.find(name);
    if (known != keys_.end()) return known->second;
  }
  FIREBREAK_ASSIGN(const auto keys, epoch_keys(payload.epoch, catalog));
  FIREBREAK_ASSIGN(const Digest key, keys->open_entry(entry));
  const std::lock_guard lock(mutex_);
  if (keys_.size() >= kKeysKept) keys_.clear();
  keys_.emplace(std::move(name), key);
  return key;
}

void FrameReader::forget() {
  const std::lock_guard lock(mutex_);
  epochs_.clear();
  keys_.clear();
}

Result<void> FrameReader::read(const ledger::Frame& frame, std::uint64_t from, const Catalog& catalog,
                               const std::function<bool(const Record&)>& each) {
  const auto place = [&](std::uint64_t index) { return fmt::format("stream '{}': record {}", log_, index); };
  auto payload = decode_payload(frame.payload, frame.count);
  if (!payload) return fail(std::move(payload.error()).with(place(frame.first)));
  const std::vector<ByteView> leaves = frame.entries();
  std::vector<std::optional<Digest>> keys(payload->key_entries.size() / vault::kKeyEntryBytes);
  const bool some_gone = catalog.erased_keys.contains(payload->epoch) || catalog.expired.contains(payload->epoch);
  const auto is_erased = [&](std::uint32_t subject) {
    return some_gone && catalog.is_gone(payload->epoch, vault::key_id_of_entry(payload->key_entries.substr(
                                                            std::size_t{subject} * vault::kKeyEntryBytes, vault::kKeyEntryBytes)));
  };
  vault::Gcm gcm;
  Record record;
  Row scratch;
  Bytes plain, nonce;
  for (std::uint64_t i = from > frame.first ? from - frame.first : 0; i < frame.count; ++i) {
    const Payload::Body& body = payload->bodies[i];
    record.index = frame.first + i;
    const auto open = [&]() -> Result<void> {
      FIREBREAK_TRY(read_leaf(leaves[i], catalog, record));
      record.erased = body.subject != kInClear && is_erased(body.subject);
      if (record.erased) {
        record.salt.clear();
        record.row.clear();
        return {};
      }
      if (body.subject == kInClear) {
        plain = body.octets;
        return take_row(plain, record, scratch);
      }
      auto& key = keys[body.subject];
      if (!key) {
        FIREBREAK_ASSIGN(key, subject_key(*payload, body.subject, catalog));
      }
      nonce = payload->nonce_base;
      put_le(nonce, static_cast<std::uint32_t>(i - payload->head.lead));
      FIREBREAK_TRY(gcm.open(*key, nonce, ByteView(record.leaf).substr(0, kLeafHeadBytes), body.octets, plain));
      return take_row(plain, record, scratch);
    };
    if (auto opened = open(); !opened) return fail(std::move(opened.error()).with(place(record.index)));
    if (!each(record)) return {};
  }
  return {};
}

}  // namespace firebreak::record
