// Amendments: what a lesson changes so that it does not happen again. A detection rule, a version of a playbook, a regression trace (or the end of
// one), proposed by one person and in force once another approved exactly that. What is in a rule or playbook is no business of this room: the room
// that owns it takes it by its own command, which bears the name of who proposed it, or refuses it, and then the amendment failed.
#include <fmt/core.h>

#include "base/digest.h"
#include "fold/casefile/parts.h"
#include "types/casefile.h"

namespace firebreak::casefile {
namespace {

constexpr std::size_t kDocumentBytes = 30 * 1024;  // a playbook, as it is installed
constexpr std::int64_t kLife = 14 * kDay;
constexpr std::int64_t kMostAnswers = 10'000;

std::string session_of(const Entry& entry) {
  const Json* const via = find(entry.body, "via");
  return via == nullptr ? "" : string_or(*via, "session");
}

Result<void> check_rule(const CasefileState& state, const Json& document) {
  for (const char* key : {"digest", "own"})
    if (!Digest::from_hex(string_or(document, key))) return fail(Code::kInvalid, fmt::format("'{}' is the SHA-256 of a blob with rules", key), fmt::format("/document/{}", key));
  if (int_or(document, "loaded") < 1) return fail(Code::kInvalid, "'loaded' says how many rules the set has", "/document/loaded");
  if (string_or(document, "base") != state.rules) return fail(Code::kConflict, "other rules are applied than those that this one was added to: propose it again", "/document/base");
  return {};
}

Result<void> check_regression(const Json& document) {
  for (const char* key : {"endpoint", "stream", "answer"})
    if (string_or(document, key).empty()) return fail(Code::kInvalid, fmt::format("'{}' is missing", key), fmt::format("/document/{}", key));
  if (!Digest::from_hex(string_or(document, "blob"))) return fail(Code::kInvalid, "'blob' is the SHA-256 of the trace", "/document/blob");
  if (const std::int64_t answers = int_or(document, "answers"); answers < 1 || answers > kMostAnswers)
    return fail(Code::kInvalid, fmt::format("a trace has 1 to {} answers", kMostAnswers), "/document/answers");
  if (const auto most = get_number(document, "most"); !most || !(*most >= 0 && *most < 1))
    return fail(Code::kInvalid, "'most' is the share that may be answered so again: from 0 to less than 1", "/document/most");
  return {};
}

// What can be said of the document without knowing what it means to the room that owns it.
Result<void> check_document(const CasefileState& state, const std::string& kind, const Json& document) {
  if (canonical_json(document).size() > kDocumentBytes) return fail(Code::kTooLarge, fmt::format("'document' has at most {} octets", kDocumentBytes), "/document");
  if (kind == "rule") return check_rule(state, document);
  if (kind == "regression") return check_regression(document);
  if (kind == "retire" && !state.regressions.contains(string_or(document, "amendment")))
    return fail(Code::kNotFound, fmt::format("no regression trace '{}' is in force", string_or(document, "amendment")), "/document/amendment");
  if (kind == "playbook" && string_or(document, "type") != "playbook") return fail(Code::kInvalid, "'document' is a CACAO 2.0 playbook", "/document/type");
  return {};
}

// The command by which the owner takes it; empty: the amendment itself is all there is to it.
JsonObject command_of(const std::string& kind, const Json& document) {
  if (kind == "playbook") return {{"name", "playbook.install"}, {"args", JsonObject{{"document", document}}}};
  if (kind != "rule") return {};
  JsonObject args;
  for (const char* key : {"digest", "loaded", "refused", "endpoints"})
    if (const Json* const value = find(document, key)) args[key] = *value;
  return {{"name", "rules.apply"}, {"args", std::move(args)}};
}

JsonObject named(const std::string& id, const Amendment& of) {
  return {{"amendment", id}, {"incident", of.incident}, {"lesson", of.lesson}, {"change", of.kind}};
}

Draft in_force(const std::string& id, const Amendment& of, std::string cause) {
  JsonObject body = named(id, of);
  if (of.kind == "regression" || of.kind == "retire") body["document"] = of.document;
  return make_draft("amendment_in_force", std::move(cause), std::move(body));
}

Result<void> check_second(const Asked& asked, const Amendment& of) {
  if (!asked.entry.actor.starts_with("user:")) return fail(Code::kForbidden, "only a person can approve", "/amendment");
  if (asked.entry.actor == of.by) return fail(Code::kForbidden, "who proposes a change does not approve it: another person does", "/amendment");
  if (const std::string session = session_of(asked.entry); !session.empty() && session == of.session)
    return fail(Code::kForbidden, "it was proposed in this very session: the second person signs in elsewhere", "/amendment");
  if (of.expires <= asked.entry.time) return fail(Code::kConflict, fmt::format("it expired at {}: propose it again", format_time(of.expires)), "/amendment");
  if (asked.text("digest") != of.digest)
    return fail(Code::kConflict, fmt::format("you approve digest {}, the amendment has {}: look at it again", asked.text("digest"), of.digest), "/digest");
  return check_document(asked.state, of.kind, of.document);
}

}  // namespace

Drafts propose_amendment(const Asked& asked) {
  const auto kind = choice_of(asked.args, "kind", words::kAmendments), reason = text_of(asked.args, "reason");
  for (const auto* one : {&kind, &reason})
    if (!*one) return asked.refused(one->error());
  const std::string lesson = asked.text("lesson");
  if (!asked.file->lesson_ids.contains(number_of(lesson, "lesson-")))
    return asked.refused(Code::kNotFound, fmt::format("{} has no lesson '{}': 'firebreak incident lesson' adds one", asked.incident, lesson), "/lesson");
  if (asked.state.amendments.size() >= kAmendments) return asked.refused(Code::kBusy, fmt::format("{} amendments are open; decide on some", kAmendments));
  const Json& document = asked.args.at("document");
  if (auto checked = check_document(asked.state, *kind, document); !checked) return asked.refused(checked.error());
  JsonObject body = asked.body();
  body["lesson"] = lesson;
  body["change"] = *kind;
  body["document"] = document;
  body["digest"] = sha256(canonical_json(JsonObject{{"change", *kind}, {"document", document}, {"incident", asked.incident}, {"lesson", lesson}})).hex();
  body["reason"] = *reason;
  body["expires"] = format_time(asked.entry.time + kLife);
  if (std::string session = session_of(asked.entry); !session.empty()) body["session"] = std::move(session);
  return {draft("amendment_proposed", std::move(body))};
}

Drafts decide_amendment(const Asked& asked) {
  const std::string id = asked.text("amendment");
  const auto at = asked.state.amendments.find(id);
  if (at == asked.state.amendments.end() || at->second.approved || at->second.incident != asked.incident)
    return asked.refused(Code::kNotFound, fmt::format("{} has no amendment '{}' that waits: 'firebreak amendment list' shows what became of it", asked.incident, id), "/amendment");
  const Amendment& of = at->second;
  JsonObject body = named(id, of);
  body["by"] = asked.entry.actor;
  if (asked.name == "amendment.reject") {
    const auto reason = text_of(asked.args, "reason");
    if (!reason) return asked.refused(reason.error());
    body["reason"] = *reason;
    return {draft("amendment_rejected", std::move(body))};
  }
  if (auto checked = check_second(asked, of); !checked) return asked.refused(checked.error());
  body["digest"] = of.digest;
  Drafts drafts{draft("amendment_approved", std::move(body))};
  if (JsonObject command = command_of(of.kind, of.document); !command.empty()) {
    command["role"] = "amendment";
    command["amendment"] = id;
    command["approved_by"] = asked.entry.actor;
    drafts.push_back(make_draft("command_accepted", id, std::move(command)));
    drafts.back().actor = of.by;
  } else {
    drafts.push_back(in_force(id, of, id));
  }
  return drafts;
}

// What became of the command: its answers are caused by it (types/entry.h).
Drafts amendment_answered(const CasefileState& state, const Entry& entry) {
  for (const auto& [id, of] : state.amendments) {
    if (of.command == 0 || entry.cause != fmt::format("journal:{}", of.command)) continue;
    if (entry.kind != "command_refused") return {in_force(id, of, {})};
    JsonObject body = named(id, of);
    body["reason"] = string_or(entry.body, "reason");
    return {draft("amendment_failed", std::move(body))};
  }
  return {};
}

void apply_amendment(CasefileState& state, const Entry& entry) {
  const std::string id = string_or(entry.body, "amendment");
  if (entry.kind == "rules_applied") {
    state.rules = int_or(entry.body, "loaded") == 0 ? "" : string_or(entry.body, "digest");
  } else if (entry.kind == "amendment_proposed") {
    Amendment& of = state.amendments[entry.id("amend")];
    for (const auto& [key, into] : {std::pair("incident", &of.incident), {"lesson", &of.lesson}, {"change", &of.kind}, {"by", &of.by}, {"session", &of.session}, {"digest", &of.digest}})
      *into = string_or(entry.body, key);
    of.document = entry.body.at("document");
    of.expires = get_time(entry.body, "expires").value_or(entry.time);
  } else if (const auto at = state.amendments.find(id); at != state.amendments.end()) {
    if (entry.kind == "command_accepted") {
      at->second.command = entry.index;
    } else if (entry.kind == "amendment_approved") {
      at->second.approved = true;
    } else {
      if (entry.kind == "amendment_in_force" && at->second.kind == "regression") state.regressions.insert(id);
      if (entry.kind == "amendment_in_force" && at->second.kind == "retire") state.regressions.erase(string_or(at->second.document, "amendment"));
      state.amendments.erase(at);
    }
  }
}

}  // namespace firebreak::casefile
