#include "types/free_text.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/limits.h"

namespace firebreak {
namespace {

constexpr std::string_view kMark = "text:";
constexpr std::size_t kLength = kMark.size() + 64;
constexpr std::size_t kIncidentText = 4'000;
constexpr std::size_t kNotesText = 128 * limits::kKiB;
constexpr std::size_t kAnyText = 31 * limits::kKiB;  // what a journal input may hold
constexpr std::size_t kMostPlainWords = 8;           // of one text; each makes another reference

constexpr FreeText kFreeTexts[] = {
    {"incident.declare", "title", kIncidentText},
    {"incident.note", "text", kIncidentText},
    {"incident.severity", "reason", kIncidentText},
    {"incident.phase", "reason", kIncidentText},
    {"incident.task", "text", kIncidentText},
    {"incident.task_done", "result", kAnyText, PlainWords::kLeadingFail},
    {"incident.measure", "method", kIncidentText},
    {"incident.close", "summary", kIncidentText},
    {"incident.close", "residual_risk", kIncidentText},
    {"incident.close", "reason", kAnyText},
    {"incident.triage", "reason", kIncidentText},
    {"incident.fact", "text", kIncidentText},
    {"incident.fact", "source", kIncidentText},
    {"incident.opinion", "text", kIncidentText},
    {"incident.opinion", "source", kIncidentText},
    {"incident.correct", "text", kIncidentText},
    {"incident.correct", "source", kIncidentText},
    {"incident.correct", "reason", kIncidentText},
    {"incident.record", "text", kIncidentText},
    {"incident.contact", "name", kIncidentText},
    {"incident.contact", "position", kIncidentText},
    {"incident.contact", "unit", kIncidentText},
    {"incident.contact", "email", kIncidentText},
    {"incident.contact", "phone", kIncidentText},
    {"incident.contact", "location", kIncidentText},
    {"incident.contact", "organisation", kIncidentText},
    {"incident.unlabel", "reason", kIncidentText},
    {"incident.check", "note", kIncidentText},
    {"incident.indicator", "value", kIncidentText},
    {"incident.indicator", "note", kIncidentText},
    {"incident.indicator_withdraw", "reason", kIncidentText},
    {"incident.asset", "note", kIncidentText},
    {"incident.privileged_release", "reason", kIncidentText},
    {"incident.privileged_release", "text", kIncidentText},
    {"incident.relate", "reason", kIncidentText},
    {"incident.unrelate", "reason", kIncidentText},
    {"incident.merge", "reason", kIncidentText},
    {"incident.split", "title", kIncidentText},
    {"incident.split", "reason", kIncidentText},
    {"incident.reopen", "reason", kIncidentText},
    {"incident.handover", "note", kIncidentText},
    {"evidence.offer", "reason", kIncidentText},
    {"evidence.refuse", "reason", kIncidentText},
    {"evidence.withdraw", "reason", kIncidentText},
    {"incident.lesson", "text", kIncidentText},
    {"ticket.comment", "text", kIncidentText},
    {"ticket.unlink", "reason", kIncidentText},
    {"amendment.propose", "reason", kIncidentText},
    {"amendment.reject", "reason", kIncidentText},
    {"incident.follow_up", "text", kIncidentText},
    {"incident.follow_up", "acceptance", kIncidentText},
    {"incident.follow_up_done", "result", kIncidentText},
    {"incident.notes", "text", kNotesText},
    {"asset.unlink", "reason", kIncidentText},
    {"remedy.build", "replace", kIncidentText},
    {"remedy.settle", "note", kIncidentText},
    {"remedy.settle_all", "note", kIncidentText},
    {"remedy.told", "reference", kIncidentText},
    {"remedy.told", "note", kIncidentText},
    {"detectors.propose", "reason", kIncidentText},
    {"detectors.reject", "reason", kIncidentText},
    {"finding.verdict", "reason", kIncidentText},
    {"change.add", "reason", kIncidentText},
    {"change.cancel", "reason", kIncidentText},
    {"mute.add", "reason", kIncidentText},
    {"mute.lift", "reason", kIncidentText},
    {"action.reject", "reason", kAnyText},
    {"standing.propose", "reason", kIncidentText},
    {"standing.reject", "reason", kIncidentText},
    {"standing.revoke", "reason", kIncidentText},
    {"data.read", "purpose", kIncidentText},
    {"action.lift", "reason", kAnyText},
    {"freeze", "reason", kAnyText},
    {"thaw", "reason", kAnyText},
    {"message.draft", "values", kIncidentText},
    {"message.reject", "reason", kIncidentText},
    {"message.sent", "how", kIncidentText},
    {"oncall.override", "reason", kIncidentText},
    {"playbook.answer", "note", kIncidentText},
    {"playbook.cancel", "reason", kIncidentText},
    {"playbook.pause", "reason", kIncidentText},
    {"playbook.reject", "reason", kIncidentText},
    {"source.approve", "reason", kAnyText, PlainWords::kIncidents},
    {"deadline.start", "reason", kIncidentText},
    {"deadline.happened", "reason", kIncidentText},
    {"deadline.fact", "reason", kIncidentText},
    {"deadline.restart", "reason", kIncidentText},
    {"deadline.withdraw", "reason", kIncidentText},
    {"deadline.stop", "reason", kIncidentText},
    {"deadline.met", "reference", kIncidentText},
    {"deadline.set_aside", "reason", kIncidentText},
    {"deadline.reopen", "reason", kIncidentText},
    {"deadline.override", "reason", kIncidentText},
    {"deadline.reject", "reason", kIncidentText},
    {"exercise.decide", "reason", kIncidentText},
    {"exercise.message", "text", kIncidentText},
    {"exercise.abort", "reason", kIncidentText},
    {"erase.request", "reason", kAnyText},
    {"text.erase", "reason", kAnyText},
    {"hold.add", "reason", kAnyText},
    {"hold.lift", "reason", kAnyText},
    {"incident.exclude", "reason", kIncidentText},
    {"incident.include", "reason", kIncidentText},
    {"break_glass.open", "reason", kIncidentText},
    {"break_glass.review", "text", kIncidentText},
    {"request.reject", "reason", kIncidentText},
    {"access.preset", "reason", kIncidentText},
    {"user.roles", "reason", kIncidentText},
    {"mfa.reset", "reason", kIncidentText},
};

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); }
bool is_blank(std::string_view text) { return text.find_first_not_of(" \t\r\n") == std::string_view::npos; }

// Where the next reference begins, from `from` on; npos: nowhere.
std::size_t next_reference(std::string_view text, std::size_t from) {
  for (std::size_t at = text.find(kMark, from); at != std::string_view::npos; at = text.find(kMark, at + 1)) {
    if (text.size() - at < kLength) return std::string_view::npos;
    const std::string_view digits = text.substr(at + kMark.size(), 64);
    if (std::all_of(digits.begin(), digits.end(), is_hex)) return at;
  }
  return std::string_view::npos;
}

// The next word that stays in plain: where it begins and its length, 0 when there is none.
std::pair<std::size_t, std::size_t> next_plain(PlainWords plain, std::string_view text, std::size_t from) {
  if (plain == PlainWords::kLeadingFail && from == 0 && text.starts_with("fail")) return {0, 4};
  if (plain != PlainWords::kIncidents) return {0, 0};
  for (std::size_t at = text.find("inc-", from); at != std::string_view::npos; at = text.find("inc-", at + 4)) {
    std::size_t end = at + 4;
    while (end < text.size() && is_digit(text[end])) ++end;
    if (end > at + 4 && end < at + 24) return {at, end - at};
  }
  return {0, 0};
}

Result<std::string> kept(PlainWords plain, std::string_view text, const KeepText& keep) {
  std::string out;
  const auto add = [&](std::string_view part) -> Result<void> {
    if (is_blank(part)) {
      out += part;
      return {};
    }
    FIREBREAK_ASSIGN(const std::string reference, keep(part));
    out += reference;
    return {};
  };
  std::size_t at = 0;
  for (std::size_t words = 0; words < kMostPlainWords; ++words) {
    const auto [begin, length] = next_plain(plain, text, at);
    if (length == 0) break;
    FIREBREAK_TRY(add(text.substr(at, begin - at)));
    out += text.substr(begin, length);
    at = begin + length;
  }
  FIREBREAK_TRY(add(text.substr(at)));
  return out;
}

void collect(const Json& value, std::vector<std::string>& out) {
  if (value.is_string()) {
    const std::string_view text(value.get_string());
    for (std::size_t at = next_reference(text, 0); at != std::string_view::npos; at = next_reference(text, at + kLength))
      out.emplace_back(text.substr(at, kLength));
  } else if (value.is_array()) {
    for (const Json& item : value.get_array()) collect(item, out);
  } else if (value.is_object()) {
    for (const auto& member : value.get_object()) collect(member.value(), out);
  }
}

void replace(Json& value, const ShowText& show) {
  if (value.is_string()) {
    const std::string_view text(value.get_string());
    std::string out;
    std::size_t done = 0;
    for (std::size_t at = next_reference(text, 0); at != std::string_view::npos; at = next_reference(text, done)) {
      out += text.substr(done, at - done);
      out += show(std::string(text.substr(at, kLength)));
      done = at + kLength;
    }
    if (done == 0) return;
    out += text.substr(done);
    value = out;
  } else if (value.is_array()) {
    for (Json& item : value.get_array()) replace(item, show);
  } else if (value.is_object()) {
    for (auto& member : value.get_object()) replace(member.value(), show);
  }
}

}  // namespace

std::span<const FreeText> free_texts() { return kFreeTexts; }

Result<Json> keep_free_texts(std::string_view command, const Json& args, const KeepText& keep) {
  // Who erases a text by its words instead of its reference must not write them down for ever.
  if (command == "text.erase" && !text_digest(string_or(args, "text")))
    return fail(Code::kInvalid, "a text is named by its reference: 'text:' and 64 digits; 'firebreak texts' lists them", "/text");
  Json out = args;
  std::vector<std::pair<const FreeText*, Json*>> texts;
  const auto take = [&](const FreeText& one, Json& given, std::string_view name, const std::string& pointer) -> Result<void> {
    if (!given.is_string()) return {};
    if (given.get_string().size() > one.most) return fail(Code::kTooLarge, fmt::format("'{}' has at most {} octets", name, one.most), pointer);
    texts.emplace_back(&one, &given);
    return {};
  };
  for (const FreeText& one : kFreeTexts) {
    if (one.command != command || find(args, one.argument) == nullptr) continue;
    const std::string pointer = fmt::format("/{}", one.argument);
    Json& given = out.get_object()[one.argument];
    FIREBREAK_TRY(take(one, given, one.argument, pointer));
    if (!given.is_object()) continue;  // of several texts each stands for itself
    for (auto& member : given.get_object()) FIREBREAK_TRY(take(one, member.value(), std::string_view(member.key()), fmt::format("{}/{}", pointer, std::string_view(member.key()))));
  }
  for (const auto& [one, text] : texts) {  // none is kept before all are within their lengths
    FIREBREAK_ASSIGN(*text, kept(one->plain, std::string(text->get_string()), keep));
  }
  return out;
}

std::string text_reference(const Digest& digest) { return std::string(kMark) + digest.hex(); }

std::optional<Digest> text_digest(std::string_view reference) {
  if (reference.size() != kLength || next_reference(reference, 0) != 0) return std::nullopt;
  const auto digest = Digest::from_hex(reference.substr(kMark.size()));
  if (!digest) return std::nullopt;
  return *digest;
}

std::vector<std::string> text_references(const Json& document) {
  std::vector<std::string> out;
  collect(document, out);
  return out;
}

Json show_texts(Json document, const ShowText& show) {
  replace(document, show);
  return document;
}

}  // namespace firebreak
