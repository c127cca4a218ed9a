#include "log/ledger/log.h"

#include <algorithm>
#include <future>

#include "log/ledger/frame_cursor.h"
#include "log/ledger/log_state.h"
#include "log/ledger/proof.h"

namespace firebreak::ledger {
namespace {

constexpr std::size_t kPlacesLoaded = 64;  // closed segments whose places stay in memory: 64 KiB each

}  // namespace

std::vector<ByteView> Frame::entries() const {
  std::vector<ByteView> out;
  out.reserve(lengths.size());
  std::size_t at = 0;
  for (const std::uint32_t length : lengths) {
    out.push_back(ByteView(leaves).substr(at, length));
    at += length;
  }
  return out;
}

std::uint64_t Recovery::cut_octets() const {
  std::uint64_t sum = 0;
  for (const Cut& cut : cuts) sum += cut.octets;
  return sum;
}

Log::Log(std::unique_ptr<State> state) : state_(std::move(state)) {}

Result<std::unique_ptr<Log>> Log::open(Files& files, Clock& clock, const Path& dir, Options options,
                                       Recovery* recovery) {
  auto state = std::make_unique<State>(files, clock, dir, std::move(options));
  Recovery report;
  FIREBREAK_TRY(state->open(report));
  if (recovery != nullptr) *recovery = report;
  state->start_threads();
  return std::unique_ptr<Log>(new Log(std::move(state)));
}

Log::~Log() { (void)close(); }

Result<void> Log::close() {
  const std::lock_guard closing(state_->close_mutex);
  if (!state_->closed) {
    {
      const std::lock_guard lock(state_->mutex);
      state_->closing = true;
    }
    state_->wake.notify_all();
    state_->join_threads();
    state_->closed = true;
    state_->folder_lock.reset();
  }
  const std::lock_guard lock(state_->mutex);
  if (state_->failed) return fail(Error(*state_->failed));
  if (state_->checkpoint_failed) return fail(Error(*state_->checkpoint_failed));
  return {};
}

void Log::append(Batch batch, std::function<void(Result<Commit>)> done) {
  const std::optional<std::uint64_t> first = batch.first;
  Result<PreparedBatch> prepared = prepare(std::move(batch));
  if (!prepared) return done(fail(std::move(prepared.error())));
  std::optional<Error> refused;
  {
    const std::lock_guard lock(state_->mutex);
    const std::uint64_t octets = prepared->octets();
    if (state_->failed) {
      refused = *state_->failed;
    } else if (state_->closing) {
      refused = Error{Code::kIo, "log " + state_->dir + " is closed", {}, 0};
    } else if (state_->queued_bytes > 0 && state_->queued_bytes + octets > state_->options.max_queued_bytes) {
      refused = Error{Code::kBusy, "log " + state_->dir + ": the queue is full, try again", {}, 0};
    } else {
      state_->queued_bytes += octets;
      state_->queue.push_back({std::move(*prepared), std::move(done), first});
    }
  }
  if (refused) return done(fail(std::move(*refused)));
  state_->wake.notify_one();
}

Result<Commit> Log::append_wait(Batch batch) {
  std::promise<Result<Commit>> promise;
  std::future<Result<Commit>> future = promise.get_future();
  append(std::move(batch), [&promise](Result<Commit> commit) { promise.set_value(std::move(commit)); });
  return future.get();
}

std::uint64_t Log::size() const {
  const std::lock_guard lock(state_->mutex);
  return state_->tree.size();
}

Result<void> Log::State::load_places(OpenSegment& segment) const {
  FIREBREAK_ASSIGN(const Bytes data, read_all(files, path_of(segment_index_name(segment.number))));
  FIREBREAK_ASSIGN(SegmentIndex index, parse_segment_index(data));
  if (index.number != segment.number || index.first != segment.first)
    return fail(Code::kCorrupt, "log " + dir + ": " + segment_index_name(segment.number) +
                                    " belongs to another segment; delete it, it is made again at the next start");
  segment.places = std::move(index.places);
  places_loaded.push_back(static_cast<std::size_t>(&segment - segments.data()));
  if (places_loaded.size() > kPlacesLoaded) {
    segments[places_loaded.front()].places = {};
    places_loaded.pop_front();
  }
  return {};
}

Result<FramePlace> Log::State::place_of(std::uint64_t index, std::size_t& segment) const {
  const auto behind = std::upper_bound(segments.begin(), segments.end(), index,
                                       [](std::uint64_t i, const OpenSegment& one) { return i < one.first; });
  segment = static_cast<std::size_t>(behind - segments.begin()) - 1;
  OpenSegment& found = segments[segment];
  if (found.places.empty()) FIREBREAK_TRY(load_places(found));
  const auto place = std::upper_bound(found.places.begin(), found.places.end(), index,
                                      [](std::uint64_t i, const FramePlace& one) { return i < one.first; });
  return *(place - 1);
}

Result<Frame> Log::frame_at(std::uint64_t index) const {
  FIREBREAK_ASSIGN(FrameCursor cursor, FrameCursor::at(*state_, index));
  return cursor.read();
}

Result<Bytes> Log::entry(std::uint64_t index) const {
  FIREBREAK_ASSIGN(const Frame frame, frame_at(index));
  return Bytes(frame.entries()[index - frame.first]);
}

Result<void> Log::scan(std::uint64_t from, const std::function<bool(const Frame&)>& visit) const {
  const std::uint64_t stop = size();
  if (from >= stop) return {};
  FIREBREAK_ASSIGN(FrameCursor cursor, FrameCursor::at(*state_, from));
  while (cursor.next() < stop) {
    FIREBREAK_ASSIGN(const Frame frame, cursor.read());
    if (!visit(frame)) break;
  }
  return {};
}

const std::string& Log::origin() const { return state_->options.key.verifier().name; }
VerifierKey Log::verifier() const { return state_->options.key.verifier(); }

Checkpoint Log::State::sign_checkpoint(std::uint64_t size, const Digest& root) const {
  const SigningKey& key = options.key;
  Checkpoint checkpoint{key.verifier().name, size, root, {}};
  checkpoint.signatures.push_back({key.verifier().name, key.sign(checkpoint.body())});
  return checkpoint;
}

Checkpoint Log::checkpoint() const {
  std::uint64_t size = 0;
  Digest root;
  {
    const std::lock_guard lock(state_->mutex);
    size = state_->tree.size();
    root = state_->tree.root();
  }
  return state_->sign_checkpoint(size, root);
}

Result<Digest> Log::root_at(std::uint64_t size) const {
  const std::lock_guard lock(state_->mutex);
  return state_->tree.root_at(size);
}

Result<Digest> Log::leaf_at(std::uint64_t index) const {
  const std::lock_guard lock(state_->mutex);
  return state_->tree.leaf_at(index);
}

Result<Hashes> Log::inclusion_proof(std::uint64_t index, std::uint64_t size) const {
  const std::lock_guard lock(state_->mutex);
  const Tree& tree = state_->tree;
  FIREBREAK_ASSIGN(Hashes path, tree.inclusion_proof(index, size));
  // The hash files are derived and nobody checked them all: a proof that does not hold must not leave.
  FIREBREAK_ASSIGN(const Digest leaf, tree.leaf_at(index));
  FIREBREAK_ASSIGN(const Digest root, tree.root_at(size));
  if (!verify_inclusion(leaf, index, size, path, root))
    return fail(Code::kCorrupt, "log " + state_->dir + ": the files in " + std::string(kTreeFolder) +
                                    "/ are damaged; delete them while nothing runs, they are made again");
  return path;
}

Result<Hashes> Log::consistency_proof(std::uint64_t old_size, std::uint64_t new_size) const {
  const std::lock_guard lock(state_->mutex);
  return state_->tree.consistency_proof(old_size, new_size);
}

Result<Bytes> Log::tile(unsigned level, std::uint64_t n, std::uint64_t width) const {
  const std::lock_guard lock(state_->mutex);
  return state_->tree.tile(level, n, width);
}

Result<std::string> Log::proof_text(std::uint64_t index) const {
  Proof proof;
  proof.index = index;
  proof.checkpoint = checkpoint();
  if (index >= proof.checkpoint.size)
    return fail(Code::kNotFound, "log " + state_->dir + " has no entry " + std::to_string(index));
  FIREBREAK_ASSIGN(proof.path, inclusion_proof(index, proof.checkpoint.size));
  return proof.text();
}

void Log::on_commit(std::function<void(std::uint64_t)> listener) {
  const std::lock_guard lock(state_->listeners_mutex);
  state_->listeners.push_back(std::move(listener));
}

bool Log::reserve_released() const {
  const std::lock_guard lock(state_->mutex);
  return state_->reserve_gone;
}

std::optional<Error> Log::failure() const {
  const std::lock_guard lock(state_->mutex);
  return state_->failed;
}

}  // namespace firebreak::ledger
