// Chain members and the sets that grow with them.
#include <fmt/core.h>

#include "fold/contain/parts.h"
#include "types/finding.h"

namespace firebreak::contain {
namespace {

std::string episode_key(const Json& body) { return string_or(body, "stream") + "\n" + string_or(body, "episode"); }

FindingPhase phase_of(const std::string& kind) {
  if (kind == "finding_opened") return FindingPhase::kOpened;
  return kind == "finding_updated" ? FindingPhase::kUpdated : FindingPhase::kClosed;
}

// Chains of open incidents are never forgotten; of the others the oldest go first.
void forget_surplus(ContainState& state) {
  while (state.chains.size() > kChains && !state.unlinked.empty()) {
    const auto oldest = state.chains.find(fmt::format("find-{}", *state.unlinked.begin()));
    FIREBREAK_ASSERT(oldest != state.chains.end());
    state.unlinked.erase(state.unlinked.begin());
    state.chain_of.erase(oldest->second.stream + "\n" + oldest->second.episode);
    state.chains.erase(oldest);
  }
}

// Callers and digests of a set, in one digest: what a short entry says instead of listing them.
std::string sets_digest(const std::set<std::string>& callers, const std::set<Digest>& digests) {
  const std::vector<Digest> list(digests.begin(), digests.end());
  return sha256(canonical_json(JsonObject{{"callers", JsonArray(callers.begin(), callers.end())},
                                          {"digests", pack_digests(list)}}))
      .hex();
}

bool wants_sets(const Json& measure) {
  const std::string kind = string_or(measure, "kind");
  if (kind == "quarantine") return find(measure, "callers") == nullptr && find(measure, "digests") == nullptr;
  return kind == "block" && find(measure, "callers") == nullptr;
}

struct Room {  // what the caps per hour still allow
  std::size_t callers = 0, digests = 0;
};

Room room_now(const Action& action, const QuarantineMeasure& measure, Time now) {
  std::size_t callers = 0, digests = 0;
  for (const Extended& extended : action.extended)
    if (extended.time > now - kHour) {
      callers += extended.callers;
      digests += extended.digests;
    }
  return {measure.max_callers_per_hour > callers ? measure.max_callers_per_hour - callers : 0,
          measure.max_digests_per_hour > digests ? measure.max_digests_per_hour - digests : 0};
}

// The finding that brought the first member: one name beside the sets, for the reader of the timeline.
std::string finding_of(const ContainState& state, const std::string& incident, const JsonArray& callers,
                       const std::vector<Digest>& digests) {
  for (const auto& [id, chain] : state.chains) {
    if (chain.incident != incident) continue;
    if (!digests.empty() && chain.members.digests.contains(digests.front())) return id;
    if (digests.empty() && !callers.empty() &&
        chain.members.callers.contains(std::string(callers.front().as_string())))
      return id;
  }
  return {};
}

std::optional<Draft> extension_of(const ContainState& state, const Action& action, Time now) {
  const auto* measure = std::get_if<QuarantineMeasure>(&action.measure);
  if (measure == nullptr || action.status != ActionStatus::kInForce || lease_over(action, now)) return std::nullopt;
  const Room room = room_now(action, *measure, now);
  JsonArray callers;
  std::vector<Digest> digests;
  for (const auto& [caller, index] : action.pending.callers) {
    if (callers.size() >= std::min(room.callers, kExtensionCallers)) break;
    callers.emplace_back(caller);
  }
  for (const auto& [digest, index] : action.pending.digests) {
    if (digests.size() >= std::min(room.digests, kExtensionDigests)) break;
    digests.push_back(digest);
  }
  if (callers.empty() && digests.empty()) return std::nullopt;
  Draft draft;
  draft.kind = "action_extended";
  draft.cause = action.id;
  draft.body = JsonObject{{"action", action.id},
                          {"finding", finding_of(state, measure->incident, callers, digests)},
                          {"surplus", JsonObject{{"callers", action.pending.callers.size() - callers.size()},
                                                 {"digests", action.pending.digests.size() - digests.size()}}},
                          {"callers", std::move(callers)},
                          {"digests", pack_digests(digests)}};
  return draft;
}

}  // namespace

Members members_of(const ContainState& state, const std::string& incident, std::uint64_t upto) {
  Members all;
  for (const auto& [id, chain] : state.chains) {
    if (incident.empty() || chain.incident != incident) continue;
    for (const auto& [caller, index] : chain.members.callers)
      if (index <= upto) all.callers.emplace(caller, index);
    for (const auto& [digest, index] : chain.members.digests)
      if (index <= upto) all.digests.emplace(digest, index);
  }
  return all;
}

Result<Measure> resolve_measure(const ContainState& state, const Json& written, const std::string& incident,
                                std::uint64_t upto) {
  Json document = written;
  const bool by_reference = wants_sets(written);
  if (by_reference && string_or(written, "kind") == "block") {
    const Members members = members_of(state, incident, upto);
    JsonArray callers;
    for (const auto& [caller, index] : members.callers) callers.emplace_back(caller);
    document.as_object().erase("sets");
    document.as_object().erase("incident");
    document.as_object()["callers"] = std::move(callers);
    return measure_from_json(document);
  }
  if (document.is_object()) document.as_object().erase("sets");
  FIREBREAK_ASSIGN(Measure measure, measure_from_json(document));
  if (auto* quarantine = std::get_if<QuarantineMeasure>(&measure); quarantine != nullptr && by_reference) {
    const Members members = members_of(state, quarantine->incident, upto);
    for (const auto& [caller, index] : members.callers) quarantine->callers.insert(caller);
    for (const auto& [digest, index] : members.digests) quarantine->digests.insert(digest);
  }
  return measure;
}

Result<Json> written_measure(const Json& asked, const Measure& resolved, std::uint64_t upto) {
  Json written = to_json(resolved);
  if (wants_sets(asked)) {
    JsonObject& object = written.as_object();
    static const std::set<Digest> kNone;
    const auto* quarantine = std::get_if<QuarantineMeasure>(&resolved);
    const auto& callers = quarantine != nullptr ? quarantine->callers : std::get<BlockMeasure>(resolved).callers;
    const auto& digests = quarantine != nullptr ? quarantine->digests : kNone;
    object.erase("callers");
    object.erase("digests");
    object["sets"] = JsonObject{{"from", "findings"},
                                {"upto", upto},
                                {"callers", callers.size()},
                                {"digests", digests.size()},
                                {"digest", sets_digest(callers, digests)}};
    return written;
  }
  if (canonical_json(written).size() > kInlineMeasure)
    return fail(Code::kTooLarge,
                fmt::format("a measure with its sets has at most {} octets; leave the sets out to take them from the "
                            "incident's findings",
                            kInlineMeasure),
                "/measure");
  return written;
}

void grow(ContainState& state, const std::string& incident, const Members& added, Time now) {
  if (incident.empty() || (added.callers.empty() && added.digests.empty())) return;
  for (auto& [id, action] : state.actions) {
    const auto* measure = std::get_if<QuarantineMeasure>(&action.measure);
    if (measure == nullptr || measure->incident != incident || is_over(action)) continue;
    bool grew = false;
    for (const auto& [caller, index] : added.callers)
      if (!measure->callers.contains(caller) && !action.grown.callers.contains(caller) &&
          action.pending.callers.size() < kPending)
        grew |= action.pending.callers.emplace(caller, index).second;
    for (const auto& [digest, index] : added.digests)
      if (!measure->digests.contains(digest) && !action.grown.digests.contains(digest) &&
          action.pending.digests.size() < kPending)
        grew |= action.pending.digests.emplace(digest, index).second;
    if (grew) action.last_growth = now;
  }
}

void apply_finding(ContainState& state, const Entry& entry) {
  if (string_or(entry.body, "kind") != "query_chain") return;
  const auto update = finding_from_json(phase_of(entry.kind), entry.body);
  if (!update) return;
  const std::string key = episode_key(entry.body);
  auto known = state.chain_of.find(key);
  if (known == state.chain_of.end()) {
    if (entry.kind != "finding_opened") return;
    known = state.chain_of.emplace(key, entry.id("find")).first;
    Chain chain;
    chain.endpoint = update->endpoint;
    chain.stream = update->stream;
    chain.episode = update->episode;
    state.chains[known->second] = std::move(chain);
    state.unlinked.insert(entry.index);
  }
  Chain& chain = state.chains[known->second];
  Members added;
  for (const std::string& caller : update->callers)
    if (chain.members.callers.emplace(caller, entry.index).second) added.callers.emplace(caller, entry.index);
  for (const Digest& digest : update->digests)
    if (chain.members.digests.emplace(digest, entry.index).second) added.digests.emplace(digest, entry.index);
  grow(state, chain.incident, added, entry.time);
  forget_surplus(state);
}

void link_finding(ContainState& state, const std::string& incident, const std::string& finding, Time now) {
  const auto at = state.chains.find(finding);
  if (at == state.chains.end() || !at->second.incident.empty()) return;
  at->second.incident = incident;
  state.unlinked.erase(index_of(finding));
  grow(state, incident, at->second.members, now);
}

Drafts extensions_due(const ContainState& state, Time now) {
  Drafts drafts;
  if (state.frozen) return drafts;
  std::set<std::string> served;  // one delta per endpoint
  for (const auto& [id, action] : state.actions) {
    const auto slot = state.endpoints.find(action.endpoint);
    if (slot == state.endpoints.end() || served.contains(action.endpoint)) continue;
    // Waiting for the queue to empty merges what arrives meanwhile into the next delta.
    if (!slot->second.orders.empty() || now < slot->second.last_extension + kExtensionPause) continue;
    if (auto draft = extension_of(state, action, now)) {
      drafts.push_back(std::move(*draft));
      served.insert(action.endpoint);
    }
  }
  return drafts;
}

}  // namespace firebreak::contain
