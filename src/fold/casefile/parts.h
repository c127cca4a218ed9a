// Parts of this fold that its files share. Not for other rooms.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "fold/casefile/casefile.h"

namespace firebreak::casefile {

using Drafts = std::vector<Draft>;
inline constexpr std::size_t kTextBytes = 4'000;

// A command that was accepted, with the file that it is about.
struct Asked {
  const CasefileState& state;
  const Entry& entry;
  const Json& args;
  std::string name, incident;
  const CaseFile* file = nullptr;  // nullptr: the command is about no incident

  Drafts refused(Code code, std::string reason, std::string pointer = {}) const;
  Drafts refused(const Error& error) const { return refused(error.code, error.message, error.pointer); }
  std::string text(std::string_view key) const { return string_or(args, key); }
  JsonObject body() const;  // {incident, by}
};

Draft draft(std::string_view kind, JsonObject body);
Result<std::string> text_of(const Json& args, std::string_view key);             // says something
Result<std::string> choice_of(const Json& args, std::string_view key, std::string_view choices);
Result<void> copy_time(const Asked& asked, std::string_view key, JsonObject& body);  // in UTC, and as it was typed; not from the future
void copy_texts(const Json& args, JsonObject& body, std::initializer_list<std::string_view> keys);  // those that say something
CaseFile* file_of(CasefileState& state, const Entry& entry);
std::uint64_t number_of(const std::string& id, std::string_view prefix);  // "row-12" -> 12; 0: it is none

// rows.cc
Drafts add_row(const Asked& asked);
Drafts correct_row(const Asked& asked);
Drafts write_notes(const Asked& asked);
void apply_row(CasefileState& state, const Entry& entry);
void apply_notes(CasefileState& state, const Entry& entry);
// record.cc
Drafts set_field(const Asked& asked);
Drafts add_contact(const Asked& asked);
Drafts label(const Asked& asked);
Drafts check_item(const Asked& asked);
void apply_field(CasefileState& state, const Entry& entry);
void apply_contact(CasefileState& state, const Entry& entry);
void apply_label(CasefileState& state, const Entry& entry);
void apply_check(CasefileState& state, const Entry& entry);
void apply_loop(CasefileState& state, const Entry& entry);
// assets.cc
Drafts add_indicator(const Asked& asked);
Drafts withdraw_indicator(const Asked& asked);
Drafts rate_asset(const Asked& asked);
Drafts put_asset(const Asked& asked);
Drafts link_asset(const Asked& asked);
void apply_indicator(CasefileState& state, const Entry& entry);
void apply_rated(CasefileState& state, const Entry& entry);
void apply_asset(CasefileState& state, const Entry& entry);
// relations.cc
Drafts relate(const Asked& asked);
Drafts merge(const Asked& asked);
Drafts reopen(const Asked& asked);
Drafts hand_over(const Asked& asked);
Drafts accept_handover(const Asked& asked);
void apply_relation(CasefileState& state, const Entry& entry);
void apply_merged(CasefileState& state, const Entry& entry);
void apply_reopen(CasefileState& state, const Entry& entry);
void apply_handover(CasefileState& state, const Entry& entry);
// amendments.cc
Drafts propose_amendment(const Asked& asked);
Drafts decide_amendment(const Asked& asked);
Drafts amendment_answered(const CasefileState& state, const Entry& entry);
void apply_amendment(CasefileState& state, const Entry& entry);
// custody.cc
inline constexpr std::size_t kHandedItems = 200;  // in one hand-over
Drafts offer_custody(const Asked& asked);
Drafts take_custody(const Asked& asked);
Drafts refuse_custody(const Asked& asked);
Drafts custody_lines(const CasefileState& state, const Entry& entry);
void apply_item(CasefileState& state, const Entry& entry);
void apply_custody(CasefileState& state, const Entry& entry);
// privileged.cc
Drafts seal_note(const Asked& asked);
Drafts release_note(const Asked& asked);
void apply_privileged(CasefileState& state, const Entry& entry);
// lessons.cc
Drafts add_lesson(const Asked& asked);
Drafts open_follow_up(const Asked& asked);
Drafts close_follow_up(const Asked& asked);
Drafts overdue(const CasefileState& state, const Entry& entry);
void apply_lesson(CasefileState& state, const Entry& entry);
void apply_follow_up(CasefileState& state, const Entry& entry);

}  // namespace firebreak::casefile
