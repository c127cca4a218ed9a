// Changes, mutes, verdicts and triage as parts of the state document, for snapshots.
#include "fold/incident/parts.h"

namespace firebreak::incident {
namespace {

Time time_of(const Json& object, std::string_view key) { return Time{int_or(object, key)}; }

Json tally_json(const Tally& tally) {
  JsonObject out{{"opened", tally.opened}};
  for (std::size_t i = 0; i < tally.by.size(); ++i) out[kVerdicts[i]] = tally.by[i];
  return out;
}

Tally read_tally(const Json& document) {
  Tally tally;
  tally.opened = static_cast<std::uint64_t>(int_or(document, "opened"));
  for (std::size_t i = 0; i < tally.by.size(); ++i) tally.by[i] = static_cast<std::uint64_t>(int_or(document, kVerdicts[i]));
  return tally;
}

}  // namespace

Json to_json(const Triage& triage) {
  JsonArray facts;
  for (const Fact& fact : triage.facts)
    facts.push_back(JsonObject{{"code", fact.code}, {"text", fact.text}, {"side", fact.malice ? "malice" : "benign"}, {"weight", fact.weight}});
  JsonObject out{{"verdict", triage.verdict}, {"computed", triage.computed}, {"by", triage.by}, {"facts", std::move(facts)}};
  if (!triage.reason.empty()) out["reason"] = triage.reason;
  return out;
}

Triage triage_from_json(const Json& document) {
  Triage triage{string_or(document, "verdict"), string_or(document, "computed"), string_or(document, "by"), string_or(document, "reason"), {}};
  if (const Json* facts = find(document, "facts"); facts != nullptr && facts->is_array())
    for (const Json& fact : facts->get_array())
      triage.facts.push_back({string_or(fact, "code"), string_or(fact, "text"), string_or(fact, "side") == "malice", static_cast<int>(int_or(fact, "weight"))});
  return triage;
}

void add_casework(const IncidentState& state, JsonObject& document) {
  JsonObject lineage, changes, mutes, judged, tallies;
  for (const auto& [endpoint, features] : state.lineage) {
    JsonObject of;
    for (const auto& [feature, sources] : features) of[feature] = JsonArray(sources.begin(), sources.end());
    lineage[endpoint] = std::move(of);
  }
  for (const auto& [id, c] : state.changes)
    changes[id] = JsonObject{{"kind", c.kind}, {"endpoint", c.endpoint}, {"reason", c.reason}, {"by", c.by}, {"from", c.from.us}, {"to", c.to.us}};
  for (const auto& [id, m] : state.mutes)
    mutes[id] = JsonObject{{"rule", m.rule}, {"kind", m.kind}, {"endpoint", m.endpoint}, {"reason", m.reason}, {"by", m.by},
                           {"from", m.from.us}, {"until", m.until.us}};
  for (const auto& [index, j] : state.judged)
    judged[std::to_string(index)] = JsonArray{j.kind, j.endpoint, j.origin, j.verdict};
  for (const auto& [key, tally] : state.tallies) tallies[key] = tally_json(tally);
  JsonObject proposals;
  for (const auto& [id, p] : state.proposals)
    proposals[id] = JsonObject{{"endpoint", p.endpoint}, {"digest", p.digest}, {"by", p.by}, {"document", p.document}};
  document["proposals"] = std::move(proposals);
  document["lineage"] = std::move(lineage);
  document["changes"] = std::move(changes);
  document["mutes"] = std::move(mutes);
  document["judged"] = std::move(judged);
  document["tallies"] = std::move(tallies);
}

Result<void> read_casework(const Json& document, IncidentState& state) {
  each_member(document, "lineage", [&](const std::string& endpoint, const Json& features) {
    if (!features.is_object()) return;
    for (const auto& member : features.get_object()) {
      const auto sources = strings_or_empty(features, std::string(member.key()));
      state.lineage[endpoint][std::string(member.key())] = {sources.begin(), sources.end()};
    }
  });
  each_member(document, "changes", [&](const std::string& id, const Json& d) {
    state.changes[id] = {string_or(d, "kind"), string_or(d, "endpoint"), string_or(d, "reason"), string_or(d, "by"), time_of(d, "from"), time_of(d, "to")};
  });
  each_member(document, "mutes", [&](const std::string& id, const Json& d) {
    state.mutes[id] = {string_or(d, "rule"), string_or(d, "kind"), string_or(d, "endpoint"), string_or(d, "reason"), string_or(d, "by"),
                       time_of(d, "from"), time_of(d, "until")};
  });
  each_member(document, "proposals", [&](const std::string& id, const Json& d) {
    const Json* of = find(d, "document");
    state.proposals[id] = {string_or(d, "endpoint"), string_or(d, "digest"), string_or(d, "by"), of != nullptr ? *of : Json(JsonObject{})};
  });
  bool right = true;
  each_member(document, "judged", [&](const std::string& index, const Json& d) {
    right = right && d.is_array() && d.get_array().size() == 4;
    if (!right) return;
    const auto text = [&](std::size_t i) { return d.get_array()[i].is_string() ? std::string(d.get_array()[i].get_string()) : std::string(); };
    state.judged[index_of("find-" + index)] = {text(0), text(1), text(2), text(3)};
  });
  each_member(document, "tallies", [&](const std::string& key, const Json& d) { state.tallies[key] = read_tally(d); });
  if (!right) return fail(Code::kInvalid, "'judged' is none of this fold", "/judged");
  return {};
}

}  // namespace firebreak::incident
