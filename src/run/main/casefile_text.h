// What people wrote into incidents, as text of one screen. --json gives the whole.
#pragma once

#include <string>

#include "base/json.h"
#include "run/main/client.h"

namespace firebreak::cli {

std::string timeline_text(const Json& page);     // of GET /api/v1/incidents/{id}/timeline
std::string record_text(const Json& record);     // …/record
std::string checklist_text(const Json& told);    // …/checklist
std::string notes_text(const Json& notes);       // …/notes/{document}
std::string privileged_text(const Json& list);   // …/privileged
std::string handovers_text(const Json& list);    // …/handovers
std::string radius_text(const Json& radius);     // …/radius
std::string follow_ups_text(const Json& list);   // of GET /api/v1/follow-ups
std::string asset_text(const Json& asset);       // of GET /api/v1/assets/{id}
int export_assets(Client& client);               // all pages of GET /api/v1/assets

}  // namespace firebreak::cli
