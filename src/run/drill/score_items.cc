// The seven items: each part says what it was made of. What the drill does not ask for has no points.
#include <fmt/core.h>

#include <algorithm>
#include <iterator>

#include "run/drill/score_facts.h"

namespace firebreak::drill {
namespace {

constexpr double kFalseDeclaration = 5;  // points that each costs

void add(Score& out, std::string item, std::string name, double share, double of, std::string said, JsonObject raw) {
  out.parts.push_back({std::move(item), std::move(name), share * of, of, std::move(said), std::move(raw)});
}
void not_asked(Score& out, std::string item, std::string name, std::string why) { add(out, std::move(item), std::move(name), 0, 0, "not asked: " + why, {}); }

// The first entry of this kind that satisfies; nullptr.
template <class Fits>
const Entry* first(const Facts& facts, std::string_view kind, Fits fits) {
  for (const Entry& entry : facts.journal)
    if (entry.kind == kind && fits(entry)) return &entry;
  return nullptr;
}

bool is_role(const Facts& facts, const Entry& entry) { return facts.roles.contains(actor_name(entry)); }

}  // namespace

void score_detection(const Facts& facts, Score& out) {
  if (facts.tabletop) return not_asked(out, "detection", "time to detect", "a table-top has no detectors");
  const double penalty = kFalseDeclaration * static_cast<double>(facts.wrong.size());
  if (facts.right.empty())
    return add(out, "detection", "time to detect", 0, 20, fmt::format("missed; {} false declarations", facts.wrong.size()), {{"false_declarations", facts.wrong.size()}});
  const Entry& alert = *facts.right.front();
  const double mttd = facts.since_start(alert.time);
  const double points = std::max(0.0, 20 * along(facts.truth.detect_s, mttd) - penalty);
  add(out, "detection", "time to detect", points / 20, 20,
      fmt::format("{} after the first attack, at {}; {} false declarations", seconds_text(mttd), format_time(alert.time), facts.wrong.size()),
      {{"seconds", mttd}, {"incident", facts.incident}, {"index", alert.index}, {"false_declarations", facts.wrong.size()}});
}

namespace {

// Which ways of the attack are in the one incident, and what brought each there.
void score_vectors(const Facts& facts, Score& out) {
  struct Seen {
    std::string endpoint, kind;
  };
  std::map<std::string, Seen> findings;
  std::map<std::string, std::string> in;  // finding -> why
  for (const Entry& entry : facts.journal) {
    if (entry.kind == "finding_opened") findings[entry.id("find")] = {string_or(entry.body, "endpoint"), string_or(entry.body, "kind")};
    if (facts.incident.empty()) continue;
    if (entry.kind == "incident_opened" && entry.id("inc") == facts.incident)
      for (const std::string& finding : strings_or_empty(entry.body, "findings")) in[finding] = "it opened the incident";
    if (entry.kind == "incident_opened" && string_or(entry.body, "split_of") == facts.incident)
      for (const std::string& finding : strings_or_empty(entry.body, "findings")) in.erase(finding);
    if (entry.kind != "incident_finding_linked" || !facts.of_incident(entry)) continue;
    const Json* const joined = find(entry.body, "joined");
    const std::string how = joined == nullptr ? "" : string_or(*joined, "by") + (string_or(*joined, "what").empty() ? "" : " " + string_or(*joined, "what"));
    in[string_or(entry.body, "finding")] = joined == nullptr ? "its endpoint" : "the same " + how;
  }
  std::size_t reached = 0;
  std::string said;
  for (const Vector& vector : facts.truth.vectors) {
    std::string why;
    bool joined = false;
    for (const auto& [finding, how] : in) {
      const auto at = findings.find(finding);
      if (at == findings.end() || at->second.endpoint != vector.endpoint) continue;
      if (!vector.kinds.empty() && std::find(vector.kinds.begin(), vector.kinds.end(), at->second.kind) == vector.kinds.end()) continue;
      if (why.empty() || (!joined && how.starts_with("the same"))) why = how;
      joined = joined || how.starts_with("the same");
    }
    reached += !why.empty();
    said += fmt::format("{}{} ({}): {}", said.empty() ? "" : "; ", vector.id, vector.endpoint, why.empty() ? std::string("not in it") : "in it by " + why);
  }
  const auto count = static_cast<double>(facts.truth.vectors.size());
  add(out, "triage", "one incident", static_cast<double>(reached) / count, 2, said, {{"joined", reached}, {"of", facts.truth.vectors.size()}});
}

}  // namespace

void score_triage(const Facts& facts, Score& out) {
  const Truth& truth = facts.truth;
  const Entry* said = nullptr;
  std::string severity;
  for (const Entry& entry : facts.journal) {
    if (entry.kind == "incident_opened" && entry.id("inc") == facts.incident) severity = string_or(entry.body, "severity");
    if (!facts.of_incident(entry)) continue;
    if (entry.kind == "incident_severity") severity = string_or(entry.body, "to");
    if (entry.kind == "incident_triaged" && is_role(facts, entry)) said = &entry;
  }
  if (truth.triage.empty()) not_asked(out, "triage", "class", "the truth names none");
  else
    add(out, "triage", "class", said != nullptr && string_or(said->body, "verdict") == truth.triage, 3,
        said == nullptr ? "nobody said" : fmt::format("{}, the truth is {}", string_or(said->body, "verdict"), truth.triage), said == nullptr ? JsonObject{} : JsonObject{{"index", said->index}});
  if (truth.severity.empty()) not_asked(out, "triage", "severity", "the truth names none");
  else add(out, "triage", "severity", severity == truth.severity, 3, severity.empty() ? "no incident" : fmt::format("{}, the truth is {}", severity, truth.severity), {{"said", severity}});
  if (truth.endpoint.empty()) return not_asked(out, "triage", "asset and time to declare", "the truth names no endpoint");
  if (truth.vectors.empty()) add(out, "triage", "asset", !facts.incident.empty(), 2, facts.incident.empty() ? "no incident on it" : truth.endpoint, {});
  else score_vectors(facts, out);
  const Entry* const taken = first(facts, "incident_acknowledged", [&](const Entry& e) { return facts.of_incident(e) && is_role(facts, e); });
  if (taken == nullptr) return add(out, "triage", "time to declare", 0, 2, "nobody took it", {});
  const double seconds = static_cast<double>(taken->time - facts.right.front()->time) / kSecond;
  add(out, "triage", "time to declare", along(truth.declare_s, seconds), 2, fmt::format("{} took it {} after it was opened", actor_name(*taken), seconds_text(seconds)),
      {{"seconds", seconds}, {"index", taken->index}});
}

namespace {

struct Checks {
  const Entry* contained = nullptr;  // the first green check
  const Entry* safe = nullptr;       // the first green check that no red one follows
  double failed = 0, of = 0;         // honest requests, of all checks
  std::size_t count = 0;
};

Checks checks_of(const Facts& facts) {
  Checks out;
  for (const Entry& entry : facts.journal) {
    if (entry.kind != "effect_check" || !facts.actions.contains(string_or(entry.body, "action"))) continue;
    ++out.count;
    if (const Json* harm = find(entry.body, "harm")) {
      out.failed += number_or(*harm, "failed");
      out.of += number_or(*harm, "of");
    }
    const std::string verdict = string_or(entry.body, "verdict");
    if (verdict == "red") out.safe = nullptr;
    if (verdict != "green") continue;
    if (out.contained == nullptr) out.contained = &entry;
    if (out.safe == nullptr) out.safe = &entry;
  }
  return out;
}

}  // namespace

namespace {

// From the last approval to the answer of a probe that the model was not asked for. Wall time: the text says the limit that was kept, so that
// equal runs say the same; the time itself is in the figures.
void score_kill_switch(const Facts& facts, Score& out) {
  const Limits& limits = facts.truth.kill_switch.seconds;
  const Entry* felt = nullptr;
  for (const Entry& entry : facts.journal)
    if (entry.kind == "exercise_probed" && felt == nullptr && facts.thrown.contains(string_or(entry.body, "action"))) felt = &entry;
  if (felt == nullptr) return add(out, "containment", "kill switch", 0, 4, facts.thrown.empty() ? "nobody threw it" : "no probe felt it", {});
  const double seconds = static_cast<double>(int_or(felt->body, "ms")) / 1'000;
  const bool proven = bool_or(felt->body, "model_asked_before") && !bool_or(felt->body, "model_asked_after");
  const std::string kept = seconds <= limits.full ? fmt::format("within the target of {}", seconds_text(limits.full))
                           : seconds < limits.none ? fmt::format("after the target of {}, within the limit of {}", seconds_text(limits.full), seconds_text(limits.none))
                                                   : fmt::format("later than the limit of {}", seconds_text(limits.none));
  add(out, "containment", "kill switch", proven ? along(limits, seconds) : 0, 4,
      proven ? fmt::format("a probe was answered without the model, {} after the decision", kept) : std::string("the probe was still answered by the model"),
      {{"seconds", seconds}, {"action", string_or(felt->body, "action")}, {"index", felt->index}, {"proven", proven}});
}

}  // namespace

void score_containment(const Facts& facts, Score& out) {
  if (facts.tabletop) return not_asked(out, "containment", "time to contain", "a table-top contains nothing");
  const bool kill = !facts.truth.kill_switch.endpoint.empty();
  if (kill) score_kill_switch(facts, out);
  const double most = kill ? 10 : 14;
  const Checks checks = checks_of(facts);
  if (checks.contained == nullptr) {
    add(out, "containment", "time to contain", 0, most, fmt::format("never: of {} effect checks none was green", checks.count), {{"checks", checks.count}});
    return add(out, "containment", "collateral", 0, 6, "nothing was contained", {});
  }
  const double mttc = facts.since_start(checks.contained->time);
  add(out, "containment", "time to contain", along(facts.truth.contain_s, mttc), most,
      fmt::format("{} after the first attack its effect check was green (N = {} checks)", seconds_text(mttc), checks.count),
      {{"seconds", mttc}, {"index", checks.contained->index}, {"checks", checks.count}});
  const double share = checks.of == 0 ? 0 : checks.failed / checks.of;
  add(out, "containment", "collateral", along(facts.truth.honest_failed, share), 6, fmt::format("{:g} of {:g} honest requests failed ({:.2f} %)", checks.failed, checks.of, 100 * share),
      {{"failed", checks.failed}, {"of", checks.of}});
}

void score_evidence(const Facts& facts, const BlobIsWhole& whole, Score& out) {
  const std::vector<std::string>& required = facts.truth.evidence;
  if (required.empty()) return not_asked(out, "evidence", "captured in time", "the truth requires none");
  std::set<std::string> destructive, captured;
  const Entry* before = nullptr;  // the first destructive order
  for (const Entry& entry : facts.journal)
    if (entry.kind == "action_proposed" && string_or(entry.body, "class") == "destructive") destructive.insert(entry.id("act"));
  for (const Entry& entry : facts.journal)
    if (entry.kind == "order" && before == nullptr && destructive.contains(string_or(entry.body, "action"))) before = &entry;
  std::vector<const Entry*> items;
  std::set<std::string> sealed;
  for (const Entry& entry : facts.journal) {
    if (entry.kind == "evidence_custody" && string_or(entry.body, "action") == "seal") sealed.insert(string_or(entry.body, "evidence"));
    if (entry.kind != "evidence_captured" || !facts.of_incident(entry)) continue;
    items.push_back(&entry);
    if (before == nullptr || entry.index < before->index) captured.insert(string_or(entry.body, "item"));
  }
  const auto got = static_cast<std::size_t>(std::count_if(required.begin(), required.end(), [&](const std::string& item) { return captured.contains(item); }));
  add(out, "evidence", "captured in time", static_cast<double>(got) / static_cast<double>(required.size()), 14,
      fmt::format("{} of {} required items{}", got, required.size(), before == nullptr ? std::string("; nothing destructive was ordered") : std::string(" before the first destructive order")),
      {{"captured", got}, {"required", required.size()}});
  if (items.empty()) {
    add(out, "evidence", "hashes", 0, 4, "nothing was captured", {});
    return add(out, "evidence", "custody", 0, 2, "nothing was captured", {});
  }
  const auto count = static_cast<double>(items.size());
  if (!whole) not_asked(out, "evidence", "hashes", "nobody looked at the captured octets");
  else {
    const auto good = std::count_if(items.begin(), items.end(), [&](const Entry* item) { return whole(string_or(item->body, "digest")); });
    add(out, "evidence", "hashes", good == std::ssize(items), 4, fmt::format("{} of {} items have the digest that the journal names", good, items.size()), {{"whole", good}, {"of", items.size()}});
  }
  const auto gaps = std::count_if(items.begin(), items.end(), [&](const Entry* item) { return !sealed.contains(item->id("ev")); });
  add(out, "evidence", "custody", 1 - static_cast<double>(gaps) / count, 2, fmt::format("{} gaps in the custody of {} items", gaps, items.size()), {{"gaps", gaps}, {"of", items.size()}});
}

void score_communication(const Facts& facts, Score& out) {
  const Entry* since = nullptr;
  for (const Entry& entry : facts.journal)
    if (since == nullptr && ((entry.kind == "incident_opened" && entry.id("inc") == facts.incident) || (facts.incident.empty() && entry.kind == "exercise_inject"))) since = &entry;
  std::set<std::string> told;
  const Entry* update = nullptr;
  for (const Entry& entry : facts.journal) {
    if (entry.kind != "exercise_message" || !is_role(facts, entry)) continue;
    told.insert(string_or(entry.body, "to"));
    if (update == nullptr && since != nullptr && entry.index > since->index) update = &entry;
  }
  if (update == nullptr || since == nullptr) add(out, "communication", "first update", 0, 3, "nobody was told", {});
  else {
    const double seconds = static_cast<double>(update->time - since->time) / kSecond;
    add(out, "communication", "first update", along(facts.truth.update_s, seconds), 3, fmt::format("{} told {} {} after", actor_name(*update), string_or(update->body, "to"), seconds_text(seconds)),
        {{"seconds", seconds}, {"index", update->index}});
  }
  const std::vector<std::string>& audiences = facts.truth.audiences;
  if (audiences.empty()) return not_asked(out, "communication", "audiences", "the truth names none");
  std::string missing;
  std::size_t reached = 0;
  for (const std::string& audience : audiences) {
    if (told.contains(audience)) ++reached;
    else missing += (missing.empty() ? "" : ", ") + audience;
  }
  add(out, "communication", "audiences", static_cast<double>(reached) / static_cast<double>(audiences.size()), 2,
      fmt::format("{} of {}{}", reached, audiences.size(), missing.empty() ? "" : ", not " + missing), {{"told", reached}, {"of", audiences.size()}});
}

void score_recovery(const Facts& facts, Score& out) {
  const std::vector<std::string>& gates = facts.truth.gates;
  if (gates.empty()) not_asked(out, "recovery", "gates in order", "the drill brings no candidate");
  else {
    std::size_t passed = 0;
    for (const Entry& entry : facts.journal)
      if (passed < gates.size() && entry.kind == "gate_result" && string_or(entry.body, "gate") == gates[passed] && bool_or(entry.body, "passed")) ++passed;
    add(out, "recovery", "gates in order", static_cast<double>(passed) / static_cast<double>(gates.size()), 4, fmt::format("{} of {} passed in order", passed, gates.size()),
        {{"passed", passed}, {"of", gates.size()}});
  }
  if (facts.tabletop) return not_asked(out, "recovery", "safe service", "a table-top serves nothing");
  const Checks checks = checks_of(facts);
  if (checks.safe == nullptr) {
    add(out, "recovery", "no new trigger", 0, 3, "the service never became safe", {});
    return add(out, "recovery", "time to safe service", 0, 3, "the service never became safe", {});
  }
  std::size_t again = 0;
  for (const Entry& entry : facts.journal)
    again += entry.kind == "incident_opened" && entry.index > checks.safe->index && facts.truth.attacks(string_or(entry.body, "endpoint"));
  add(out, "recovery", "no new trigger", again == 0, 3, fmt::format("{} incidents on {} while the rest of the attack was replayed", again, facts.truth.vectors.empty() ? facts.truth.endpoint : std::string("what was attacked")), {{"incidents", again}});
  const double seconds = facts.since_start(checks.safe->time);
  add(out, "recovery", "time to safe service", along(facts.truth.safe_s, seconds), 3, fmt::format("{} after the first attack, and no red effect check since", seconds_text(seconds)),
      {{"seconds", seconds}, {"index", checks.safe->index}});
}

}  // namespace firebreak::drill
