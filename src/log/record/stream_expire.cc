// Letting a stream's records expire: whole key epochs go, but for the keys of subjects that are held.
//
//   1. no batch is under way under the keys of an epoch that has ended (the gate was closed once);
//   2. the log is read from the oldest epoch that has keys: when its last record was admitted, whose keys must stay;
//   3. a control record names the epochs and what is kept: from here on readers deliver the other rows as erased;
//   4. the keys are destroyed.
// A crash between 3 and 4 is mended by the next sweep, which does 4 again for all that was told.
#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <set>

#include "log/record/stream.h"
#include "log/record/stream_impl.h"

namespace firebreak::record {
namespace {

// Frames of an epoch lie together but for batches that were under way when it ended: later than this nothing of it comes.
constexpr std::int64_t kStray = kHour;

struct Seen {
  Time last_admitted{std::numeric_limits<std::int64_t>::min()};
  struct Key {
    Bytes entry;
    std::uint64_t records = 0, first = 0, last = 0;
  };
  std::map<vault::KeyId, Key> keys;
  std::set<vault::KeyId> held;
};

Time admitted_of(ByteView leaf) { return {get_le<std::int64_t>(leaf, 8)}; }

class Sweep {
 public:
  Sweep(FrameReader& frames, const Catalog& catalog, std::uint32_t below, Time cutoff, const std::function<bool(std::string_view)>& held)
      : frames_(frames), catalog_(catalog), below_(below), cutoff_(cutoff), held_(held) {}

  // False when nothing that could expire follows.
  Result<bool> take(const ledger::Frame& frame) {
    FIREBREAK_ASSIGN(const Payload payload, decode_payload(frame.payload, frame.count));
    const std::vector<ByteView> leaves = frame.entries();
    if (payload.epoch == 0) return true;  // the recorder's own
    const Time last = admitted_of(leaves.back());
    if (payload.epoch >= below_) return last.us <= cutoff_.us + kStray;
    Seen& seen = epochs_[payload.epoch];
    for (std::uint64_t i = 0; i < frame.count; ++i) {
      seen.last_admitted = std::max(seen.last_admitted, admitted_of(leaves[i]));
      if (payload.bodies[i].subject == kInClear) continue;
      const ByteView entry = payload.key_entries.substr(std::size_t{payload.bodies[i].subject} * vault::kKeyEntryBytes, vault::kKeyEntryBytes);
      const vault::KeyId id = vault::key_id_of_entry(entry);
      Seen::Key& key = seen.keys[id];
      if (key.entry.empty()) key.entry = entry;
      if (catalog_.is_gone(payload.epoch, id)) continue;  // counted when it went
      if (key.records++ == 0) key.first = frame.first + i;
      key.last = frame.first + i;
    }
    if (held_) FIREBREAK_TRY(note_held(frame, payload, seen));
    return last.us <= cutoff_.us + kStray;
  }

  struct Due {
    std::set<vault::KeyId> kept;
    std::vector<Bytes> entries;  // of what is kept
    bool news = false;           // the log does not tell of it yet
  };
  // What is past its time, and what of it the log must still be told.
  std::map<std::uint32_t, Due> due(Erasure& found) const {
    std::map<std::uint32_t, Due> out;
    for (const auto& [number, seen] : epochs_) {
      if (cutoff_ < seen.last_admitted) continue;
      Due& due = out[number];
      std::uint64_t first = UINT64_MAX, last = 0;
      for (const auto& [id, key] : seen.keys) {
        if (seen.held.contains(id) && !catalog_.is_gone(number, id)) {
          due.kept.insert(id);
          due.entries.push_back(key.entry);
        } else if (key.records > 0) {
          first = std::min(first, key.first);
          last = std::max(last, key.last);
          found.records += key.records;
        }
      }
      if (first <= last) found.where.add(first, last);
      const auto told = catalog_.expired.find(number);
      due.news = told == catalog_.expired.end() || told->second != due.kept;
    }
    return out;
  }

 private:
  // By the subject that the stream names now, and by the caller: when in doubt it is kept.
  Result<void> note_held(const ledger::Frame& frame, const Payload& payload, Seen& seen) {
    const std::string path = catalog_.config.subject.empty() ? std::string() : field_path(catalog_.config.subject);
    return frames_.read(frame, frame.first, catalog_, [&](const Record& record) {
      const Payload::Body& body = payload.bodies[record.index - frame.first];
      if (record.erased || body.subject == kInClear) return true;
      const Json fields = record.fields();
      bool keep = held_(string_or(fields, "caller"));
      if (const Json* subject = path.empty() ? nullptr : find_pointer(fields, path); subject != nullptr)
        keep = keep || held_(subject->is_string() ? std::string(subject->get_string()) : canonical_json(*subject));
      if (keep)
        seen.held.insert(vault::key_id_of_entry(
            payload.key_entries.substr(std::size_t{body.subject} * vault::kKeyEntryBytes, vault::kKeyEntryBytes)));
      return true;
    });
  }

  FrameReader& frames_;
  const Catalog& catalog_;
  const std::uint32_t below_;  // epochs from this one on are in use
  const Time cutoff_;
  const std::function<bool(std::string_view)>& held_;
  std::map<std::uint32_t, Seen> epochs_;
};

}  // namespace

std::uint64_t start_of_keys(const Catalog& catalog, std::uint64_t size) {
  for (const auto& [epoch, start] : catalog.epoch_starts) {
    const auto past = catalog.expired.find(epoch);
    if (past == catalog.expired.end() || !past->second.empty()) return start;
  }
  return size;
}

Result<Erasure> Stream::Impl::expire(Time cutoff, Time end_before, const std::function<bool(std::string_view)>& held) {
  const std::lock_guard one_at_a_time(erasing);
  if (const auto now = catalog(); now->keys != nullptr) {
    bool old = false;
    FIREBREAK_TRY(read_from(now->epoch_first, 1, [&](const Record& record) { old = record.admitted < end_before; }, Erased::kDeliver));
    if (old) FIREBREAK_TRY(end_epoch());
  }
  { const Gate::Closed closed(gate); }
  const auto known = catalog();
  const std::uint32_t below = known->keys != nullptr ? known->epoch : known->epoch + 1;
  Sweep sweep(frames, *known, below, cutoff, held);
  Result<void> outcome;
  FIREBREAK_TRY(log->scan(start_of_keys(*known, log->size()), [&](const ledger::Frame& frame) {
    auto more = sweep.take(frame);
    if (!more) outcome = fail(std::move(more.error()));
    return more.has_value() && *more;
  }));
  FIREBREAK_TRY(std::move(outcome));
  Erasure found;
  const auto due = sweep.due(found);
  std::map<std::uint32_t, std::set<vault::KeyId>> news;
  for (const auto& [epoch, one] : due)
    if (one.news) news[epoch] = one.kept;
  if (!news.empty()) {  // no key is destroyed before the log says that it goes
    const std::lock_guard lock(extending);
    Catalog next = *catalog();
    FIREBREAK_TRY(write_controls(next, {expired_control(cutoff, news, found.records, found.where.list())}));
    publish(std::move(next));
  }
  for (const auto& [epoch, past] : known->expired)  // a crash may have come between word and deed
    if (past.empty()) FIREBREAK_TRY(parts.vault.expire(parts.name, epoch, {}));
  for (const auto& [epoch, one] : due) FIREBREAK_TRY(parts.vault.expire(parts.name, epoch, one.entries));
  if (!news.empty()) forget_keys();
  return found;
}

Result<Erasure> Stream::expire(Time cutoff, Time end_before, const std::function<bool(std::string_view)>& held) {
  auto done = impl_->expire(cutoff, end_before, held);
  if (!done) return fail(std::move(done.error()).with(fmt::format("stream '{}'", impl_->parts.name)));
  return done;
}

}  // namespace firebreak::record
