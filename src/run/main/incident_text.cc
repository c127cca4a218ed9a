#include <fmt/core.h>

#include <algorithm>
#include <map>

#include "run/main/print.h"
#include "run/main/screens.h"

namespace firebreak::cli {
namespace {

constexpr std::size_t kLines = 12;  // of the timeline

std::string text(const Json& object, std::string_view key) { return cell(find(object, key)); }

const JsonArray& items(const Json& object, std::string_view key) {
  static const JsonArray kNone;
  const Json* list = find(object, key);
  return list != nullptr && list->is_array() ? list->get_array() : kNone;
}

std::string person(const std::string& name) {
  const std::size_t colon = name.find(':');
  return colon == std::string::npos ? name : name.substr(colon + 1);
}

bool is_chatter(const Json& line) {
  const std::string kind = string_or(line, "kind");
  return kind == "finding_opened" || kind == "finding_closed" || kind == "incident_finding_linked";
}

std::string head(const Json& incident, const Json& picture) {
  std::string out = fmt::format("{} {}\n{}, {}, endpoint {}, opened {}\n", text(incident, "id"), text(incident, "title"),
                                text(incident, "severity"), text(incident, "phase"), text(incident, "endpoint"), text(incident, "opened"));
  const Json* acknowledged = find(incident, "acknowledged");
  out += acknowledged != nullptr && acknowledged->is_object()
             ? fmt::format("{} has it since {}\n", person(text(*acknowledged, "by")), text(*acknowledged, "time"))
             : fmt::format("nobody has it: firebreak incident ack {}\n", text(incident, "id"));
  // Without a chain all its figures are zero: they would read as if something had been measured.
  const Json* points = find_pointer(picture, "/chain/points");
  if (points == nullptr || !points->is_array() || points->get_array().empty()) return out;
  out += fmt::format("\n{}\n", text(picture, "sentence"));
  const Json& cost = picture.at("cost");
  out += fmt::format("an hour: {} requests of the attack, {} {} let through to it; {} other customers meanwhile\n",
                     text(cost, "requests_per_hour"), text(cost, "money_per_hour"), text(cost, "money_unit"), text(cost, "customers"));
  return out;
}

// Drift or malice, with the facts on each side.
std::string triage(const Json& incident) {
  const Json* said = find(incident, "triage");
  if (said == nullptr || !said->is_object()) return {};
  const std::string by = text(*said, "by"), verdict = text(*said, "verdict"), computed = text(*said, "computed");
  std::string out = fmt::format("\nTriage: {}, {}{}\n", verdict, by == "firebreak" ? "by the facts alone" : "says " + by + ": " + text(*said, "reason"),
                                computed == verdict ? "" : fmt::format(" (the facts alone: {})", computed));
  for (const Json& fact : items(*said, "facts"))
    out += fmt::format("  {} {}  {}\n", string_or(fact, "side") == "malice" ? "malice" : "benign", text(fact, "weight"), text(fact, "text"));
  return out + fmt::format("  firebreak incident triage {} benign_drift|suspected_malice|undetermined --reason TEXT\n", text(incident, "id"));
}

// Which findings belong together, and why.
std::string causes(const Json& incident) {
  constexpr std::size_t kReasons = 3, kFeatures = 6;
  std::string out;
  for (const Json& cause : items(incident, "causes")) {
    std::string kinds, names;
    if (const Json* counted = find(cause, "kinds"); counted != nullptr && counted->is_object())
      for (const auto& kind : counted->get_object()) kinds += fmt::format("{}{} {}", kinds.empty() ? "" : ", ", cell(&kind.value()), std::string_view(kind.key()));
    const JsonArray& features = items(cause, "features");
    for (std::size_t i = 0; i < features.size() && i < kFeatures; ++i) names += (i == 0 ? "" : ", ") + cell(&features[i]);
    if (features.size() > kFeatures) names += fmt::format(" and {} more", features.size() - kFeatures);
    out += fmt::format("  cause {}: {}{}; began {} to {}\n", text(cause, "cause"), kinds, names.empty() ? "" : " (" + names + ")",
                       cell(find_pointer(cause, "/began/first")), cell(find_pointer(cause, "/began/last")));
    std::size_t told = 0;
    const Json* why = find(cause, "why");
    if (why == nullptr || !why->is_object()) continue;
    for (const auto& reason : why->get_object()) {
      if (++told > kReasons) continue;
      const Json words(std::string(reason.key()));
      out += fmt::format("    {} ({} of {})\n", cell(&words), cell(&reason.value()), text(cause, "count"));
    }
    if (told > kReasons) out += fmt::format("    and {} more reasons: --json\n", told - kReasons);
  }
  return out.empty() ? out : "\nWhy they belong together\n" + out;
}

std::string actions(const Json& incident) {
  std::string out;
  for (const Json& action : items(incident, "actions")) {
    out += fmt::format("  {} {}: {}\n", text(action, "id"), text(action, "state"), text(action, "what"));
    const std::string until = text(action, "until");
    const Json* check = find_pointer(action, "/checks/last");
    out += fmt::format("    asked by {}, approved by {}{}{}\n", person(text(action, "requested_by")), text(action, "approvers"),
                       until == "-" ? "" : ", until " + until,
                       check == nullptr || !check->is_object() ? "" : fmt::format("; check {}: {}", text(*check, "verdict"), text(*check, "reason")));
    if (string_or(action, "state") == "proposed")
      out += fmt::format("    firebreak action approve {} --digest {}\n", text(action, "id"), text(action, "digest"));
  }
  return out.empty() ? out : "\nActions\n" + out;
}

// The card is of use until something of it was proposed.
std::string options(const Json& incident) {
  std::string out;
  if (string_or(incident, "state") != "open" || !items(incident, "actions").empty()) return out;
  const Json* offered = find(incident, "options");
  if (offered == nullptr || !offered->is_object()) return out;
  for (const Json& option : items(*offered, "options")) {
    const Json& hurts = option.at("hurts");
    const Json* chained = find_pointer(option, "/stops/of");
    const bool none = chained != nullptr && chained->is_number() && chained->to_number<double>() == 0;
    out += fmt::format("  {}: {}\n    {}an hour {} honest answers changed, {} refused, of {}; {} approval(s) by others\n    undo: {}\n",
                       text(option, "name"), text(option, "title"),
                       none ? "" : fmt::format("would have stopped {} of {} requests of the chains, starting with empty sets; ",
                                               cell(find_pointer(option, "/stops/attack_queries")), cell(chained)),
                       text(hurts, "honest_answers_changed_per_hour"),
                       text(hurts, "honest_failed_per_hour"), text(hurts, "honest_requests_per_hour"), text(option, "approvals"), text(option, "undo"));
  }
  if (out.empty()) return out;
  return fmt::format("\nWhat can be done\n{}  firebreak contain option --endpoint {} --incident {} --option NAME\n", out,
                     text(incident, "endpoint"), text(incident, "id"));
}

std::string giveaway(const Json& gate) {
  const Json* named = find_pointer(gate, "/detail/named");
  if (named == nullptr || !named->is_array() || named->get_array().empty()) return {};
  const Json& first = named->get_array().front();
  return fmt::format("; {} = {} with {} = {}: {:.0f} % approved before, {:.0f} % now", text(first, "category"), text(first, "word"),
                     text(first, "feature"), text(first, "value"), 100 * number_or(first, "control"), 100 * number_or(first, "candidate"));
}

std::string gates(const Json& incident) {
  std::map<std::string, std::string> verdicts;
  for (const Json& gate : items(incident, "gates")) {
    std::string& line = verdicts[text(gate, "candidate")];
    line += fmt::format("    {} {}: {}{}\n", text(gate, "gate"), bool_or(gate, "passed") ? "passed" : "FAILED",
                        cell(find_pointer(gate, "/detail/text")), bool_or(gate, "passed") ? "" : giveaway(gate));
  }
  std::string out;
  for (const auto& [candidate, lines] : verdicts) out += "  " + candidate + "\n" + lines;
  return out.empty() ? out : "\nCandidates\n" + out;
}

// Reporting deadlines: those that run first by their duty, the overdue ones in red; what was proven or set aside is told too.
std::string deadlines(const Json& incident) {
  std::string out;
  for (const Json& duty : items(incident, "deadlines")) {
    out += fmt::format("  {} {}{}\n", text(duty, "id"), text(duty, "name"), bool_or(duty, "holds_evidence") ? "; HOLDS THE EVIDENCE until the notice is proven" : "");
    for (const Json& stage : items(duty, "stages")) {
      const std::string state = string_or(stage, "state");
      if (state == "waits" || state == "does_not_apply") continue;
      out += fmt::format("    {}{} {}{}\n", state == "overdue" ? "RED " : "", text(stage, "stage"), state == "set_aside" ? "set aside" : state,
                         state == "met" ? " at " + text(stage, "met") : state == "set_aside" ? "" : " " + text(stage, "due") + " to " + text(stage, "recipient"));
    }
  }
  for (const Json& relief : items(incident, "reliefs"))
    if (string_or(relief, "state") == "waiting")
      out += fmt::format("  {} of {}: {}; asked by {}\n    firebreak deadline approve {}\n", text(relief, "id"), text(relief, "duty"), text(relief, "what"), person(text(relief, "by")), text(relief, "id"));
  return out.empty() ? out : "\nReporting deadlines\n" + out;
}

// What became of the decisions, in a line; what is kept out of training, in another.
std::string remedy(const Json& incident) {
  std::string out;
  const std::string id = text(incident, "id");
  if (const Json* list = find(incident, "remedy"); list != nullptr && list->is_object()) {
    const Json* counts = find(*list, "counts");
    if (counts != nullptr && counts->is_object())
      out += fmt::format("Decisions: {} affected, {} would be others now, {} open, {} reversed, {} confirmed, {} customers told (firebreak remedy list {})\n", text(*counts, "affected"),
                         text(*counts, "changed"), text(*counts, "open"), text(*counts, "reversed"), text(*counts, "confirmed"), text(*counts, "told"), id);
    if (string_or(*list, "state") == "building") out += fmt::format("Decisions are being asked again: firebreak remedy list {}\n", id);
    if (const std::string error = string_or(*list, "error"); !error.empty()) out += fmt::format("Decisions could not be asked again: {}\n", text(*list, "error"));
  }
  for (const Json& taint : items(incident, "taints"))
    if (string_or(taint, "state") == "in_force")
      out += fmt::format("Kept out of training by {}: {} inferences, {} labels, {} callers, {} sources (firebreak taint export {} --out FILE)\n", text(taint, "id"),
                         text(taint, "inferences"), text(taint, "labels"), text(taint, "callers"), text(taint, "sources"), id);
  return out;
}

std::string waiting(const Json& task) {
  std::string before;
  for (const std::string& id : strings_or_empty(task, "waits_for")) before += (before.empty() ? ", waits for " : ", ") + id;
  return before;
}

std::string rest(const Json& incident) {
  std::int64_t captured = 0, octets = 0;
  for (const Json& item : items(incident, "evidence")) {
    if (string_or(item, "state") != "captured") continue;
    ++captured;
    octets += int_or(item, "octets");
  }
  std::string out = fmt::format("\nEvidence: {} items, {} octets (firebreak evidence list)\n", captured, octets);
  for (const Json& relation : items(incident, "relations"))
    if (string_or(relation, "state") == "holds") out += fmt::format("{} {}: {}\n", text(relation, "relation"), text(relation, "other"), text(relation, "reason"));
  for (const Json& asset : items(incident, "assets")) out += fmt::format("Asset {} is {}\n", text(asset, "asset"), text(asset, "state"));
  for (const Json& lesson : items(incident, "lessons")) out += fmt::format("Lesson ({}): {}\n", text(lesson, "phase"), text(lesson, "text"));
  for (const Json& follow_up : items(incident, "follow_ups"))
    out += fmt::format("Follow-up {} of {}, {}{}: {}\n", text(follow_up, "id"), text(follow_up, "owner"), string_or(follow_up, "state") == "open" ? "due " + text(follow_up, "due") : "closed with " + cell(find_pointer(follow_up, "/closed/evidence")),
                       bool_or(follow_up, "overdue") && string_or(follow_up, "state") == "open" ? ", OVERDUE" : "", text(follow_up, "text"));
  for (const Json& measured : items(incident, "measurements"))
    out += fmt::format("Measured: {} {}\n", text(measured, "name"), text(measured, "figures"));
  out += remedy(incident);
  for (const Json& task : items(incident, "tasks"))
    if (string_or(task, "state") == "open")
      out += fmt::format("Open task {} of {}{}: {}{}\n", text(task, "id"), person(text(task, "owner")), waiting(task), text(task, "text"),
                         int_or(task, "repeats") == 0 ? "" : fmt::format(" (said {} times, last {})", int_or(task, "repeats") + 1, text(task.at("repeated"), "time")));
  if (const Json* closed = find(incident, "closed"); closed != nullptr && closed->is_object())
    out += fmt::format("Closed by {}: {}\nResidual risk: {}\n", person(text(*closed, "by")), text(*closed, "summary"), text(*closed, "residual_risk"));
  return out;
}

std::string timeline(const Json& incident) {
  std::vector<const Json*> told;
  for (const Json& line : items(incident, "timeline"))
    if (!is_chatter(line)) told.push_back(&line);
  const std::size_t shown = std::min(kLines, told.size());
  std::string out = fmt::format("\nTimeline, the newest {} of {}\n", shown, items(incident, "timeline").size());
  for (std::size_t i = told.size() - shown; i < told.size(); ++i)
    out += fmt::format("  {}  {} {}  {}{}{}\n", text(*told[i], "time"), text(*told[i], "log"), text(*told[i], "index"), text(*told[i], "text"),
                       find(*told[i], "occurred") != nullptr ? " (occurred " + text(*told[i], "occurred") + ")" : "",
                       find(*told[i], "corrected_by") != nullptr ? " [corrected by " + text(*told[i], "corrected_by") + "]" : "");
  return out + fmt::format("All of it: firebreak incident show {} --all, or --json\n", text(incident, "id"));
}

}  // namespace

std::string incident_text(const Json& incident, const Json& picture) {
  return head(incident, picture) + triage(incident) + causes(incident) + actions(incident) + options(incident) + gates(incident) + deadlines(incident) + rest(incident) + timeline(incident);
}

std::string trace_text(const Json& trace) {
  const Json& decision = trace.at("decision");
  const Json& proof = trace.at("proof");
  std::string out = fmt::format("{} by {} at {}\n", text(decision, "id"), text(decision, "caller"), text(decision, "time"));
  out += fmt::format("answered {} (score {}), {}{}{}\n", cell(find_pointer(decision, "/output/label")),
                     cell(find_pointer(decision, "/output/score")), text(decision, "disposition"),
                     find(decision, "action") == nullptr ? "" : " by " + text(decision, "action"),
                     find(decision, "reason") == nullptr ? "" : ": " + text(decision, "reason"));
  if (find(decision, "release") == nullptr)
    out += "no model was asked\n";
  else
    out += fmt::format("release {}, model {} {}, SHA-256 {}{}\n", text(decision, "release"), cell(find_pointer(decision, "/model/name")),
                     cell(find_pointer(decision, "/model/version")), cell(find_pointer(decision, "/model/digest")),
                     bool_or(trace, "model_known", true) ? "" : " (not registered)");
  if (const Json* label = find(trace, "label"))
    out += fmt::format("ground truth {} (record {})\n", cell(find_pointer(*label, "/record/label")), text(*label, "index"));
  std::string line = "features";
  if (const Json* features = find(decision, "features"); features != nullptr && features->is_object())
    for (const auto& member : features->get_object()) {
      const std::string one = fmt::format(" {}={}", std::string_view(member.key()), cell(&member.value()));
      if (line.size() + one.size() > 110) {
        out += line + "\n";
        line = "        ";
      }
      line += one;
    }
  out += line + "\n";
  out += fmt::format("record {} of {}, admitted {}, leaf hash {}\n", text(trace, "index"), text(trace, "stream"), text(trace, "admitted"), text(proof, "leaf_hash"));
  out += fmt::format("proof: {} hashes to the signed root of {} records; --json has row, salt, path and checkpoint (docs/verify.md)\n",
                     items(proof, "proof").size(), text(proof, "tree_size"));
  return out;
}

}  // namespace firebreak::cli
