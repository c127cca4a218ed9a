// Lessons, at any time (CSF 2.0 ID.IM), and follow-ups: an owner, a date, a test of acceptance, and evidence when it is closed.
#include <fmt/core.h>

#include "base/digest.h"
#include "fold/casefile/parts.h"
#include "types/casefile.h"

namespace firebreak::casefile {
namespace {

// "ev-12", "journal:77", a SHA-256, or the address of what shows it.
bool is_evidence(const std::string& text) {
  if (number_of(text, "ev-") != 0 || text.starts_with("https://") || Digest::from_hex(text)) return text.size() <= 500;
  return text.starts_with("journal:") && text.size() > 8 && text.find_first_not_of("0123456789", 8) == std::string::npos;
}

}  // namespace

Drafts add_lesson(const Asked& asked) {
  const auto text = text_of(asked.args, "text");
  if (!text) return asked.refused(text.error());
  if (asked.file->lessons >= kLessons) return asked.refused(Code::kTooLarge, fmt::format("an incident has at most {} lessons", kLessons));
  JsonObject body = asked.body();
  body["text"] = *text;
  if (!asked.text("question").empty()) {
    const auto question = choice_of(asked.args, "question", std::string(words::kReviewQuestions) + "|" + std::string(words::kRetrospect));
    if (!question) return asked.refused(question.error());
    body["question"] = *question;
  }
  body["phase"] = asked.file->closed ? "closed" : asked.file->phase;
  return {draft("lesson_added", std::move(body))};
}

void apply_lesson(CasefileState& state, const Entry& entry) {
  CaseFile* const file = file_of(state, entry);
  if (file == nullptr) return;
  ++file->lessons;
  file->lesson_ids.insert(entry.index);
}

Drafts open_follow_up(const Asked& asked) {
  const auto text = text_of(asked.args, "text"), acceptance = text_of(asked.args, "acceptance");
  for (const auto* one : {&text, &acceptance})
    if (!*one) return asked.refused(one->error());
  const std::string owner = asked.text("owner");
  if (!is_name(owner)) return asked.refused(Code::kInvalid, "'owner' is no user name", "/owner");
  const auto due = get_time(asked.args, "due");
  if (!due) return asked.refused(Code::kInvalid, "'due' is a time with its zone: " + due.error().message, "/due");
  if (*due <= asked.entry.time) return asked.refused(Code::kInvalid, "'due' lies in the past", "/due");
  if (asked.state.follow_ups.size() >= kFollowUps) return asked.refused(Code::kBusy, fmt::format("{} follow-ups are open", kFollowUps));
  JsonObject body = asked.body();
  body["text"] = *text;
  body["owner"] = owner;
  body["due"] = format_time(*due);
  body["acceptance"] = *acceptance;
  return {draft("follow_up_opened", std::move(body))};
}

Drafts close_follow_up(const Asked& asked) {
  const std::string id = asked.text("follow_up"), evidence = asked.text("evidence");
  const auto at = asked.state.follow_ups.find(id);
  if (at == asked.state.follow_ups.end()) return asked.refused(Code::kNotFound, fmt::format("no follow-up '{}' is open", id), "/follow_up");
  if (!is_evidence(evidence))
    return asked.refused(Code::kInvalid, "a follow-up closes with the evidence of its test: ev-N, journal:N, a SHA-256 of a blob, or an https address", "/evidence");
  const auto result = text_of(asked.args, "result");
  if (!result) return asked.refused(result.error());
  return {draft("follow_up_closed", {{"incident", at->second.incident}, {"follow_up", id}, {"evidence", evidence}, {"result", *result},
                                     {"late", at->second.due < asked.entry.time}, {"by", asked.entry.actor}})};
}

Drafts overdue(const CasefileState& state, const Entry& entry) {
  Drafts drafts;
  for (const auto& [id, follow_up] : state.follow_ups)
    if (!follow_up.overdue && follow_up.due <= entry.time)
      drafts.push_back(draft("follow_up_overdue", {{"incident", follow_up.incident}, {"follow_up", id}, {"owner", follow_up.owner}, {"due", format_time(follow_up.due)}}));
  return drafts;
}

void apply_follow_up(CasefileState& state, const Entry& entry) {
  if (entry.kind == "follow_up_opened") {
    state.follow_ups[entry.id("follow")] = {string_or(entry.body, "incident"), string_or(entry.body, "owner"), get_time(entry.body, "due").value_or(entry.time), false};
  } else if (entry.kind == "follow_up_closed") {
    state.follow_ups.erase(string_or(entry.body, "follow_up"));
  } else if (const auto at = state.follow_ups.find(string_or(entry.body, "follow_up")); at != state.follow_ups.end()) {
    at->second.overdue = true;
  }
}

}  // namespace firebreak::casefile
