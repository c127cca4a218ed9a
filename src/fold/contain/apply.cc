// What each entry changes. Accepts every entry ever written; what it cannot read it leaves alone.
#include <algorithm>
#include <array>

#include "fold/contain/parts.h"
#include "types/finding.h"

namespace firebreak::contain {
namespace {

using Apply = void (*)(ContainState&, const Entry&);

Action* action_of(ContainState& state, const Entry& entry) {
  const auto at = state.actions.find(string_or(entry.body, "action"));
  return at == state.actions.end() ? nullptr : &at->second;
}

// The first release that is known to be good becomes the base; later the base moves by promotion alone.
void set_first_base(EndpointSlot& slot) {
  if (slot.base_release.empty() && slot.releases.contains(slot.endpoint.last_known_good))
    slot.base_release = slot.endpoint.last_known_good;
}

void apply_endpoint(ContainState& state, const Entry& entry) {
  const Json* document = find(entry.body, "endpoint");
  auto endpoint = document != nullptr ? endpoint_from_json(*document) : Result<Endpoint>(fail(Code::kInvalid, ""));
  if (!endpoint) return;
  EndpointSlot& slot = state.endpoints[endpoint->name];
  slot.endpoint = std::move(*endpoint);
  set_first_base(slot);
  slot.base_dirty = true;
}

void apply_release(ContainState& state, const Entry& entry) {
  const std::string endpoint = string_or(entry.body, "endpoint"), release = string_or(entry.body, "release");
  if (endpoint.empty() || release.empty()) return;
  EndpointSlot& slot = state.endpoints[endpoint];
  ReleaseTarget target{release, string_or(entry.body, "upstream"), "", "", ""};
  if (const Json* model = find(entry.body, "model")) {
    target.model_digest = string_or(*model, "digest");
    target.model_name = string_or(*model, "name");
    target.model_version = string_or(*model, "version");
  }
  slot.releases[release] = std::move(target);
  set_first_base(slot);
  slot.base_dirty = true;
}

void apply_last_known_good(ContainState& state, const Entry& entry) {
  const auto at = state.endpoints.find(string_or(entry.body, "endpoint"));
  if (at == state.endpoints.end()) return;
  at->second.endpoint.last_known_good = string_or(entry.body, "release");
  set_first_base(at->second);
}

void apply_incident_opened(ContainState& state, const Entry& entry) {
  const std::string id = entry.id("inc");
  state.incidents[id] = string_or(entry.body, "endpoint");
  if (const auto from = state.joined.find(string_or(entry.body, "split_of")); from != state.joined.end() && from->second.erase(state.incidents[id]) > 0 && from->second.empty()) state.joined.erase(from);
  state.severities[id] = string_or(entry.body, "severity");
  for (const std::string& finding : strings_or_empty(entry.body, "findings")) link_finding(state, id, finding, entry.time);
}

void apply_incident_reopened(ContainState& state, const Entry& entry) {
  state.incidents[string_or(entry.body, "incident")] = string_or(entry.body, "endpoint");
  state.severities[string_or(entry.body, "incident")] = string_or(entry.body, "severity");
}

void apply_severity(ContainState& state, const Entry& entry) {
  if (const std::string id = string_or(entry.body, "incident"); state.incidents.contains(id)) state.severities[id] = string_or(entry.body, "to");
}

void apply_linked(ContainState& state, const Entry& entry) {
  const std::string incident = string_or(entry.body, "incident"), endpoint = string_or(entry.body, "endpoint");
  if (const auto at = state.incidents.find(incident); at != state.incidents.end() && !endpoint.empty() && endpoint != at->second) state.joined[incident].insert(endpoint);
  link_finding(state, incident, string_or(entry.body, "finding"), entry.time);
}

// Actions in force outlive the incident until their lease ends; the rest of what was kept for it goes.
void apply_incident_closed(ContainState& state, const Entry& entry) {
  const std::string id = string_or(entry.body, "incident");
  state.incidents.erase(id);
  state.joined.erase(id);
  state.severities.erase(id);
  state.options.erase(id);
  state.evidence.erase(id);
  std::erase_if(state.actions, [&](const auto& item) { return item.second.incident == id && is_over(item.second); });
  for (auto at = state.chains.begin(); at != state.chains.end();) {
    if (at->second.incident != id) {
      ++at;
      continue;
    }
    state.chain_of.erase(at->second.stream + "\n" + at->second.episode);
    at = state.chains.erase(at);
  }
}

void apply_options(ContainState& state, const Entry& entry) {
  const Json* options = find(entry.body, "options");
  const std::string incident = string_or(entry.body, "incident");
  if (options != nullptr && options->is_array() && state.incidents.contains(incident)) state.options[incident] = *options;
}

void apply_evidence_requested(ContainState& state, const Entry& entry) {
  const auto items = strings_or_empty(entry.body, "items");
  state.evidence[string_or(entry.body, "incident")].open[entry.id("req")] = {items.begin(), items.end()};
}

void apply_evidence_captured(ContainState& state, const Entry& entry) {
  EvidenceNeed& need = state.evidence[string_or(entry.body, "incident")];
  need.any_captured = true;
  if (const auto at = need.open.find(string_or(entry.body, "request")); at != need.open.end())
    at->second.erase(string_or(entry.body, "item"));
}

void apply_approved(ContainState& state, const Entry& entry) {
  Action* action = action_of(state, entry);
  if (action == nullptr || action->status != ActionStatus::kProposed) return;
  action->approved_by.insert(string_or(entry.body, "by"));
  const bool alone = find(entry.body, "break_glass") != nullptr;
  if (alone || action->approved_by.size() >= action->approvals) action->status = ActionStatus::kApproved;
}

void end(ContainState& state, const Entry& entry, ActionStatus status) {
  Action* action = action_of(state, entry);
  if (action == nullptr || is_over(*action)) return;
  action->status = status;
  action->ended_reason = string_or(entry.body, "reason");
  action->pending = {};
}
void apply_rejected(ContainState& state, const Entry& entry) { end(state, entry, ActionStatus::kRejected); }
void apply_expired(ContainState& state, const Entry& entry) { end(state, entry, ActionStatus::kExpired); }
void apply_lifted(ContainState& state, const Entry& entry) { end(state, entry, ActionStatus::kLifted); }
void apply_failed(ContainState& state, const Entry& entry) { end(state, entry, ActionStatus::kFailed); }
void apply_uncertain(ContainState& state, const Entry& entry) { end(state, entry, ActionStatus::kUncertain); }

void apply_in_force(ContainState& state, const Entry& entry) {
  Action* action = action_of(state, entry);
  if (action == nullptr || action->status != ActionStatus::kOrdered) return;
  action->status = ActionStatus::kInForce;
  action->in_force_since = entry.time;
}

void apply_extended(ContainState& state, const Entry& entry) {
  Action* action = action_of(state, entry);
  if (action == nullptr) return;
  Extended extended{entry.index, entry.time, 0, 0, 0};
  for (const std::string& caller : strings_or_empty(entry.body, "callers")) {
    extended.callers += action->grown.callers.emplace(caller, entry.index).second ? 1 : 0;
    action->pending.callers.erase(caller);
  }
  for (const Digest& digest : unpack_digests(string_or(entry.body, "digests")).value_or(std::vector<Digest>{})) {
    extended.digests += action->grown.digests.emplace(digest, entry.index).second ? 1 : 0;
    action->pending.digests.erase(digest);
  }
  EndpointSlot& slot = state.endpoints[action->endpoint];
  slot.last_extension = entry.time;
  std::erase_if(action->extended, [&](const Extended& old) {
    return old.time <= entry.time - kHour && old.order != 0 && old.order <= slot.last_done;
  });
  action->extended.push_back(extended);
}

void apply_warning(ContainState& state, const Entry& entry) {
  if (Action* action = action_of(state, entry))
    action->warned_minutes = int_or(entry.body, "minutes_left", 30) <= 10 ? 10 : 30;
}

void apply_lease_extended(ContainState& state, const Entry& entry) {
  Action* action = action_of(state, entry);
  if (action == nullptr) return;
  action->until = get_time(entry.body, "until").value_or(action->until);
  action->lease_extended = action->resend = true;
}

void apply_ladder_step(ContainState& state, const Entry& entry) {
  if (Action* action = action_of(state, entry))
    action->steps.push_back({string_or(entry.body, "step"), entry.index, 0, {}});
}

void apply_ladder_ended(ContainState& state, const Entry& entry) {
  Action* action = action_of(state, entry);
  if (action == nullptr || is_over(*action)) return;
  const bool promoted = string_or(entry.body, "outcome") == "promoted";
  end(state, entry, promoted ? ActionStatus::kPromoted : ActionStatus::kLifted);
  if (promoted) state.endpoints[action->endpoint].base_release = action->release;
}

void apply_hold(ContainState& state, const Entry& entry) {
  const std::string duty = string_or(entry.body, "duty");
  if (entry.kind == "evidence_hold_set") state.holds[duty] = {string_or(entry.body, "incident"), string_or(entry.body, "endpoint"), string_or(entry.body, "regime"), string_or(entry.body, "stage")};
  else state.holds.erase(duty);
}

void apply_frozen(ContainState& state, const Entry&) {
  state.frozen = true;
  state.thaw_proposed_by.clear();
}
void apply_thaw_proposed(ContainState& state, const Entry& entry) { state.thaw_proposed_by = string_or(entry.body, "by"); }
void apply_thawed(ContainState& state, const Entry&) {
  state.frozen = false;
  state.thaw_proposed_by.clear();
}

void apply_config(ContainState& state, const Entry& entry) {
  const Json* minutes = find_pointer(entry.body, "/document/rules/recovery/watch/minutes");
  if (minutes != nullptr && minutes->is_number())
    state.watch_us = static_cast<std::int64_t>(minutes->to_number<double>() * static_cast<double>(kMinute));
}

struct Row {
  std::string_view kind;
  Apply apply;
};
constexpr Row kTable[] = {
    {"action_approved", apply_approved},
    {"action_expired", apply_expired},
    {"action_extended", apply_extended},
    {"action_failed", apply_failed},
    {"action_in_force", apply_in_force},
    {"action_lifted", apply_lifted},
    {"action_proposed", apply_proposed},
    {"action_rejected", apply_rejected},
    {"action_uncertain", apply_uncertain},
    {"config_applied", apply_config},
    {"effect_check", apply_effect_check},
    {"endpoint_registered", apply_endpoint},
    {"evidence_captured", apply_evidence_captured},
    {"evidence_hold_lifted", apply_hold},
    {"evidence_hold_set", apply_hold},
    {"evidence_requested", apply_evidence_requested},
    {"finding_closed", apply_finding},
    {"finding_opened", apply_finding},
    {"finding_updated", apply_finding},
    {"frozen", apply_frozen},
    {"incident_closed", apply_incident_closed},
    {"incident_finding_linked", apply_linked},
    {"incident_opened", apply_incident_opened},
    {"incident_reopened", apply_incident_reopened},
    {"incident_severity", apply_severity},
    {"ladder_ended", apply_ladder_ended},
    {"ladder_step", apply_ladder_step},
    {"last_known_good", apply_last_known_good},
    {"lease_extended", apply_lease_extended},
    {"lease_warning", apply_warning},
    {"options_offered", apply_options},
    {"order", apply_order},
    {"order_outcome", apply_outcome},
    {"order_started", apply_started},
    {"release_registered", apply_release},
    {"standing_approved", apply_standing_approved},
    {"standing_ended", apply_standing_ended},
    {"standing_proposed", apply_standing_proposed},
    {"standing_used", apply_standing_used},
    {"thaw_proposed", apply_thaw_proposed},
    {"thawed", apply_thawed},
};

}  // namespace

void apply(ContainState& state, const Entry& entry) {
  const auto row = std::find_if(std::begin(kTable), std::end(kTable), [&](const Row& r) { return r.kind == entry.kind; });
  if (row != std::end(kTable)) row->apply(state, entry);
}

}  // namespace firebreak::contain
