// The grammar of commands: every name, the roles that may give it, the arguments it takes.
// One table for the API, the access fold, the command line and the page. docs/formats/journal.md lists them.
#pragma once

#include <initializer_list>
#include <span>
#include <string_view>

#include "base/json.h"
#include "types/entry.h"

namespace firebreak {

struct CommandSpec {
  std::string_view name;
  std::string_view roles;      // space-separated roles that may give it
  std::string_view required;   // space-separated argument names
  std::string_view optional;
  std::string_view help;       // one line
};

std::span<const CommandSpec> commands();
const CommandSpec* find_command(std::string_view name);  // nullptr when there is none

// Refuses unknown commands (kNotFound), missing or unknown arguments and those of a wrong type (kInvalid with pointer).
Result<void> check_command(std::string_view name, const Json& args);

// For folds: the arguments of a `command_accepted`, an empty object when it has none; the body of a `command_refused`.
const Json& command_args(const Entry& entry);
JsonObject refusal(std::string_view name, Code code, std::string reason, std::string pointer = {});

bool role_may(const CommandSpec& command, std::string_view role);

}  // namespace firebreak
