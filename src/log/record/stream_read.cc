#include <fmt/core.h>

#include "base/encoding.h"
#include "base/files.h"
#include "log/record/leaf.h"
#include "log/record/stream.h"
#include "log/record/stream_impl.h"

namespace firebreak::record {
namespace {

constexpr std::string_view kStateFile = "stream.state";

// Control records are few and in the clear; rows are not opened.
Result<void> apply_controls(const ledger::Frame& frame, FrameReader& reader, Catalog& catalog, StreamMemory& memory) {
  const std::vector<ByteView> leaves = frame.entries();
  for (std::uint64_t i = 0; i < frame.count; ++i) {
    if (leaves[i].size() != kLeafBytes)
      return fail(Code::kCorrupt, fmt::format("record {} has no leaf of a stream", frame.first + i));
    if (leaf_kind(leaves[i]) != Kind::kControl) continue;
    Json control;
    FIREBREAK_TRY(reader.read(frame, frame.first + i, catalog, [&](const Record& record) {
      control = record.fields();
      return false;
    }));
    if (auto applied = catalog.apply(frame.first + i, control); !applied)
      return fail(std::move(applied.error()).with(fmt::format("record {}", frame.first + i)));
    if (const std::string what = string_or(control, "control"); what != "gap" && what != "gap_filled")
      memory.control(frame.first + i, control);
  }
  return {};
}

}  // namespace

Result<void> Stream::Impl::rebuild() {
  Catalog next;
  const std::uint64_t from = recall(next);
  Result<void> outcome;
  const auto one = [&](const ledger::Frame& frame) -> Result<void> {
    if (frame.first < from) return {};
    FIREBREAK_ASSIGN(const Payload payload, decode_payload(frame.payload, frame.count));
    FIREBREAK_TRY(apply_controls(frame, frames, next, memory));
    if (payload.head.sequence && frame.count > payload.head.lead) {
      const IndexRange range{frame.first + payload.head.lead, frame.first + frame.count - 1};
      const BatchName name{payload.head.owner, payload.head.producer, *payload.head.sequence, payload.head.content};
      producers.replay(name, range);
      memory.batch(name, range);
    }
    memory.reached(frame.first + frame.count);
    return {};
  };
  FIREBREAK_TRY(log->scan(from, [&](const ledger::Frame& frame) {
    outcome = one(frame);
    return outcome.has_value();
  }));
  if (!outcome) return fail(std::move(outcome.error()).with(fmt::format("stream '{}'", parts.name)));
  publish(std::move(next));
  return {};
}

// What is remembered counts when it is of this log: the tree at its size has the root it names.
std::uint64_t Stream::Impl::recall(Catalog& catalog) {
  const auto text = read_all(parts.files, parts.dir + "/" + std::string(kStateFile));
  if (!text) return 0;
  auto saved = StreamMemory::parse(*text);
  if (!saved || saved->first.size > log->size()) return 0;
  const auto root = log->root_at(saved->first.size);
  if (!root || *root != saved->second) return 0;
  Catalog trial;
  for (const auto& [index, control] : saved->first.controls)
    if (!trial.apply(index, control)) return 0;
  if (!producers.restore(saved->first.producers)) return 0;
  catalog = std::move(trial);
  memory.restore(saved->first);
  return saved->first.size;
}

// Derived: when it cannot be written, the next start reads more.
void Stream::Impl::remember() {
  const StreamMemory::Saved saved = memory.save();
  const auto root = log->root_at(saved.size);
  if (root) (void)write_atomic(parts.files, parts.dir + "/" + std::string(kStateFile), saved.text(*root));
}

Result<std::uint64_t> Stream::Impl::read_from(std::uint64_t index, std::size_t max,
                                              const std::function<void(const Record&)>& each, Erased erased) {
  std::size_t left = max;
  std::uint64_t next = index;
  Result<void> outcome;
  std::shared_ptr<const Catalog> now;
  const auto read_frame = [&](const ledger::Frame& frame) {
    now = catalog();  // after the frame: it has every schema that the frame's rows name
    const auto take = [&](const Record& record) {
      if (!record.erased || erased == Erased::kDeliver) each(record);
      next = record.index + 1;
      return --left > 0;
    };
    outcome = frames.read(frame, next, *now, take);
    // A key that went meanwhile was told of before: the catalog of now knows.
    if (!outcome && outcome.error().code == Code::kNotFound && catalog() != now) {
      now = catalog();
      outcome = frames.read(frame, next, *now, take);
    }
    return outcome.has_value() && left > 0;
  };
  if (left == 0) return next;
  std::shared_ptr<const ledger::Frame> kept;
  {
    const std::lock_guard lock(frame_mutex);
    kept = last_frame;
  }
  bool more = true;
  if (kept != nullptr && kept->first <= next && next < kept->first + kept->count) more = read_frame(*kept);
  if (more && next < log->size()) {
    FIREBREAK_TRY(log->scan(next, [&](const ledger::Frame& frame) {
      more = read_frame(frame);
      if (more) return true;
      auto copy = std::make_shared<const ledger::Frame>(frame);
      const std::lock_guard lock(frame_mutex);
      last_frame = std::move(copy);
      return false;
    }));
  }
  if (!outcome) return fail(std::move(outcome.error()));
  return next;
}

void Stream::Impl::notify(std::uint64_t size) {
  // Under the lock: remove_on_commit() then returns only when no call is under way.
  const std::lock_guard lock(listeners_mutex);
  for (const auto& [id, listener] : listeners) listener(size);
}

std::uint64_t Stream::size() const { return impl_->log->size(); }

Result<std::uint64_t> Stream::read_from(std::uint64_t index, std::size_t max,
                                        const std::function<void(const Record&)>& each, Erased erased) {
  return impl_->read_from(index, max, each, erased);
}

Result<Record> Stream::read(std::uint64_t index) {
  if (index >= size())
    return fail(Code::kNotFound, fmt::format("stream '{}' has no record {}; it has {}", impl_->parts.name, index, size()));
  std::optional<Record> found;
  FIREBREAK_TRY(impl_->read_from(index, 1, [&](const Record& record) { found = record; }, Erased::kDeliver));
  if (!found) return fail(Code::kNotFound, fmt::format("stream '{}' has no record {}", impl_->parts.name, index));
  return std::move(*found);
}

Result<RecordProof> Stream::prove(std::uint64_t index) {
  RecordProof out;
  FIREBREAK_ASSIGN(out.record, read(index));
  const ledger::Checkpoint checkpoint = impl_->log->checkpoint();
  FIREBREAK_ASSIGN(out.leaf_hash, impl_->log->leaf_at(index));
  FIREBREAK_ASSIGN(out.proof, impl_->log->inclusion_proof(index, checkpoint.size));
  out.tree_size = checkpoint.size;
  out.checkpoint = checkpoint.text();
  return out;
}

Json to_json(const RecordProof& proof) {
  JsonArray path;
  for (const Digest& hash : proof.proof) path.emplace_back(to_base64(hash.view()));
  JsonObject out{{"index", proof.record.index},
                 {"kind", kind_name(proof.record.kind)},
                 {"admitted", format_time(proof.record.admitted)},
                 {"time_outside", proof.record.time_outside},
                 {"model_known", proof.record.model_known},
                 {"record", proof.record.fields()},
                 {"leaf", to_base64(proof.record.leaf)},
                 {"salt", to_base64(proof.record.salt)},
                 {"row", to_base64(proof.record.row)},
                 {"leaf_hash", to_base64(proof.leaf_hash.view())},
                 {"tree_size", proof.tree_size},
                 {"proof", std::move(path)},
                 {"checkpoint", proof.checkpoint}};
  return out;
}

std::uint64_t Stream::on_commit(std::function<void(std::uint64_t size)> listener) {
  const std::lock_guard lock(impl_->listeners_mutex);
  impl_->listeners[impl_->next_listener] = std::move(listener);
  return impl_->next_listener++;
}

void Stream::remove_on_commit(std::uint64_t id) {
  const std::lock_guard lock(impl_->listeners_mutex);
  impl_->listeners.erase(id);
}

}  // namespace firebreak::record
