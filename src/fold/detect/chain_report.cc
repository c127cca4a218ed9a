// What a chain says: opened with its first rows and callers, then only what is new.
#include <fmt/core.h>

#include <algorithm>

#include "fold/detect/chains.h"

namespace firebreak::detect {
namespace {

// One update stays below the journal's 32 KiB: 400 digests and indexes, 64 keys of at most 128 octets.
constexpr std::size_t kRowsPerUpdate = 400;
constexpr std::size_t kCallersPerUpdate = 64;

template <class T>
std::vector<T> take_front(std::vector<T>& from, std::size_t most) {
  const auto end = from.begin() + static_cast<std::ptrdiff_t>(std::min(most, from.size()));
  std::vector<T> taken(from.begin(), end);
  from.erase(from.begin(), end);
  return taken;
}

}  // namespace

void ChainDetector::schedule(ChainEpisode& episode, Time now) {
  next_report_ = std::min(next_report_, std::max(episode.next_report, now));
}

FindingUpdate ChainDetector::describe(const Component& component) const {
  const ChainEpisode& episode = *component.episode;
  const bool switched = component.flagged_seen && component.other_seen;
  FindingUpdate update;
  update.phase = episode.opened ? FindingPhase::kUpdated : FindingPhase::kOpened;
  update.episode = episode.name;
  update.kind = "query_chain";
  // A switched answer means the attack has probably reached its goal; several keys mean it hides.
  update.severity = switched || episode.callers.size() > 1 ? Severity::kHigh : Severity::kMedium;
  update.endpoint = config_.endpoint;
  update.stream = config_.stream;
  update.first_index = component.first_index;
  update.last_index = component.last_index;
  update.first_time = component.first_time;
  update.last_time = component.last_time;
  update.count = component.size;
  update.numbers = {{"distinct_queries", static_cast<double>(component.size)},
                    {"min_size", static_cast<double>(config_.chains.min_size)},
                    {"link_surprise", config_.chains.link_surprise},
                    {"two_field_share", episode.two_field_share},
                    {"max_two_field_share", config_.chains.max_two_field_share},
                    {"callers", static_cast<double>(episode.callers.size())},
                    {"established_callers", static_cast<double>(episode.established_callers)},
                    {"digests_dropped", static_cast<double>(episode.digests_dropped)},
                    {"answer_switched", switched ? 1.0 : 0.0}};
  update.summary = fmt::format("{} near-identical distinct requests by {} caller{}{}", component.size,
                               episode.callers.size(), episode.callers.size() == 1 ? "" : "s",
                               switched ? "; the answer switched within the chain" : "");
  return update;
}

void ChainDetector::report(Component& component, Time now, std::vector<FindingUpdate>& out) {
  ChainEpisode& episode = *component.episode;
  FindingUpdate update = describe(component);
  update.digests = take_front(episode.new_digests, kRowsPerUpdate);
  update.indexes = take_front(episode.new_indexes, kRowsPerUpdate);
  for (const std::uint32_t caller : take_front(episode.new_callers, kCallersPerUpdate))
    update.callers.push_back(keys_.name(caller));
  episode.opened = true;
  episode.next_report = now + config_.chains.update_us;
  next_report_ = std::min(next_report_, episode.next_report);
  out.push_back(std::move(update));
}

void ChainDetector::close(Component& component, const std::string& why, std::vector<FindingUpdate>& out) {
  if (!component.episode) return;
  // Nobody has heard of an episode that was never opened, and what is unreported has been handed over or is
  // stale.
  if (component.episode->opened) {
    FindingUpdate update = describe(component);
    update.phase = FindingPhase::kClosed;
    update.summary += "; closed: " + why;
    out.push_back(std::move(update));
  }
  component.episode.reset();
}

void ChainDetector::advance(Time now, std::vector<FindingUpdate>& out) {
  if (now >= next_report_) {
    next_report_ = Time{INT64_MAX};
    for (auto& [key, group] : groups_) {
      for (auto& [id, component] : group.components) {
        if (!component.episode || !component.episode->pending()) continue;
        if (component.episode->next_report <= now)
          report(component, now, out);
        else
          next_report_ = std::min(next_report_, component.episode->next_report);
      }
    }
  }
  if (now < next_close_) return;
  // Rows leave when their own combination is touched; a combination nobody asks for any more is swept here.
  next_close_ = now + kMinute;
  for (auto at = groups_.begin(); at != groups_.end();) {
    drop_older(at->second, now, out);
    if (const auto swept = at++; swept->second.ring.first() == swept->second.ring.end()) forget_group(swept, out);
  }
  measured_bytes_ = measure();
}

std::size_t ChainDetector::measure() const {
  std::size_t total = ring_bytes_ + keys_.bytes() + remembered_.bytes() + remembered_order_.size() * 8;
  for (const auto& [key, group] : groups_) {
    total += key.capacity() + sizeof(Group) + group.copies.bytes();
    for (const auto& [id, component] : group.components) {
      total += sizeof(Component) + 64 + (component.rows.capacity() + component.steps.capacity()) * 8 +
               component.callers.size() * 48;
      if (component.episode)
        total += component.episode->callers.size() * 52 + component.episode->new_digests.capacity() * 40;
    }
  }
  return total;
}

}  // namespace firebreak::detect
