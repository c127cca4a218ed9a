#include "fold/casefile/casefile.h"

#include <fmt/core.h>

#include <algorithm>

#include "fold/casefile/parts.h"
#include "types/casefile.h"
#include "types/command.h"

namespace firebreak::casefile {
namespace {

// Which incidents a command takes: a closed one stands as it was signed, and what comes after it is added beside it.
enum class Takes { kOpen, kClosed, kAny, kNone };

struct CommandRow {
  std::string_view name;
  Takes takes;
  Drafts (*decide)(const Asked&);
};
constexpr CommandRow kCommands[] = {
    {"amendment.approve", Takes::kAny, decide_amendment},
    {"amendment.propose", Takes::kAny, propose_amendment},
    {"amendment.reject", Takes::kAny, decide_amendment},
    {"asset.link", Takes::kNone, link_asset},
    {"asset.put", Takes::kNone, put_asset},
    {"asset.unlink", Takes::kNone, link_asset},
    {"evidence.offer", Takes::kAny, offer_custody},
    {"evidence.refuse", Takes::kNone, refuse_custody},
    {"evidence.take", Takes::kNone, take_custody},
    {"evidence.withdraw", Takes::kNone, refuse_custody},
    {"incident.asset", Takes::kOpen, rate_asset},
    {"incident.check", Takes::kOpen, check_item},
    {"incident.contact", Takes::kOpen, add_contact},
    {"incident.correct", Takes::kOpen, correct_row},
    {"incident.fact", Takes::kOpen, add_row},
    {"incident.follow_up", Takes::kAny, open_follow_up},
    {"incident.follow_up_done", Takes::kNone, close_follow_up},
    {"incident.handover", Takes::kOpen, hand_over},
    {"incident.handover_accept", Takes::kNone, accept_handover},
    {"incident.indicator", Takes::kOpen, add_indicator},
    {"incident.indicator_withdraw", Takes::kOpen, withdraw_indicator},
    {"incident.label", Takes::kOpen, label},
    {"incident.lesson", Takes::kAny, add_lesson},
    {"incident.merge", Takes::kOpen, merge},
    {"incident.notes", Takes::kOpen, write_notes},
    {"incident.opinion", Takes::kOpen, add_row},
    {"incident.privileged", Takes::kAny, seal_note},
    {"incident.privileged_release", Takes::kAny, release_note},
    {"incident.record", Takes::kOpen, set_field},
    {"incident.relate", Takes::kAny, relate},
    {"incident.reopen", Takes::kClosed, reopen},
    {"incident.unlabel", Takes::kOpen, label},
    {"incident.unrelate", Takes::kAny, relate},
};

Drafts decide_command(const CasefileState& state, const Entry& entry) {
  Asked asked{state, entry, command_args(entry), string_or(entry.body, "name"), {}};
  const auto* const row = std::find_if(std::begin(kCommands), std::end(kCommands), [&](const CommandRow& r) { return r.name == asked.name; });
  if (row == std::end(kCommands)) return {};
  if (row->takes == Takes::kNone) return row->decide(asked);
  asked.incident = asked.text("incident");
  const auto file = state.files.find(asked.incident);
  if (file == state.files.end()) return asked.refused(Code::kNotFound, fmt::format("there is no incident '{}'", asked.incident), "/incident");
  asked.file = &file->second;
  if (row->takes == Takes::kOpen && asked.file->closed)
    return asked.refused(Code::kConflict, fmt::format("{} is closed{}; open it again, or add a lesson or a follow-up", asked.incident,
                                                      asked.file->into.empty() ? "" : " and goes on as " + asked.file->into), "/incident");
  if (row->takes == Takes::kClosed && !asked.file->closed) return asked.refused(Code::kConflict, asked.incident + " is open", "/incident");
  return row->decide(asked);
}

void apply_opened(CasefileState& state, const Entry& entry) {
  CaseFile& file = state.files[entry.id("inc")];
  for (const auto& [key, into] : {std::pair("endpoint", &file.endpoint), {"stream", &file.stream}, {"title", &file.title}, {"severity", &file.severity}, {"rule", &file.rule}})
    *into = string_or(entry.body, key);
}

void apply_closed(CasefileState& state, const Entry& entry) {
  CaseFile* const file = file_of(state, entry);
  if (file == nullptr) return;
  file->closed = true;
  file->reopen_asked_by.clear();
  file->handovers.clear();
  state.closed_order.insert(index_of(string_or(entry.body, "incident")));
  while (state.closed_order.size() > kClosedKept) {
    const auto oldest = state.files.find(fmt::format("inc-{}", *state.closed_order.begin()));
    state.closed_order.erase(state.closed_order.begin());
    if (oldest == state.files.end()) continue;
    oldest->second.rows.clear();
    oldest->second.indicators.clear();
    oldest->second.items.clear();
    std::erase_if(state.offers, [&](const auto& offer) { return offer.second.incident == oldest->first; });
  }
}

void apply_phase(CasefileState& state, const Entry& entry) {
  if (CaseFile* const file = file_of(state, entry)) file->phase = string_or(entry.body, "to");
}
void apply_severity(CasefileState& state, const Entry& entry) {
  if (CaseFile* const file = file_of(state, entry)) file->severity = string_or(entry.body, "to");
}
void apply_role(CasefileState& state, const Entry& entry) {
  if (CaseFile* const file = file_of(state, entry)) file->roles[string_or(entry.body, "role")] = string_or(entry.body, "user");
}

void apply_work(CasefileState& state, const Entry& entry) {
  CaseFile* const file = file_of(state, entry);
  if (file == nullptr || file->closed) return;
  const std::string id = entry.id(entry.kind == "action_proposed" ? "act" : "run");
  file->working.insert(id);
  state.working_of[id] = string_or(entry.body, "incident");
}

void apply_work_over(CasefileState& state, const Entry& entry) {
  const auto at = state.working_of.find(string_or(entry.body, entry.kind == "playbook_run_ended" ? "run" : "action"));
  if (at == state.working_of.end()) return;
  if (const auto file = state.files.find(at->second); file != state.files.end()) file->second.working.erase(at->first);
  state.working_of.erase(at);
}

struct ApplyRow {
  std::string_view kind;
  void (*apply)(CasefileState&, const Entry&);
};
constexpr ApplyRow kApply[] = {
    {"amendment_approved", apply_amendment},    {"amendment_failed", apply_amendment},
    {"amendment_in_force", apply_amendment},    {"amendment_proposed", apply_amendment},
    {"amendment_rejected", apply_amendment},    {"command_accepted", apply_amendment},
    {"rules_applied", apply_amendment},
    {"action_expired", apply_work_over},        {"action_failed", apply_work_over},
    {"action_lifted", apply_work_over},         {"action_proposed", apply_work},
    {"action_rejected", apply_work_over},       {"asset_linked", apply_asset},
    {"asset_put", apply_asset},                 {"asset_unlinked", apply_asset},
    {"casefile_asset", apply_rated},            {"casefile_check", apply_check},
    {"casefile_contact", apply_contact},        {"casefile_field", apply_field},
    {"casefile_indicator", apply_indicator},    {"casefile_indicator_withdrawn", apply_indicator},
    {"casefile_label", apply_label},            {"casefile_loop", apply_loop},
    {"casefile_notes", apply_notes},            {"casefile_row", apply_row},
    {"custody_ended", apply_custody},           {"custody_offered", apply_custody},
    {"evidence_captured", apply_item},
    {"follow_up_closed", apply_follow_up},      {"follow_up_opened", apply_follow_up},
    {"follow_up_overdue", apply_follow_up},     {"handover_accepted", apply_handover},
    {"handover_prepared", apply_handover},      {"incident_closed", apply_closed},
    {"incident_merged", apply_merged},          {"incident_opened", apply_opened},
    {"incident_phase", apply_phase},            {"incident_related", apply_relation},
    {"incident_reopen_asked", apply_reopen},    {"incident_reopened", apply_reopen},
    {"incident_role", apply_role},              {"incident_severity", apply_severity},
    {"incident_unrelated", apply_relation},     {"ladder_ended", apply_work_over},
    {"lesson_added", apply_lesson},             {"playbook_run_ended", apply_work_over},
    {"playbook_run_started", apply_work},       {"privileged_note_released", apply_privileged},
    {"privileged_note_sealed", apply_privileged},
};

}  // namespace

Draft draft(std::string_view kind, JsonObject body) { return make_draft(kind, "", std::move(body)); }

Drafts Asked::refused(Code code, std::string reason, std::string pointer) const {
  return {draft("command_refused", refusal(name, code, std::move(reason), std::move(pointer)))};
}

JsonObject Asked::body() const { return JsonObject{{"incident", incident}, {"by", entry.actor}}; }

Result<std::string> text_of(const Json& args, std::string_view key) {
  FIREBREAK_ASSIGN(std::string text, get_string(args, key));
  if (text.find_first_not_of(" \t\r\n") == std::string::npos)
    return fail(Code::kInvalid, fmt::format("'{}' must say something", key), fmt::format("/{}", key));
  if (text.size() > kTextBytes) return fail(Code::kTooLarge, fmt::format("'{}' has at most {} octets", key, kTextBytes), fmt::format("/{}", key));
  return text;
}

Result<std::string> choice_of(const Json& args, std::string_view key, std::string_view choices) {
  std::string word = string_or(args, key);
  if (is_choice(choices, word)) return word;
  std::string list;
  for (const std::string& one : split_choices(choices)) list += (list.empty() ? "" : ", ") + one;
  return fail(Code::kInvalid, fmt::format("'{}' is one of: {}", key, list), fmt::format("/{}", key));
}

Result<void> copy_time(const Asked& asked, std::string_view key, JsonObject& body) {
  const std::string said = asked.text(key);
  if (said.empty()) return {};
  const auto time = parse_time(said);
  if (!time)
    return fail(Code::kInvalid, fmt::format("'{}' is a time with its zone, as 2026-03-07T04:11:00Z or 2026-03-07T05:11:00+01:00: {}", key, time.error().message),
                fmt::format("/{}", key));
  if (*time > asked.entry.time + kMinute)
    return fail(Code::kInvalid, fmt::format("'{}' lies after {}, the time of this entry", key, format_time(asked.entry.time)), fmt::format("/{}", key));
  body[key] = format_time(*time);
  if (body[key].as_string() != said) body["said"] = said;
  return {};
}

void copy_texts(const Json& args, JsonObject& body, std::initializer_list<std::string_view> keys) {
  for (const std::string_view key : keys)
    if (std::string text = string_or(args, key); text.find_first_not_of(" \t\r\n") != std::string::npos) body[key] = std::move(text);
}

CaseFile* file_of(CasefileState& state, const Entry& entry) {
  const auto at = state.files.find(string_or(entry.body, "incident"));
  return at == state.files.end() ? nullptr : &at->second;
}

std::uint64_t number_of(const std::string& id, std::string_view prefix) { return id.starts_with(prefix) ? index_of(id) : 0; }

Drafts decide(const CasefileState& state, const Entry& entry) {
  if (entry.kind == "command_accepted") return decide_command(state, entry);
  if (!state.amendments.empty() && (entry.kind == "rules_applied" || entry.kind == "playbook_installed" || entry.kind == "command_refused")) return amendment_answered(state, entry);
  if (entry.kind.starts_with("custody_")) return custody_lines(state, entry);
  if (is_input_kind(entry.kind) && !state.follow_ups.empty()) return overdue(state, entry);
  return {};
}

void apply(CasefileState& state, const Entry& entry) {
  const auto* const row = std::find_if(std::begin(kApply), std::end(kApply), [&](const ApplyRow& r) { return r.kind == entry.kind; });
  if (row != std::end(kApply)) row->apply(state, entry);
}

}  // namespace firebreak::casefile
