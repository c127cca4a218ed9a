// Inside of Stream: shared by stream.cc (writing), stream_read.cc (reading) and streams.cc (opening).
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "log/ledger/log.h"
#include "log/record/batch.h"
#include "log/record/catalog.h"
#include "log/record/frames.h"
#include "log/record/gate.h"
#include "log/record/producers.h"
#include "log/record/streams.h"
#include "log/record/stream_memory.h"

namespace firebreak::record {

// Of all streams; set while they run.
struct KnownModels {
  std::mutex mutex;
  std::function<bool(std::string_view)> ask;
  std::function<bool(std::string_view)> get() {
    const std::lock_guard lock(mutex);
    return ask;
  }
};

// Where the oldest epoch begins that may have keys; `size` when there is none.
std::uint64_t start_of_keys(const Catalog& catalog, std::uint64_t size);

struct StreamParts {
  Files& files;
  Clock& clock;
  Random& random;
  vault::Vault& vault;
  KnownModels& models;
  std::string name;
  std::string dir;  // of its log
  StreamOptions options;
};

struct Stream::Impl {
  explicit Impl(const StreamParts& given)
      : parts(given),
        producers(given.options.producers, given.options.sequences_kept),
        memory(given.options.producers, given.options.sequences_kept),
        frames(given.name, given.vault) {}

  // writing, stream.cc
  void admit(std::string_view text, const Producer& producer, Producers::Done done, BatchForm form);
  Result<EncodedBatch> encode(std::string_view text, BatchForm form);
  Result<void> extend(const Needs& needs);
  Result<void> add_keys(Catalog& next, std::vector<Json>& controls);
  Result<void> write_controls(Catalog& next, const std::vector<Json>& controls);
  struct Pending;
  void submit(const EncodedBatch& batch, ByteView text, const Producer& producer, Producers::Done done,
              std::optional<Gate::Pass>& pass);
  ledger::Batch make_frame(const EncodedBatch& batch, Pending& pending);
  void answer(const Pending& pending, const Result<ledger::Commit>& commit);
  Result<Receipt> repeated(const Producers::Decision& decision);
  Result<void> configure(const StreamConfig& config);
  bool epoch_is_full(const Catalog& now) const;

  // erasing, stream_erase.cc
  Result<Erasure> erase(std::string_view subject, std::uint64_t order);
  Result<void> end_epoch();
  void forget_keys();

  // expiring, stream_expire.cc
  Result<Erasure> expire(Time cutoff, Time end_before, const std::function<bool(std::string_view)>& held);

  // reading, stream_read.cc
  Result<void> rebuild();  // catalog and producers from the log, or from what was remembered and the log behind it
  std::uint64_t recall(Catalog& catalog);  // what was remembered; how far that reaches
  void remember();
  Result<std::uint64_t> read_from(std::uint64_t index, std::size_t max, const std::function<void(const Record&)>& each,
                                  Erased erased);
  void notify(std::uint64_t size);

  std::shared_ptr<const Catalog> catalog() const {
    const std::lock_guard lock(catalog_mutex);
    return catalog_now;
  }
  void publish(Catalog next) {
    auto made = std::make_shared<const Catalog>(std::move(next));
    const std::lock_guard lock(catalog_mutex);
    catalog_now = std::move(made);
  }

  StreamParts parts;
  std::optional<ledger::SigningKey> key;

  Gate gate;             // batches between the choice of their keys and their place in the log
  std::mutex erasing;    // one erasure at a time; taken before `extending`
  std::mutex extending;  // one change of the catalog at a time
  mutable std::mutex catalog_mutex;
  std::shared_ptr<const Catalog> catalog_now = std::make_shared<const Catalog>();

  std::mutex ordering;  // numbers of a producer and index ranges rise together
  Producers producers;
  StreamMemory memory;

  std::mutex encoders_mutex;
  std::vector<std::unique_ptr<BatchEncoder>> encoders;  // idle ones

  FrameReader frames;
  std::mutex frame_mutex;
  std::shared_ptr<const ledger::Frame> last_frame;  // the one read last: tails read on in it

  std::mutex listeners_mutex;
  std::map<std::uint64_t, std::function<void(std::uint64_t)>> listeners;
  std::uint64_t next_listener = 1;

  std::atomic<std::uint64_t> records{0}, batches{0}, repeats{0}, refused{0}, time_outside{0}, unknown_model{0}, gaps{0},
      undeclared{0};

  // Last: closed first, so that no callback outlives what it uses.
  std::unique_ptr<ledger::Log> log;
};

}  // namespace firebreak::record
