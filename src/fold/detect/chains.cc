#include "fold/detect/chains.h"

#include <algorithm>
#include <array>
#include <bit>

namespace firebreak::detect {
namespace {

constexpr std::size_t kSteps = 64;
constexpr std::size_t kPending = 20'000;

std::uint64_t prefix(const Digest& digest) { return get_le<std::uint64_t>(digest.view(), 0); }

// Where many values are new (numbers of orders), rows that are alike in all else would never meet.
bool can_group(const CategoryReference& reference) {
  constexpr double kMostNew = 0.05;
  std::uint64_t rows = 0;
  for (const auto& [value, count] : reference.counts) rows += count;
  return static_cast<double>(reference.novel) <= kMostNew * static_cast<double>(rows / 2);
}

std::string group_key(const FeatureRow& row, const std::vector<std::size_t>& grouping) {
  std::string key;
  for (const std::size_t category : grouping) {
    key += row.categories[category];
    key += '\x1f';
  }
  return key;
}

void keep_newest(std::vector<std::uint64_t>& steps) {
  if (steps.size() > kSteps) steps.erase(steps.begin(), steps.end() - kSteps);
}

}  // namespace

double two_field_share(const std::vector<std::uint64_t>& steps) {
  if (steps.empty()) return 1;
  std::array<std::size_t, 64> moves{};
  for (const std::uint64_t step : steps)
    for (std::uint64_t rest = step; rest != 0; rest &= rest - 1)
      ++moves[static_cast<std::size_t>(std::countr_zero(rest))];
  const auto most = static_cast<std::size_t>(std::max_element(moves.begin(), moves.end()) - moves.begin());
  moves[most] = 0;
  const auto second = static_cast<std::size_t>(std::max_element(moves.begin(), moves.end()) - moves.begin());
  const std::uint64_t both = std::uint64_t{1} << most | std::uint64_t{1} << second;
  const auto within =
      std::count_if(steps.begin(), steps.end(), [&](std::uint64_t step) { return (step & ~both) == 0; });
  return static_cast<double>(within) / static_cast<double>(steps.size());
}

ChainDetector::ChainDetector(const DetectorConfig& config, const ReferenceProfile& profile)
    : config_(config),
      profile_(profile),
      keys_(config.chains.max_callers),
      remembered_(config.chains.remembered_rows) {
  for (std::size_t i = 0; i < profile.categories.size(); ++i)
    if (can_group(profile.categories[i])) grouping_.push_back(i);
}

// False when the row was known already.
bool ChainDetector::remember(std::uint64_t digest_prefix) {
  if (remembered_.find(digest_prefix) != nullptr) return false;
  if (remembered_order_.size() >= config_.chains.remembered_rows) {
    remembered_.erase(remembered_order_.front());
    remembered_order_.pop_front();
  }
  remembered_.put(digest_prefix, 1);
  remembered_order_.push_back(digest_prefix);
  return true;
}

ChainDetector::Group& ChainDetector::group_of(const FeatureRow& row) {
  std::string key = group_key(row, grouping_);
  auto at = groups_.find(key);
  if (at == groups_.end()) {
    const std::size_t rows = config_.chains.rows_per_group;
    Group group{RowRing(std::min(profile_.numeric.size(), kMaxColumns), rows,
                        1.0 / static_cast<double>(profile_.rows), config_.chains.repeat_mass),
                IdTable<std::uint64_t>(rows),
                {},
                0};
    at = groups_.emplace(std::move(key), std::move(group)).first;
  }
  at->second.touched = ++touches_;
  return at->second;
}

// Leaves room for one row: by growing while the bytes allow it, else in place of the oldest.
void ChainDetector::make_room(Group& group, std::vector<FindingUpdate>& out) {
  if (!group.ring.full()) return;
  const bool empty = group.ring.bytes() == 0;
  const std::size_t more = group.ring.bytes_after_growth() - group.ring.bytes();
  while (more > 0 && measure() + more > config_.chains.max_bytes && groups_.size() > 1) {
    auto oldest = groups_.end();
    for (auto at = groups_.begin(); at != groups_.end(); ++at)
      if (&at->second != &group && (oldest == groups_.end() || at->second.touched < oldest->second.touched))
        oldest = at;
    forget_group(oldest, out);
  }
  if (more > 0 && (empty || measure() + more <= config_.chains.max_bytes)) {
    group.ring.grow();
    ring_bytes_ += more;
    measured_bytes_ = measure();
    return;
  }
  drop_oldest(group, out);
}

void ChainDetector::forget_group(std::map<std::string, Group>::iterator at, std::vector<FindingUpdate>& out) {
  Group& group = at->second;
  while (group.ring.first() < group.ring.end()) drop_oldest(group, out);
  ring_bytes_ -= group.ring.bytes();
  groups_.erase(at);
}

void ChainDetector::drop_oldest(Group& group, std::vector<FindingUpdate>& out) {
  const std::uint64_t seq = group.ring.first();
  const RowMeta& meta = group.ring.meta(seq);
  const std::uint64_t* held = group.copies.find(prefix(meta.digest));
  if (held != nullptr && *held == seq) group.copies.erase(prefix(meta.digest));
  const auto at = group.components.find(meta.component);
  group.ring.drop_first();
  if (at == group.components.end() || --at->second.live > 0) return;
  close(at->second, "its last query left the window", out);
  group.components.erase(at);
}

void ChainDetector::drop_older(Group& group, Time now, std::vector<FindingUpdate>& out) {
  while (group.ring.first() < group.ring.end() && now - group.ring.meta(group.ring.first()).time > config_.chains.window_us)
    drop_oldest(group, out);
}

RowRelation ChainDetector::observe(const Observation& observation, const std::vector<Rank>& ranks, Time now,
                            std::vector<FindingUpdate>& out) {
  const std::uint32_t caller = keys_.seen(observation.caller, now);
  Group& group = group_of(observation.features);
  drop_older(group, now, out);
  const std::uint64_t* copy = group.copies.find(prefix(observation.feature_digest));
  if (copy != nullptr) {
    add_copy(group, *copy, caller, observation, now);
    return RowRelation::kCopy;
  }
  if (!remember(prefix(observation.feature_digest))) return RowRelation::kCopy;
  const EncodedRow row = encode_row(profile_, config_.chains, observation.features, ranks);
  make_room(group, out);
  group.ring.near(row, config_.chains.link_surprise, near_);
  RowMeta meta{observation.feature_digest, observation.index, observation.time, 0, caller, false, false};
  meta.answered = is_model_decision(observation.disposition);
  meta.flagged = meta.answered && observation.label == config_.performance.flagged_answer;
  const std::uint64_t seq = group.ring.push(row, meta);
  group.copies.put(prefix(observation.feature_digest), seq);
  if (near_.empty()) return RowRelation::kApart;
  link(group, seq, row, now, out);
  return RowRelation::kNear;
}

// A copy is no row of the chain, but who sends it belongs to the chain's callers.
void ChainDetector::add_copy(Group& group, std::uint64_t seq, std::uint32_t caller,
                             const Observation& observation, Time now) {
  const RowMeta& meta = group.ring.meta(seq);
  if (meta.component == 0 && meta.caller == caller) return;
  Component& component = group.components.at(component_of(group, seq));
  component.callers.insert(caller);
  if (!component.episode) return;
  note_caller(*component.episode, caller, now);
  component.last_index = std::max(component.last_index, observation.index);
  component.last_time = std::max(component.last_time, observation.time);
}

std::uint32_t ChainDetector::component_of(Group& group, std::uint64_t seq) {
  RowMeta& meta = group.ring.meta(seq);
  if (meta.component != 0) return meta.component;
  meta.component = next_component_++;
  Component component;
  component.size = component.live = 1;
  component.rows = {seq};
  component.callers = {meta.caller};
  component.first_index = component.last_index = meta.index;
  component.first_time = component.last_time = meta.time;
  component.flagged_seen = meta.flagged;
  component.other_seen = meta.answered && !meta.flagged;
  group.components.emplace(meta.component, std::move(component));
  return meta.component;
}

// Joins the component with fewer rows into the other.
std::uint32_t ChainDetector::merge(Group& group, std::uint32_t a, std::uint32_t b, Time now,
                                   std::vector<FindingUpdate>& out) {
  if (a == b) return a;
  if (group.components.at(a).live < group.components.at(b).live) std::swap(a, b);
  Component& to = group.components.at(a);
  Component& from = group.components.at(b);
  merge_episodes(group, to, from, now, out);
  std::erase_if(to.rows, [&](std::uint64_t seq) { return seq < group.ring.first(); });
  for (const std::uint64_t seq : from.rows) {
    if (seq < group.ring.first()) continue;
    group.ring.meta(seq).component = a;
    to.rows.push_back(seq);
  }
  to.size += from.size;
  to.live += from.live;
  to.steps.insert(to.steps.end(), from.steps.begin(), from.steps.end());
  keep_newest(to.steps);
  to.callers.insert(from.callers.begin(), from.callers.end());
  to.first_index = std::min(to.first_index, from.first_index);
  to.last_index = std::max(to.last_index, from.last_index);
  to.first_time = std::min(to.first_time, from.first_time);
  to.last_time = std::max(to.last_time, from.last_time);
  to.flagged_seen = to.flagged_seen || from.flagged_seen;
  to.other_seen = to.other_seen || from.other_seen;
  group.components.erase(b);
  return a;
}

// Afterwards `to` has the episode, if either had one: the one that was alarmed first goes on, the other is
// closed and what it had not yet reported is handed over.
void ChainDetector::merge_episodes(Group& group, Component& to, Component& from, Time now,
                                   std::vector<FindingUpdate>& out) {
  if (!to.episode && !from.episode) return;
  if (!to.episode || !from.episode) {
    const bool into_from = !to.episode;
    ChainEpisode episode = std::move(into_from ? *from.episode : *to.episode);
    note_component(group, episode, into_from ? to : from, now);
    from.episode.reset();
    to.episode = std::move(episode);
    return;
  }
  Component& later = from.first_index < to.first_index ? to : from;
  Component& earlier = &later == &to ? from : to;
  ChainEpisode going_on = std::move(*earlier.episode);
  const ChainEpisode& ending = *later.episode;
  const auto append = [](auto& into, const auto& list) { into.insert(into.end(), list.begin(), list.end()); };
  append(going_on.new_digests, ending.new_digests);
  append(going_on.new_indexes, ending.new_indexes);
  going_on.digests_dropped += ending.digests_dropped;
  for (const std::uint32_t caller : ending.callers) note_caller(going_on, caller, now);
  later.episode->new_callers.clear();
  later.episode->new_digests.clear();
  later.episode->new_indexes.clear();
  close(later, "joined " + going_on.name, out);
  from.episode.reset();
  to.episode = std::move(going_on);
  schedule(*to.episode, now);
}

void ChainDetector::link(Group& group, std::uint64_t seq, const EncodedRow& row, Time now,
                         std::vector<FindingUpdate>& out) {
  const Near nearest = *std::max_element(
      near_.begin(), near_.end(), [](const Near& a, const Near& b) { return a.surprise < b.surprise; });
  const std::uint64_t step = group.ring.moved(nearest.seq, row);
  std::uint32_t id = component_of(group, seq);
  for (const Near& near : near_) id = merge(group, id, component_of(group, near.seq), now, out);

  Component& component = group.components.at(id);
  component.steps.push_back(step);
  keep_newest(component.steps);
  if (component.episode || component.size < config_.chains.min_size) return;
  const double share = two_field_share(component.steps);
  if (share > config_.chains.max_two_field_share) return;
  ChainEpisode episode;
  episode.name = "query_chain/" + std::to_string(component.first_index);
  episode.two_field_share = share;
  note_component(group, episode, component, now);
  component.episode = std::move(episode);
  report(component, now, out);
}

// Everything the component has gathered so far is the episode's: also the rows from before the alarm.
void ChainDetector::note_component(Group& group, ChainEpisode& episode, const Component& component,
                                   Time now) {
  std::vector<std::uint64_t> rows = component.rows;
  std::sort(rows.begin(), rows.end());
  for (const std::uint64_t seq : rows)
    if (seq >= group.ring.first()) note_row(episode, group.ring.meta(seq));
  for (const std::uint32_t caller : component.callers) note_caller(episode, caller, now);
  schedule(episode, now);
}

void ChainDetector::note_row(ChainEpisode& episode, const RowMeta& meta) {
  if (episode.new_digests.size() >= kPending) {
    ++episode.digests_dropped;
    return;
  }
  episode.new_digests.push_back(meta.digest);
  episode.new_indexes.push_back(meta.index);
}

void ChainDetector::note_caller(ChainEpisode& episode, std::uint32_t caller, Time now) {
  if (!episode.callers.insert(caller).second) return;
  if (keys_.established(caller, now, config_.chains.key_history_us)) {
    ++episode.established_callers;
    return;
  }
  episode.new_callers.push_back(caller);
  schedule(episode, now);
}

}  // namespace firebreak::detect
