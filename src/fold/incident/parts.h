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
inline constexpr std::size_t kCallers = 64;           // remembered of one finding
inline constexpr std::size_t kJudged = 10'000, kTallies = 20'000;
inline constexpr std::size_t kChanges = 1'000, kMutes = 200;
inline constexpr std::size_t kAssets = 200, kApart = 5'000;  // of one endpoint; pairs
inline constexpr int kCauses = 50;                    // of one incident; later ones join the last
inline constexpr std::int64_t kNear = kHour;          // onsets so near are one
inline constexpr std::int64_t kKin = kDay;            // what shares source, callers or kind may lie so far apart

using Drafts = std::vector<Draft>;

std::string who(const Entry& entry);
const Incident* find_open(const IncidentState& state, const std::string& id);
const Incident* incident_of_endpoint(const IncidentState& state, const std::string& endpoint);

// rules.cc
Drafts decide_finding(const IncidentState& state, const Entry& entry);
Drafts decide_linked(const IncidentState& state, const Entry& entry);
void apply_finding(IncidentState& state, const Entry& entry);
void forget_unruled(IncidentState& state);  // loose findings, when the rules have changed
bool in_a_rule(const IncidentState& state, const std::string& kind);
bool is_free(const Finding& finding);  // of no incident, not muted, and nobody has said that it means nothing
JsonObject linking(const IncidentState& state, const Incident& open, const Finding& finding);  // the body of incident_finding_linked
std::string severity_of(Severity severity);  // the incident's words for a finding's
bool is_graver(const std::string& a, const std::string& b);
JsonObject opening(const IncidentState& state, const std::string& endpoint, const std::string& stream, const std::string& title,
                   const std::string& severity, const std::string& rule, const std::vector<const Finding*>& findings);
std::int64_t apart(Time a_first, Time a_last, Time b_first, Time b_last);  // 0 when they overlap

// causes.cc
struct Place {  // where a finding belongs in an incident
  int cause = 0;
  std::string why, repeats;  // repeats: the finding that said the same before
};
class Grouping {
 public:
  explicit Grouping(const IncidentState& state) : state_(state) {}
  Place place(const Finding& finding) const;
  void add(const Finding& finding, int cause);
  const std::map<int, Cause>& causes() const { return causes_; }

 private:
  const IncidentState& state_;
  std::map<int, Cause> causes_;
  std::map<std::string, std::string> said_;  // kind, feature, segment -> the newest finding that says so
};
Grouping grouping_of(const IncidentState& state, const Incident& incident);
std::set<std::string> sources_of(const IncidentState& state, const Finding& finding);
std::string said_by(const Finding& finding);  // equal for findings that say the same

// joins.cc: one thing on several endpoints
Drafts decide_join(const IncidentState& state, const Finding& finding);   // a free finding goes to an incident elsewhere
Drafts decide_draw(const IncidentState& state, const Entry& entry);       // an incident that grew takes in what belongs to it
void apply_join(IncidentState& state, const Entry& entry);                // what is shared, and what people have split
void keep_apart(IncidentState& state, const Incident& from, const Entry& split);
void add_joins(const IncidentState& state, JsonObject& document);
Result<void> read_joins(const Json& document, IncidentState& state);

// calendar.cc: changes and mutes
Drafts decide_calendar(const IncidentState& state, const Entry& entry, const std::string& name, const Json& args);
void apply_calendar(IncidentState& state, const Entry& entry);
const std::pair<const std::string, Mute>* mute_on(const IncidentState& state, const Finding& finding, Time now);
const std::pair<const std::string, Mute>* mute_on_rule(const IncidentState& state, const std::string& rule,
                                                       const std::string& endpoint, Time now);
std::vector<std::pair<std::string, Change>> changes_on(const IncidentState& state, const Finding& finding);

// tuning.cc: detector configurations that are proposed
Drafts decide_tuning(const IncidentState& state, const Entry& entry, const std::string& name, const Json& args);
void apply_tuning(IncidentState& state, const Entry& entry);

// verdicts.cc
Drafts decide_verdict(const IncidentState& state, const Entry& entry, const Json& args);
void apply_verdict(IncidentState& state, const Entry& entry);
void count_opened(IncidentState& state, const Entry& entry);
bool counts(const Finding& finding);  // nobody has said that it means nothing

// triage.cc
Drafts decide_triage(const IncidentState& state, const Entry& entry);  // a new verdict where an entry brought facts
Drafts decide_triage_by_hand(const IncidentState& state, const Entry& entry, const Incident& incident, const Json& args);
void apply_triage(IncidentState& state, const Entry& entry);

// casework_json.cc
void add_casework(const IncidentState& state, JsonObject& document);
Result<void> read_casework(const Json& document, IncidentState& state);
Json to_json(const Triage& triage);
Triage triage_from_json(const Json& document);

// commands.cc
struct Refusal {
  std::string name;  // of the command
  Drafts operator()(Code code, std::string reason, std::string pointer = {}) const;
};
Drafts refuse(const Entry& entry, Code code, std::string reason, std::string pointer = {});
Result<std::string> text_of(const Json& args, std::string_view key);  // says something, within kTextBytes
Drafts decide_command(const IncidentState& state, const Entry& entry);

// severity.cc: what raises it by itself
Drafts decide_impact(const IncidentState& state, const Entry& entry);
Drafts decide_deadline(const IncidentState& state, const Entry& entry);

// attack_class.cc
void note_class(Incident& incident, const std::string& field);
std::string why_unclassified(const IncidentState& state, const Incident& incident);  // empty: it may be closed

// tasks.cc: tasks, what they wait for, and those that a template brings
Drafts decide_task(const Incident& incident, const Entry& entry, const Json& args, const Refusal& refused);
Drafts decide_task_done(const Incident& incident, const Entry& entry, const Json& args, const Refusal& refused);
Drafts decide_template(const IncidentState& state, const Entry& entry, const Incident& incident, const Json& args, const Refusal& refused);
Drafts decide_declared(const IncidentState& state, const Entry& entry);  // the tasks of the template that a declared incident names
void apply_task(Incident& incident, const Entry& entry);
void apply_task_done(Incident& incident, const Entry& entry);
std::string unknown_template(const IncidentState& state, const std::string& name);

// templates.cc
std::string title_of(const Template& from, const std::string& endpoint);

// relations.cc: merging, splitting, opening again, findings that are late
Drafts decide_split(const IncidentState& state, const Entry& entry, const Incident& incident, const Json& args);
Drafts decide_merged(const IncidentState& state, const Entry& entry);
Drafts decide_reopened(const IncidentState& state, const Entry& entry);
Drafts decide_late(const IncidentState& state, const Finding& finding);
void apply_merged(IncidentState& state, const Entry& entry);
void apply_reopened(IncidentState& state, const Entry& entry);
void apply_late(IncidentState& state, const Entry& entry);

// phases.cc: moves that follow from what happened
Drafts decide_phase(const IncidentState& state, const Entry& entry);

// timeline.cc: the line of this entry and the incident it belongs to; empty text: none
struct Line {
  std::string incident, text;
};
Line timeline_line(const IncidentState& state, const Entry& entry);
void add_line(Incident& incident, const Entry& entry, std::string text);

}  // namespace firebreak::incident
