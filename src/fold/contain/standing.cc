#include "fold/contain/standing.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>

#include "fold/contain/parts.h"
#include "types/command.h"

namespace firebreak::contain {
namespace {

constexpr std::string_view kKinds[] = {"weights", "mirror", "rate_limit", "quarantine", "block", "review", "fallback"};

// As many as an action of this kind takes at least: what stops or reroutes everybody takes two.
std::uint32_t approvals_of(std::string_view measure) { return measure == "fallback" || measure == "block" ? 2 : 1; }

const Endpoint* endpoint_of(const ContainState& state, const std::string& name) {
  const auto at = state.endpoints.find(name);
  return at == state.endpoints.end() || at->second.endpoint.name.empty() ? nullptr : &at->second.endpoint;
}

// What it was given on: when this moves, the same measure does something else.
Json ground_of(const Endpoint& endpoint, std::string_view measure) {
  const Json whole = firebreak::to_json(endpoint);
  JsonObject ground{{"owner", endpoint.owner}, {"mode", whole.at("mode")}, {"gateway", endpoint.gateway}, {"fallback", endpoint.fallback}, {"caps", whole.at("caps")}};
  if (measure == "weights") ground["last_known_good"] = endpoint.last_known_good;
  return ground;
}

std::optional<int> minute_of_day(const std::string& text) {
  int hour = 0, minute = 0;
  if (text.size() != 5 || text[2] != ':') return std::nullopt;
  const auto hours = std::from_chars(text.data(), text.data() + 2, hour), minutes = std::from_chars(text.data() + 3, text.data() + 5, minute);
  if (hours.ptr != text.data() + 2 || minutes.ptr != text.data() + 5 || hour < 0 || hour > 23 || minute < 0 || minute > 59) return std::nullopt;
  return hour * 60 + minute;
}

bool within_hours(const Json& hours, Time now) {
  const auto from = minute_of_day(string_or(hours, "from")), to = minute_of_day(string_or(hours, "to"));
  if (!from || !to) return false;
  const int at = static_cast<int>((now.us % kDay + kDay) % kDay / kMinute);
  return *from <= *to ? *from <= at && at < *to : at >= *from || at < *to;
}

std::size_t callers_of(const Measure& measure) {
  if (const auto* quarantine = std::get_if<QuarantineMeasure>(&measure)) return quarantine->callers.size();
  if (const auto* block = std::get_if<BlockMeasure>(&measure)) return block->callers.size();
  if (const auto* limit = std::get_if<RateLimitMeasure>(&measure)) return limit->callers.size();
  return 0;
}

Result<void> check_conditions(const Json& conditions) {
  FIREBREAK_TRY(only_keys(conditions, {"incident", "severity", "requested_by", "hours", "option", "max_callers", "measure"}));
  if (const Json* one = find(conditions, "incident"); one != nullptr && !(one->is_bool() && one->get_bool())) return fail(Code::kInvalid, "'incident' is true, or not there", "/incident");
  for (const char* key : {"severity", "requested_by"}) {
    if (find(conditions, key) == nullptr) continue;
    FIREBREAK_ASSIGN(const auto names, get_strings(conditions, key));
    if (names.empty()) return fail(Code::kInvalid, fmt::format("'{}' without a name would fit nothing", key), fmt::format("/{}", key));
    for (const std::string& name : names)
      if (std::string_view(key) == "requested_by" ? !name.starts_with("user:") : !(name.size() == 5 && name.starts_with("SEV-") && name[4] >= '1' && name[4] <= '4'))
        return fail(Code::kInvalid, fmt::format("'{}' is no {}", name, std::string_view(key) == "severity" ? "severity: SEV-1 to SEV-4" : "person: user:ana"), fmt::format("/{}", key));
  }
  if (const Json* hours = find(conditions, "hours")) {
    FIREBREAK_TRY(only_keys(*hours, {"from", "to"}));
    for (const char* key : {"from", "to"})
      if (!minute_of_day(string_or(*hours, key))) return fail(Code::kInvalid, fmt::format("'{}' is an hour of the day in UTC, as 22:00", key), fmt::format("/hours/{}", key));
  }
  if (find(conditions, "option") != nullptr) FIREBREAK_TRY(get_string(conditions, "option"));
  if (find(conditions, "max_callers") != nullptr) {
    FIREBREAK_ASSIGN(const std::int64_t most, get_int(conditions, "max_callers"));
    if (most < 1) return fail(Code::kInvalid, "'max_callers' is 1 or more", "/max_callers");
  }
  if (const Json* measure = find(conditions, "measure"); measure != nullptr && !measure->is_object()) return fail(Code::kInvalid, "'measure' is an object: members that the measure has to have", "/measure");
  return {};
}

std::string first_unmet(const ContainState& state, const Json& conditions, const Action& action, Time now) {
  const auto among = [&](std::string_view key, const std::string& value) {
    const auto names = strings_or_empty(conditions, key);
    return names.empty() || std::find(names.begin(), names.end(), value) != names.end();
  };
  const bool open = !action.incident.empty() && state.incidents.contains(action.incident);
  if (bool_or(conditions, "incident") && !open) return "it belongs to no open incident";
  const auto severity = state.severities.find(action.incident);
  if (find(conditions, "severity") != nullptr && (severity == state.severities.end() || !among("severity", severity->second))) return "the incident has another severity";
  if (!among("requested_by", action.requested_by)) return fmt::format("{} is none of those who may use it", action.requested_by);
  if (const Json* hours = find(conditions, "hours"); hours != nullptr && !within_hours(*hours, now)) return "it is another time of day";
  if (const std::string option = string_or(conditions, "option"); !option.empty() && option != action.option) return "it is another option";
  if (const std::int64_t most = int_or(conditions, "max_callers"); most > 0 && callers_of(action.measure) > static_cast<std::size_t>(most)) return fmt::format("it names more than {} callers", most);
  const Json measure = firebreak::to_json(action.measure);
  std::string differs;
  each_member(conditions, "measure", [&](const std::string& key, const Json& value) {
    const Json* has = find(measure, key);
    if (has == nullptr || canonical_json(*has) != canonical_json(value)) differs = key;
  });
  return differs.empty() ? std::string() : fmt::format("the measure's '{}' is another", differs);
}

// Of proposals of the same group the earlier ones come first: each takes a use before the next is looked at.
std::int64_t reserved(const ContainState& state, const Standing& standing, const Action& action, Time now) {
  std::int64_t count = 0;
  for (const auto& [id, other] : state.actions)
    if (other.index < action.index && other.status == ActionStatus::kProposed && other.expires == action.expires && other.standing.empty() && unfit(state, standing, other, now).empty()) ++count;
  return count;
}

const Standing* find_standing(const ContainState& state, const std::string& id) {
  const auto at = state.standing.find(id);
  return at == state.standing.end() ? nullptr : &at->second;
}

// Its last use is made, but has not come into force: the freeze, or another order, is before it.
bool is_pending(const ContainState& state, const std::string& id, const Standing& standing) {
  return standing.state == "used_up" && std::any_of(state.actions.begin(), state.actions.end(), [&](const auto& item) {
           return item.second.standing == id && (item.second.status == ActionStatus::kApproved || item.second.status == ActionStatus::kOrdered);
         });
}

Draft ended(const std::string& id, std::string_view how, std::string reason, std::string by = "firebreak") {
  return make_draft("standing_ended", id, {{"standing", id}, {"how", how}, {"reason", std::move(reason)}, {"by", std::move(by)}});
}

Result<Standing> read(const ContainState& state, const Entry& entry, const Json& args) {
  Standing standing;
  FIREBREAK_ASSIGN(standing.endpoint, get_string(args, "endpoint"));
  const Endpoint* endpoint = endpoint_of(state, standing.endpoint);
  if (endpoint == nullptr) return fail(Code::kNotFound, fmt::format("there is no endpoint '{}'", standing.endpoint), "/endpoint");
  if (endpoint->mode == EndpointMode::kTap) return fail(Code::kConflict, "nothing can be in force on an endpoint in tap mode", "/endpoint");
  FIREBREAK_ASSIGN(standing.measure, get_string(args, "covers"));
  if (std::find(std::begin(kKinds), std::end(kKinds), standing.measure) == std::end(kKinds))
    return fail(Code::kInvalid, "'covers' is one kind of measure: weights, mirror, rate_limit, quarantine, block, review, fallback", "/covers");
  const std::int64_t longest = standing.measure == "quarantine" ? kLongestQuarantine : kLongestOther;
  FIREBREAK_ASSIGN(const double lease, get_number(args, "max_lease_s"));
  if (!(lease >= static_cast<double>(kShortestLease / kSecond) && lease <= static_cast<double>(longest / kSecond)))
    return fail(Code::kInvalid, fmt::format("a lease of {} lasts {} s up to {} s", standing.measure, kShortestLease / kSecond, longest / kSecond), "/max_lease_s");
  standing.max_lease_us = static_cast<std::int64_t>(lease) * kSecond;
  FIREBREAK_ASSIGN(const double uses, get_number(args, "uses"));
  if (!(uses >= 1 && uses <= static_cast<double>(kStandingUses)) || uses != static_cast<double>(static_cast<std::int64_t>(uses)))
    return fail(Code::kInvalid, fmt::format("'uses' is 1 to {}", kStandingUses), "/uses");
  standing.uses = static_cast<std::int64_t>(uses);
  FIREBREAK_ASSIGN(standing.until, get_time(args, "until"));
  if (standing.until <= entry.time || standing.until - entry.time > kStandingLongest)
    return fail(Code::kInvalid, fmt::format("it ends after now and within {} days", kStandingLongest / kDay), "/until");
  if (const Json* conditions = find(args, "conditions")) {
    if (auto checked = check_conditions(*conditions); !checked) return fail(std::move(checked.error()).at("/conditions"));
    standing.conditions = *conditions;
  }
  return standing;
}

Drafts propose(const ContainState& state, const Entry& entry, const Json& args) {
  const auto refused = [](const Error& error) -> Drafts { return {refuse("standing.propose", error.code, error.message, error.pointer)}; };
  auto standing = read(state, entry, args);
  if (!standing) return refused(standing.error());
  const std::string by = who(entry);
  if (!by.starts_with("user:")) return refused({Code::kForbidden, "only a person can ask for a standing approval", {}, 0});
  const auto live = std::count_if(state.standing.begin(), state.standing.end(), [](const auto& item) { return item.second.state == "proposed" || item.second.state == "valid"; });
  if (live >= static_cast<std::int64_t>(kStandingKept)) return refused({Code::kBusy, fmt::format("{} standing approvals wait or stand already", live), {}, 0});
  const std::string digest = standing_digest(state, *standing);
  for (const auto& [id, other] : state.standing)
    if (other.digest == digest && (other.state == "proposed" || is_valid(other, entry.time))) return refused({Code::kConflict, fmt::format("{} covers exactly this already", id), {}, 0});
  JsonObject body{{"endpoint", standing->endpoint}, {"covers", standing->measure}, {"max_lease_s", standing->max_lease_us / kSecond}, {"uses", standing->uses}, {"until", format_time(standing->until)},
                  {"conditions", standing->conditions}, {"digest", digest}, {"requested_by", by}, {"approvals", approvals_of(standing->measure)}, {"expires", format_time(entry.time + kProposalLife)},
                  {"reason", string_or(args, "reason")}};
  if (const Json* via = find(entry.body, "via"))
    for (const char* key : {"session", "browser"})
      if (std::string way = string_or(*via, key); !way.empty()) body[key] = std::move(way);
  return {make_draft("standing_proposed", "", std::move(body))};
}

Drafts approve(const ContainState& state, const Entry& entry, const Json& args) {
  const std::string id = string_or(args, "standing"), digest = string_or(args, "digest"), by = who(entry);
  const auto refused = [](Code code, std::string reason, std::string pointer) -> Drafts { return {refuse("standing.approve", code, std::move(reason), std::move(pointer))}; };
  const Standing* standing = find_standing(state, id);
  if (standing == nullptr) return refused(Code::kNotFound, fmt::format("there is no standing approval '{}'", id), "/standing");
  if (standing->state != "proposed") return refused(Code::kConflict, fmt::format("{} is {}", id, standing->state), "/standing");
  if (entry.time >= standing->expires || entry.time >= standing->until) return refused(Code::kConflict, fmt::format("{} expired at {}", id, format_time(std::min(standing->expires, standing->until))), "/standing");
  if (!by.starts_with("user:")) return refused(Code::kForbidden, "only a person can approve", "");
  if (by == standing->asked_by) return refused(Code::kForbidden, "who asked for it cannot approve it", "/standing");
  if (const Endpoint* endpoint = endpoint_of(state, standing->endpoint); endpoint != nullptr && by == "user:" + endpoint->owner)
    return refused(Code::kForbidden, fmt::format("the owner of {} cannot approve actions on it", standing->endpoint), "/standing");
  if (const Json* via = find(entry.body, "via"))
    if ((!standing->session.empty() && standing->session == string_or(*via, "session")) || (!standing->browser.empty() && standing->browser == string_or(*via, "browser")))
      return refused(Code::kForbidden, "it was asked for in this very session: the second person signs in elsewhere", "/standing");
  if (standing->approved_by.contains(by)) return refused(Code::kConflict, "you have approved it already", "/standing");
  if (digest != standing->digest) return refused(Code::kConflict, fmt::format("you approve digest {}, it has {}: look at it again", digest, standing->digest), "/digest");
  if (standing_digest(state, *standing) != standing->digest) return refused(Code::kConflict, fmt::format("{} has changed since it was asked for: ask anew", standing->endpoint), "/standing");
  return {make_draft("standing_approved", id, {{"standing", id}, {"by", by}, {"digest", digest}})};
}

Drafts end_by_hand(const ContainState& state, const Entry& entry, const Json& args, const std::string& name) {
  const std::string id = string_or(args, "standing");
  const bool reject = name == "standing.reject";
  const Standing* standing = find_standing(state, id);
  if (standing == nullptr) return {refuse(name, Code::kNotFound, fmt::format("there is no standing approval '{}'", id), "/standing")};
  const bool can = reject ? standing->state == "proposed" : standing->state == "proposed" || is_valid(*standing, entry.time) || is_pending(state, id, *standing);
  if (!can) return {refuse(name, Code::kConflict, fmt::format("{} is {}", id, standing->state), "/standing")};
  return {ended(id, reject ? "rejected" : "revoked", string_or(args, "reason"), who(entry))};
}

}  // namespace

bool is_valid(const Standing& standing, Time now) { return standing.state == "valid" && now < standing.until && standing.used < standing.uses; }

std::string standing_digest(const ContainState& state, const Standing& standing) {
  const Endpoint* endpoint = endpoint_of(state, standing.endpoint);
  const Json ground = endpoint == nullptr ? Json(nullptr) : ground_of(*endpoint, standing.measure);
  return sha256(canonical_json(JsonObject{{"endpoint", standing.endpoint}, {"covers", standing.measure}, {"max_lease_s", standing.max_lease_us / kSecond}, {"uses", standing.uses}, {"until", format_time(standing.until)},
                                          {"conditions", standing.conditions}, {"ground", ground}}))
      .hex();
}

std::string unfit(const ContainState& state, const Standing& standing, const Action& action, Time now) {
  if (action.endpoint != standing.endpoint) return "it is on another endpoint";
  if (measure_kind(action.measure) != standing.measure) return "it is another kind of measure";
  if (action.cls != "bounded" && action.cls != "disruptive") return fmt::format("a {} action takes people who look at it", action.cls);
  if (action.lease_us <= 0 || action.lease_us > standing.max_lease_us) return "its lease is longer";
  std::set<std::string> others = standing.approved_by;
  others.erase(action.requested_by);
  if (const Endpoint* endpoint = endpoint_of(state, standing.endpoint); endpoint != nullptr) others.erase("user:" + endpoint->owner);
  if (others.size() < action.approvals) return "too few of those who gave it are others than who asks";
  if (standing_digest(state, standing) != standing.digest) return "the ground that it was given on has moved";
  return first_unmet(state, standing.conditions, action, now);
}

std::string standing_for(const ContainState& state, const Action& action, Time now) {
  for (const auto& [id, standing] : state.standing)
    if (is_valid(standing, now) && unfit(state, standing, action, now).empty() && standing.used + reserved(state, standing, action, now) < standing.uses) return id;
  return {};
}

Json standing_view(const std::string& id, const Standing& standing, Time now) {
  const bool lapsed = standing.state == "valid" && now >= standing.until;
  JsonObject out{{"id", id}, {"endpoint", standing.endpoint}, {"covers", standing.measure}, {"max_lease_s", standing.max_lease_us / kSecond}, {"uses", standing.uses}, {"used", standing.used},
                 {"until", format_time(standing.until)}, {"conditions", standing.conditions}, {"digest", standing.digest}, {"requested_by", standing.asked_by}, {"approvals", standing.approvals},
                 {"approved_by", JsonArray(standing.approved_by.begin(), standing.approved_by.end())}, {"state", lapsed ? std::string("expired") : standing.state}, {"reason", standing.reason},
                 {"actions", JsonArray(standing.actions.begin(), standing.actions.end())}};
  if (standing.state == "proposed") out["expires"] = format_time(standing.expires);
  if (!standing.ended_reason.empty()) out["ended_reason"] = standing.ended_reason;
  if (standing.ended.us != 0) out["ended"] = format_time(standing.ended);
  return out;
}

Drafts decide_standing_command(const ContainState& state, const Entry& entry, const std::string& name, const Json& args) {
  if (name == "standing.propose") return propose(state, entry, args);
  if (name == "standing.approve") return approve(state, entry, args);
  return end_by_hand(state, entry, args, name);
}

Drafts decide_use(const ContainState& state, const Entry& entry) {
  const Action* action = find_action(state, entry.id("act"));
  if (action == nullptr || action->status != ActionStatus::kProposed) return {};
  const std::string id = standing_for(state, *action, entry.time);
  if (id.empty()) return {};
  const Standing& standing = state.standing.at(id);
  std::set<std::string> told = standing.approved_by;
  told.insert(standing.asked_by);
  Drafts drafts{make_draft("standing_used", action->id, {{"standing", id}, {"action", action->id}, {"incident", action->incident}, {"endpoint", action->endpoint}, {"use", standing.used + 1}, {"of", standing.uses},
                                                         {"digest", standing.digest}, {"requested_by", action->requested_by}, {"tells", JsonArray(told.begin(), told.end())}, {"text", describe(action->measure)}})};
  for (const std::string& by : standing.approved_by)
    if (by != action->requested_by) drafts.push_back(make_draft("action_approved", action->id, {{"action", action->id}, {"by", by}, {"digest", action->digest}, {"standing", id}}));
  return drafts;
}

Drafts decide_used(const ContainState& state, const Entry& entry) {
  const std::string id = string_or(entry.body, "standing");
  const Standing* standing = find_standing(state, id);
  if (standing == nullptr || standing->state != "valid" || standing->used < standing->uses) return {};
  return {ended(id, "used_up", fmt::format("all {} uses are made", standing->uses))};
}

// What has not come into force under it does not: what was ordered is taken back. Its own last use goes on.
Drafts decide_standing_ended(const ContainState& state, const Entry& entry) {
  const std::string id = string_or(entry.body, "standing"), how = string_or(entry.body, "how");
  Drafts drafts;
  if (how == "used_up") return drafts;
  for (const auto& [name, action] : state.actions) {
    if (action.standing != id) continue;
    const bool waits = action.status == ActionStatus::kProposed || action.status == ActionStatus::kApproved || (how != "expired" && action.status == ActionStatus::kOrdered);
    if (waits) drafts.push_back(lift(action, fmt::format("{}, which it came under, is {}", id, how), "firebreak"));
  }
  return drafts;
}

Drafts standings_moved(const ContainState& state, const Entry& entry) {
  Drafts drafts;
  const std::string user = "user:" + string_or(entry.body, "user");
  for (const auto& [id, standing] : state.standing) {
    if (standing.state != "proposed" && standing.state != "valid" && !is_pending(state, id, standing)) continue;
    std::string why;
    if (entry.kind == "access_preset_set") why = "duties are spread anew (another preset)";
    else if (entry.kind == "user_roles_set") {
      if (standing.asked_by == user || standing.approved_by.contains(user)) why = fmt::format("the roles of {} have changed", user);
    } else if (standing_digest(state, standing) != standing.digest) why = fmt::format("{} has changed: owner, mode, gateway, fallback, caps or last known good", standing.endpoint);
    if (!why.empty()) drafts.push_back(ended(id, "void", std::move(why)));
  }
  return drafts;
}

Drafts standings_due(const ContainState& state, Time now) {
  Drafts drafts;
  for (const auto& [id, standing] : state.standing) {
    if (standing.state == "proposed" && now >= std::min(standing.expires, standing.until)) drafts.push_back(ended(id, "lapsed", "nobody approved it in time"));
    if ((standing.state == "valid" || is_pending(state, id, standing)) && now >= standing.until) drafts.push_back(ended(id, "expired", "its time is over"));
  }
  return drafts;
}

bool standing_holds(const ContainState& state, const Action& action, Time now) {
  if (action.standing.empty()) return true;
  const Standing* standing = find_standing(state, action.standing);
  return standing != nullptr && (standing->state == "valid" || standing->state == "used_up") && now < standing->until;
}

void apply_standing_proposed(ContainState& state, const Entry& entry) {
  const Json& body = entry.body;
  Standing standing;
  standing.endpoint = string_or(body, "endpoint");
  standing.measure = string_or(body, "covers");
  standing.max_lease_us = int_or(body, "max_lease_s") * kSecond;
  standing.uses = int_or(body, "uses");
  standing.until = get_time(body, "until").value_or(entry.time);
  if (const Json* conditions = find(body, "conditions")) standing.conditions = *conditions;
  standing.digest = string_or(body, "digest");
  standing.asked_by = string_or(body, "requested_by");
  standing.session = string_or(body, "session");
  standing.browser = string_or(body, "browser");
  standing.approvals = static_cast<std::uint32_t>(std::max<std::int64_t>(1, int_or(body, "approvals", 1)));
  standing.expires = get_time(body, "expires").value_or(entry.time + kProposalLife);
  standing.reason = string_or(body, "reason");
  standing.state = "proposed";
  state.standing[entry.id("std")] = std::move(standing);
}

void apply_standing_approved(ContainState& state, const Entry& entry) {
  const auto at = state.standing.find(string_or(entry.body, "standing"));
  if (at == state.standing.end() || at->second.state != "proposed") return;
  at->second.approved_by.insert(string_or(entry.body, "by"));
  if (at->second.approved_by.size() >= at->second.approvals) at->second.state = "valid";
}

void apply_standing_used(ContainState& state, const Entry& entry) {
  const std::string id = string_or(entry.body, "standing"), action = string_or(entry.body, "action");
  if (const auto at = state.standing.find(id); at != state.standing.end()) {
    ++at->second.used;
    at->second.actions.push_back(action);
  }
  if (const auto at = state.actions.find(action); at != state.actions.end()) at->second.standing = id;
}

void apply_standing_ended(ContainState& state, const Entry& entry) {
  const auto at = state.standing.find(string_or(entry.body, "standing"));
  if (at == state.standing.end()) return;
  at->second.state = string_or(entry.body, "how");
  at->second.ended_reason = string_or(entry.body, "reason");
  at->second.ended = entry.time;
  // The oldest of the ended ones go.
  std::vector<std::pair<Time, std::string>> over;
  for (const auto& [id, standing] : state.standing)
    if (standing.ended.us != 0) over.emplace_back(standing.ended, id);
  std::sort(over.begin(), over.end());
  for (std::size_t i = 0; i + kStandingKept < over.size(); ++i) state.standing.erase(over[i].second);
}

}  // namespace firebreak::contain
