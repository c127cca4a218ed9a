#include "log/ledger/log.h"

#include <algorithm>
#include <future>

#include "log/ledger/log_state.h"
#include "log/ledger/proof.h"

namespace firebreak::ledger {

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
  State* shared = state.get();
  state->writer = std::thread([shared] { shared->run(); });
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
    state_->writer.join();
    state_->closed = true;
    state_->folder_lock.reset();
  }
  const std::lock_guard lock(state_->mutex);
  if (state_->failed) return fail(Error(*state_->failed));
  if (state_->checkpoint_failed) return fail(Error(*state_->checkpoint_failed));
  return {};
}

void Log::append(Batch batch, std::function<void(Result<Commit>)> done) {
  Result<PreparedBatch> prepared = prepare(batch);
  if (!prepared) return done(fail(std::move(prepared.error())));
  std::optional<Error> refused;
  {
    const std::lock_guard lock(state_->mutex);
    const std::uint64_t octets = prepared->body.size();
    if (state_->failed) {
      refused = *state_->failed;
    } else if (state_->closing) {
      refused = Error{Code::kIo, "log " + state_->dir + " is closed", {}, 0};
    } else if (state_->queued_bytes > 0 && state_->queued_bytes + octets > state_->options.max_queued_bytes) {
      refused = Error{Code::kBusy, "log " + state_->dir + ": the queue is full, try again", {}, 0};
    } else {
      state_->queued_bytes += octets;
      state_->queue.push_back({std::move(*prepared), std::move(done), batch.first});
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

std::optional<std::size_t> Log::State::position_of(std::uint64_t index) const {
  if (index >= tree.size()) return std::nullopt;
  const auto after = std::upper_bound(frames.begin(), frames.end(), index,
                                      [](std::uint64_t i, const FrameRef& ref) { return i < ref.first; });
  return static_cast<std::size_t>(after - frames.begin()) - 1;
}

Result<Frame> Log::State::read_frame(std::size_t position) const {
  FrameRef ref;
  std::uint64_t octets = 0;
  std::shared_ptr<File> file;
  std::string name;
  {
    const std::lock_guard lock(mutex);
    ref = frames[position];
    OpenSegment& segment = segments[ref.segment];
    const bool more = position + 1 < frames.size() && frames[position + 1].segment == ref.segment;
    octets = (more ? frames[position + 1].offset : segment.end) - ref.offset;
    name = segment_name(segment.number);
    if (!segment.file) {
      FIREBREAK_ASSIGN(auto opened, files.open(path_of(name), OpenMode::kRead));
      segment.file = std::move(opened);
    }
    file = segment.file;
  }
  const auto damaged = [&](std::uint64_t offset, const std::string& why) {
    return fail(Code::kCorrupt, "log " + dir + ": " + name + ", offset " + std::to_string(offset) +
                                    ", record " + std::to_string(ref.first) + ": " + why +
                                    "; run 'firebreak ledger verify'");
  };
  FIREBREAK_ASSIGN(const Bytes data, file->read_at(ref.offset, octets));
  const Result<FrameHeader> header = parse_frame_header(data);
  if (!header) return damaged(ref.offset, header.error().message);
  if (header->first != ref.first || header->frame_octets() != data.size())
    return damaged(ref.offset, "another frame stands here");
  const auto body = parse_body(*header, ByteView(data).substr(kFrameHeaderBytes), false);
  if (!body) return damaged(ref.offset + kFrameHeaderBytes + body.error().offset, body.error().reason);
  return Frame{ref.first, header->count, Bytes(body->leaves), body->lengths, Bytes(body->payload)};
}

Result<Frame> Log::frame_at(std::uint64_t index) const {
  std::optional<std::size_t> position;
  {
    const std::lock_guard lock(state_->mutex);
    position = state_->position_of(index);
  }
  if (!position)
    return fail(Code::kNotFound, "log " + state_->dir + " has no entry " + std::to_string(index));
  return state_->read_frame(*position);
}

Result<Bytes> Log::entry(std::uint64_t index) const {
  FIREBREAK_ASSIGN(const Frame frame, frame_at(index));
  return Bytes(frame.entries()[index - frame.first]);
}

Result<void> Log::scan(std::uint64_t from, const std::function<bool(const Frame&)>& visit) const {
  std::size_t position = 0, stop = 0;
  {
    const std::lock_guard lock(state_->mutex);
    stop = state_->frames.size();
    position = state_->position_of(from).value_or(stop);
  }
  for (; position < stop; ++position) {
    FIREBREAK_ASSIGN(const Frame frame, state_->read_frame(position));
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
  return state_->tree.inclusion_proof(index, size);
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
