#include "cacao/import_ends.h"

#include <fmt/core.h>

#include <algorithm>

#include "cacao/import_flow.h"
#include "cacao/lint.h"
#include "cacao/value.h"

namespace firebreak::cacao {
namespace {

constexpr std::string_view kBranching[] = {"parallel", "if-condition", "while-condition", "switch-condition"};
// A branch within a branch can come to light only when the outer one is mended.
constexpr int kRounds = 8;

std::string type_of(JsonObject& workflow, const std::string& id) {
  const Json* const step = at(workflow, id);
  return step == nullptr ? "" : string_or(*step, "type");
}

void begin(JsonObject& playbook, JsonObject& workflow, std::vector<Repair>& repairs) {
  const std::string first = string_or(playbook, "workflow_start"), type = type_of(workflow, first);
  const bool started = std::any_of(workflow.begin(), workflow.end(), [](const auto& step) { return string_or(step.value(), "type") == "start"; });
  if (started || type.empty() || type == "end") return;
  const std::string id = made_identifier("start", string_or(playbook, "id") + '\n' + first);
  workflow[id] = JsonObject{{"type", "start"}, {"on_completion", first}};
  playbook.at("workflow_start") = id;  // operator[] may move all members, the workflow among them, even when it adds none
  repairs.push_back({"start-added", "/workflow_start", "workflow_start names the first step itself; a start step goes before it", canonical_json(Json(first)), canonical_json(Json(id))});
}

void end_after_branches(JsonObject& workflow, std::vector<Repair>& repairs) {
  std::vector<std::string> open;
  for (auto& step : workflow) {
    const bool branches = std::find(std::begin(kBranching), std::end(kBranching), string_or(step.value(), "type")) != std::end(kBranching);
    if (branches && !step.value().get_object().contains("on_completion") && !step.value().get_object().contains("on_success") && !step.value().get_object().contains("on_failure"))
      open.emplace_back(step.key());
  }
  for (const std::string& id : open) {
    const std::string end = made_identifier("end", id + "\nafter");
    workflow.at(id).as_object()["on_completion"] = end;
    workflow[end] = JsonObject{{"type", "end"}};
    repairs.push_back({"end-added", child(child("/workflow", id), "on_completion"), "nothing follows the branches: the playbook ends there", "", canonical_json(Json(end))});
  }
}

// The linter says which way into a step is one too many.
bool own_ends(Json& document, std::vector<Repair>& repairs) {
  bool changed = false;
  for (const Diagnostic& one : lint(document, Profile::kLenientImport)) {
    JsonObject* const workflow = one.rule == "branch-shares-step" ? workflow_of(document.get_object()) : nullptr;
    auto* const way = const_cast<Json*>(find_pointer(document, one.pointer));
    if (workflow == nullptr || way == nullptr || !way->is_string() || type_of(*workflow, text_of(*way)) != "end") continue;
    const std::string before = text_of(*way), end = made_identifier("end", before + '\n' + one.pointer);
    *way = end;  // before the workflow grows: that may move it
    (*workflow)[end] = JsonObject{{"type", "end"}};
    repairs.push_back({"branch-end-own", one.pointer, "a branch ends in an end step of its own", canonical_json(Json(before)), canonical_json(Json(end))});
    changed = true;
  }
  return changed;
}

}  // namespace

std::vector<Repair> starts_and_ends(Json& document) {
  std::vector<Repair> repairs;
  JsonObject* const workflow = document.is_object() ? workflow_of(document.get_object()) : nullptr;
  if (workflow == nullptr) return repairs;
  begin(document.get_object(), *workflow, repairs);
  end_after_branches(*workflow, repairs);
  for (int round = 0; round < kRounds && own_ends(document, repairs); ++round) {
  }
  return repairs;
}

}  // namespace firebreak::cacao
