// Containment: proposals, approvals, orders, leases, effect checks, quarantine growth, promotion ladders, freeze.
//
// Promise (docs/formats/journal.md): nothing is ordered that was not approved by enough people other than the
// requester and the endpoint's owner, each naming the digest of exactly this measure, endpoint and lease, or by one who
// acts under a broken glass, which the approval then names, or in advance by a standing approval that it fits (standing.h); at most one order per endpoint is under way; every measure but
// a promotion ends at its lease or before; at most one extension per endpoint and second, within the measure's caps per
// hour; nothing is ordered while frozen. While a duty holds the evidence of an incident, no destructive action and no
// promotion on it or its endpoint is proposed or approved; measures that end by themselves are.
//
// Pure: no clock (entry.time), no I/O, sorted containers only. decide() sees the state with `entry` applied.
// Deadlines are decided on input entries (is_input_kind), so once per group. apply(tick) changes nothing: a tick on
// which nothing is decided need not be appended.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "fold/contain/state.h"
#include "types/entry.h"
#include "types/policy.h"

namespace firebreak::contain {

inline constexpr std::string_view kFoldName = "contain";
inline constexpr int kSchemaVersion = 3;

std::vector<Draft> decide(const ContainState& state, const Entry& entry);
void apply(ContainState& state, const Entry& entry);

Json to_json(const ContainState& state);
Result<ContainState> contain_state_from_json(const Json& document);

// The policy that the endpoint's newest order asks for: the open order under way when there is one (fence = its
// index), else the last one done. A measure whose own order waits behind it is not in it yet.
// `endpoint.callers` is as registered: resolve callers_blob before sending. Unknown endpoint: fence 0.
EndpointPolicy compile_policy(const ContainState& state, const std::string& endpoint);

// What effects should do now: at most one per endpoint. While frozen only orders that were started already, so that
// their outcome can be found out.
struct OpenOrder {
  std::string id;            // ord-N
  std::uint64_t fence = 0;   // N
  std::string action;        // empty: the base policy alone
  std::string endpoint, connector, verb;  // apply, extend, remove: for all but extend send compile_policy()
  std::uint32_t attempt = 1;       // number of the attempt that comes next, or is under way
  std::uint32_t attempt_limit = 5;
  bool started = false;            // `attempt` was started and has no outcome: ask before acting
  QuarantineExtension extension;   // verb extend
};
std::vector<OpenOrder> open_orders(const ContainState& state);

// What needs an effect check, every minute of entry time.
struct ActionInForce {
  std::string action, incident, endpoint, cls;
  Measure measure;  // with everything that was added while in force
  Time since, until;
  std::string step;       // promotion: the step that is in force (shadow, 5, 25, 100, watch)
  Time step_since;
  std::string release, control;  // promotion: candidate and the release before it
};
std::vector<ActionInForce> actions_in_force(const ContainState& state);

// True when every item of every evidence request of the incident was captured, and there was one.
bool evidence_complete(const ContainState& state, const std::string& incident);

}  // namespace firebreak::contain
