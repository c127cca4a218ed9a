// Runs of playbooks as a fold: every step's start and end is an entry, so a run survives any restart. docs/playbooks.md
// says what the specification leaves open and is decided here.
//
// A step is under way as an *activation* (a loop activates a step again and again), id step-N. Its success: every command
// has come back as it should; its failure takes on_failure, at the top level else the playbook's workflow_exception, and
// inside a branch it ends the branch. A branching step waits for all its branches and fails when one did. A step that is not
// over within its timeout ends with outcome timeout and takes the failure's way; so no run is under way for ever.
// Pure: no clock (entry.time), no I/O, sorted containers only. decide() sees the state with `entry` applied.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "fold/playbook/state.h"
#include "types/entry.h"

namespace firebreak::playbook {

inline constexpr std::string_view kFoldName = "playbook";
inline constexpr int kSchemaVersion = 4;

std::vector<Draft> decide(const PlaybookState& state, const Entry& entry);
void apply(PlaybookState& state, const Entry& entry);

// Calls that are ordered and not answered, in order: for whoever carries them out, after a restart too.
std::vector<Call> open_calls(const PlaybookState& state);
std::optional<Call> open_call(const PlaybookState& state, const std::string& id);  // nothing: its step is over

const Plan* plan_of(const PlaybookState& state, const Run& run);  // nullptr: the version is gone

Json to_json(const PlaybookState& state);
Result<PlaybookState> playbook_state_from_json(const Json& document);

}  // namespace firebreak::playbook
