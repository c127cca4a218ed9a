// Erasing a subject from a stream: what it takes so that its rows can never be read again and everything else can.
//
//   1. the key epoch in use ends, so that no row under its keys is still under way;
//   2. the log is searched for the subject's key in every epoch that has keys, and for the other keys of its bucket;
//   3. a control record says which keys are gone and where their rows are: from here on readers deliver their rows as erased;
//   4. the keys are destroyed.
// A crash between 3 and 4 is mended by erasing again for the same order.
#include <fmt/core.h>

#include <map>

#include "log/record/leaf.h"
#include "log/record/stream.h"
#include "log/record/stream_impl.h"

namespace firebreak::record {
namespace {

struct Epoch {
  std::optional<vault::EpochKeys> keys;  // nothing: destroyed as a whole
  vault::KeyId gone{};
  bool hit = false;
  std::map<vault::KeyId, Bytes> entries;  // of the subject's bucket
};

struct Search {
  vault::Vault& vault;
  const std::string& log;
  std::string_view subject;
  std::uint32_t bucket;
  std::uint32_t below;     // epochs from this one on are in use: their keys are still given out
  const Catalog& catalog;  // what was erased before
  std::map<std::uint32_t, Epoch> epochs;
  Erasure found;

  bool told(std::uint32_t epoch, const vault::KeyId& key) const { return catalog.is_gone(epoch, key); }

  Result<Epoch*> epoch(std::uint32_t number) {
    const auto [at, fresh] = epochs.try_emplace(number);
    if (fresh) {
      auto keys = vault.open_epoch(log, number);
      if (!keys && keys.error().code != Code::kNotFound) return fail(std::move(keys.error()));
      if (keys) {
        at->second.gone = keys->key_id(subject);
        at->second.keys = std::move(*keys);
      }
    }
    return &at->second;
  }

  Result<void> take(const ledger::Frame& frame) {
    FIREBREAK_ASSIGN(const Payload payload, decode_payload(frame.payload, frame.count));
    if (payload.epoch >= below) return {};
    std::optional<std::uint32_t> number;
    for (std::uint32_t k = 0; (k + 1) * vault::kKeyEntryBytes <= payload.key_entries.size(); ++k) {
      const ByteView entry = payload.key_entries.substr(k * vault::kKeyEntryBytes, vault::kKeyEntryBytes);
      if (vault::bucket_of_entry(entry) != bucket) continue;
      FIREBREAK_ASSIGN(Epoch* const in, epoch(payload.epoch));
      if (!in->keys) continue;
      const vault::KeyId id = vault::key_id_of_entry(entry);
      in->entries.emplace(id, Bytes(entry));
      if (id == in->gone) number = k;
    }
    if (!number) return {};
    Epoch& in = epochs[payload.epoch];
    in.hit = true;
    if (told(payload.epoch, in.gone)) return {};  // counted when it was told
    for (std::uint64_t i = 0; i < payload.bodies.size(); ++i) {
      if (payload.bodies[i].subject != *number) continue;
      ++found.records;
      found.where.add(frame.first + i, frame.first + i);
    }
    return {};
  }
};

}  // namespace

// A batch holds the gate from the choice of its keys to its place in the log.
Result<void> Stream::Impl::end_epoch() {
  if (catalog()->keys == nullptr) return {};
  const Gate::Closed closed(gate);
  const std::lock_guard lock(extending);
  Catalog next = *catalog();
  std::vector<Json> controls;
  FIREBREAK_TRY(add_keys(next, controls));
  FIREBREAK_TRY(write_controls(next, controls));
  publish(std::move(next));
  return {};
}

Result<Erasure> Stream::Impl::erase(std::string_view subject, std::uint64_t order) {
  const std::lock_guard one_at_a_time(erasing);
  FIREBREAK_TRY(end_epoch());
  const auto known = catalog();
  // With keys in use, the newest epoch is theirs; without, all epochs have ended.
  const std::uint32_t below = known->keys != nullptr ? known->epoch : known->epoch + 1;
  Search search{parts.vault, parts.name, subject, vault::bucket_of(subject), below, *known, {}, {}};
  Result<void> outcome;
  FIREBREAK_TRY(log->scan(start_of_keys(*known, log->size()), [&](const ledger::Frame& frame) {
    outcome = search.take(frame);
    return outcome.has_value();
  }));
  FIREBREAK_TRY(std::move(outcome));
  std::vector<ErasedKey> gone;
  for (const auto& [number, epoch] : search.epochs)
    if (epoch.hit) gone.push_back({number, epoch.gone});
  if (gone.empty()) return search.found;
  // No key is destroyed before the log says that it goes.
  std::vector<ErasedKey> untold;
  for (const ErasedKey& one : gone)
    if (!search.told(one.epoch, one.key)) untold.push_back(one);
  if (!untold.empty()) {
    const std::lock_guard lock(extending);
    Catalog next = *catalog();
    FIREBREAK_TRY(write_controls(next, {erased_control(order, untold, search.found.records, search.found.where.list())}));
    publish(std::move(next));
  }
  for (const ErasedKey& one : gone) {
    const Epoch& epoch = search.epochs[one.epoch];
    const auto key_of_it = epoch.keys->open_entry(epoch.entries.at(one.key));
    if (!key_of_it && key_of_it.error().code == Code::kNotFound) continue;  // an earlier erasure did it
    std::vector<Bytes> entries;
    for (const auto& [id, entry] : epoch.entries) entries.push_back(entry);
    FIREBREAK_TRY(parts.vault.erase(parts.name, one.epoch, search.bucket, one.key, entries));
  }
  forget_keys();
  return search.found;
}

void Stream::Impl::forget_keys() {
  frames.forget();
  remember();  // what was remembered before does not know of it
  const std::lock_guard lock(encoders_mutex);
  encoders.clear();  // they hold keys of epochs that ended
}

Result<Erasure> Stream::erase(std::string_view subject, std::uint64_t order) {
  auto done = impl_->erase(subject, order);
  if (!done) return fail(std::move(done.error()).with(fmt::format("stream '{}'", impl_->parts.name)));
  return done;
}

}  // namespace firebreak::record
