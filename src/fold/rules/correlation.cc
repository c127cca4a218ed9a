#include "fold/rules/correlation.h"

#include <algorithm>
#include <bit>

namespace firebreak::rules {
namespace {

std::uint64_t hash(std::string_view text, std::uint64_t seed) {
  std::uint64_t out = 1469598103934665603ULL ^ seed;
  for (const char c : text) out = (out ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  out ^= out >> 33;
  out *= 0xff51afd7ed558ccdULL;
  return out ^ (out >> 33);
}

bool before(const Occurrence& a, const Occurrence& b) { return std::pair(a.time, a.arrival) < std::pair(b.time, b.arrival); }

std::size_t needed_by(const Correlation& correlation) {
  return correlation.most == UINT64_MAX ? correlation.least : std::min(correlation.most, kMostCount) + 1;
}

}  // namespace

CorrelationState::CorrelationState(const Correlation& correlation, std::size_t bytes)
    : correlation_(correlation), most_bytes_(bytes), needed_(needed_by(correlation)) {
  rehash(64);
}

// ---- groups

void CorrelationState::rehash(std::size_t slots) {
  bytes_ -= slots_.capacity() * sizeof(std::uint32_t);
  slots_.assign(slots, kNone);
  slots_.shrink_to_fit();
  bytes_ += slots_.capacity() * sizeof(std::uint32_t);
  for (std::uint32_t at = oldest_; at != kNone; at = groups_[at].newer) {
    std::size_t slot = hash(groups_[at].key, 0) & (slots - 1);
    while (slots_[slot] != kNone) slot = (slot + 1) & (slots - 1);
    slots_[slot] = at;
  }
}

void CorrelationState::unlink(std::uint32_t at) {
  Group& group = groups_[at];
  (group.older == kNone ? oldest_ : groups_[group.older].newer) = group.newer;
  (group.newer == kNone ? newest_ : groups_[group.newer].older) = group.older;
}

void CorrelationState::touch(std::uint32_t at) {
  if (newest_ == at) return;
  unlink(at);
  Group& group = groups_[at];
  group.older = newest_;
  group.newer = kNone;
  groups_[newest_].newer = at;
  newest_ = at;
}

std::size_t CorrelationState::slot_of(const std::string& key) const {
  std::size_t slot = hash(key, 0) & (slots_.size() - 1);
  while (slots_[slot] != kNone && groups_[slots_[slot]].key != key) slot = (slot + 1) & (slots_.size() - 1);
  return slot;
}

// Groups themselves take half of the bytes at most; what they remember, the rest.
std::uint32_t CorrelationState::find_or_add(const std::string& key) {
  std::size_t slot = slot_of(key);
  if (slots_[slot] != kNone) {
    touch(slots_[slot]);
    return slots_[slot];
  }
  if (free_.empty() && oldest_ != kNone && (groups_.size() + 1) * sizeof(Group) > most_bytes_ / 2) {
    forget(oldest_);
    ++forgotten_;
    slot = slot_of(key);
  }
  std::uint32_t at = static_cast<std::uint32_t>(groups_.size());
  if (free_.empty()) {
    groups_.emplace_back();
    bytes_ += sizeof(Group);
  } else {
    at = free_.back();
    free_.pop_back();
  }
  Group& group = groups_[at];
  group.key = key;
  group.older = newest_;
  (newest_ == kNone ? oldest_ : groups_[newest_].newer) = at;
  newest_ = at;
  slots_[slot] = at;
  ++live_;
  if (live_ * 2 > slots_.size()) rehash(slots_.size() * 2);
  return at;
}

void CorrelationState::forget(std::uint32_t at) {
  std::size_t slot = hash(groups_[at].key, 0) & (slots_.size() - 1);
  while (slots_[slot] != at) slot = (slot + 1) & (slots_.size() - 1);
  unlink(at);
  bytes_ -= groups_[at].bytes;
  groups_[at] = Group();
  free_.push_back(at);
  --live_;
  // Closes the hole: what was put behind it for want of its place moves up.
  slots_[slot] = kNone;
  for (std::size_t next = (slot + 1) & (slots_.size() - 1); slots_[next] != kNone; next = (next + 1) & (slots_.size() - 1)) {
    const std::uint32_t moved = slots_[next];
    const std::size_t home = hash(groups_[moved].key, 0) & (slots_.size() - 1);
    if (((next - home) & (slots_.size() - 1)) < ((next - slot) & (slots_.size() - 1))) continue;
    slots_[slot] = moved;
    slots_[next] = kNone;
    slot = next;
  }
}

void CorrelationState::account(Group& group) {
  std::size_t now = group.key.capacity() + group.marks.capacity() * sizeof(Occurrence) + group.values.capacity() * sizeof(Seen) +
                    group.chains.capacity() * sizeof(group.chains[0]);
  for (const auto& chain : group.chains) now += chain.capacity() * sizeof(Chain);
  bytes_ += now - group.bytes;
  group.bytes = now;
}

// ---- an occurrence

std::optional<Fired> CorrelationState::take(std::size_t rule, const Occurrence& occurrence, Time newest, const std::string& key,
                                            std::string_view value) {
  if (newest - occurrence.time > correlation_.timespan_us) {
    ++late_;
    return std::nullopt;
  }
  // An occurrence may come a timespan late, and looks back another one.
  while (oldest_ != kNone && newest - groups_[oldest_].newest > 2 * correlation_.timespan_us) forget(oldest_);
  const std::uint32_t at = find_or_add(key);
  Group& group = groups_[at];
  group.newest = std::max(group.newest, occurrence.time);
  Fired fired;
  switch (correlation_.type) {
    case Correlation::Type::kEventCount: fired = count_events(group, occurrence); break;
    case Correlation::Type::kValueCount: fired = count_values(group, occurrence, value); break;
    case Correlation::Type::kTemporal: fired = count_rules(group, rule, occurrence); break;
    case Correlation::Type::kTemporalOrdered: fired = follow(group, rule, occurrence); break;
  }
  const bool holds = fired.count >= correlation_.least && fired.count <= correlation_.most;
  fired.rising = holds && !group.holds;
  group.holds = holds;
  account(group);
  while (bytes_ > most_bytes_ && oldest_ != at) {
    forget(oldest_);
    ++forgotten_;
  }
  if (!holds) return std::nullopt;
  std::sort(fired.indexes.begin(), fired.indexes.end());
  fired.indexes.erase(std::unique(fired.indexes.begin(), fired.indexes.end()), fired.indexes.end());
  return fired;
}

// A ring of the newest `needed_`, sorted by time: nearly always a new one is the newest.
Fired CorrelationState::count_events(Group& group, const Occurrence& occurrence) {
  auto& ring = group.marks;
  if (ring.size() < needed_) {
    ring.push_back(occurrence);
  } else if (before(ring[group.head], occurrence)) {
    ring[group.head] = occurrence;
    group.head = group.head + 1 == ring.size() ? 0 : group.head + 1;
  }
  const auto nth = [&](std::size_t i) -> Occurrence& {
    const std::size_t at = group.head + i;
    return ring[at < ring.size() ? at : at - ring.size()];
  };
  for (std::size_t i = ring.size() - 1; i > 0 && before(nth(i), nth(i - 1)); --i) std::swap(nth(i), nth(i - 1));
  const Time from = group.newest - correlation_.timespan_us;
  std::size_t first = 0, end = ring.size();  // the first one inside the window
  while (first < end) {
    const std::size_t middle = (first + end) / 2;
    if (nth(middle).time < from) first = middle + 1;
    else end = middle;
  }
  Fired out;
  out.count = ring.size() - first;
  if (out.count < correlation_.least) return out;
  out.first = nth(first);
  out.last = nth(ring.size() - 1);
  for (std::size_t i = std::max(first, ring.size() - std::min(ring.size(), kEvidence)); i < ring.size(); ++i) out.indexes.push_back(nth(i).index);
  return out;
}

// Each value with its newest occurrence. Values are known by 128 bits of a hash.
Fired CorrelationState::count_values(Group& group, const Occurrence& occurrence, std::string_view value) {
  const Seen now{occurrence, hash(value, 1), hash(value, 2)};
  auto& values = group.values;
  const auto known = std::find_if(values.begin(), values.end(), [&](const Seen& seen) { return seen.high == now.high && seen.low == now.low; });
  const Time from = group.newest - correlation_.timespan_us;
  if (known != values.end()) {
    if (before(known->at, occurrence)) known->at = occurrence;
  } else if (occurrence.time >= from) {
    if (values.size() >= needed_) std::erase_if(values, [&](const Seen& seen) { return seen.at.time < from; });
    if (values.size() < needed_) {
      values.push_back(now);
    } else {
      const auto oldest = std::min_element(values.begin(), values.end(), [](const Seen& a, const Seen& b) { return before(a.at, b.at); });
      if (before(oldest->at, occurrence)) *oldest = now;
    }
  }
  Fired out;
  if (values.size() < correlation_.least) return out;  // too few, whatever their age
  out.first = out.last = occurrence;
  for (const Seen& seen : values) {
    if (seen.at.time < from) continue;
    ++out.count;
    if (before(seen.at, out.first)) out.first = seen.at;
    if (before(out.last, seen.at)) out.last = seen.at;
    if (out.indexes.size() < kEvidence) out.indexes.push_back(seen.at.index);
  }
  return out;
}

Fired CorrelationState::count_rules(Group& group, std::size_t rule, const Occurrence& occurrence) {
  auto& marks = group.marks;
  if (marks.empty()) marks.assign(correlation_.rules.size(), Occurrence{Time{INT64_MIN}, 0, 0});
  if (before(marks[rule], occurrence)) marks[rule] = occurrence;
  const Time from = group.newest - correlation_.timespan_us;
  Fired out;
  out.first = out.last = occurrence;
  for (const Occurrence& mark : marks) {
    if (mark.time < from) continue;
    ++out.count;
    if (before(mark, out.first)) out.first = mark;
    if (before(out.last, mark)) out.last = mark;
    out.indexes.push_back(mark.index);
  }
  return out;
}

// A chain that ends with rule i goes on from one of rule i-1 that ended earlier; the latest beginning is the best.
Fired CorrelationState::follow(Group& group, std::size_t rule, const Occurrence& occurrence) {
  auto& chains = group.chains;
  if (chains.empty()) chains.resize(correlation_.rules.size());
  Chain now{occurrence, occurrence};
  if (rule > 0) {
    const Chain* best = nullptr;
    for (const Chain& behind : chains[rule - 1])
      if (before(behind.at, occurrence) && (best == nullptr || before(best->start, behind.start))) best = &behind;
    if (best == nullptr || occurrence.time - best->start.time > correlation_.timespan_us) return {};
    now.start = best->start;
  }
  if (rule + 1 == chains.size()) {
    Fired out;
    out.count = chains.size();
    out.first = now.start;
    out.last = occurrence;
    out.indexes = {now.start.index, occurrence.index};
    return out;
  }
  auto& own = chains[rule];
  if (own.size() < kChains) {
    own.push_back(now);
  } else {
    const auto oldest = std::min_element(own.begin(), own.end(), [](const Chain& a, const Chain& b) { return before(a.at, b.at); });
    if (before(oldest->at, now.at)) *oldest = now;
  }
  return {};
}

}  // namespace firebreak::rules
