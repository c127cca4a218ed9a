#include "run/drill/score.h"

#include <fmt/core.h>

#include <algorithm>

#include "run/drill/score_facts.h"

namespace firebreak::drill {
namespace {

const JsonArray& items_of(const Json& document, std::string_view key) {
  static const JsonArray kNone;
  const Json* list = find(document, key);
  return list != nullptr && list->is_array() ? list->get_array() : kNone;
}

// A right declaration names an attacked endpoint, comes after the start, and one of its kinds is the attack's; by hand there is no kind.
bool is_right(const Truth& truth, const Entry& opened) {
  if (!truth.attacks(string_or(opened.body, "endpoint")) || opened.time < truth.start) return false;
  const std::vector<std::string> kinds = strings_or_empty(opened.body, "kinds");
  if (kinds.empty()) return !string_or(opened.body, "declared_by").empty();
  return truth.kinds.empty() || std::any_of(kinds.begin(), kinds.end(), [&](const std::string& kind) {
    return std::find(truth.kinds.begin(), truth.kinds.end(), kind) != truth.kinds.end();
  });
}

void gather(const Json& declaration, const Json& sealed, Facts& facts) {
  for (const Json& role : items_of(declaration, "roles")) facts.roles.insert(string_or(role, "role"));
  std::map<std::string, std::string> pushers;  // who pushes which card
  for (const Json& inject : items_of(sealed, "injects"))
    if (const Json* card = find(inject, "card")) pushers[string_or(*card, "by")] = string_or(inject, "number");
  for (const auto& [user, inject] : pushers) facts.roles.erase(user);  // the facilitator plays them
  for (const Entry& entry : facts.journal) {
    if (entry.kind == "incident_opened") {
      const bool right = is_right(facts.truth, entry);
      (right ? facts.right : facts.wrong).push_back(&entry);
      if (right && facts.incident.empty()) facts.incident = entry.id("inc");
    }
    if (entry.kind == "action_proposed" && facts.truth.attacks(string_or(entry.body, "endpoint"))) {
      const auto card = pushers.find(actor_name(entry));
      const KillSwitch& kill = facts.truth.kill_switch;
      const Json* const measure = find(entry.body, "measure");
      const bool thrown = string_or(entry.body, "endpoint") == kill.endpoint && measure != nullptr && string_or(*measure, "kind") == kill.measure;
      if (card != pushers.end()) facts.pushed[entry.id("act")] = card->second;
      else if (thrown) facts.thrown.insert(entry.id("act"));
      else facts.actions.insert(entry.id("act"));
    }
    if (entry.kind == "exercise_ended") facts.ended = entry.time;
  }
}

// Each inject of the sealed part with what became of it.
std::vector<Json> injects_of(const std::vector<Entry>& journal, const Json& sealed) {
  std::vector<Json> out;
  for (const Json& planned : items_of(sealed, "injects")) {
    const std::string number = string_or(planned, "number");
    JsonObject row{{"inject", number}, {"released", false}};
    for (const char* key : {"at", "type", "from", "to", "channel", "text", "expected", "objective"})
      if (const Json* value = find(planned, key)) row[key] = *value;
    for (const Entry& entry : journal) {
      if (string_or(entry.body, "inject") != number) continue;
      if (entry.kind == "exercise_inject") {
        row["released"] = true;
        row["time"] = format_time(entry.time);
        row["index"] = entry.index;
      }
      if (entry.kind == "exercise_inject_skipped") row["skipped"] = string_or(entry.body, "why");
    }
    out.emplace_back(std::move(row));
  }
  return out;
}

double rounded(double value) { return static_cast<double>(static_cast<std::int64_t>(value * 100 + (value < 0 ? -0.5 : 0.5))) / 100; }

}  // namespace

// Facts that a fold decides bear the program's name as their actor and the person's in their body.
std::string actor_name(const Entry& entry) {
  std::string who = string_or(entry.body, "requested_by");
  if (who.empty()) who = string_or(entry.body, "by");
  if (who.empty()) who = entry.actor;
  const std::size_t colon = who.find(':');
  return colon == std::string::npos ? who : who.substr(colon + 1);
}

std::string seconds_text(double seconds) {
  const auto whole = static_cast<std::int64_t>(seconds);
  if (whole < 60) return fmt::format("{} s", whole);
  if (whole < 3600) return whole % 60 == 0 ? fmt::format("{} min", whole / 60) : fmt::format("{} min {} s", whole / 60, whole % 60);
  return fmt::format("{} h {} min", whole / 3600, whole % 3600 / 60);
}

double along(const Limits& limits, double value) {
  if (value <= limits.full) return 1;
  if (value >= limits.none) return 0;
  return (limits.none - value) / (limits.none - limits.full);
}

double Score::points(const std::string& item) const {
  double sum = 0;
  for (const Part& part : parts)
    if (item.empty() || part.item == item) sum += part.points;
  return rounded(sum);
}

double Score::of(const std::string& item) const {
  double sum = 0;
  for (const Part& part : parts)
    if (item.empty() || part.item == item) sum += part.of;
  return rounded(sum);
}

Result<Score> score(const std::vector<Entry>& journal, const BlobIsWhole& whole) {
  if (journal.empty() || journal.front().kind != "exercise_declared") return fail(Code::kNotFound, "this is no drill's journal: it does not begin with 'exercise_declared'");
  Score out;
  out.declaration = journal.front().body;
  out.name = string_or(out.declaration, "name");
  out.title = string_or(out.declaration, "title");
  out.kind = string_or(out.declaration, "kind");
  out.entries = journal.size();
  const Entry* end = nullptr;
  for (const Entry& entry : journal) {
    if (entry.kind == "exercise_aborted") return fail(Code::kConflict, fmt::format("the drill was aborted at {} (journal {}): there is no score", format_time(entry.time), entry.index));
    if (entry.kind == "exercise_ended") end = &entry;
  }
  if (end == nullptr) return fail(Code::kConflict, "the drill has not ended: the sealed truth is shown at its end, and without it there is no score");
  const Json* const sealed = find(end->body, "sealed");
  const std::string declared = string_or(out.declaration, "truth_digest");
  const std::string digest = sealed == nullptr ? "" : digest_of_seal(*sealed);
  if (digest != declared)
    return fail(Code::kConflict, fmt::format("the truth that was shown at the end (SHA-256 {}) is not the one that was sealed at the start ({}): the drill does not count", digest, declared));
  out.sealed = *sealed;
  out.state = "ended";
  FIREBREAK_ASSIGN(Truth truth, parse_truth(out.sealed.at("truth")));
  Facts facts{journal, std::move(truth), out.kind == "tabletop", {}, {}, {}, {}, {}, {}, {}, {}};
  gather(out.declaration, out.sealed, facts);
  score_detection(facts, out);
  score_triage(facts, out);
  score_containment(facts, out);
  score_evidence(facts, whole, out);
  score_decisions(facts, out);
  score_communication(facts, out);
  score_recovery(facts, out);
  out.injects = injects_of(journal, out.sealed);
  return out;
}

Json to_json(const Score& score) {
  JsonArray parts, items;
  for (const Part& part : score.parts)
    parts.push_back(JsonObject{{"item", part.item}, {"part", part.name}, {"points", rounded(part.points)}, {"of", rounded(part.of)}, {"said", part.said}, {"raw", part.raw}});
  std::string last;
  for (const Part& part : score.parts) {
    if (part.item == last) continue;
    last = part.item;
    items.push_back(JsonObject{{"item", part.item}, {"points", score.points(part.item)}, {"of", score.of(part.item)}});
  }
  return JsonObject{{"exercise", "EXERCISE " + score.name},
                    {"name", score.name},
                    {"title", score.title},
                    {"kind", score.kind},
                    {"points", score.points()},
                    {"of", score.of()},
                    {"n", 1},
                    {"entries", score.entries},
                    {"truth_digest", string_or(score.declaration, "truth_digest")},
                    {"seal", "matches"},
                    {"items", std::move(items)},
                    {"parts", std::move(parts)},
                    {"decisions", JsonArray(score.decisions.begin(), score.decisions.end())},
                    {"injects", JsonArray(score.injects.begin(), score.injects.end())}};
}

std::string to_text(const Score& score) {
  std::string out = fmt::format("EXERCISE {}: {}\n{:g} of {:g} points; N = 1 run, {} journal entries; the sealed truth is the one that was declared\n", score.name, score.title,
                                score.points(), score.of(), score.entries);
  std::string last;
  for (const Part& part : score.parts) {
    if (part.item != last) out += fmt::format("\n{}: {:g} of {:g}\n", part.item, score.points(part.item), score.of(part.item));
    last = part.item;
    out += part.of == 0 ? fmt::format("  {:>5}  {}: {}\n", "-", part.name, part.said) : fmt::format("  {:>5}  {}: {}\n", fmt::format("{:g}/{:g}", rounded(part.points), rounded(part.of)), part.name, part.said);
  }
  return out;
}

}  // namespace firebreak::drill
