// The reporting regimes that the program brings along (content/deadlines/regimes.yaml, embedded), or those of a file.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "base/files.h"
#include "deadline/regime.h"
#include "deadline/worksheet.h"
#include "log/journal/journal.h"

namespace firebreak::app {

// `path` empty: the shipped ones. Errors: kIo; kInvalid with file and place.
Result<std::vector<deadline::Regime>> load_regimes(Files& files, const std::string& path);

// A YAML or JSON list of days: ["2026-12-25", "2027-01-01"]. Errors as above.
Result<std::set<deadline::Day>> load_holidays(Files& files, const std::string& path);

// The shipped worksheets (content/deadlines/worksheets.yaml, embedded).
Result<std::vector<deadline::Worksheet>> load_worksheets();

// A regime as the journal gets it.
struct RegimeConfig {
  std::string id, digest;  // of document, holidays and offset together
  Json document;
  std::vector<std::string> holidays;
  int offset_minutes = 0;
};

// `deadlines: {regimes: FILE, calendars: {REGIME: {offset: "-05:00", holidays: FILE}}, organisation: …}` of a configuration file in `folder`; without it the
// shipped ones, by UTC and without holidays. Errors: kIo; kInvalid with the place, also for a calendar of a regime that there is not.
Result<std::vector<RegimeConfig>> regimes_of(Files& files, const Json& config, const std::string& folder);

// `deadlines: {organisation: {NAME: TEXT}}`: what drafts of reports say of who reports.
Result<Json> organisation_of(const Json& config);

// `regime_configured` for each that the journal does not have like this yet, and for each that is not configured any more.
Result<void> apply_regimes(journal::Journal& journal, const std::vector<RegimeConfig>& regimes);

}  // namespace firebreak::app
