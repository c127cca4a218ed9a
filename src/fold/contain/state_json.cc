// The state as a document, for snapshots. Members are grouped by the entry that brought them.
#include "fold/contain/parts.h"
#include "types/finding.h"

namespace firebreak::contain {
namespace {

std::uint64_t number(const Json& object, std::string_view key) {
  return static_cast<std::uint64_t>(int_or(object, key));
}
Time time_of(const Json& object, std::string_view key) { return Time{int_or(object, key)}; }

Json to_json(const Members& members) {
  std::map<std::uint64_t, std::pair<JsonArray, std::vector<Digest>>> by_entry;
  for (const auto& [caller, index] : members.callers) by_entry[index].first.emplace_back(caller);
  for (const auto& [digest, index] : members.digests) by_entry[index].second.push_back(digest);
  JsonArray all;
  for (auto& [index, sets] : by_entry)
    all.push_back(JsonObject{{"at", index}, {"callers", std::move(sets.first)}, {"digests", pack_digests(sets.second)}});
  return all;
}

Result<Members> read_members(const Json* document) {
  Members members;
  if (document == nullptr || !document->is_array()) return members;
  for (const Json& part : document->get_array()) {
    for (const std::string& caller : strings_or_empty(part, "callers")) members.callers[caller] = number(part, "at");
    FIREBREAK_ASSIGN(const auto digests, unpack_digests(string_or(part, "digests")));
    for (const Digest& digest : digests) members.digests[digest] = number(part, "at");
  }
  return members;
}

Json to_json(const Order& order) {
  return JsonObject{{"index", order.index},     {"action", order.action},   {"endpoint", order.endpoint},
                    {"verb", order.verb},       {"attempt", order.attempt}, {"attempt_limit", order.attempt_limit},
                    {"started", order.started}, {"extension", order.extension}};
}

Order read_order(const Json& document) {
  Order order;
  order.index = number(document, "index");
  order.action = string_or(document, "action");
  order.endpoint = string_or(document, "endpoint");
  order.verb = string_or(document, "verb");
  order.attempt = static_cast<std::uint32_t>(number(document, "attempt"));
  order.attempt_limit = static_cast<std::uint32_t>(number(document, "attempt_limit"));
  order.started = bool_or(document, "started");
  order.extension = number(document, "extension");
  return order;
}

Json to_json(const EndpointSlot& slot) {
  JsonArray releases, orders;
  for (const auto& [name, target] : slot.releases)
    releases.push_back(firebreak::to_json(target));
  for (const Order& order : slot.orders) orders.push_back(to_json(order));
  JsonObject document{{"releases", std::move(releases)},
                      {"orders", std::move(orders)},
                      {"base_release", slot.base_release},
                      {"last_done", slot.last_done},
                      {"last_extension", slot.last_extension.us},
                      {"base_dirty", slot.base_dirty}};
  if (!slot.endpoint.name.empty()) document["endpoint"] = firebreak::to_json(slot.endpoint);
  return document;
}

Result<EndpointSlot> read_slot(const Json& document) {
  EndpointSlot slot;
  if (const Json* endpoint = find(document, "endpoint")) {
    FIREBREAK_ASSIGN(slot.endpoint, endpoint_from_json(*endpoint));
  }
  if (const Json* releases = find(document, "releases"); releases != nullptr && releases->is_array())
    for (const Json& document_of : releases->get_array()) {
      FIREBREAK_ASSIGN(ReleaseTarget target, release_target_from_json(document_of));
      slot.releases[target.release] = std::move(target);
    }
  if (const Json* orders = find(document, "orders"); orders != nullptr && orders->is_array())
    for (const Json& order : orders->get_array()) slot.orders.push_back(read_order(order));
  slot.base_release = string_or(document, "base_release");
  slot.last_done = number(document, "last_done");
  slot.last_extension = time_of(document, "last_extension");
  slot.base_dirty = bool_or(document, "base_dirty");
  return slot;
}

Json growth_json(const Action& action) {
  JsonArray extended;
  for (const Extended& one : action.extended)
    extended.push_back(JsonObject{{"index", one.index},
                                  {"time", one.time.us},
                                  {"callers", one.callers},
                                  {"digests", one.digests},
                                  {"order", one.order}});
  return JsonObject{{"grown", to_json(action.grown)},
                    {"pending", to_json(action.pending)},
                    {"extended", std::move(extended)},
                    {"last_growth", action.last_growth.us}};
}

Json to_json(const Action& action) {
  JsonArray approved, steps;
  for (const std::string& by : action.approved_by) approved.emplace_back(by);
  for (const LadderStep& step : action.steps)
    steps.push_back(
        JsonObject{{"step", step.step}, {"index", step.index}, {"order", step.order}, {"since", step.since.us}});
  return JsonObject{{"index", action.index},
                    {"incident", action.incident},
                    {"endpoint", action.endpoint},
                    {"class", action.cls},
                    {"requested_by", action.requested_by},
                    {"option", action.option},
                    {"undo", action.undo},
                    {"measure", firebreak::to_json(action.measure)},
                    {"digest", action.digest},
                    {"session", action.session},
                    {"browser", action.browser},
                    {"lease_us", action.lease_us},
                    {"approvals", action.approvals},
                    {"approved_by", std::move(approved)},
                    {"standing", action.standing},
                    {"expires", action.expires.us},
                    {"status", static_cast<int>(action.status)},
                    {"ended_reason", action.ended_reason},
                    {"apply_order", action.apply_order},
                    {"remove_order", action.remove_order},
                    {"in_force_since", action.in_force_since.us},
                    {"until", action.until.us},
                    {"warned_minutes", action.warned_minutes},
                    {"lease_extended", action.lease_extended},
                    {"resend", action.resend},
                    {"checked_green", action.checked_green},
                    {"works", JsonArray{action.works_not_served, action.works_of}},
                    {"growth", growth_json(action)},
                    {"release", action.release},
                    {"base_before", action.base_before},
                    {"steps", std::move(steps)}};
}

Result<void> read_growth(const Json& document, Action& action) {
  FIREBREAK_ASSIGN(action.grown, read_members(find(document, "grown")));
  FIREBREAK_ASSIGN(action.pending, read_members(find(document, "pending")));
  action.last_growth = time_of(document, "last_growth");
  if (const Json* extended = find(document, "extended"); extended != nullptr && extended->is_array())
    for (const Json& one : extended->get_array())
      action.extended.push_back({number(one, "index"), time_of(one, "time"),
                                 static_cast<std::uint32_t>(number(one, "callers")),
                                 static_cast<std::uint32_t>(number(one, "digests")), number(one, "order")});
  return {};
}

Result<Action> read_action(const std::string& id, const Json& document) {
  Action action;
  action.id = id;
  action.index = number(document, "index");
  action.incident = string_or(document, "incident");
  action.endpoint = string_or(document, "endpoint");
  action.cls = string_or(document, "class");
  action.requested_by = string_or(document, "requested_by");
  action.option = string_or(document, "option");
  action.undo = string_or(document, "undo");
  const Json* measure = find(document, "measure");
  if (measure == nullptr) return fail(Code::kInvalid, "'measure' is missing", "/measure");
  // A measure that was refused at its proposal is stored as the empty default, which cannot be read as a measure.
  if (auto read = measure_from_json(*measure)) action.measure = std::move(*read);
  action.digest = string_or(document, "digest");
  action.session = string_or(document, "session");
  action.browser = string_or(document, "browser");
  action.lease_us = int_or(document, "lease_us");
  action.approvals = static_cast<std::uint32_t>(number(document, "approvals"));
  for (const std::string& by : strings_or_empty(document, "approved_by")) action.approved_by.insert(by);
  action.standing = string_or(document, "standing");
  action.expires = time_of(document, "expires");
  const std::int64_t status = int_or(document, "status");
  if (status < 0 || status > static_cast<int>(ActionStatus::kPromoted)) return fail(Code::kInvalid, "no such status");
  action.status = static_cast<ActionStatus>(status);
  action.ended_reason = string_or(document, "ended_reason");
  action.apply_order = number(document, "apply_order");
  action.remove_order = number(document, "remove_order");
  action.in_force_since = time_of(document, "in_force_since");
  action.until = time_of(document, "until");
  action.warned_minutes = static_cast<std::uint32_t>(number(document, "warned_minutes"));
  action.lease_extended = bool_or(document, "lease_extended");
  action.resend = bool_or(document, "resend");
  action.checked_green = bool_or(document, "checked_green");
  if (const Json* works = find_pointer(document, "/works/0")) action.works_not_served = works->to_number<std::int64_t>();
  if (const Json* works = find_pointer(document, "/works/1")) action.works_of = works->to_number<std::int64_t>();
  if (const Json* growth = find(document, "growth")) FIREBREAK_TRY(read_growth(*growth, action));
  action.release = string_or(document, "release");
  action.base_before = string_or(document, "base_before");
  if (const Json* steps = find(document, "steps"); steps != nullptr && steps->is_array())
    for (const Json& step : steps->get_array())
      action.steps.push_back(
          {string_or(step, "step"), number(step, "index"), number(step, "order"), time_of(step, "since")});
  return action;
}

Json to_json(const Chain& chain) {
  return JsonObject{{"endpoint", chain.endpoint},
                    {"stream", chain.stream},
                    {"episode", chain.episode},
                    {"incident", chain.incident},
                    {"members", to_json(chain.members)}};
}

Result<void> read_chains(const Json& document, ContainState& state) {
  const Json* chains = find(document, "chains");
  if (chains == nullptr || !chains->is_object()) return {};
  for (const auto& member : chains->get_object()) {
    Chain chain{string_or(member.value(), "endpoint"), string_or(member.value(), "stream"),
                string_or(member.value(), "episode"), string_or(member.value(), "incident"), {}};
    FIREBREAK_ASSIGN(chain.members, read_members(find(member.value(), "members")));
    state.chain_of[chain.stream + "\n" + chain.episode] = std::string(member.key());
    if (chain.incident.empty()) state.unlinked.insert(index_of({member.key().data(), member.key().size()}));
    state.chains[std::string(member.key())] = std::move(chain);
  }
  return {};
}

Json to_json(const EvidenceNeed& need) {
  JsonObject open;
  for (const auto& [request, items] : need.open) open[request] = JsonArray(items.begin(), items.end());
  return JsonObject{{"open", std::move(open)}, {"any_captured", need.any_captured}};
}

EvidenceNeed read_need(const Json& document) {
  EvidenceNeed need;
  need.any_captured = bool_or(document, "any_captured");
  if (const Json* open = find(document, "open"); open != nullptr && open->is_object())
    for (const auto& request : open->get_object()) {
      const auto items = strings_or_empty(*open, request.key());
      need.open[std::string(request.key())] = {items.begin(), items.end()};
    }
  return need;
}

Json to_json(const Standing& one) {
  return JsonObject{{"endpoint", one.endpoint}, {"measure", one.measure}, {"asked_by", one.asked_by}, {"reason", one.reason}, {"digest", one.digest}, {"session", one.session}, {"browser", one.browser},
                    {"conditions", one.conditions}, {"max_lease_us", one.max_lease_us}, {"uses", one.uses}, {"used", one.used}, {"approvals", one.approvals},
                    {"approved_by", JsonArray(one.approved_by.begin(), one.approved_by.end())}, {"expires", one.expires.us}, {"until", one.until.us}, {"state", one.state},
                    {"ended_reason", one.ended_reason}, {"ended", one.ended.us}, {"actions", JsonArray(one.actions.begin(), one.actions.end())}};
}

Standing read_standing(const Json& document) {
  Standing one;
  one.endpoint = string_or(document, "endpoint");
  one.measure = string_or(document, "measure");
  one.asked_by = string_or(document, "asked_by");
  one.reason = string_or(document, "reason");
  one.digest = string_or(document, "digest");
  one.session = string_or(document, "session");
  one.browser = string_or(document, "browser");
  if (const Json* conditions = find(document, "conditions")) one.conditions = *conditions;
  one.max_lease_us = int_or(document, "max_lease_us");
  one.uses = int_or(document, "uses");
  one.used = int_or(document, "used");
  one.approvals = static_cast<std::uint32_t>(number(document, "approvals"));
  for (const std::string& by : strings_or_empty(document, "approved_by")) one.approved_by.insert(by);
  one.expires = time_of(document, "expires");
  one.until = time_of(document, "until");
  one.state = string_or(document, "state");
  one.ended_reason = string_or(document, "ended_reason");
  one.ended = time_of(document, "ended");
  one.actions = strings_or_empty(document, "actions");
  return one;
}

// Runs `read(name, value)` for each member of the object `key`.
template <class Read>
Result<void> each(const Json& document, std::string_view key, Read read) {
  const Json* object = find(document, key);
  if (object == nullptr || !object->is_object()) return {};
  for (const auto& member : object->get_object()) FIREBREAK_TRY(read(std::string(member.key()), member.value()));
  return {};
}

}  // namespace

Json to_json(const ContainState& state) {
  JsonObject endpoints, actions, chains, options, incidents, evidence;
  for (const auto& [name, slot] : state.endpoints) endpoints[name] = to_json(slot);
  for (const auto& [id, action] : state.actions) actions[id] = to_json(action);
  for (const auto& [id, chain] : state.chains) chains[id] = to_json(chain);
  for (const auto& [id, offered] : state.options) options[id] = offered;
  for (const auto& [id, endpoint] : state.incidents) incidents[id] = endpoint;
  for (const auto& [id, need] : state.evidence) evidence[id] = to_json(need);
  JsonObject out{{"endpoints", std::move(endpoints)}, {"actions", std::move(actions)},
                    {"chains", std::move(chains)},       {"options", std::move(options)},
                    {"incidents", std::move(incidents)}, {"evidence", std::move(evidence)},
                    {"frozen", state.frozen},            {"thaw_proposed_by", state.thaw_proposed_by},
                    {"watch_us", state.watch_us}};
  JsonObject holds;
  for (const auto& [duty, hold] : state.holds)
    holds[duty] = JsonObject{{"incident", hold.incident}, {"endpoint", hold.endpoint}, {"regime", hold.regime}, {"stage", hold.stage}};
  if (!holds.empty()) out["holds"] = std::move(holds);
  JsonObject joined;
  for (const auto& [id, others] : state.joined) joined[id] = JsonArray(others.begin(), others.end());
  if (!joined.empty()) out["joined"] = std::move(joined);
  JsonObject standing, severities;
  for (const auto& [id, one] : state.standing) standing[id] = to_json(one);
  for (const auto& [id, severity] : state.severities) severities[id] = severity;
  out["standing"] = std::move(standing);
  out["severities"] = std::move(severities);
  return out;
}

Result<ContainState> contain_state_from_json(const Json& document) {
  if (!document.is_object()) return fail(Code::kInvalid, "a JSON object is expected");
  ContainState state;
  FIREBREAK_TRY(each(document, "endpoints", [&](const std::string& name, const Json& value) -> Result<void> {
    FIREBREAK_ASSIGN(state.endpoints[name], read_slot(value));
    return {};
  }));
  FIREBREAK_TRY(each(document, "actions", [&](const std::string& id, const Json& value) -> Result<void> {
    FIREBREAK_ASSIGN(state.actions[id], read_action(id, value));
    return {};
  }));
  FIREBREAK_TRY(read_chains(document, state));
  FIREBREAK_TRY(each(document, "options", [&](const std::string& id, const Json& value) -> Result<void> {
    state.options[id] = value;
    return {};
  }));
  FIREBREAK_TRY(each(document, "incidents", [&](const std::string& id, const Json& value) -> Result<void> {
    state.incidents[id] = value.is_string() ? std::string(value.get_string()) : "";
    return {};
  }));
  FIREBREAK_TRY(each(document, "evidence", [&](const std::string& id, const Json& value) -> Result<void> {
    state.evidence[id] = read_need(value);
    return {};
  }));
  if (const Json* const joined = find(document, "joined"); joined != nullptr && joined->is_object())
    for (const auto& member : joined->get_object()) {
      const auto others = strings_or_empty(*joined, std::string(member.key()));
      state.joined[std::string(member.key())] = {others.begin(), others.end()};
    }
  each_member(document, "holds", [&](const std::string& duty, const Json& value) {
    state.holds[duty] = {string_or(value, "incident"), string_or(value, "endpoint"), string_or(value, "regime"), string_or(value, "stage")};
  });
  each_member(document, "standing", [&](const std::string& id, const Json& value) { state.standing[id] = read_standing(value); });
  each_member(document, "severities", [&](const std::string& id, const Json& value) { state.severities[id] = value.is_string() ? std::string(value.get_string()) : ""; });
  state.frozen = bool_or(document, "frozen");
  state.thaw_proposed_by = string_or(document, "thaw_proposed_by");
  state.watch_us = int_or(document, "watch_us", state.watch_us);
  return state;
}

}  // namespace firebreak::contain
