// The post-mortem of an incident, generated from its record: what NIST SP 800-61r2 §3.4.1 asks of a lessons-learned meeting, and the
// sections that PagerDuty's incident response documentation has (overview, what happened, contributing factors, resolution, impact,
// responders, timeline, went well, went badly, lucky, follow-ups, messages).
//
// Nothing is invented: what the record holds is put where it belongs with the entry that says so; a question that nobody has answered is
// listed as such, with the command that answers it. It names people as the journal does and blames nobody. docs/formats/report.md has the members.
#pragma once

#include <string>

#include "base/json.h"
#include "base/time.h"

namespace firebreak::report {

// `incident`: Views::incident(id), its texts shown. The endpoint's owner owns it while nobody leads, commands or has closed it.
Json postmortem_of(const Json& incident, Time now, const std::string& endpoint_owner = {});

std::string postmortem_markdown(const Json& postmortem);
std::string postmortem_html(const Json& postmortem);  // a section of the report; every text goes out escaped

// The end of the fifth business day (Monday to Friday, UTC) after `from`: by then the meeting is held.
Time meeting_due(Time from);

}  // namespace firebreak::report
