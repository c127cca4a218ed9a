#include "run/offsite/shipper.h"

#include <fmt/core.h>

#include <algorithm>

#include "log/ledger/segment.h"
#include "run/offsite/bucket_layout.h"
#include "world/store/upload.h"

namespace firebreak::offsite {
namespace {

constexpr std::size_t kNamed = 100;  // unlocked objects that are remembered

Result<Bytes> octets_of(Files& files, const Path& dir, std::uint64_t segment, std::uint64_t offset, std::uint64_t count) {
  const Path path = dir + "/" + ledger::segment_name(segment);
  FIREBREAK_ASSIGN(const auto file, files.open(path, OpenMode::kRead));
  FIREBREAK_ASSIGN(Bytes octets, file->read_at(offset, static_cast<std::size_t>(count)));
  if (octets.size() != count) return fail(Code::kCorrupt, fmt::format("{}: ends before octet {}; run 'firebreak ledger verify'", path, offset + count));
  return octets;
}

}  // namespace

Result<void> Shipper::learn() {
  FIREBREAK_ASSIGN(const auto all, store_.versions(""));
  known_.clear();
  blobs_.clear();
  layout_ = false;
  for (std::size_t i = 0; i < all.size(); ++i) {
    // The oldest version of a key comes last; a marker of a deletion takes nothing away.
    if (all[i].deletion || (i + 1 < all.size() && all[i + 1].key == all[i].key && !all[i + 1].deletion)) continue;
    layout_ = layout_ || all[i].key == kLayoutKey;
    const auto named = parse_key(all[i].key);
    if (!named) continue;
    if (named->kind == Named::kBlob) {
      blobs_.insert(named->log);
      continue;
    }
    Known& known = known_[named->log];
    if (named->kind == Named::kVkey) known.vkey = true;
    if (named->kind == Named::kCheckpoint) known.checkpoints.insert(named->number);
    if (named->kind == Named::kPiece) known.pieces[named->segment].push_back({named->number, all[i].octets, all[i].version});  // sorted as their names are
  }
  return {};
}

// Without a gap from the segment's beginning.
std::uint64_t Shipper::covered(const Known& known, std::uint64_t segment) {
  const auto found = known.pieces.find(segment);
  std::uint64_t end = 0;
  if (found == known.pieces.end()) return end;
  for (const Piece& piece : found->second) {
    if (piece.offset > end) break;
    end = std::max(end, piece.offset + piece.octets);
  }
  return end;
}

void Shipper::measure() {
  std::uint64_t lag = 0;
  for (const auto& [name, state] : logs_)
    for (const ledger::SegmentSpan& span : state.spans) {
      const std::uint64_t there = covered(known_[name], span.number);
      lag += span.octets - std::min(span.octets, there);
    }
  lag_ = lag;
}

Result<void> Shipper::survey(const std::string& log, const Path& dir, const ledger::Checkpoint& checkpoint) {
  LogState& state = logs_[log];
  if (!state.walk) {
    state.walk = std::make_unique<ledger::FrameWalk>(files_, dir);
    state.dir = dir;
  }
  FIREBREAK_ASSIGN(state.spans, state.walk->upto(checkpoint.size));
  state.checkpoint = checkpoint;
  measure();
  return {};
}

// The newest piece in the bucket must be what the log has in its place: else the one or the other was changed.
Result<void> Shipper::compare(const std::string& log, LogState& state) {
  const Known& known = known_[log];
  if (known.pieces.empty()) return {};
  const auto& [segment, pieces] = *known.pieces.rbegin();
  const Piece& last = pieces.back();
  const bool longer = state.spans.empty() || segment > state.spans.back().number || last.offset + last.octets > state.spans[segment - 1].octets;
  const std::uint64_t newest = known.checkpoints.empty() ? 0 : *known.checkpoints.rbegin();
  if (longer || newest > state.checkpoint.size)
    return fail(Code::kCorrupt, fmt::format("the bucket has more of log {} (entries: at least {}) than this folder ({}): it was cut back", log, newest,
                                            state.checkpoint.size));
  FIREBREAK_ASSIGN(const Bytes here, octets_of(files_, state.dir, segment, last.offset, last.octets));
  FIREBREAK_ASSIGN(const store::ObjectHead there, store_.head(piece_key(log, segment, last.offset), last.version));
  if (there.sha256 == sha256(here).hex()) return {};
  return fail(Code::kCorrupt, fmt::format("{} in the bucket is not what log {} has in this place: one of them was written anew", piece_key(log, segment, last.offset), log));
}

Result<void> Shipper::put(const std::string& key, ByteView body) {
  const Time now = clock_.now();
  FIREBREAK_ASSIGN(const store::Uploaded done, store::upload(store_, key, body, now, now + retention_us_));
  if (done.written) ++written_;
  if (!done.locked && unlocked_.size() < kNamed) unlocked_.push_back(key);
  return {};
}

Result<void> Shipper::ship_segment(const std::string& log, const LogState& state, const ledger::SegmentSpan& span) {
  std::vector<Piece>& pieces = known_[log].pieces[span.number];
  for (std::uint64_t from = covered(known_[log], span.number); from < span.octets; from = covered(known_[log], span.number)) {
    const std::uint64_t count = std::min(piece_octets_, span.octets - from);
    const std::string key = piece_key(log, span.number, from);
    FIREBREAK_ASSIGN(const Bytes body, octets_of(files_, state.dir, span.number, from, count));
    FIREBREAK_TRY(put(key, body));
    const auto place = std::find_if(pieces.begin(), pieces.end(), [&](const Piece& piece) { return piece.offset > from; });
    pieces.insert(place, {from, count, {}});
    measure();
  }
  return {};
}

Result<void> Shipper::ship(const std::string& log) {
  LogState& state = logs_.at(log);
  if (!layout_) FIREBREAK_TRY(put(kLayoutKey, kLayoutText));
  layout_ = true;
  if (!state.compared) FIREBREAK_TRY(compare(log, state));
  state.compared = true;
  Known& known = known_[log];
  if (!known.vkey) {
    FIREBREAK_ASSIGN(const Bytes vkey, read_all(files_, state.dir + "/vkey"));
    FIREBREAK_TRY(put(vkey_key(log), vkey));
    known.vkey = true;
  }
  for (const ledger::SegmentSpan& span : state.spans) FIREBREAK_TRY(ship_segment(log, state, span));
  if (known.checkpoints.contains(state.checkpoint.size)) return {};
  FIREBREAK_TRY(put(checkpoint_key(log, state.checkpoint.size), state.checkpoint.text()));
  known.checkpoints.insert(state.checkpoint.size);
  return {};
}

Result<void> Shipper::ship_blob(const std::string& hex, ByteView content) {
  if (blobs_.contains(hex)) return {};
  FIREBREAK_TRY(put(blob_key(hex), content));
  blobs_.insert(hex);
  return {};
}

}  // namespace firebreak::offsite
