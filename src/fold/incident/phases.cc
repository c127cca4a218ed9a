// The phase graph of NIST SP 800-61r2 (cyclic: table 3-5, item 6.3) and the moves that follow from what happened.
#include <fmt/core.h>

#include <algorithm>

#include "fold/incident/parts.h"

namespace firebreak::incident {
namespace {

struct Move {
  std::string_view from, to;
};
// Closing is not here: it goes through post_incident, or needs a reason (commands.cc).
constexpr Move kMoves[] = {
    {"detection_analysis", "containment"},   {"detection_analysis", "eradication"},
    {"detection_analysis", "post_incident"}, {"containment", "detection_analysis"},
    {"containment", "eradication"},          {"containment", "recovery"},
    {"eradication", "detection_analysis"},   {"eradication", "containment"},
    {"eradication", "recovery"},             {"recovery", "detection_analysis"},
    {"recovery", "containment"},             {"recovery", "eradication"},
    {"recovery", "post_incident"},           {"post_incident", "detection_analysis"},
    {"post_incident", "recovery"},
};

Drafts move(const Incident* incident, std::string_view to, std::string reason) {
  if (incident == nullptr || !may_move(incident->phase, to)) return {};
  return {make_draft("incident_phase", incident->id,
               {{"incident", incident->id}, {"from", incident->phase}, {"to", to}, {"reason", std::move(reason)}})};
}

// The phases only go forward on their own; growth and aborts are the named exceptions.
bool is_before(const Incident* incident, std::initializer_list<std::string_view> phases) {
  return incident != nullptr && std::find(phases.begin(), phases.end(), incident->phase) != phases.end();
}

bool takes_in_chains(const IncidentState& state, const std::string& incident) {
  return std::any_of(state.actions.begin(), state.actions.end(), [&](const auto& item) {
    return item.second.incident == incident && item.second.measure == "quarantine" && item.second.in_force;
  });
}

}  // namespace

bool may_move(std::string_view from, std::string_view to) {
  return std::any_of(std::begin(kMoves), std::end(kMoves), [&](const Move& m) { return m.from == from && m.to == to; });
}

Drafts decide_phase(const IncidentState& state, const Entry& entry) {
  const std::string action = string_or(entry.body, "action");
  const auto facts = state.actions.find(action);
  const std::string named = string_or(entry.body, "incident");
  const Incident* incident = find_open(state, facts != state.actions.end() ? facts->second.incident : named);
  if (entry.kind == "action_in_force" && facts != state.actions.end() && facts->second.cls != "promotion" &&
      is_before(incident, {"detection_analysis"}))
    return move(incident, "containment", action + " is in force");
  if (entry.kind == "release_registered" && is_before(incident, {"detection_analysis", "containment"}))
    return move(incident, "eradication", fmt::format("release {} was made against the cause", string_or(entry.body, "release")));
  if (entry.kind == "ladder_step" && is_before(incident, {"detection_analysis", "containment", "eradication"})) {
    // A candidate made without an incident's release entry still recovers it; the graph wants eradication between.
    if (incident->phase == "detection_analysis") return move(incident, "eradication", action + " brings in a candidate");
    return move(incident, "recovery", fmt::format("{} reached step {}", action, string_or(entry.body, "step")));
  }
  if (entry.kind == "ladder_ended" && is_before(incident, {"recovery"})) {
    const bool promoted = string_or(entry.body, "outcome") == "promoted";
    return move(incident, promoted ? "post_incident" : "eradication",
                promoted ? action + " is promoted and its watch window is over" : action + " was aborted");
  }
  if (entry.kind == "incident_finding_linked" && string_or(entry.body, "kind") == "query_chain" &&
      !takes_in_chains(state, named))
    return move(incident, "detection_analysis", fmt::format("scope grew: {}", string_or(entry.body, "finding")));
  if (entry.kind == "phase_requested" && incident != nullptr && incident->phase != string_or(entry.body, "to"))
    return move(incident, string_or(entry.body, "to"), string_or(entry.body, "reason"));
  return {};
}

}  // namespace firebreak::incident
