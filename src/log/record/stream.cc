#include "log/record/stream.h"

#include <fmt/core.h>

#include <algorithm>
#include <future>
#include <thread>

#include "base/encoding.h"
#include "base/limits.h"
#include "log/record/stream_impl.h"

namespace firebreak::record {
namespace {

constexpr int kEncodeRounds = 8;  // each adds to the catalog what the one before missed; others may be adding too

std::optional<IndexRange> told_gap(const EncodedBatch& batch, const std::string& producer) {
  for (const GapLine& gap : batch.gaps)
    if (gap.producer == producer) return IndexRange{gap.from, gap.to};
  return std::nullopt;
}

}  // namespace

// One answer, once, to whoever asked; carried from submit() to the writer thread.
struct Stream::Impl::Pending {
  Producer producer;
  std::uint64_t content = 0;  // set when there is a sequence
  BatchName name() const { return {producer.owner, producer.name, *producer.sequence, content}; }
  Producers::Decision decision;
  Producers::Done done;
  std::uint64_t first_line = 0;  // records before it in the frame
  std::size_t lines = 0;
  std::thread::id submitter;
  bool submitting = true;                         // used by the submitter's thread only
  std::optional<Result<ledger::Commit>> at_once;  // the log's answer while submitting: told without locks held
};

Json to_json(const Receipt& receipt) {
  return JsonObject{{"log", receipt.log},
                    {"first", receipt.first},
                    {"last", receipt.last},
                    {"leaf_hash", to_base64(receipt.leaf_hash.view())},
                    {"size", receipt.size},
                    {"root", to_base64(receipt.root.view())},
                    {"signature", receipt.signature}};
}

bool Stream::Impl::epoch_is_full(const Catalog& now) const {
  return now.keys != nullptr && log->size() - now.epoch_first >= parts.options.records_per_epoch;
}

Result<EncodedBatch> Stream::Impl::encode(std::string_view text, BatchForm form) {
  std::unique_ptr<BatchEncoder> encoder;
  {
    const std::lock_guard lock(encoders_mutex);
    if (!encoders.empty()) {
      encoder = std::move(encoders.back());
      encoders.pop_back();
    }
  }
  if (encoder == nullptr) encoder = std::make_unique<BatchEncoder>();
  const auto run = [&]() -> Result<EncodedBatch> {
    for (int round = 0; round < kEncodeRounds; ++round) {
      const auto now = catalog();
      if (epoch_is_full(*now)) {
        Needs keys;
        keys.epoch = true;
        FIREBREAK_TRY(extend(keys));
        continue;
      }
      const EncodeContext context{*now, parts.clock.now(), parts.random, parts.vault, parts.models.get()};
      FIREBREAK_ASSIGN(EncodedBatch batch, form == BatchForm::kRows ? encoder->encode_rows(text, context)
                                                                    : encoder->encode(text, context));
      if (batch.needs.empty()) return batch;
      FIREBREAK_TRY(extend(batch.needs));
    }
    return fail(Code::kBusy, "the stream's schema is changing too fast");
  };
  auto result = run();
  const std::lock_guard lock(encoders_mutex);
  encoders.push_back(std::move(encoder));
  return result;
}

Result<void> Stream::Impl::add_keys(Catalog& next, std::vector<Json>& controls) {
  // A crash between the seed's file and its control record leaves a file without a record: its number is skipped.
  for (std::uint32_t epoch = next.epoch + 1;; ++epoch) {
    auto keys = parts.vault.create_epoch(parts.name, epoch);
    if (!keys && keys.error().code == Code::kConflict) continue;
    if (!keys) return fail(std::move(keys.error()));
    next.keys = std::make_shared<const vault::EpochKeys>(*keys);
    controls.push_back(keys_control(epoch, keys->check()));
    return {};
  }
}

// Makes the records durable, then part of `next`: a catalog never knows what the log does not.
Result<void> Stream::Impl::write_controls(Catalog& next, const std::vector<Json>& controls) {
  if (controls.empty()) return {};
  const Time now = parts.clock.now();
  ledger::Batch batch;
  Bodies bodies;
  for (const Json& control : controls) add_control(control, now, parts.random, batch.leaves, bodies);
  batch.lengths.assign(controls.size(), kLeafBytes);
  PayloadHead head;
  head.lead = static_cast<std::uint16_t>(controls.size());
  batch.payload = encode_payload(head, bodies, {});
  std::promise<Result<ledger::Commit>> answered;
  log->append(std::move(batch), [&](Result<ledger::Commit> made) {
    if (made) {
      for (std::size_t i = 0; i < controls.size(); ++i) memory.control(made->first + i, controls[i]);
      memory.reached(made->last + 1);
    }
    answered.set_value(std::move(made));
  });
  FIREBREAK_ASSIGN(const ledger::Commit commit, answered.get_future().get());
  for (std::size_t i = 0; i < controls.size(); ++i) FIREBREAK_TRY(next.apply(commit.first + i, controls[i]));
  return {};
}

Result<void> Stream::Impl::extend(const Needs& needs) {
  const std::lock_guard lock(extending);
  Catalog next = *catalog();
  std::vector<Json> controls;
  // Others may have added some of it since it was missed.
  if (needs.epoch && (next.keys == nullptr || epoch_is_full(next))) FIREBREAK_TRY(add_keys(next, controls));
  std::size_t schemas = next.schemas.size();
  for (const auto& [kind, wanted] : needs.columns) {
    const auto current = next.current.find(kind);
    Schema schema;
    schema.kind = kind;
    if (current != next.current.end()) schema.columns = current->second->schema->columns;
    const std::size_t before = schema.columns.size();
    for (const Column& column : wanted)
      if (std::find(schema.columns.begin(), schema.columns.end(), column) == schema.columns.end() &&
          schema.columns.size() < limits::kColumns)
        schema.columns.push_back(column);
    if (schema.columns.size() == before) continue;
    schema.id = static_cast<std::uint16_t>(++schemas);
    controls.push_back(schema_control(schema));
  }
  std::size_t releases = next.releases.size();
  for (const Release& release : needs.releases) {
    if (next.ordinals.contains(release)) continue;
    if (++releases > limits::kReleases)
      return fail(Code::kTooLarge, fmt::format("the stream names {} releases already", limits::kReleases), "/release");
    controls.push_back(release_control(static_cast<std::uint32_t>(releases), release));
  }
  FIREBREAK_TRY(write_controls(next, controls));
  publish(std::move(next));
  if (needs.epoch) remember();  // now and then, on a thread that may wait
  return {};
}

Result<void> Stream::Impl::configure(const StreamConfig& config) {
  const std::lock_guard lock(extending);
  Catalog next = *catalog();
  if (next.config == config) return {};
  FIREBREAK_TRY(write_controls(next, {stream_control(config)}));
  publish(std::move(next));
  return {};
}

// The range that was admitted first, under a signature of today: the promise is the same.
Result<Receipt> Stream::Impl::repeated(const Producers::Decision& decision) {
  if (decision.receipt) return *decision.receipt;
  Receipt receipt;
  receipt.log = parts.name;
  receipt.first = decision.range.first;
  receipt.last = decision.range.last;
  FIREBREAK_ASSIGN(receipt.leaf_hash, log->leaf_at(receipt.last));
  receipt.size = receipt.last + 1;
  FIREBREAK_ASSIGN(receipt.root, log->root_at(receipt.size));
  receipt.signature = key->sign(ledger::checkpoint_body(log->origin(), receipt.size, receipt.root));
  return receipt;
}

// The batch with what begin() said about gaps before it.
ledger::Batch Stream::Impl::make_frame(const EncodedBatch& batch, Pending& pending) {
  const Producer& producer = pending.producer;
  const Time now = parts.clock.now();
  ledger::Batch frame;
  Bodies before;
  for (const auto& [from, to] : pending.decision.gaps)
    add_control(missing_control(producer.name, from, to), now, parts.random, frame.leaves, before);
  if (pending.decision.filled)
    add_control(filled_control(producer.name, *producer.sequence), now, parts.random, frame.leaves, before);
  pending.first_line = before.lengths.size();
  pending.lines = batch.records();
  const PayloadHead head{producer.name, producer.sequence, static_cast<std::uint16_t>(before.lengths.size()), producer.owner,
                         pending.content};
  frame.payload = encode_payload(head, before, batch.bodies);
  frame.leaves += batch.leaves;
  frame.lengths.assign(before.lengths.size() + batch.records(), kLeafBytes);
  gaps += pending.decision.gaps.size() + batch.gaps.size();
  time_outside += batch.time_outside;
  unknown_model += batch.unknown_model;
  undeclared += batch.undeclared_fields;
  return frame;
}

void Stream::Impl::answer(const Pending& pending, const Result<ledger::Commit>& commit) {
  Result<Receipt> result;
  if (commit) {
    result = Receipt{parts.name,   commit->first + pending.first_line, commit->last, commit->leaf_hash,
                     commit->size, commit->root,                       commit->signature};
    records += pending.lines;
    ++batches;
    if (pending.producer.sequence)
      memory.batch(pending.name(), {result->first, result->last});
    memory.reached(commit->last + 1);
  } else {
    result = fail(Error(commit.error()).with(fmt::format("stream '{}'", parts.name)));
  }
  std::vector<Producers::Done> waiting;
  if (pending.producer.sequence)
    waiting = producers.finish(pending.name(), pending.decision, result);
  pending.done(result);
  for (const Producers::Done& also : waiting) also(result);
}

void Stream::Impl::submit(const EncodedBatch& batch, ByteView text, const Producer& producer, Producers::Done done,
                          std::optional<Gate::Pass>& pass) {
  auto pending = std::make_shared<Pending>();
  pending->producer = producer;
  if (producer.sequence) pending->content = producer.content != 0 ? producer.content : content_of(text);
  pending->submitter = std::this_thread::get_id();
  std::unique_lock lock(ordering);
  if (producer.sequence) {
    auto decision = producers.begin(pending->name(), done, told_gap(batch, producer.name));
    if (!decision || decision->kind != Producers::Decision::kNew) {
      lock.unlock();
      pass.reset();
      if (!decision) return done(fail(std::move(decision.error())));
      if (decision->kind == Producers::Decision::kWaiting) return;
      ++repeats;
      return done(repeated(*decision));
    }
    pending->decision = std::move(*decision);
  }
  pending->done = std::move(done);
  log->append(make_frame(batch, *pending), [this, pending](Result<ledger::Commit> commit) {
    if (std::this_thread::get_id() == pending->submitter && pending->submitting) {
      pending->at_once = std::move(commit);
    } else {
      answer(*pending, commit);
    }
  });
  pending->submitting = false;
  lock.unlock();
  pass.reset();
  if (pending->at_once) answer(*pending, *pending->at_once);
}

void Stream::Impl::admit(std::string_view text, const Producer& producer, Producers::Done done, BatchForm form) {
  const auto check = [&]() -> Result<EncodedBatch> {
    if (producer.name.size() > limits::kIdBytes || producer.owner.size() > 2 * limits::kIdBytes - 1)
      return fail(Code::kTooLarge, fmt::format("a producer's name has at most {} octets", limits::kIdBytes));
    if (producer.sequence && producer.name.empty())
      return fail(Code::kInvalid, "a batch number needs a producer's name");
    return encode(text, form);
  };
  std::optional<Gate::Pass> pass(std::in_place, gate);
  auto batch = check();
  if (!batch) {
    pass.reset();  // before anybody is told: who is told may come again
    ++refused;
    done(fail(std::move(batch.error())));
    return;
  }
  submit(*batch, text, producer, std::move(done), pass);
}

Stream::Stream(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Stream::~Stream() = default;

void Stream::admit(std::string_view batch, const Producer& producer, std::function<void(Result<Receipt>)> done,
                   BatchForm form) {
  impl_->admit(batch, producer, std::move(done), form);
}

std::vector<std::shared_ptr<const Schema>> Stream::schemas() const { return impl_->catalog()->schemas; }

StreamConfig Stream::config() const { return impl_->catalog()->config; }
std::vector<std::shared_ptr<const Gone>> Stream::gone() const { return impl_->catalog()->gone; }
ledger::Log& Stream::log() { return *impl_->log; }

StreamCounters Stream::counters() const {
  const Impl& in = *impl_;
  return {in.records, in.batches, in.repeats, in.refused, in.time_outside, in.unknown_model, in.gaps, in.undeclared};
}

}  // namespace firebreak::record
