#include "run/offsite/shipper.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>

#include "log/ledger/cosigned.h"
#include "log/ledger/segment.h"
#include "read/evidence/bundle_files.h"
#include "run/offsite/bucket_layout.h"
#include "world/store/upload.h"

namespace firebreak::offsite {
namespace {

constexpr std::size_t kNamed = 100;  // unlocked and foreign objects that are remembered
// What helps when the bucket holds the name of something that has to go there.
constexpr const char* kElsewhere = "name another 'prefix' in 'store' and start anew, and a whole copy is made there; what stands here stays as evidence";

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
  foreign_.clear();
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
    if (named->kind == Named::kCheckpoint) known.checkpoints[named->number] = all[i].version;
    if (named->kind == Named::kVouched) known.vouched.insert(all[i].key);
    if (named->kind == Named::kPiece) known.pieces[named->segment].push_back({named->number, all[i].octets, all[i].version});  // sorted as their names are
  }
  for (auto& [log, known] : known_) tell_apart(log, known);
  for (auto& [log, state] : logs_) state.compared = false;
  return {};
}

// Pieces were sent one behind the other, so one that begins where none ends is nobody's of ours; nor is a segment behind a gap.
void Shipper::tell_apart(const std::string& log, Known& known) {
  std::uint64_t next = 1;
  for (auto at = known.pieces.begin(); at != known.pieces.end();) {
    auto& [segment, pieces] = *at;
    std::vector<Piece> own;
    std::uint64_t end = 0;
    for (Piece& piece : pieces) {
      if (segment == next && piece.offset == end && piece.octets > 0) {
        end += piece.octets;
        own.push_back(std::move(piece));
      } else if (foreign_.size() < kNamed) {
        foreign_.insert(piece_key(log, segment, piece.offset));
      }
    }
    if (own.empty()) {
      at = known.pieces.erase(at);
      continue;
    }
    pieces = std::move(own);
    ++next;
    ++at;
  }
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
  FIREBREAK_TRY(compare_checkpoints(log, state));
  const Known& known = known_[log];
  if (known.pieces.empty()) return {};
  const auto& [segment, pieces] = *known.pieces.rbegin();
  const Piece& last = pieces.back();
  const bool longer = state.spans.empty() || segment > state.spans.back().number || last.offset + last.octets > state.spans[segment - 1].octets;
  const std::uint64_t newest = known.checkpoints.empty() ? 0 : known.checkpoints.rbegin()->first;
  if (longer || newest > state.checkpoint.size)
    return fail(Code::kCorrupt, fmt::format("the bucket has more of log {} (entries: at least {}) than this folder ({}): it was cut back", log, newest,
                                            state.checkpoint.size));
  FIREBREAK_ASSIGN(const Bytes here, octets_of(files_, state.dir, segment, last.offset, last.octets));
  FIREBREAK_ASSIGN(const store::ObjectHead there, store_.head(piece_key(log, segment, last.offset), last.version));
  if (there.sha256 == sha256(here).hex()) return {};
  return fail(Code::kCorrupt, fmt::format("{} in the bucket is not what log {} has in this place: one of them was written anew", piece_key(log, segment, last.offset), log));
}

// Of a size that this log has not reached, or has now: signed by the log's key it tells of entries that are gone here; else anybody
// wrote it who may write there.
Result<void> Shipper::compare_checkpoints(const std::string& log, const LogState& state) {
  std::map<std::uint64_t, std::string>& sizes = known_[log].checkpoints;
  std::optional<ledger::VerifierKey> key;
  for (auto at = sizes.lower_bound(state.checkpoint.size); at != sizes.end();) {
    if (!key) {
      FIREBREAK_ASSIGN(Bytes text, read_all(files_, state.dir + "/vkey"));
      while (text.ends_with('\n')) text.pop_back();
      FIREBREAK_ASSIGN(key, ledger::parse_vkey(text));
    }
    const std::string name = checkpoint_key(log, at->first);
    auto note = store_.get(name, at->second);
    if (!note && note.error().code != Code::kCorrupt && note.error().code != Code::kInvalid) return fail(std::move(note.error()));
    const auto said = note ? ledger::parse_checkpoint(*note) : Result<ledger::Checkpoint>(fail(Error(note.error())));
    if (said && said->size == at->first && ledger::check_checkpoint(*said, *key)) {
      ++at;
      continue;
    }
    if (foreign_.size() == kNamed)
      return fail(Code::kCorrupt, fmt::format("{} objects or more in the bucket bear names of this copy and somebody else wrote them, as {}: {}", kNamed, name, kElsewhere));
    foreign_.insert(name);
    at = sizes.erase(at);
  }
  return {};
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
  if (!known_[log].vkey) {
    FIREBREAK_ASSIGN(const Bytes vkey, read_all(files_, state.dir + "/vkey"));
    FIREBREAK_TRY(put(vkey_key(log), vkey));
    known_[log].vkey = true;
  }
  for (const ledger::SegmentSpan& span : state.spans) FIREBREAK_TRY(ship_segment(log, state, span));
  FIREBREAK_TRY(ship_checkpoint(log, state));
  return ship_vouched(log, state);
}

// A name that somebody else took is told; the log's next checkpoint has another.
Result<void> Shipper::ship_checkpoint(const std::string& log, const LogState& state) {
  std::map<std::uint64_t, std::string>& sizes = known_[log].checkpoints;
  const std::string name = checkpoint_key(log, state.checkpoint.size);
  if (sizes.contains(state.checkpoint.size) || foreign_.contains(name)) return {};
  const auto sent = put(name, state.checkpoint.text());
  if (!sent && sent.error().code != Code::kCorrupt) return sent;
  if (sent) sizes[state.checkpoint.size] = {};
  else foreign_.insert(name);
  return {};
}

// Behind the checkpoint, and nothing that vouches for more than it: so what comes back from the bucket never lies behind its witnesses.
Result<void> Shipper::ship_vouched(const std::string& log, LogState& state) {
  std::vector<std::string> paths{std::string(ledger::kCosignedFile)};
  for (const std::string_view folder : {ledger::kWitnessFolder, ledger::kTimestampFolder}) {
    const auto names = evidence::walk(files_, state.dir + "/" + std::string(folder));
    if (!names && names.error().code != Code::kNotFound) return fail(Error(names.error()));
    if (!names) continue;
    for (const std::string& name : *names) paths.push_back(std::string(folder) + "/" + name);
  }
  for (const std::string& path : paths)
    if (is_vouched_path(path) && !state.settled.contains(path)) FIREBREAK_TRY(ship_file(log, state, path));
  return {};
}

Result<void> Shipper::ship_file(const std::string& log, LogState& state, const std::string& path) {
  const auto content = read_all(files_, state.dir + "/" + path);
  if (!content) return content.error().code == Code::kNotFound ? Result<void>() : fail(Error(content.error()));
  const bool stamp = path.starts_with(ledger::kTimestampFolder);
  std::uint64_t size = 0;
  if (stamp) {
    const char* const digits = path.data() + path.rfind('/') + 1;
    std::from_chars(digits, path.data() + path.size(), size);
  } else if (const auto said = ledger::parse_checkpoint(*content)) {
    size = said->size;
  } else {
    return {};  // a file that is no checkpoint: 'ledger verify' says so
  }
  if (size > state.checkpoint.size) return {};
  const std::string key = vouched_key(log, path, size, sha256(*content).hex());
  std::set<std::string>& there = known_[log].vouched;
  if (!there.contains(key)) FIREBREAK_TRY(put(key, *content));
  there.insert(key);
  if (stamp) state.settled.insert(path);
  return {};
}

Result<void> Shipper::ship_blob(const std::string& hex, ByteView content) {
  if (blobs_.contains(hex)) return {};
  FIREBREAK_TRY(put(blob_key(hex), content));
  blobs_.insert(hex);
  return {};
}

}  // namespace firebreak::offsite
