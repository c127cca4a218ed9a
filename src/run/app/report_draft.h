// Drafts of reports to authorities: a report's fields, filled in from what the views know of the incident and its duty.
#pragma once

#include <string>
#include <vector>

#include "base/files.h"
#include "deadline/form.h"
#include "read/views/views.h"

namespace firebreak::app {

// The shipped reports (content/deadlines/reports.yaml, embedded).
Result<std::vector<deadline::Form>> load_forms();

// What is known of the incident, by the names that fields of a report go by. `incident` as the views show it whole; `organisation`: texts of
// the configuration (deadlines: organisation).
deadline::Facts facts_of_incident(const Json& incident, const std::string& regime, const Json& organisation);

// The draft (deadline/form.h) with incident, and, when the regime was started there, duty and due. Errors: kNotFound for an incident or report
// that there is not; the message lists the reports.
Result<Json> draft_report(const views::Views& views, const Json& organisation, const std::string& incident, const std::string& regime, const std::string& stage);

}  // namespace firebreak::app
