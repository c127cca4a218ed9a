#include "run/app/exercise.h"

#include <fmt/core.h>

#include <algorithm>

#include "fold/exercise/exercise.h"
#include "run/app/content.h"
#include "types/exercise.h"

namespace firebreak::app {
namespace {

constexpr std::string_view kInside[] = {"endpoints", "detectors", "rules"};
constexpr std::string_view kPlaybooksInside[] = {"files", "variables", "trusted_keys", "signed_for"};

tl::unexpected<Error> outside(const std::string& what, std::string pointer) {
  return fail(Code::kInvalid, fmt::format("this is an exercise: '{}' reaches outside of it and may not be configured", what), std::move(pointer));
}

bool is_empty(const Json& value) {
  return value.is_null() || (value.is_object() && value.get_object().empty()) || (value.is_array() && value.get_array().empty());
}

template <class List>
bool holds(const List& list, std::string_view key) { return std::find(std::begin(list), std::end(list), key) != std::end(list); }

}  // namespace

// By what may be there, not by what may not: a part that a later version knows is refused until somebody has thought of it here.
Result<void> refuse_outside(const Json& configuration) {
  if (!configuration.is_object()) return {};
  for (const auto& member : configuration.get_object()) {
    const std::string key(member.key());
    if (holds(kInside, key) || is_empty(member.value())) continue;
    if (key == "playbooks") {
      if (!member.value().is_object()) continue;
      for (const auto& part : member.value().get_object())
        if (!holds(kPlaybooksInside, std::string_view(part.key())) && !is_empty(part.value())) return outside("playbooks/" + std::string(part.key()), "/playbooks/" + std::string(part.key()));
      continue;
    }
    if (key != "gateways" || !member.value().is_object()) return outside(key, "/" + key);
    for (const auto& gateway : member.value().get_object())
      if (!stays_on_this_machine(string_or(gateway.value(), "control"))) return outside("gateways/" + std::string(gateway.key()), "/gateways/" + std::string(gateway.key()) + "/control");
  }
  return {};
}

Result<void> refuse_outside(Files& files, const ServeOptions& options) {
  if (!options.events.empty()) return outside("--events", "");
  if (options.config.empty()) return {};
  FIREBREAK_ASSIGN(const Json config, load_document(files, options.config));
  return refuse_outside(config);
}

Result<Exercise> begin_exercise(Files& files, journal::Journal& journal, const ServeOptions& options) {
  Exercise out;
  if (!options.exercise.empty()) {
    FIREBREAK_ASSIGN(const Json document, load_document(files, options.exercise));
    FIREBREAK_TRY(only_keys(document, {"declaration", "sealed"}));
    const Json* const declaration = find(document, "declaration");
    if (declaration == nullptr) return fail(Code::kInvalid, fmt::format("{}: 'declaration' is missing", options.exercise), "/declaration");
    if (auto ok = exercise::check_declaration(*declaration); !ok) return fail(std::move(ok.error()).with(options.exercise));
    out.script = string_or(document, "sealed");
    if (!out.script.empty() && out.script.starts_with(options.data_dir + "/")) return fail(Code::kInvalid, "what is hidden from players may not lie in the server's data folder", "/sealed");
    if (!options.fed_clock) return fail(Code::kInvalid, "an exercise has a fed clock: --clock fed");
    if (journal.size() == 0) FIREBREAK_TRY(journal.submit_wait(Draft{"exercise_declared", *declaration, "firebreak", {}, {}}));
    bool same = false;
    journal.with_state([&](const journal::View& view) {
      const auto& state = view.state<exercise::ExerciseState>(exercise::kFoldName);
      same = state.declared && string_or(state.declaration, "truth_digest") == string_or(*declaration, "truth_digest");
    });
    if (!same) return fail(Code::kConflict, fmt::format("{} is not this drill's: its journal begins with something else; a drill has a folder of its own", options.data_dir));
  }
  journal.with_state([&](const journal::View& view) { out.banner = exercise::banner(view.state<exercise::ExerciseState>(exercise::kFoldName)); });
  if (out.banner.empty()) return out;
  FIREBREAK_TRY(refuse_outside(files, options));
  return out;
}

Result<Json> script_of(Files& files, const Exercise& exercise) {
  if (exercise.banner.empty()) return fail(Code::kNotFound, "this is no exercise");
  if (exercise.script.empty()) return fail(Code::kNotFound, "this server was not told where the exercise's script lies: --exercise");
  return load_document(files, exercise.script);
}

}  // namespace firebreak::app
