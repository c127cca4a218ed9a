// What the contain fold remembers: endpoints with their order queues, actions, chains, options, the freeze.
// Plain data in sorted containers; docs/formats/journal.md names the entries it is folded from.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/digest.h"
#include "base/json.h"
#include "base/time.h"
#include "types/endpoint.h"
#include "types/policy.h"

namespace firebreak::contain {

enum class ActionStatus {
  kProposed, kApproved, kOrdered, kInForce, kLifted, kRejected, kExpired, kFailed, kUncertain, kPromoted
};
std::string_view status_name(ActionStatus status);

// Members of a chain or a quarantine, each with the journal index of the entry that brought it. The set as it was
// at any index can be told from it, so entries name big sets by index and digest instead of listing them.
struct Members {
  std::map<std::string, std::uint64_t> callers;
  std::map<Digest, std::uint64_t> digests;
  bool operator==(const Members&) const = default;
};

struct Chain {  // a finding of kind query_chain
  std::string endpoint, stream, episode, incident;
  Members members;
  bool operator==(const Chain&) const = default;
};

struct Extended {  // one action_extended: for the caps per hour and for the order that carries it
  std::uint64_t index = 0;
  Time time;
  std::uint32_t callers = 0, digests = 0;
  std::uint64_t order = 0;  // index of the order that carries it, 0 = not ordered yet
  bool operator==(const Extended&) const = default;
};

struct LadderStep {
  std::string step;  // shadow, 5, 25, 100, watch
  std::uint64_t index = 0;
  std::uint64_t order = 0;  // index of the order that carries it, 0 = not ordered yet
  Time since;               // when its order was done; {0} before
  bool operator==(const LadderStep&) const = default;
};

struct Action {
  std::uint64_t index = 0;
  std::string id, incident, endpoint, cls, requested_by, option, undo;
  Measure measure;              // as approved; a quarantine's growth stands in `grown`
  std::string digest;           // hex
  std::string session, browser;  // of who asked: an approval comes from others
  std::int64_t lease_us = 0;    // 0 = none (promotion)
  std::uint32_t approvals = 1;
  std::set<std::string> approved_by;
  std::string standing;         // the standing approval that it came under
  Time expires;                 // of the proposal
  ActionStatus status = ActionStatus::kProposed;
  std::string ended_reason;
  std::uint64_t apply_order = 0, remove_order = 0;
  Time in_force_since, until;   // until = lease end, set by the order; {0} = no end
  std::uint32_t warned_minutes = 0;  // 30 or 10: the last warning given
  bool lease_extended = false, resend = false, checked_green = false;
  std::int64_t works_not_served = 0, works_of = 0;
  // quarantine
  Members grown;                // beyond `measure`, index = the action_extended entry
  std::vector<Extended> extended;  // newest last; those of the last hour and those not ordered yet
  Members pending;              // chain members that are waiting for the next extension
  Time last_growth;
  // promotion
  std::string release, base_before;
  std::vector<LadderStep> steps;
  bool operator==(const Action&) const = default;
};

struct Order {
  std::uint64_t index = 0;  // = fence
  std::string action, endpoint, verb;  // verb: apply, extend, remove; action empty: the base policy alone
  std::uint32_t attempt = 0, attempt_limit = 5;  // attempt: newest that was started
  bool started = false;                // a start without an outcome
  std::uint64_t extension = 0;         // index of the action_extended entry
  bool operator==(const Order&) const = default;
};

struct EndpointSlot {
  Endpoint endpoint;
  std::map<std::string, ReleaseTarget> releases;
  std::string base_release;   // set by the first registration and by promotions
  std::vector<Order> orders;  // open: the first is the one that may be under way, the others wait
  std::uint64_t last_done = 0;         // newest order with an outcome
  Time last_extension;
  bool base_dirty = false;             // the base changed while nothing could be ordered
  bool operator==(const EndpointSlot&) const = default;
};

struct EvidenceNeed {  // of one incident, for the interlock
  std::map<std::string, std::set<std::string>> open;  // request -> items not captured yet
  bool any_captured = false;
  bool operator==(const EvidenceNeed&) const = default;
};

struct EvidenceHold {  // AI Act, art. 73(6): until the notice of a duty is proven, nothing changes the system
  std::string incident, endpoint, regime, stage;
  bool operator==(const EvidenceHold&) const = default;
};

struct Standing {  // an approval given in advance: standing.h
  std::string endpoint, measure, asked_by, reason, digest;  // measure: a kind
  std::string session, browser;       // of who asked
  Json conditions = JsonObject{};
  std::int64_t max_lease_us = 0, uses = 0, used = 0;
  std::uint32_t approvals = 1;
  std::set<std::string> approved_by;
  Time expires, until;                // expires: of the proposal
  std::string state;                  // proposed, valid; rejected, lapsed, revoked, void, expired, used_up
  std::string ended_reason;
  Time ended;
  std::vector<std::string> actions;   // that came under it
  bool operator==(const Standing&) const = default;
};

struct ContainState {
  std::map<std::string, EndpointSlot> endpoints;
  std::map<std::string, Action> actions;           // by id; ended ones of closed incidents are dropped
  std::map<std::string, Chain> chains;             // by finding id
  std::set<std::uint64_t> unlinked;                // of these the numbers of those without an incident; derived
  std::map<std::string, std::string> chain_of;     // stream '\n' episode -> finding id
  std::map<std::string, Json> options;             // incident -> newest options (array)
  std::map<std::string, std::string> incidents;    // open incident -> endpoint
  std::map<std::string, std::set<std::string>> joined;  // open incident -> other endpoints that it has findings of
  std::map<std::string, EvidenceNeed> evidence;    // incident -> what is missing
  std::map<std::string, EvidenceHold> holds;       // by duty
  std::map<std::string, Standing> standing;        // by std-N; the newest of the ended ones
  std::map<std::string, std::string> severities;   // of open incidents
  bool frozen = false;
  std::string thaw_proposed_by;
  std::int64_t watch_us = 2 * kHour;               // config: rules.recovery.watch.minutes
  bool operator==(const ContainState&) const = default;
};

}  // namespace firebreak::contain
