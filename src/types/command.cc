#include "types/command.h"

#include <fmt/core.h>

#include <algorithm>

namespace firebreak {
namespace {

using enum Step;

constexpr CommandSpec kCommands[] = {
    {"incident.declare", Duty::kDeclare, kDo, "endpoint", "title severity template", "open an incident by hand; a template brings title, severity and tasks"},
    {"incident.ack", Duty::kTimeline, kDo, "incident", "", "say that you have it"},
    {"incident.note", Duty::kTimeline, kDo, "incident text", "", "add a fact to the timeline"},
    {"incident.impact", Duty::kSteer, kDo, "incident functional_now functional_likely information recoverability", "", "rate the impact (NIST SP 800-61r2 tables 3-2 to 3-4)"},
    {"incident.severity", Duty::kSteer, kDo, "incident severity reason", "", "change the severity"},
    {"incident.phase", Duty::kSteer, kDo, "incident to reason", "", "move to another phase"},
    {"incident.assign", Duty::kSteer, kDo, "incident role user", "", "give a person a role"},
    {"incident.task", Duty::kTimeline, kDo, "incident text owner", "due after", "open a task; it may wait for others"},
    {"incident.template", Duty::kTimeline, kDo, "incident template", "", "open the tasks of a template"},
    {"incident.task_done", Duty::kTimeline, kDo, "incident task result", "", "finish a task"},
    {"incident.measure", Duty::kTimeline, kDo, "incident name figures method", "", "add a measurement, as of a test attack"},
    {"incident.triage", Duty::kSteer, kDo, "incident verdict reason", "", "say whether it is drift or malice: benign_drift, suspected_malice, undetermined"},
    {"incident.close", Duty::kClose, kDo, "incident summary residual_risk", "reason", "end the incident"},
    {"finding.verdict", Duty::kTimeline, kDo, "finding verdict reason", "duplicate_of", "say what a finding was: true, benign, test, duplicate"},
    {"change.add", Duty::kTimeline, kDo, "kind to reason", "endpoint from", "enter a planned change: deploy, retrain, campaign, ab_test, other", "producer"},
    {"change.cancel", Duty::kTimeline, kDo, "change reason", "", "take a planned change back", "producer"},
    {"mute.add", Duty::kContain, kDo, "until reason", "rule kind endpoint from", "keep findings from alerting for a while; they are recorded as ever"},
    {"mute.lift", Duty::kContain, kDo, "mute reason", "", "end a mute now"},
    {"detectors.propose", Duty::kDisrupt, kPropose, "endpoint document backtest reason", "", "propose another detector configuration, with what it would change"},
    {"detectors.approve", Duty::kDisrupt, kApprove, "proposal digest", "", "approve exactly the configuration with this digest"},
    {"detectors.reject", Duty::kDisrupt, kPropose, "proposal reason", "", "refuse a proposed configuration, or take it back"},
    {"action.propose", Duty::kContain, kPropose, "endpoint lease_s", "incident option measure", "propose a containment action"},
    {"action.approve", Duty::kDisrupt, kApprove, "action digest", "", "approve exactly the measure with this digest"},
    {"action.reject", Duty::kDisrupt, kApprove, "action reason", "", "refuse an action"},
    {"standing.propose", Duty::kDisrupt, kPropose, "endpoint covers max_lease_s uses until reason", "conditions", "ask for an approval in advance, for a narrow class of measures and a time"},
    {"standing.approve", Duty::kDisrupt, kApprove, "standing digest", "", "approve in advance exactly what this digest covers"},
    {"standing.reject", Duty::kDisrupt, kApprove, "standing reason", "", "refuse a standing approval that was asked for"},
    {"standing.revoke", Duty::kDisrupt, kPropose, "standing reason", "", "end a standing approval at once; one person is enough"},
    {"action.lift", Duty::kContain, kDo, "action reason", "", "end an action now"},
    {"freeze", Duty::kContain, kDo, "reason", "", "let nothing new leave Firebreak; policies in force stay"},
    {"thaw", Duty::kContain, kPropose, "reason", "", "end a freeze; needs two people"},
    {"release.register", Duty::kPromote, kPropose, "endpoint release upstream model manifest dataset holdout training_cut sources", "profile incident trained_by", "register a release with its lineage"},
    {"release.gate", Duty::kPromote, kPropose, "endpoint release", "incident", "run the recovery gates on a candidate"},
    {"release.promote", Duty::kPromote, kPropose, "endpoint release", "incident", "propose shadow, canary and full traffic"},
    {"holdout.seal", Duty::kPromote, kPropose, "endpoint digest", "", "commit to a holdout by its digest, before anybody reads it"},
    {"data.read", Duty::kTimeline, kDo, "digest reader", "at purpose", "say who has read a data set; a holdout is held against who trains", "producer"},
    {"source.approve", Duty::kPromote, kApprove, "source reason", "digest", "accept a data source as lineage"},
    {"rules.apply", Duty::kAdminister, kDo, "digest loaded refused", "endpoints", "run a set of detection rules; a blob, by its digest"},
    {"endpoint.put", Duty::kAdminister, kDo, "endpoint", "", "register or change an endpoint"},
    {"playbook.install", Duty::kAdminister, kDo, "document", "", "install a CACAO 2.0 playbook"},
    {"playbook.run", Duty::kContain, kDo, "playbook incident", "version variables", "start a playbook on an incident"},
    {"playbook.cancel", Duty::kContain, kDo, "run reason", "", "end a run now; what is under way in it is called off"},
    {"playbook.pause", Duty::kContain, kDo, "run reason", "", "let a run start nothing new"},
    {"playbook.resume", Duty::kContain, kDo, "run", "", "let a paused run go on"},
    {"playbook.rerun", Duty::kContain, kDo, "run", "from", "run an ended one again, whole or from one of its steps"},
    {"playbook.answer", Duty::kTimeline, kDo, "task outcome", "values note", "answer a manual step: success or failure, and the values it asks for"},
    {"playbook.approve", Duty::kDisrupt, kApprove, "approval digest", "", "approve exactly what a step would do, by its digest"},
    {"playbook.reject", Duty::kDisrupt, kPropose, "approval reason", "", "refuse what a step would do; the run takes its failure's way"},
    {"evidence.capture", Duty::kEvidence, kDo, "incident items", "", "capture evidence now"},
    {"evidence.offer", Duty::kEvidence, kDo, "incident evidence to digest reason", "at", "offer an item of evidence, or a bundle, to the person who gets it"},
    {"evidence.take", Duty::kTimeline, kDo, "offer digest", "at", "sign for evidence that was offered, under its digest"},
    {"evidence.refuse", Duty::kTimeline, kDo, "offer reason", "", "refuse evidence that was offered"},
    {"evidence.withdraw", Duty::kEvidence, kDo, "offer reason", "", "withdraw an offer of evidence"},
    {"erase.request", Duty::kAdminister, kDo, "subject reason", "streams", "erase a person's records; the subject by its keyed hash"},
    {"text.erase", Duty::kAdminister, kDo, "text reason", "", "erase a text that somebody typed; named by its reference"},
    {"hold.add", Duty::kTimeline, kDo, "reason", "subject stream", "keep records from being erased"},
    {"hold.lift", Duty::kOverride, kPropose, "hold reason", "", "end a hold; needs two people"},
    {"incident.exclude", Duty::kSteer, kDo, "incident user reason", "", "keep an incident from a person: for them there is none"},
    {"incident.include", Duty::kSteer, kDo, "incident user reason", "", "let an excluded person see the incident again"},
    {"break_glass.open", Duty::kDisrupt, kPropose, "reason", "", "act alone for 4 hours; all of it is marked and reviewed by somebody else within 24"},
    {"break_glass.review", Duty::kDisrupt, kPropose, "break_glass verdict text", "", "say what you think of what was done alone: justified, not_justified"},
    {"request.approve", Duty::kAdminister, kAnswer, "request digest", "", "the second person's yes to exactly this command"},
    {"request.reject", Duty::kAdminister, kAnswer, "request reason", "", "refuse a command that waits for a second person, or take it back"},
    {"access.preset", Duty::kAdminister, kDo, "preset reason", "", "choose how duties are spread: solo, pair, team, enterprise"},
    {"user.roles", Duty::kAdminister, kDo, "user role reason", "", "give a person other roles"},
    {"mfa.enroll", Duty::kTimeline, kOwn, "secret", "", "keep a secret of one-time codes, by its digest"},
    {"mfa.confirm", Duty::kTimeline, kOwn, "secret", "", "say that its codes come out right"},
    {"mfa.reset", Duty::kAdminister, kDo, "user reason", "", "forget a person's one-time codes"},
    {"password.set", Duty::kTimeline, kOwn, "password", "user", "keep a password, by the digest of its argon2id hash"},
    {"key.add", Duty::kTimeline, kOwn, "name key_hash scope expires", "user", "add an API key of your own: some duties, until a day"},
    {"key.revoke", Duty::kTimeline, kOwn, "key", "", "end an API key"},
    {"user.add", Duty::kAdminister, kDo, "user role", "scripted", "add a user"},
    {"token.add", Duty::kAdminister, kDo, "user token_hash", "expires", "add a token by its SHA-256"},
    {"token.revoke", Duty::kAdminister, kDo, "user token_hash", "", "revoke a token"},
    {"session.link", Duty::kAdminister, kDo, "user link_hash", "expires", "add a one-time sign-in link by the SHA-256 of its code"},
    {"session.open", Duty::kTimeline, kOwn, "session_hash", "link_hash expires", "sign in to the page; uses up the link"},
    {"session.close", Duty::kTimeline, kOwn, "session_hash", "", "sign out of the page"},
    {"incident.fact", Duty::kTimeline, kDo, "incident text occurred", "source", "write a fact into the timeline: what happened, and when"},
    {"incident.opinion", Duty::kTimeline, kDo, "incident text", "occurred source", "write an opinion into the timeline, apart from the facts"},
    {"incident.correct", Duty::kTimeline, kDo, "incident row text reason", "occurred source", "correct a fact or an opinion by a new row; the old one stays"},
    {"incident.record", Duty::kTimeline, kDo, "incident field", "text value", "fill in a field of the incident's record"},
    {"incident.contact", Duty::kTimeline, kDo, "incident kind name", "position unit email phone location organisation", "add a contact: the reporter, a handler, another party"},
    {"incident.label", Duty::kSteer, kDo, "incident framework version id", "", "classify: an id of ATLAS or OWASP, with the framework's version"},
    {"incident.unlabel", Duty::kSteer, kDo, "incident framework version id reason", "", "take a classification back"},
    {"incident.check", Duty::kTimeline, kDo, "incident item state", "evidence note", "tick an item of the checklist (NIST SP 800-61r2 table 3-5)"},
    {"incident.indicator", Duty::kTimeline, kDo, "incident type value tlp", "sign note", "add an indicator or a precursor"},
    {"incident.indicator_withdraw", Duty::kTimeline, kDo, "incident indicator reason", "", "say that an indicator is none"},
    {"incident.asset", Duty::kTimeline, kDo, "incident asset state", "note", "say whether an asset is compromised"},
    {"incident.notes", Duty::kTimeline, kDo, "incident document text base", "", "write a document of notes, made from its revision 'base'"},
    {"incident.privileged", Duty::kTimeline, kDo, "incident sealed", "", "write a note under counsel's privilege; the server seals it and names it by its octets"},
    {"incident.privileged_release", Duty::kTimeline, kDo, "incident note reason text", "", "release such a note: from then on it is one like any other; counsel alone"},
    {"incident.relate", Duty::kTimeline, kDo, "incident other relation reason", "", "relate two incidents: related, duplicate_of, caused_by"},
    {"incident.unrelate", Duty::kTimeline, kDo, "incident other relation reason", "", "take a relation back"},
    {"incident.merge", Duty::kSteer, kDo, "incident into reason", "", "let an incident go on as part of another"},
    {"incident.split", Duty::kSteer, kDo, "incident findings title reason", "", "make an incident of its own of some findings"},
    {"incident.reopen", Duty::kClose, kPropose, "incident reason", "", "open a closed incident again; needs a second person, an approver"},
    {"incident.handover", Duty::kTimeline, kDo, "incident role to situation", "note", "hand a role over with a summary; the taker accepts it"},
    {"incident.handover_accept", Duty::kTimeline, kDo, "handover digest", "", "take a role over, having read the summary with this digest"},
    {"incident.lesson", Duty::kTimeline, kDo, "incident text", "question", "add a lesson, in any phase and afterwards"},
    {"incident.follow_up", Duty::kTimeline, kDo, "incident text owner due acceptance", "", "open a follow-up with an owner, a date and a test of acceptance"},
    {"incident.follow_up_done", Duty::kTimeline, kDo, "follow_up evidence result", "", "close a follow-up; what proves it is named"},
    {"amendment.propose", Duty::kTimeline, kPropose, "incident lesson kind document reason", "", "propose what a lesson changes: a rule, a playbook version, a regression trace; the server checks it at /amendments"},
    {"amendment.approve", Duty::kDisrupt, kApprove, "incident amendment digest", "", "approve exactly the change with this digest; it comes into force"},
    {"amendment.reject", Duty::kTimeline, kPropose, "incident amendment reason", "", "refuse such a change, or take it back"},
    {"asset.put", Duty::kTimeline, kDo, "asset type", "owner criticality data_class regulatory_role version digest last_known_good fallback kill_switch tested", "enter or change an asset"},
    {"asset.link", Duty::kTimeline, kDo, "asset needs", "", "say that an asset depends on another"},
    {"asset.unlink", Duty::kTimeline, kDo, "asset needs reason", "", "say that an asset does not depend on another any more"},
    {"deadline.start", Duty::kTimeline, kDo, "incident regime", "events facts reason draft", "start a regime's reporting deadlines on an incident"},
    {"deadline.happened", Duty::kTimeline, kDo, "duty events", "reason", "tell a duty what happened when: determination, recovery, request"},
    {"deadline.fact", Duty::kTimeline, kDo, "duty fact holds reason", "", "say that a fact holds, or that it does not"},
    {"deadline.restart", Duty::kTimeline, kDo, "duty reason", "at", "start it anew, as by a reclassification"},
    {"deadline.withdraw", Duty::kTimeline, kDo, "duty event reason", "at", "take back an event or filing that was told by mistake"},
    {"deadline.stop", Duty::kRegulator, kPropose, "duty until reason", "from", "let it stand still for a while, where the regime knows that"},
    {"deadline.resume", Duty::kTimeline, kDo, "duty stop", "at", "end a stop before its time"},
    {"deadline.met", Duty::kTimeline, kDo, "duty stage", "reference evidence at", "a report was sent, with its proof"},
    {"deadline.set_aside", Duty::kRegulator, kPropose, "duty reason", "stage", "propose not to report; a second person confirms"},
    {"deadline.reopen", Duty::kTimeline, kDo, "duty stage reason", "", "take up again what was set aside"},
    {"deadline.override", Duty::kOverride, kPropose, "duty reason", "", "propose to change the system before the notice; a second person confirms"},
    {"deadline.confirm", Duty::kRegulator, kApprove, "relief", "", "confirm, as the second person, what moves a deadline back or takes it away"},
    {"deadline.reject", Duty::kRegulator, kPropose, "relief reason", "", "refuse such a proposal, or take it back"},
    {"alert.ack", Duty::kTimeline, kDo, "alert", "", "say that you have what an alert is about"},
    {"oncall.override", Duty::kTimeline, kDo, "rotation contact until", "from reason", "let somebody else have a rotation's turn for a while"},
    {"oncall.restore", Duty::kTimeline, kDo, "override", "", "end such a change of turns"},
    {"message.draft", Duty::kMessage, kPropose, "incident audience", "values", "draft a message to an audience of the communication plan"},
    {"message.approve", Duty::kMessage, kApprove, "message digest", "", "approve exactly the message with this digest; it leaves when all have"},
    {"message.reject", Duty::kMessage, kPropose, "message reason", "", "refuse a drafted message"},
    {"message.sent", Duty::kMessage, kPropose, "message how", "", "say that a message went out by hand, and how"},
    {"exercise.inject", Duty::kAdminister, kDo, "inject type from to channel text", "", "give an inject of the exercise out to its players"},
    {"exercise.skip", Duty::kAdminister, kDo, "inject why", "", "pass an inject over"},
    {"exercise.probe", Duty::kAdminister, kDo, "action endpoint ms model_asked_before model_asked_after", "answered", "record what a probe felt of a measure"},
    {"exercise.decide", Duty::kTimeline, kDo, "decision choice reason", "", "record a decision of the exercise, and why"},
    {"exercise.message", Duty::kTimeline, kDo, "to channel text", "", "send a message of the exercise; it stays in it"},
    {"exercise.abort", Duty::kTimeline, kDo, "reason", "", "end the exercise at once"},
    {"exercise.end", Duty::kAdminister, kDo, "sealed", "", "end the exercise and show what was sealed at its start"},
    {"remedy.build", Duty::kTimeline, kDo, "incident", "release scope of label caller from to per_second replace", "list the decisions that an incident touched, each asked again of a clean release"},
    {"remedy.settle", Duty::kTimeline, kDo, "incident records as", "note", "say of listed decisions that they are reversed or confirmed"},
    {"remedy.settle_all", Duty::kTimeline, kDo, "incident where as", "note", "settle every open row that is unchanged, changed, unanswered or erased"},
    {"remedy.told", Duty::kTimeline, kDo, "incident reference", "records where note", "say that the customers of listed decisions were told, and how"},
    {"remedy.export", Duty::kTimeline, kDo, "incident format digest rows", "", "note that the list was handed out; the server gives it with an export"},
    {"taint.build", Duty::kEvidence, kDo, "incident", "scope sources callers", "make the signed list of what the incident keeps out of training"},
    {"ticket.open", Duty::kTimeline, kDo, "incident tracker", "follow_up", "open a ticket in a tracker for an incident or one of its follow-ups; it goes on with it"},
    {"ticket.link", Duty::kTimeline, kDo, "incident tracker reference", "follow_up", "link a ticket that there is already"},
    {"ticket.comment", Duty::kTimeline, kDo, "incident ticket text", "", "write a comment into a ticket"},
    {"ticket.retry", Duty::kTimeline, kDo, "incident ticket", "", "try again what the tracker refused"},
    {"ticket.unlink", Duty::kTimeline, kDo, "incident ticket reason", "", "end the link; the ticket stays as it is there"},
    {"stakeholder.add", Duty::kSteer, kDo, "incident audience link_hash until", "", "add a link by which an audience reads what it was told, by the SHA-256 of its secret"},
    {"stakeholder.remove", Duty::kSteer, kDo, "link", "", "end such a link"},
};

// Every argument is a text, but for these.
Result<void> check_type(std::string_view command, std::string_view key, const Json& value) {
  const bool is_texts = value.is_array() && std::all_of(value.get_array().begin(), value.get_array().end(),
                                                        [](const Json& item) { return item.is_string(); });
  bool right = value.is_string();
  std::string_view expected = "a text";
  const auto any_of = [key](std::initializer_list<std::string_view> names) { return std::find(names.begin(), names.end(), key) != names.end(); };
  const auto of = [&](std::string_view whose, std::initializer_list<std::string_view> names) { return command == whose && any_of(names); };
  if (any_of({"lease_s", "loaded", "refused", "base", "per_second", "rows", "max_lease_s", "uses", "ms"})) {
    right = value.is_number();
    expected = "a number";
  } else if (any_of({"scripted", "holds", "draft", "model_asked_before", "model_asked_after"})) {
    right = value.is_bool();
    expected = "true or false";
  } else if (any_of({"items", "information", "streams", "endpoints", "facts", "findings"}) || of("incident.task", {"after"}) || of("key.add", {"scope"}) || of("exercise.inject", {"to"}) || of("taint.build", {"sources", "callers"})) {
    right = is_texts;
    expected = "a list of texts";
  } else if (any_of({"sources", "records"})) {
    right = value.is_array();
    expected = "a list";
  } else if (any_of({"measure", "figures", "model", "backtest", "variables", "values", "situation", "events", "conditions"}) || (key == "sealed" && command == "exercise.end") || (key == "document" && command != "incident.notes") ||
             of("endpoint.put", {"endpoint"})) {
    right = value.is_object();
    expected = "an object";
  }
  if (right) return {};
  return fail(Code::kInvalid, fmt::format("'{}' must be {}", key, expected), fmt::format("/{}", key));
}

bool is_blank(std::string_view text) { return text.find_first_not_of(" \t\r\n") == std::string_view::npos; }

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
    if (key == "reason" && is_blank(string_or(args, key))) return fail(Code::kInvalid, "'reason' must say something", "/reason");
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return {};
}

Entry trial_of(const Entry& requested) {
  Entry trial = requested;
  trial.kind = "command_accepted";
  return trial;
}

std::vector<Draft> refusals_of(const Entry& requested, const std::vector<Draft>& decided) {
  for (const Draft& draft : decided) {
    if (draft.kind != "command_refused") continue;
    Draft refused = draft;
    refused.actor = requested.actor;
    refused.body.as_object()["request"] = requested.id("ask");
    return {std::move(refused)};
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

}  // namespace firebreak
