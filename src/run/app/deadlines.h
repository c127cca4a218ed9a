// The reporting regimes that the program brings along (content/deadlines/regimes.yaml, embedded), or those of a file.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "base/files.h"
#include "deadline/regime.h"

namespace firebreak::app {

// `path` empty: the shipped ones. Errors: kIo; kInvalid with file and place.
Result<std::vector<deadline::Regime>> load_regimes(Files& files, const std::string& path);

// A YAML or JSON list of days: ["2026-12-25", "2027-01-01"]. Errors as above.
Result<std::set<deadline::Day>> load_holidays(Files& files, const std::string& path);

}  // namespace firebreak::app
