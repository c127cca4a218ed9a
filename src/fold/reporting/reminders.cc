// What time alone decides, and what a regime asks for the evidence.
#include <fmt/core.h>

#include <algorithm>
#include <iterator>

#include "fold/reporting/parts.h"
#include "types/command.h"

namespace firebreak::reporting {
namespace {

struct Level {
  std::string_view word;
  std::int64_t before;
};
constexpr Level kReminders[] = {{"7d", 7 * kDay}, {"1d", kDay}, {"4h", 4 * kHour}, {"1h", kHour}, {"overdue", 0}};

// The gravest that is reached; 0: none. A span that is as long as the whole period says nothing new. The due time itself is still in time.
int level_at(const StageState& stage, Time now) {
  const std::int64_t left = stage.due - now, whole = stage.due - stage.start;
  int reached = 0;
  for (std::size_t i = 0; i < std::size(kReminders); ++i) {
    const bool last = i + 1 == std::size(kReminders);
    if (last ? left < 0 : left <= kReminders[i].before && whole > kReminders[i].before) reached = static_cast<int>(i) + 1;
  }
  return reached;
}

}  // namespace

int level_of(std::string_view word) {
  for (std::size_t i = 0; i < std::size(kReminders); ++i)
    if (kReminders[i].word == word) return static_cast<int>(i) + 1;
  return 0;
}

Drafts reminders_due(const ReportingState& state, Time now) {
  Drafts drafts;
  for (const auto& [number, duty] : state.duties) {
    for (const StageState& stage : duty.stages) {
      if (!runs(duty, stage)) continue;
      const int level = level_at(stage, now);
      if (level == 0) continue;
      const auto known = duty.reminded.find(stage.id);
      if (known != duty.reminded.end() && known->second.due == stage.due && known->second.level >= level) continue;
      drafts.push_back(make_draft("deadline_reminder", duty.id,
                                  {{"duty", duty.id}, {"incident", duty.incident}, {"regime", duty.regime}, {"stage", stage.id}, {"due", format_time(stage.due)},
                                   {"level", kReminders[level - 1].word}, {"expected", stage.expected}}));
    }
  }
  return drafts;
}

// A regime that holds the evidence does so from the start of its notice's time until the notice is proven or set aside.
Drafts hold_due(const ReportingState& state, const Duty& duty) {
  const auto version = state.versions.find(duty.version);
  if (version == state.versions.end()) return {};
  const StageState* const notice = find_stage(duty, string_or(version->second.document, "holds_evidence_until"));
  const bool holds = notice != nullptr && runs(duty, *notice) && !duty.overridden;
  if (holds == duty.holds) return {};
  JsonObject body{{"duty", duty.id}, {"incident", duty.incident}, {"endpoint", duty.endpoint}, {"regime", duty.regime}};
  if (notice != nullptr) body["stage"] = notice->id;
  if (!holds)
    body["why"] = duty.overridden ? "overridden by two people" : notice != nullptr && notice->met.us != 0 ? "the notice is proven" : notice != nullptr && duty.aside.contains(notice->id) ? "the notice is set aside" : "the notice's time does not run";
  return {make_draft(holds ? "evidence_hold_set" : "evidence_hold_lifted", duty.id, std::move(body))};
}

// Reliefs that nobody can confirm any more, or that would move another deadline than the one that was asked about.
Drafts reliefs_void(const ReportingState& state, const Duty& duty, const Entry& entry) {
  Drafts drafts;
  for (const auto& [id, relief] : duty.reliefs) {
    std::string why;
    for (const auto& [stage, due] : relief.dues) {
      const StageState* const now = find_stage(duty, stage);
      if (now == nullptr || !runs(duty, *now)) why = fmt::format("'{}' does not run any more", stage);
      else if (now->due != due) why = fmt::format("'{}' was due at {} when it was asked for, and is due at {} now", stage, format_time(due), format_time(now->due));
    }
    Duty after = duty;
    if (auto brought = bring_in(state, after, relief.change, entry); why.empty() && !brought) why = brought.error().message;
    if (!why.empty()) drafts.push_back(make_draft("deadline_relief_void", duty.id, {{"relief", id}, {"duty", duty.id}, {"incident", duty.incident}, {"reason", why + ": ask anew"}}));
  }
  return drafts;
}

std::vector<Draft> decide(const ReportingState& state, const Entry& entry) {
  if (entry.kind == "command_accepted") return decide_command(state, entry);
  if (entry.kind == "deadline_started") {
    const auto duty = state.duties.find(entry.index);
    return duty == state.duties.end() ? Drafts{} : hold_due(state, duty->second);
  }
  if (entry.kind.starts_with("deadline_") || entry.kind == "evidence_hold_overridden") {
    const Duty* const duty = find_duty(state, string_or(entry.body, "duty"));
    if (duty == nullptr) return {};
    Drafts drafts = hold_due(state, *duty);
    // What has just been confirmed is carried out by the next entry of the group; until then nothing has moved.
    if (find(entry.body, "stages") != nullptr || entry.kind == "evidence_hold_overridden")
      for (Draft& draft : reliefs_void(state, *duty, entry)) drafts.push_back(std::move(draft));
    return drafts;
  }
  return is_input_kind(entry.kind) ? reminders_due(state, entry.time) : Drafts{};
}

}  // namespace firebreak::reporting
