#include "run/app/checklist.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <set>

#include "run/app/content.h"
#include "types/casefile.h"

namespace firebreak::app {

std::string_view lifecycle_checklist();  // content/lifecycle/checklist.yaml, embedded

namespace {

const JsonArray& list(const Json& from, std::string_view key) {
  static const JsonArray kNone;
  const Json* const value = find(from, key);
  return value != nullptr && value->is_array() ? value->get_array() : kNone;
}

std::size_t count(const JsonArray& items, std::string_view key, std::string_view word) {
  return static_cast<std::size_t>(std::count_if(items.begin(), items.end(), [&](const Json& item) { return string_or(item, key) == word; }));
}

bool is_moment(const Json& of, std::string_view key) {
  const Json* const value = find(of, key);
  return value != nullptr && value->is_object() && !value->get_object().empty();
}

// Each answers with what the item follows from; empty: it does not.
using Follows = std::string (*)(const Json& incident);
std::string opened(const Json& incident) { return "opened as " + string_or(incident, "id"); }
std::string triaged(const Json& incident) {
  const Json* const triage = find(incident, "triage");
  return triage == nullptr || !triage->is_object() ? "" : "triage: " + string_or(*triage, "verdict");
}
std::string correlated(const Json& incident) {
  const std::size_t findings = list(incident, "findings").size(), causes = list(incident, "causes").size();
  return causes == 0 ? "" : fmt::format("{} findings, {} causes", findings, causes);
}
std::string classified(const Json& incident) {
  const std::size_t labels = count(list(incident, "labels"), "state", "holds");
  return labels == 0 ? "" : fmt::format("{} classifications", labels);
}
std::string evidence_asked(const Json& incident) { return list(incident, "evidence").empty() ? "" : fmt::format("{} items of evidence asked for", list(incident, "evidence").size()); }
std::string rated(const Json& incident) {
  const Json* const impact = find(incident, "impact");
  return impact == nullptr || !impact->is_object() ? "" : "functional impact " + string_or(*impact, "functional_now");
}
std::string evidence_captured(const Json& incident) {
  const auto& items = list(incident, "evidence");
  const std::size_t captured = count(items, "state", "captured");
  return captured == 0 || captured != items.size() ? "" : fmt::format("{} items captured, none failed", captured);
}
// Of measures alone: a promotion contains nothing.
std::string in_force(const Json& incident) {
  for (const Json& action : list(incident, "actions"))
    if (is_moment(action, "in_force") && string_or(action, "class") != "promotion") return string_or(action, "id") + " came into force";
  return "";
}
std::string promoted(const Json& incident) {
  for (const Json& action : list(incident, "actions"))
    if (string_or(action, "state") == "promoted") return string_or(action, "id") + " was promoted after its watch";
  return "";
}
// All gates of some candidate.
std::string gates_passed(const Json& incident) {
  std::map<std::string, bool> candidates;
  for (const Json& gate : list(incident, "gates")) {
    const auto at = candidates.emplace(string_or(gate, "candidate"), true).first;
    at->second = at->second && bool_or(gate, "passed");
  }
  for (const auto& [candidate, all] : candidates)
    if (all) return candidate + " passed its gates";
  return "";
}
std::string closed(const Json& incident) { return is_moment(incident, "closed") ? "closed with a summary and the residual risk" : ""; }
std::string lessons(const Json& incident) { return list(incident, "lessons").empty() ? "" : fmt::format("{} lessons", list(incident, "lessons").size()); }

constexpr std::pair<std::string_view, Follows> kFollows[] = {
    {"opened", opened},   {"triaged", triaged},     {"correlated", correlated},     {"classified", classified}, {"evidence_asked", evidence_asked}, {"rated", rated},
    {"in_force", in_force}, {"promoted", promoted}, {"gates_passed", gates_passed}, {"closed", closed},         {"lessons", lessons},               {"evidence_captured", evidence_captured},
};

Follows follows_from(std::string_view name) {
  const auto* const at = std::find_if(std::begin(kFollows), std::end(kFollows), [&](const auto& one) { return one.first == name; });
  return at == std::end(kFollows) ? nullptr : at->second;
}

JsonObject told_item(const Json& item, const Json& incident, std::int64_t round) {
  const std::string id = string_or(item, "id");
  JsonObject out{{"id", id}, {"text", string_or(item, "text")}, {"phase", string_or(item, "phase")}, {"csf", item.at("csf")}, {"state", "open"}, {"by", nullptr}, {"because", nullptr}, {"round", 1}};
  for (const Json& check : list(incident, "checks")) {
    if (string_or(check, "item") != id) continue;
    out["round"] = int_or(check, "round", 1);
    out["state"] = string_or(check, "state");
    // Items of a loop wait for a person: what they followed from belongs to the round before.
    if (out["state"].as_string() == "open" && int_or(check, "round", 1) == 1) break;
    out["by"] = check.at("said");
    for (const char* key : {"evidence", "note"})
      if (const Json* const value = find(check, key)) out[key] = *value;
    return out;
  }
  const Follows rule = follows_from(string_or(item, "follows_from"));
  const bool looped = std::find(std::begin(words::kLoopItems), std::end(words::kLoopItems), id) != std::end(words::kLoopItems);
  if (rule == nullptr || (looped && round > 1)) return out;
  if (const std::string because = rule(incident); !because.empty()) {
    out["state"] = "done";
    out["because"] = because;
  }
  return out;
}

}  // namespace

Result<void> check_checklist(const Json& content) {
  std::set<std::string> known, subcategories;
  for (const Json& item : list(content, "items")) {
    const std::string id = string_or(item, "id");
    if (std::find(std::begin(words::kChecklistItems), std::end(words::kChecklistItems), id) == std::end(words::kChecklistItems))
      return fail(Code::kInvalid, fmt::format("checklist: table 3-5 has no item '{}'", id), "/items");
    if (!known.insert(id).second) return fail(Code::kInvalid, fmt::format("checklist: item {} stands twice", id), "/items");
    if (strings_or_empty(item, "csf").empty()) return fail(Code::kInvalid, fmt::format("checklist: item {} maps to no outcome of CSF 2.0", id), "/items");
    const std::string rule = string_or(item, "follows_from");
    if (!rule.empty() && follows_from(rule) == nullptr) return fail(Code::kInvalid, fmt::format("checklist: item {} follows from '{}', which nobody computes", id, rule), "/items");
    for (const std::string& one : strings_or_empty(item, "csf")) subcategories.insert(one);
  }
  if (known.size() != std::size(words::kChecklistItems)) return fail(Code::kInvalid, "checklist: an item of table 3-5 is missing", "/items");
  for (const Json& one : list(content, "subcategories"))
    if (!subcategories.contains(string_or(one, "id"))) return fail(Code::kInvalid, fmt::format("checklist: no item covers {}", string_or(one, "id")), "/subcategories");
  return {};
}

Result<Json> shipped_checklist() {
  FIREBREAK_ASSIGN(Json content, yaml_to_json(lifecycle_checklist(), "content/lifecycle/checklist.yaml"));
  FIREBREAK_TRY(check_checklist(content));
  return content;
}

Json checklist_of(const Json& content, const Json& incident) {
  const std::int64_t round = int_or(incident, "round", 1);
  JsonArray items, coverage, unmapped;
  for (const Json& item : list(content, "items")) {
    if (strings_or_empty(item, "csf").empty()) unmapped.push_back(item.at("id"));
    items.push_back(told_item(item, incident, round));
  }
  for (const Json& subcategory : list(content, "subcategories")) {
    const std::string id = string_or(subcategory, "id");
    JsonArray of;
    std::size_t done = 0;
    for (const Json& item : items) {
      const auto csf = strings_or_empty(item, "csf");
      if (std::find(csf.begin(), csf.end(), id) == csf.end()) continue;
      of.push_back(item.at("id"));
      const std::string state = string_or(item, "state");
      done += state == "done" || state == "not_applicable";
    }
    const std::size_t all = of.size();
    if (all == 0) unmapped.push_back(Json(id));
    coverage.push_back(JsonObject{{"id", id}, {"text", string_or(subcategory, "text")}, {"items", std::move(of)}, {"done", done}, {"of", all}});
  }
  return JsonObject{{"incident", string_or(incident, "id")}, {"round", round},
                    {"source", string_or(content, "source")}, {"items", std::move(items)},
                    {"coverage", std::move(coverage)},        {"unmapped", std::move(unmapped)}};
}

}  // namespace firebreak::app
