#include "types/command.h"

#include <fmt/core.h>

#include <algorithm>

namespace firebreak {
namespace {

constexpr std::string_view kPeople = "analyst approver admin";
constexpr std::string_view kHandlers = "analyst admin";
constexpr std::string_view kPlanners = "analyst approver admin producer";  // a CI job says what it deploys

constexpr CommandSpec kCommands[] = {
    {"incident.declare", kPeople, "endpoint title severity", "", "open an incident by hand"},
    {"incident.ack", kPeople, "incident", "", "say that you have it"},
    {"incident.note", kPeople, "incident text", "", "add a fact to the timeline"},
    {"incident.impact", kPeople, "incident functional_now functional_likely information recoverability", "",
     "rate the impact (NIST SP 800-61r2 tables 3-2 to 3-4)"},
    {"incident.severity", kPeople, "incident severity reason", "", "change the severity"},
    {"incident.phase", kPeople, "incident to reason", "", "move to another phase"},
    {"incident.assign", kPeople, "incident role user", "", "give a person a role"},
    {"incident.task", kPeople, "incident text owner", "due", "open a task"},
    {"incident.task_done", kPeople, "incident task result", "", "finish a task"},
    {"incident.measure", kPeople, "incident name figures method", "", "add a measurement, as of a test attack"},
    {"incident.triage", kPeople, "incident verdict reason", "", "say whether it is drift or malice: benign_drift, suspected_malice, undetermined"},
    {"incident.close", kPeople, "incident summary residual_risk", "reason", "end the incident"},
    {"finding.verdict", kPeople, "finding verdict reason", "duplicate_of", "say what a finding was: true, benign, test, duplicate"},
    {"change.add", kPlanners, "kind to reason", "endpoint from", "enter a planned change: deploy, retrain, campaign, ab_test, other"},
    {"change.cancel", kPlanners, "change reason", "", "take a planned change back"},
    {"mute.add", kPeople, "until reason", "rule kind endpoint from", "keep findings from alerting for a while; they are recorded as ever"},
    {"mute.lift", kPeople, "mute reason", "", "end a mute now"},
    {"detectors.propose", kHandlers, "endpoint document backtest reason", "", "propose another detector configuration, with what it would change"},
    {"detectors.approve", "approver", "proposal digest", "", "approve exactly the configuration with this digest"},
    {"detectors.reject", kPeople, "proposal reason", "", "refuse a proposed configuration, or take it back"},
    {"action.propose", kHandlers, "endpoint lease_s", "incident option measure", "propose a containment action"},
    {"action.approve", "approver", "action digest", "", "approve exactly the measure with this digest"},
    {"action.reject", "approver", "action reason", "", "refuse an action"},
    {"action.lift", kPeople, "action reason", "", "end an action now"},
    {"freeze", kPeople, "reason", "", "let nothing new leave Firebreak; policies in force stay"},
    {"thaw", kPeople, "reason", "", "end a freeze; needs two people"},
    {"release.register", kHandlers,
     "endpoint release upstream model manifest dataset holdout training_cut sources", "profile incident",
     "register a release with its lineage"},
    {"release.gate", kHandlers, "endpoint release", "incident", "run the recovery gates on a candidate"},
    {"release.promote", kHandlers, "endpoint release", "incident", "propose shadow, canary and full traffic"},
    {"source.approve", "approver", "source reason", "digest", "accept a data source as lineage"},
    {"rules.apply", "admin", "digest loaded refused", "endpoints", "run a set of detection rules; a blob, by its digest"},
    {"endpoint.put", "admin", "endpoint", "", "register or change an endpoint"},
    {"playbook.install", "admin", "document", "", "install a CACAO 2.0 playbook"},
    {"playbook.run", kHandlers, "playbook incident", "version variables", "start a playbook on an incident"},
    {"playbook.cancel", kHandlers, "run reason", "", "end a run now; what is under way in it is called off"},
    {"playbook.pause", kHandlers, "run reason", "", "let a run start nothing new"},
    {"playbook.resume", kHandlers, "run", "", "let a paused run go on"},
    {"playbook.rerun", kHandlers, "run", "from", "run an ended one again, whole or from one of its steps"},
    {"playbook.answer", kPeople, "task outcome", "values note", "answer a manual step: success or failure, and the values it asks for"},
    {"playbook.approve", kPeople, "approval digest", "", "approve exactly what a step would do, by its digest"},
    {"playbook.reject", kPeople, "approval reason", "", "refuse what a step would do; the run takes its failure's way"},
    {"alert.ack", kPeople, "alert", "", "say that you have what an alert is about"},
    {"oncall.override", kPeople, "rotation contact until", "from reason", "let somebody else have a rotation's turn for a while"},
    {"oncall.restore", kPeople, "override", "", "end such a change of turns"},
    {"message.draft", kPeople, "incident audience", "values", "draft a message to an audience of the communication plan"},
    {"message.approve", kPeople, "message digest", "", "approve exactly the message with this digest; it leaves when all have"},
    {"message.reject", kPeople, "message reason", "", "refuse a drafted message"},
    {"message.sent", kPeople, "message how", "", "say that a message went out by hand, and how"},
    {"stakeholder.add", kPeople, "incident audience link_hash until", "", "add a link by which an audience reads what it was told, by the SHA-256 of its secret"},
    {"stakeholder.remove", kPeople, "link", "", "end such a link"},
    {"evidence.capture", kHandlers, "incident items", "", "capture evidence now"},
    {"erase.request", "admin", "subject reason", "streams", "erase a person's records; the subject by its keyed hash"},
    {"text.erase", "admin", "text reason", "", "erase a text that somebody typed; named by its reference"},
    {"hold.add", kPeople, "reason", "subject stream", "keep records from being erased"},
    {"hold.lift", kPeople, "hold reason", "", "end a hold; needs two people"},
    {"user.add", "admin", "user role", "scripted", "add a user"},
    {"token.add", "admin", "user token_hash", "expires", "add a token by its SHA-256"},
    {"token.revoke", "admin", "user token_hash", "", "revoke a token"},
    {"session.link", "admin", "user link_hash", "expires", "add a one-time sign-in link by the SHA-256 of its code"},
    {"session.open", kPeople, "session_hash", "link_hash expires", "sign in to the page; uses up the link"},
    {"session.close", kPeople, "session_hash", "", "sign out of the page"},
};

bool has_word(std::string_view words, std::string_view word) {
  while (!words.empty()) {
    const std::size_t end = std::min(words.find(' '), words.size());
    if (words.substr(0, end) == word) return true;
    words.remove_prefix(std::min(end + 1, words.size()));
  }
  return false;
}

// Every argument is a text, but for these.
Result<void> check_type(std::string_view command, std::string_view key, const Json& value) {
  const bool is_texts = value.is_array() && std::all_of(value.get_array().begin(), value.get_array().end(),
                                                        [](const Json& item) { return item.is_string(); });
  bool right = value.is_string();
  std::string_view expected = "a text";
  if (key == "lease_s" || key == "loaded" || key == "refused") {
    right = value.is_number();
    expected = "a number";
  } else if (key == "scripted") {
    right = value.is_bool();
    expected = "true or false";
  } else if (key == "items" || key == "information" || key == "streams" || key == "endpoints") {
    right = is_texts;
    expected = "a list of texts";
  } else if (key == "sources") {
    right = value.is_array();
    expected = "a list";
  } else if (key == "measure" || key == "figures" || key == "model" || key == "document" || key == "backtest" ||
             key == "variables" || key == "values" ||
             (command == "endpoint.put" && key == "endpoint")) {
    right = value.is_object();
    expected = "an object";
  }
  if (right) return {};
  return fail(Code::kInvalid, fmt::format("'{}' must be {}", key, expected), fmt::format("/{}", key));
}

}  // namespace

std::span<const CommandSpec> commands() { return kCommands; }

const CommandSpec* find_command(std::string_view name) {
  for (const CommandSpec& command : kCommands)
    if (command.name == name) return &command;
  return nullptr;
}

Result<void> check_command(std::string_view name, const Json& args) {
  const CommandSpec* command = find_command(name);
  if (command == nullptr) return fail(Code::kNotFound, fmt::format("there is no command '{}'", name));
  if (!args.is_object()) return fail(Code::kInvalid, "arguments must be a JSON object");
  for (const auto& member : args.get_object()) {
    const std::string_view key(member.key().data(), member.key().size());
    if (!has_word(command->required, key) && !has_word(command->optional, key))
      return fail(Code::kInvalid, fmt::format("'{}' takes no argument '{}' (required: {}; optional: {})", name, key,
                                              command->required, command->optional),
                  fmt::format("/{}", key));
    FIREBREAK_TRY(check_type(name, key, member.value()));
  }
  for (std::string_view rest = command->required; !rest.empty();) {
    const std::size_t end = std::min(rest.find(' '), rest.size());
    const std::string_view key = rest.substr(0, end);
    if (find(args, key) == nullptr)
      return fail(Code::kInvalid, fmt::format("'{}' needs the argument '{}'", name, key), fmt::format("/{}", key));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return {};
}

const Json& command_args(const Entry& entry) {
  static const Json kNone = JsonObject{};
  const Json* given = find(entry.body, "args");
  return given != nullptr ? *given : kNone;
}

JsonObject refusal(std::string_view name, Code code, std::string reason, std::string pointer) {
  JsonObject body{{"name", name}, {"code", code_name(code)}, {"reason", std::move(reason)}};
  if (!pointer.empty()) body["pointer"] = std::move(pointer);
  return body;
}

bool role_may(const CommandSpec& command, std::string_view role) { return has_word(command.roles, role); }

}  // namespace firebreak
