// Exercise mode of the server. A journal whose first entry is `exercise_declared` is an exercise's, for ever: also when it is served again
// without --exercise. Such a server refuses by name everything that would reach outside: any part of the configuration but endpoints,
// playbooks, detectors, rules and gateways on loopback.
#pragma once

#include <string>

#include "base/files.h"
#include "log/journal/journal.h"
#include "run/app/app.h"

namespace firebreak::app {

struct Exercise {
  std::string banner;  // empty: this is no exercise
  std::string script;  // file of what is hidden from players, outside of the data folder; may be empty
};

// Declares the exercise of options.exercise as the first entry of a new journal. kConflict: the journal is another one's; kInvalid: what is
// configured reaches outside.
Result<Exercise> begin_exercise(Files& files, journal::Journal& journal, const ServeOptions& options);

Result<void> refuse_outside(Files& files, const ServeOptions& options);
Result<void> refuse_outside(const Json& configuration);

Result<Json> script_of(Files& files, const Exercise& exercise);

}  // namespace firebreak::app
