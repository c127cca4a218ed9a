#include "fold/exercise/exercise.h"

#include <fmt/core.h>

#include "base/digest.h"
#include "types/command.h"
#include "types/exercise.h"

namespace firebreak::exercise {
namespace {

Draft fact(const Entry& entry, std::string kind, JsonObject body) {
  Draft draft = make_draft(kind, "", std::move(body));
  draft.actor = entry.actor;
  return draft;
}

std::string user_of(const std::string& actor) {
  const std::size_t colon = actor.find(':');
  return colon == std::string::npos ? actor : actor.substr(colon + 1);
}

JsonObject copied(const Json& args, std::initializer_list<const char*> keys) {
  JsonObject out;
  for (const char* key : keys)
    if (const Json* value = find(args, key)) out[key] = *value;
  return out;
}

Result<JsonObject> release_inject(const ExerciseState& state, const Json& args) {
  FIREBREAK_ASSIGN(const std::string number, get_string(args, "inject"));
  for (const Json& known : state.injects)
    if (string_or(known, "inject") == number) return fail(Code::kConflict, fmt::format("inject {} is out already", number), "/inject");
  return copied(args, {"inject", "type", "from", "to", "channel", "text"});
}

Result<JsonObject> end(const ExerciseState& state, const Json& args) {
  const Json* const sealed = find(args, "sealed");
  if (sealed == nullptr || !sealed->is_object()) return fail(Code::kInvalid, "'sealed' is what the declaration has the digest of", "/sealed");
  const std::string digest = sha256(canonical_json(*sealed)).hex();
  return JsonObject{{"sealed", *sealed}, {"digest", digest}, {"matches", digest == string_or(state.declaration, "truth_digest")}};
}

// Who facilitates gives injects out and runs the clock; deciding and telling is for who plays.
Result<void> is_player(const ExerciseState& state, const Entry& entry) {
  const std::string user = user_of(entry.actor);
  for (const Json& role : state.declaration.at("roles").as_array())
    if (string_or(role, "role") == user) return {};
  return fail(Code::kForbidden, fmt::format("'{}' plays no role in this exercise: who facilitates does not play", user));
}

// A declaration from before there was `asks` takes any decision.
Result<void> is_asked(const ExerciseState& state, const std::string& decision) {
  const Json* const asks = find(state.declaration, "asks");
  if (asks == nullptr) return {};
  const std::string digest = exercise_decision_digest(string_or(state.declaration, "truth_digest"), decision);
  for (const Json& known : asks->as_array())
    if (known.is_string() && known.get_string() == digest) return {};
  return fail(Code::kNotFound, fmt::format("nobody asks for a decision '{}' in this exercise: the injects say what is to be decided ('firebreak drill injects')", decision), "/decision");
}

// What a probe through the gateway felt of a measure, by the clock on the wall.
Result<JsonObject> probed(const Json& args) {
  FIREBREAK_TRY(get_string(args, "action"));
  FIREBREAK_TRY(get_string(args, "endpoint"));
  auto ms = get_int(args, "ms");
  if (!ms || *ms < 0) return fail(Code::kInvalid, "'ms' is the time from the decision to the probe's answer", "/ms");
  for (const char* key : {"model_asked_before", "model_asked_after"}) FIREBREAK_TRY(get_bool(args, key));
  return copied(args, {"action", "endpoint", "ms", "model_asked_before", "model_asked_after", "answered"});
}

Result<JsonObject> said(const ExerciseState& state, const Json& args, std::initializer_list<const char*> keys, const Entry& entry) {
  FIREBREAK_TRY(is_player(state, entry));
  for (const char* key : keys) {
    FIREBREAK_ASSIGN(const std::string text, get_string(args, key));
    if (text.empty()) return fail(Code::kInvalid, fmt::format("'{}' must not be empty", key), fmt::format("/{}", key));
  }
  JsonObject body = copied(args, keys);
  body["by"] = user_of(entry.actor);
  return body;
}

Result<JsonObject> aborted(const Json& args, const Entry& entry) {  // by anybody
  FIREBREAK_ASSIGN(const std::string reason, get_string(args, "reason"));
  if (reason.empty()) return fail(Code::kInvalid, "'reason' must not be empty", "/reason");
  return JsonObject{{"reason", reason}, {"by", user_of(entry.actor)}};
}

JsonObject seen(const Entry& entry) {
  JsonObject out = entry.body.is_object() ? entry.body.get_object() : JsonObject{};
  out["time"] = format_time(entry.time);
  out["index"] = entry.index;
  return out;
}

void keep(JsonArray& list, const Entry& entry) {
  if (list.size() < kKept) list.emplace_back(seen(entry));
}

}  // namespace

std::vector<Draft> decide(const ExerciseState& state, const Entry& entry) {
  if (entry.kind != "command_accepted") return {};
  const std::string name = string_or(entry.body, "name");
  if (!name.starts_with("exercise.")) return {};
  const Json& args = command_args(entry);
  Result<JsonObject> body;
  std::string kind;
  if (!state.declared) {
    body = fail(Code::kConflict, "this is no exercise: its journal does not begin with one");
  } else if (state.state != "running") {
    body = fail(Code::kConflict, fmt::format("this exercise is over: it {}", state.state == "ended" ? "has ended" : "was aborted"));
  } else if (name == "exercise.inject") {
    body = release_inject(state, args);
    kind = "exercise_inject";
  } else if (name == "exercise.skip") {
    body = copied(args, {"inject", "why"});
    kind = "exercise_inject_skipped";
  } else if (name == "exercise.decide") {
    body = said(state, args, {"decision", "choice", "reason"}, entry);
    if (auto asked = is_asked(state, string_or(args, "decision")); body && !asked) body = tl::unexpected(asked.error());
    kind = "exercise_decided";
  } else if (name == "exercise.message") {
    body = said(state, args, {"to", "channel", "text"}, entry);
    if (body) (*body)["marked"] = banner(state);
    kind = "exercise_message";
  } else if (name == "exercise.abort") {
    body = aborted(args, entry);
    kind = "exercise_aborted";
  } else if (name == "exercise.probe") {
    body = probed(args);
    kind = "exercise_probed";
  } else if (name == "exercise.end") {
    body = end(state, args);
    kind = "exercise_ended";
  } else {
    return {};
  }
  if (!body) {
    Draft draft = make_draft("command_refused", "", refusal(name, body.error().code, body.error().message, body.error().pointer));
    draft.actor = entry.actor;
    return {draft};
  }
  return {fact(entry, std::move(kind), std::move(*body))};
}

void apply(ExerciseState& state, const Entry& entry) {
  if (entry.kind == "exercise_declared" && entry.index == 0) {
    state.declared = true;
    state.state = "running";
    state.declaration = entry.body;
  }
  if (!state.declared) return;
  if (entry.kind == "exercise_inject") keep(state.injects, entry);
  if (entry.kind == "exercise_decided") keep(state.decisions, entry);
  if (entry.kind == "exercise_message") keep(state.messages, entry);
  if (entry.kind == "exercise_aborted") state.state = "aborted";
  if (entry.kind == "exercise_ended") {
    state.state = "ended";
    state.matches = bool_or(entry.body, "matches");
  }
}

Json to_json(const ExerciseState& state) {
  return JsonObject{{"declared", state.declared}, {"state", state.state},         {"declaration", state.declaration}, {"matches", state.matches},
                    {"injects", state.injects},   {"decisions", state.decisions}, {"messages", state.messages}};
}

Result<ExerciseState> state_from_json(const Json& document) {
  ExerciseState state;
  FIREBREAK_ASSIGN(state.declared, get_bool(document, "declared"));
  FIREBREAK_ASSIGN(state.state, get_string(document, "state"));
  FIREBREAK_ASSIGN(state.matches, get_bool(document, "matches"));
  if (const Json* declaration = find(document, "declaration")) state.declaration = *declaration;
  for (const auto& [key, list] : {std::pair("injects", &state.injects), std::pair("decisions", &state.decisions), std::pair("messages", &state.messages)}) {
    const Json* const kept = find(document, key);
    if (kept == nullptr || !kept->is_array()) return fail(Code::kInvalid, fmt::format("the state of exercise has the list '{}'", key));
    *list = kept->get_array();
  }
  return state;
}

Result<void> check_declaration(const Json& declaration) {
  FIREBREAK_TRY(only_keys(declaration, {"name", "title", "kind", "truth_digest", "roles", "seed", "asks"}));
  FIREBREAK_ASSIGN(const std::string name, get_string(declaration, "name"));
  if (!is_name(name)) return fail(Code::kInvalid, "'name' is 1 to 64 of a-z 0-9 . _ -", "/name");
  FIREBREAK_TRY(get_string(declaration, "title"));
  FIREBREAK_TRY(get_string(declaration, "kind"));
  FIREBREAK_ASSIGN(const std::string digest, get_string(declaration, "truth_digest"));
  if (!Digest::from_hex(digest)) return fail(Code::kInvalid, "'truth_digest' is a SHA-256 in 64 hex digits", "/truth_digest");
  const Json* const roles = find(declaration, "roles");
  if (roles == nullptr || !roles->is_array() || roles->get_array().empty()) return fail(Code::kInvalid, "'roles' is a list: who plays", "/roles");
  if (const Json* const asks = find(declaration, "asks"); asks != nullptr && !asks->is_array()) return fail(Code::kInvalid, "'asks' is a list of digests", "/asks");
  return {};
}

std::string banner(const ExerciseState& state) { return state.declared ? exercise_banner(string_or(state.declaration, "name")) : std::string(); }

Json shown_to_players(const ExerciseState& state) {
  if (!state.declared) return nullptr;
  JsonObject out = state.declaration.is_object() ? state.declaration.get_object() : JsonObject{};
  out.erase("asks");
  out["banner"] = banner(state);
  out["state"] = state.state;
  out["injects"] = state.injects;
  out["decisions"] = state.decisions;
  out["messages"] = state.messages;
  if (state.state == "ended") out["seal_matches"] = state.matches;
  return out;
}

}  // namespace firebreak::exercise
