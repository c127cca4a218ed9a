#include "fold/detect/open_episodes.h"

#include <algorithm>
#include <tuple>

namespace firebreak::detect {
namespace {

// As much as a chain says at once (chain_report.cc).
constexpr std::size_t kRowsPerUpdate = 400;
constexpr std::size_t kCallersPerUpdate = 64;

bool is_chain(const OpenEpisode& episode) { return episode.said.kind == "query_chain"; }

// Rules are many and run for many groups: theirs are one only when it is the same rule (the name up to the index) and group.
bool same_rule(const OpenEpisode& a, const OpenEpisode& b) {
  const auto rule = [](const OpenEpisode& of) { return of.said.episode.substr(0, of.said.episode.rfind('/')); };
  return a.said.kind != "rule_match" || (rule(a) == rule(b) && a.said.segment == b.said.segment);
}

// How much speaks for these being one episode; 0: nothing.
std::size_t likeness(const OpenEpisode& a, const OpenEpisode& b) {
  if (a.said.kind != b.said.kind || !same_rule(a, b)) return 0;
  std::size_t shared = 0;
  for (const auto& [index, digest] : a.rows) shared += b.rows.contains(index) ? 1 : 0;
  // Two chains may run side by side; of the other kinds one is open at a time, but for those that say what is different.
  const bool overlap = a.said.first_index <= b.said.last_index && b.said.first_index <= a.said.last_index;
  return shared + (!is_chain(a) && overlap ? 1 : 0);
}

std::map<std::string, std::string> pair_up(const OpenEpisodes& said, const OpenEpisodes& made) {
  std::map<std::string, std::string> pairs;
  std::set<std::string> taken;
  for (const auto& [name, episode] : made.all())
    if (said.all().contains(name)) taken.insert(pairs[name] = name);
  std::vector<std::tuple<std::size_t, std::string, std::string>> likely;
  for (const auto& [name, episode] : made.all()) {
    if (pairs.contains(name)) continue;
    for (const auto& [old, before] : said.all())
      if (const std::size_t like = taken.contains(old) ? 0 : likeness(before, episode); like > 0) likely.emplace_back(like, name, old);
  }
  std::stable_sort(likely.begin(), likely.end(), [](const auto& a, const auto& b) { return std::get<0>(a) > std::get<0>(b); });
  for (const auto& [like, name, old] : likely) {
    if (pairs.contains(name) || taken.contains(old)) continue;
    pairs[name] = old;
    taken.insert(old);
  }
  return pairs;
}

// What of `episode` is not in `known`, in pieces that an entry holds.
void tell(const OpenEpisode& episode, const OpenEpisode& known, const std::string& name, bool open, std::vector<FindingUpdate>& out) {
  std::vector<std::pair<std::uint64_t, Digest>> rows;
  for (const auto& row : episode.rows)
    if (!known.rows.contains(row.first)) rows.push_back(row);
  std::vector<std::string> callers;
  std::set_difference(episode.callers.begin(), episode.callers.end(), known.callers.begin(), known.callers.end(), std::back_inserter(callers));
  std::size_t row = 0, caller = 0;
  while (open || row < rows.size() || caller < callers.size()) {
    FindingUpdate update = episode.said;
    update.episode = name;
    update.phase = open ? FindingPhase::kOpened : FindingPhase::kUpdated;
    open = false;
    for (const std::size_t end = std::min(rows.size(), row + kRowsPerUpdate); row < end; ++row) {
      update.indexes.push_back(rows[row].first);
      if (is_chain(episode)) update.digests.push_back(rows[row].second);
    }
    for (const std::size_t end = std::min(callers.size(), caller + kCallersPerUpdate); caller < end; ++caller)
      update.callers.push_back(callers[caller]);
    out.push_back(std::move(update));
  }
}

}  // namespace

void OpenEpisodes::apply(const FindingUpdate& update) {
  if (update.phase == FindingPhase::kClosed) {
    all_.erase(update.episode);
    return;
  }
  OpenEpisode& episode = all_[update.episode];
  episode.said = update;
  for (std::size_t i = 0; i < update.indexes.size() && episode.rows.size() < kMostRows; ++i)
    episode.rows[update.indexes[i]] = i < update.digests.size() ? update.digests[i] : Digest{};
  episode.callers.insert(update.callers.begin(), update.callers.end());
  episode.said.indexes.clear();
  episode.said.digests.clear();
  episode.said.callers.clear();
}

void OpenEpisodes::rename(const std::string& from, const std::string& to) {
  auto node = all_.extract(from);
  if (node.empty()) return;
  node.key() = to;
  node.mapped().said.episode = to;
  all_.insert(std::move(node));
}

Handover hand_over(const OpenEpisodes& said, const OpenEpisodes& made, const std::string& why) {
  Handover out;
  const auto pairs = pair_up(said, made);
  std::set<std::string> going_on;
  for (const auto& [name, episode] : made.all()) {
    const auto pair = pairs.find(name);
    if (pair == pairs.end()) {
      tell(episode, {}, name, true, out.updates);
      continue;
    }
    going_on.insert(pair->second);
    if (pair->second != name) out.renamed[name] = pair->second;
    tell(episode, said.all().at(pair->second), pair->second, false, out.updates);
  }
  for (const auto& [name, episode] : said.all()) {
    if (going_on.contains(name)) continue;
    FindingUpdate update = episode.said;
    update.phase = FindingPhase::kClosed;
    update.summary += "; closed: " + why;
    out.updates.push_back(std::move(update));
  }
  return out;
}

}  // namespace firebreak::detect
