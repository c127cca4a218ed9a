// Parts of the incident fold that its files share. Not for other rooms.
#pragma once

#include <string>
#include <vector>

#include "fold/incident/incident.h"

namespace firebreak::incident {

inline constexpr std::int64_t kRemember = 30 * kDay;  // labels arrive up to weeks late, and so do drops in precision
inline constexpr std::size_t kFindings = 2'000;       // unlinked and closed
inline constexpr std::size_t kTimelineHead = 50, kTimelineTail = 150;
inline constexpr std::size_t kTextBytes = 4'000;
inline constexpr std::size_t kTasks = 500;

using Drafts = std::vector<Draft>;

Draft make(std::string_view kind, std::string cause, JsonObject body);
std::string who(const Entry& entry);
const Incident* find_open(const IncidentState& state, const std::string& id);
const Incident* incident_of_endpoint(const IncidentState& state, const std::string& endpoint);

// rules.cc
Drafts decide_finding(const IncidentState& state, const Entry& entry);
Drafts decide_linked(const IncidentState& state, const Entry& entry);
void apply_finding(IncidentState& state, const Entry& entry);
bool in_a_rule(const IncidentState& state, const std::string& kind);
std::string severity_of(Severity severity);  // the incident's words for a finding's
bool is_graver(const std::string& a, const std::string& b);
JsonObject opening(const std::string& endpoint, const std::string& stream, const std::string& title,
                   const std::string& severity, const std::string& rule, const std::vector<const Finding*>& findings);

// commands.cc
Drafts decide_command(const IncidentState& state, const Entry& entry);
Drafts decide_impact(const IncidentState& state, const Entry& entry);  // the severity that follows from it

// phases.cc: moves that follow from what happened
Drafts decide_phase(const IncidentState& state, const Entry& entry);

// timeline.cc: the line of this entry and the incident it belongs to; empty text: none
struct Line {
  std::string incident, text;
};
Line timeline_line(const IncidentState& state, const Entry& entry);
void add_line(Incident& incident, const Entry& entry, std::string text);

}  // namespace firebreak::incident
