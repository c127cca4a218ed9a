// Parts of the contain fold that its files share. Not for other rooms.
#pragma once

#include <string>
#include <vector>

#include "fold/contain/contain.h"

namespace firebreak::contain {

inline constexpr std::int64_t kProposalLife = 24 * kHour;
inline constexpr std::int64_t kLongestQuarantine = 14 * kDay;
inline constexpr std::int64_t kLongestOther = 4 * kHour;
inline constexpr std::int64_t kShortestLease = kMinute;
inline constexpr std::int64_t kLeaseExtension = kHour;        // once, while the chain still grows
inline constexpr std::int64_t kExtendAhead = 2 * kMinute;     // so that the gateway has it before its own end time
inline constexpr std::int64_t kExtensionPause = kSecond;      // between two extensions of one endpoint
inline constexpr std::size_t kExtensionCallers = 64;          // of one action_extended: within an entry's 32 KiB
inline constexpr std::size_t kExtensionDigests = 300;
inline constexpr std::size_t kInlineMeasure = 12 * 1024;      // octets of a measure given with its sets
inline constexpr std::size_t kChains = 512;                   // remembered; oldest ones without an incident go first
inline constexpr std::size_t kEndedActions = 500;             // remembered without an open incident
inline constexpr std::size_t kPending = 100'000;              // members waiting, per action
inline constexpr std::int64_t kHarmSample = 50;               // other requests before a share of changed answers counts
inline constexpr std::uint32_t kRemoveAttempts = 1'000;       // an end is tried much longer than a beginning

using Drafts = std::vector<Draft>;

// state.cc
bool is_live(const Action& action);  // approved, ordered or in force
bool is_over(const Action& action);
const Action* find_action(const ContainState& state, const std::string& id);
bool is_open_ended(const Action& action);       // promotion
Measure effective_measure(const Action& action, std::uint64_t upto);
bool lease_over(const Action& action, Time now);
Result<void> not_held(const ContainState& state, std::string_view cls, const std::string& incident, const std::string& endpoint);

// refusals and drafts
Draft refuse(std::string_view command, Code code, std::string reason, std::string pointer = {});
Draft lift(const Action& action, std::string reason, std::string by);
std::string who(const Entry& entry);  // the person or program behind a command

// chains.cc: sets by reference. "sets" in a measure's JSON: {from: "findings", upto, callers, digests, digest}.
Members members_of(const ContainState& state, const std::string& incident, std::uint64_t upto);
Result<Measure> resolve_measure(const ContainState& state, const Json& written, const std::string& incident,
                                std::uint64_t upto);
// The JSON of a measure for an entry: sets taken from findings are named, not listed.
Result<Json> written_measure(const Json& asked, const Measure& resolved, std::uint64_t upto);
void grow(ContainState& state, const std::string& incident, const Members& added, Time now);
void apply_finding(ContainState& state, const Entry& entry);
void link_finding(ContainState& state, const std::string& incident, const std::string& finding, Time now);
Drafts extensions_due(const ContainState& state, Time now);

// propose.cc
Drafts decide_propose(const ContainState& state, const Entry& entry, const Json& args);
Drafts decide_promotion(const ContainState& state, const Entry& entry);
void apply_proposed(ContainState& state, const Entry& entry);

// approve.cc
Drafts decide_approve(const ContainState& state, const Entry& entry, const Json& args);
Drafts decide_reject(const ContainState& state, const Entry& entry, const Json& args);
Drafts decide_lift(const ContainState& state, const Entry& entry, const Json& args);
Drafts decide_freeze(const ContainState& state, const Entry& entry, const Json& args);
Drafts decide_thaw(const ContainState& state, const Entry& entry, const Json& args);

// orders.cc
Drafts orders_due(const ContainState& state, const Action& action, Time now);
Drafts extension_order_due(const ContainState& state, const Action& action, std::uint64_t extended);
Drafts base_order_due(const EndpointSlot& slot);
Drafts decide_outcome(const ContainState& state, const Entry& entry);
void apply_order(ContainState& state, const Entry& entry);
void apply_started(ContainState& state, const Entry& entry);
void apply_outcome(ContainState& state, const Entry& entry);

// checks.cc
Drafts decide_effect_check(const ContainState& state, const Entry& entry);
void apply_effect_check(ContainState& state, const Entry& entry);
Draft ladder_step(const ContainState& state, const Action& action, std::string_view step);

// standing.cc
Drafts decide_standing_command(const ContainState& state, const Entry& entry, const std::string& name, const Json& args);
Drafts decide_use(const ContainState& state, const Entry& entry);             // on action_proposed
Drafts decide_used(const ContainState& state, const Entry& entry);            // on standing_used
Drafts decide_standing_ended(const ContainState& state, const Entry& entry);
Drafts standings_moved(const ContainState& state, const Entry& entry);        // roles, preset, endpoint
Drafts standings_due(const ContainState& state, Time now);
bool standing_holds(const ContainState& state, const Action& action, Time now);  // may be ordered now; true without one
void apply_standing_proposed(ContainState& state, const Entry& entry);
void apply_standing_approved(ContainState& state, const Entry& entry);
void apply_standing_used(ContainState& state, const Entry& entry);
void apply_standing_ended(ContainState& state, const Entry& entry);

// deadlines.cc
Drafts deadlines_due(const ContainState& state, Time now);

}  // namespace firebreak::contain
