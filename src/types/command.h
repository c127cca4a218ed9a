// The grammar of commands: every name, the duty it belongs to (types/roles.h), the arguments it takes.
// One table for the API, the access fold, the command line and the page. docs/formats/journal.md lists them.
#pragma once

#include <initializer_list>
#include <span>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "types/entry.h"
#include "types/roles.h"

namespace firebreak {

// What a command is within its duty. The fold that owns the noun compares the persons of kPropose and kApprove.
enum class Step : std::uint8_t {
  kDo,       // at once for who may do it; of anybody else, or with a second person to come, the gate keeps it as a request
  kPropose,  // asks for something that another command approves
  kApprove,  // the second person's yes: a one-time code where one is due, never by who may only propose
  kOwn,      // one's own account: every person, whatever the duty
  kAnswer,   // answers a request that the gate keeps: the duty is the request's
};

struct CommandSpec {
  std::string_view name;
  Duty duty;
  Step step;
  std::string_view required;   // space-separated argument names
  std::string_view optional;
  std::string_view help;       // one line
  std::string_view programs = {};  // space-separated roles of programs that may give it too
};

std::span<const CommandSpec> commands();
const CommandSpec* find_command(std::string_view name);  // nullptr when there is none

// Refuses unknown commands (kNotFound), missing or unknown arguments, those of a wrong type and a blank reason where one is required (kInvalid with pointer).
Result<void> check_command(std::string_view name, const Json& args);

// A command that waits for a second person is judged when it is asked for as well: as if it were accepted now. `trial` is that, what a
// fold decides on it is not carried out; refusals_of() gives what of it says no, with the request that it ends.
Entry trial_of(const Entry& requested);
std::vector<Draft> refusals_of(const Entry& requested, const std::vector<Draft>& decided);

// For folds: the arguments of a `command_accepted`, an empty object when it has none; the body of a `command_refused`.
const Json& command_args(const Entry& entry);
JsonObject refusal(std::string_view name, Code code, std::string reason, std::string pointer = {});

}  // namespace firebreak
