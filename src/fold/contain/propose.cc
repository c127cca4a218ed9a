// From a wish to a proposal: exact target, typed measure, lease, and the digest that an approval binds to.
#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "fold/contain/parts.h"

namespace firebreak::contain {
namespace {

struct Wish {
  const EndpointSlot* slot = nullptr;
  std::string incident, option, cls, undo;
  Json asked;  // the measure as asked for
  Json forecast = JsonObject{};
  Measure measure;
  std::int64_t lease_us = 0;
};

bool is_incident_of(const ContainState& state, const std::string& incident, const std::string& endpoint) {
  const auto at = state.incidents.find(incident);
  if (at == state.incidents.end()) return false;
  const auto joined = state.joined.find(incident);
  return at->second == endpoint || (joined != state.joined.end() && joined->second.contains(endpoint));
}

Result<const EndpointSlot*> target(const ContainState& state, const std::string& name) {
  const auto at = state.endpoints.find(name);
  if (at == state.endpoints.end() || at->second.endpoint.name.empty())
    return fail(Code::kNotFound, fmt::format("there is no endpoint '{}'", name), "/endpoint");
  const Endpoint& endpoint = at->second.endpoint;
  if (endpoint.mode == EndpointMode::kTap)
    return fail(Code::kConflict, "nothing can be in force on an endpoint in tap mode: act in its own system", "/endpoint");
  if (endpoint.state == EndpointState::kObserve)
    return fail(Code::kConflict, "the endpoint is observed only; set its state to enforce first", "/endpoint");
  if (endpoint.gateway.empty()) return fail(Code::kConflict, "no gateway serves this endpoint", "/endpoint");
  return &at->second;
}

Result<void> take_option(const ContainState& state, const Json& args, Wish& wish) {
  wish.option = string_or(args, "option");
  const auto offered = state.options.find(wish.incident);
  if (offered == state.options.end())
    return fail(Code::kNotFound, "no options have been offered for this incident yet", "/option");
  for (const Json& option : offered->second.as_array()) {
    if (string_or(option, "name") != wish.option) continue;
    const Json* measure = find(option, "measure");
    if (measure == nullptr) break;
    wish.asked = *measure;
    wish.cls = string_or(option, "class");
    wish.undo = string_or(option, "undo");
    JsonObject figures;
    for (const std::string_view key : {"stops", "hurts", "amount_at_risk_per_hour", "forecast_window"})
      if (const Json* value = find(option, key)) figures[key] = *value;
    wish.forecast = std::move(figures);
    return {};
  }
  return fail(Code::kNotFound, fmt::format("the newest options do not include '{}'", wish.option), "/option");
}

// "last-known-good" is the release that it is when the measure is asked for: an approval is for that one.
Result<void> name_last_known_good(Wish& wish) {
  constexpr std::string_view kName = "last-known-good";
  if (!wish.asked.is_object()) return {};
  const std::string& release = wish.slot->endpoint.last_known_good;
  const Json* const weights = find(wish.asked, "weights");
  const bool meant = string_or(wish.asked, "release") == kName || (weights != nullptr && find(*weights, kName) != nullptr);
  if (!meant) return {};
  if (release.empty()) return fail(Code::kConflict, "the endpoint has no last known good release: name one", "/measure");
  JsonObject& asked = wish.asked.as_object();
  if (string_or(asked, "release") == kName) asked["release"] = release;
  if (weights == nullptr || !weights->is_object()) return {};
  JsonObject named;
  for (const auto& member : weights->get_object()) named[member.key() == kName ? std::string_view(release) : std::string_view(member.key())] = member.value();
  asked["weights"] = std::move(named);
  return {};
}

std::string class_of(const Measure& measure, const EndpointSlot& slot) {
  if (std::holds_alternative<FallbackMeasure>(measure) || std::holds_alternative<BlockMeasure>(measure))
    return "disruptive";
  if (const auto* limit = std::get_if<RateLimitMeasure>(&measure))
    return limit->scope == LimitScope::kEndpoint ? "disruptive" : "bounded";
  if (const auto* weights = std::get_if<WeightsMeasure>(&measure)) {
    // Back to what is known to be good is bounded; any other route is not.
    for (const auto& [release, percent] : weights->weights)
      if (percent > 0 && release != slot.endpoint.last_known_good && release != slot.base_release) return "disruptive";
  }
  return "bounded";
}

Result<void> check_measure(const ContainState& state, const Wish& wish) {
  const EndpointSlot& slot = *wish.slot;
  if (const auto* weights = std::get_if<WeightsMeasure>(&wish.measure))
    for (const auto& [release, percent] : weights->weights)
      if (!slot.releases.contains(release))
        return fail(Code::kNotFound, fmt::format("release '{}' is not registered", release), "/measure/weights");
  if (const auto* mirror = std::get_if<MirrorMeasure>(&wish.measure); mirror && !slot.releases.contains(mirror->release))
    return fail(Code::kNotFound, fmt::format("release '{}' is not registered", mirror->release), "/measure/release");
  if (const auto* quarantine = std::get_if<QuarantineMeasure>(&wish.measure)) {
    if (!is_incident_of(state, quarantine->incident, slot.endpoint.name))
      return fail(Code::kNotFound, fmt::format("'{}' is no open incident of this endpoint", quarantine->incident),
                  "/measure/incident");
    const EndpointCaps& caps = slot.endpoint.caps;
    if (quarantine->max_callers_per_hour > caps.quarantine_keys_per_hour ||
        quarantine->max_digests_per_hour > caps.quarantine_digests_per_hour)
      return fail(Code::kInvalid,
                  fmt::format("the endpoint's caps are {} keys and {} digests an hour", caps.quarantine_keys_per_hour,
                              caps.quarantine_digests_per_hour),
                  "/measure");
  }
  return {};
}

Result<std::int64_t> check_lease(const Json& args, const Measure& measure) {
  FIREBREAK_ASSIGN(const double seconds, get_number(args, "lease_s"));
  const bool quarantine = std::holds_alternative<QuarantineMeasure>(measure);
  const std::int64_t longest = quarantine ? kLongestQuarantine : kLongestOther;
  if (!(seconds >= static_cast<double>(kShortestLease / kSecond) && seconds <= static_cast<double>(longest / kSecond)))
    return fail(Code::kInvalid,
                fmt::format("a lease of {} lasts {} s up to {} s", measure_kind(measure), kShortestLease / kSecond,
                            longest / kSecond),
                "/lease_s");
  return static_cast<std::int64_t>(std::floor(seconds)) * kSecond;
}

Result<void> check_same(const ContainState& state, const std::string& digest, const std::string& endpoint) {
  for (const auto& [id, action] : state.actions)
    if (action.endpoint == endpoint && action.digest == digest &&
        (action.status == ActionStatus::kProposed || action.status == ActionStatus::kApproved))
      return fail(Code::kConflict, fmt::format("{} proposes exactly this already", id));
  return {};
}

Result<Wish> read_wish(const ContainState& state, const Entry& entry, const Json& args) {
  Wish wish;
  FIREBREAK_ASSIGN(const std::string name, get_string(args, "endpoint"));
  FIREBREAK_ASSIGN(wish.slot, target(state, name));
  wish.incident = string_or(args, "incident");
  if (!wish.incident.empty()) {
    if (!is_incident_of(state, wish.incident, name))
      return fail(Code::kNotFound, fmt::format("'{}' is no open incident of this endpoint", wish.incident), "/incident");
  }
  const Json* measure = find(args, "measure");
  if ((measure == nullptr) == (find(args, "option") == nullptr))
    return fail(Code::kInvalid, "give either 'option' or 'measure'", "/measure");
  if (measure != nullptr) {
    wish.asked = *measure;
  } else {
    FIREBREAK_TRY(take_option(state, args, wish));
  }
  FIREBREAK_TRY(name_last_known_good(wish));
  auto resolved = resolve_measure(state, wish.asked, wish.incident, entry.index);
  if (!resolved) return fail(std::move(resolved.error()).at("/measure"));
  wish.measure = std::move(*resolved);
  FIREBREAK_TRY(check_measure(state, wish));
  FIREBREAK_ASSIGN(wish.lease_us, check_lease(args, wish.measure));
  // What the content calls destructive stays so; nothing can make a measure milder than its kind.
  if (wish.cls != "destructive") wish.cls = class_of(wish.measure, *wish.slot);
  if (auto free = not_held(state, wish.cls, wish.incident, name); !free) return fail(std::move(free.error()).at("/incident"));
  if (wish.cls == "destructive" && !evidence_complete(state, wish.incident))
    return fail(Code::kConflict, "a destructive action waits until the incident's evidence is captured", "/incident");
  return wish;
}

// Ended actions whose incident is closed (or that had none) and that have nothing left in any policy: the oldest go.
void forget_surplus(ContainState& state) {
  std::vector<std::pair<std::uint64_t, std::string>> done;
  for (const auto& [id, action] : state.actions) {
    const auto slot = state.endpoints.find(action.endpoint);
    const bool gone = action.apply_order == 0 || action.status == ActionStatus::kPromoted ||
                      (action.remove_order != 0 && slot != state.endpoints.end() && action.remove_order <= slot->second.last_done);
    if (is_over(action) && gone && !state.incidents.contains(action.incident)) done.emplace_back(action.index, id);
  }
  std::sort(done.begin(), done.end());
  for (std::size_t i = 0; i + kEndedActions < done.size(); ++i) state.actions.erase(done[i].second);
}

// What the lift does, for people.
std::string undo_text(const Wish& wish) {
  return wish.undo.empty() ? fmt::format("lift: the {} measure leaves the policy", measure_kind(wish.measure)) : wish.undo;
}

}  // namespace

Drafts decide_propose(const ContainState& state, const Entry& entry, const Json& args) {
  auto wish = read_wish(state, entry, args);
  if (!wish) return {refuse("action.propose", wish.error().code, wish.error().message, wish.error().pointer)};
  if (bool_or(entry.body, "bounded_only") && wish->cls != "bounded")
    return {refuse("action.propose", Code::kForbidden, fmt::format("this measure is {}: your roles propose bounded ones only", wish->cls), "/measure")};
  const std::string endpoint = wish->slot->endpoint.name;
  const std::string digest = measure_digest(endpoint, wish->measure, wish->lease_us).hex();
  if (auto same = check_same(state, digest, endpoint); !same)
    return {refuse("action.propose", same.error().code, same.error().message)};
  auto written = written_measure(wish->asked, wish->measure, entry.index);
  if (!written) return {refuse("action.propose", written.error().code, written.error().message, written.error().pointer)};
  Draft draft;
  draft.kind = "action_proposed";
  draft.body = JsonObject{{"incident", wish->incident},
                          {"endpoint", endpoint},
                          {"class", wish->cls},
                          {"measure", std::move(*written)},
                          {"digest", digest},
                          {"lease_us", wish->lease_us},
                          {"requested_by", who(entry)},
                          {"approvals", wish->cls == "bounded" ? 1 : 2},
                          {"expires", format_time(entry.time + kProposalLife)},
                          {"undo", undo_text(*wish)},
                          {"forecast", std::move(wish->forecast)},
                          {"option", wish->option},
                          {"text", describe(wish->measure)}};
  if (const Json* via = find(entry.body, "via"))
    for (const char* key : {"session", "browser"})
      if (std::string way = string_or(*via, key); !way.empty()) draft.body.as_object()[key] = std::move(way);
  return {std::move(draft)};
}

Drafts decide_promotion(const ContainState& state, const Entry& entry) {
  const std::string name = string_or(entry.body, "endpoint"), release = string_or(entry.body, "release");
  const auto refused = [](Code code, std::string reason, std::string pointer) -> Drafts {
    return {refuse("release.promote", code, std::move(reason), std::move(pointer))};
  };
  const auto slot = target(state, name);
  if (!slot) return refused(slot.error().code, slot.error().message, slot.error().pointer);
  if (!(*slot)->releases.contains(release))
    return refused(Code::kNotFound, fmt::format("release '{}' is not registered", release), "/release");
  if (auto free = not_held(state, "promotion", string_or(entry.body, "incident"), name); !free)
    return refused(free.error().code, free.error().message, "/endpoint");
  if ((*slot)->base_release == release)
    return refused(Code::kConflict, fmt::format("release '{}' serves already", release), "/release");
  if ((*slot)->base_release.empty())
    return refused(Code::kConflict, "the endpoint serves no release that a canary could be held against", "/endpoint");
  for (const auto& [id, action] : state.actions)
    if (is_open_ended(action) && action.endpoint == name && !is_over(action))
      return refused(Code::kConflict, fmt::format("{} promotes a release on this endpoint", id), "/release");
  const Measure measure = WeightsMeasure{{{release, 100}}};
  Draft draft;
  draft.kind = "action_proposed";
  draft.body = JsonObject{{"incident", string_or(entry.body, "incident")},
                          {"endpoint", name},
                          {"class", "promotion"},
                          {"measure", to_json(measure)},
                          {"digest", measure_digest(name, measure, 0).hex()},
                          {"lease_us", 0},
                          {"requested_by", who(entry)},
                          {"approvals", 1},
                          {"expires", format_time(entry.time + kProposalLife)},
                          {"undo", fmt::format("all traffic goes back to release {}", (*slot)->base_release)},
                          {"forecast", JsonObject{}},
                          {"option", ""},
                          {"base", (*slot)->base_release},
                          {"ladder", JsonArray{"shadow", "5", "25", "100", "watch"}},
                          {"text", fmt::format("promote release {} over shadow and canary, from {}", release,
                                               (*slot)->base_release)}};
  return {std::move(draft)};
}

void apply_proposed(ContainState& state, const Entry& entry) {
  const Json& body = entry.body;
  Action action;
  action.index = entry.index;
  action.id = entry.id("act");
  action.incident = string_or(body, "incident");
  action.endpoint = string_or(body, "endpoint");
  action.cls = string_or(body, "class");
  action.requested_by = string_or(body, "requested_by");
  action.option = string_or(body, "option");
  action.undo = string_or(body, "undo");
  action.digest = string_or(body, "digest");
  action.session = string_or(body, "session");
  action.browser = string_or(body, "browser");
  action.lease_us = int_or(body, "lease_us");
  action.approvals = static_cast<std::uint32_t>(std::max<std::int64_t>(1, int_or(body, "approvals", 1)));
  action.expires = get_time(body, "expires").value_or(entry.time + kProposalLife);
  action.base_before = string_or(body, "base");
  const Json* written = find(body, "measure");
  if (written == nullptr) return;
  const Json* sets = find(*written, "sets");
  const auto upto = static_cast<std::uint64_t>(sets != nullptr ? int_or(*sets, "upto") : 0);
  auto measure = resolve_measure(state, *written, action.incident, upto);
  // A set that cannot be told from the entries any more must never be enforced under the digest that was approved.
  if (!measure || measure_digest(action.endpoint, *measure, action.lease_us).hex() != action.digest) {
    action.status = ActionStatus::kFailed;
    action.ended_reason = "the measure does not have the digest that the entry states";
  } else {
    action.measure = std::move(*measure);
  }
  if (is_open_ended(action))
    if (const auto* weights = std::get_if<WeightsMeasure>(&action.measure); weights && !weights->weights.empty())
      action.release = weights->weights.begin()->first;
  state.actions[action.id] = std::move(action);
  forget_surplus(state);
}

}  // namespace firebreak::contain
