// What people read most, as text of one screen: the status, an incident, a decision. --json gives the whole.
#pragma once

#include <string>

#include "base/json.h"

namespace firebreak::cli {

// What needs a person first, then what is in force, who waits, what is due, what comes in. Of GET /api/v1/status.
std::string status_text(const Json& status);

// What happens, what it costs, what was done, what can be done, how far it is. Of GET /api/v1/incidents/{id} and, unless
// null, …/picture.
std::string incident_text(const Json& incident, const Json& picture);

// What burns, what only the commander decides, harm, money, what is in force, who waits, what is due. Of GET /api/v1/incidents/{id}/brief.
std::string brief_text(const Json& brief);

// Figures with their bands and baselines; part: summary, windows or segments. Of GET /api/v1/endpoints/{name}/performance.
std::string performance_text(const Json& report, const std::string& part);

// Who asked what, which release answered what and why, and where the proof stands. Of GET /api/v1/trace/{id}.
std::string trace_text(const Json& trace);

// Which checks are ready, which are not and what mends them. Of one item of GET /api/v1/readiness.
std::string readiness_text(const Json& item);

}  // namespace firebreak::cli
