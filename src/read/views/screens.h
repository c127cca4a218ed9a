// Documents made of several things: one incident whole, one action with its orders, what needs a person now,
// the robustness table. Read-only over the Store; shapes in docs/formats/views.md.
#pragma once

#include <string>

#include "read/views/store.h"

namespace firebreak::views {

Result<Json> incident_screen(Store& store, const std::string& id);
Result<Json> finding_screen(Store& store, const std::string& id);  // with changes[] over its onset
Result<Json> action_screen(Store& store, const std::string& id);
Result<Json> duty_screen(Store& store, const std::string& id);  // with reliefs[]
// The run with its newest `most` steps[], oldest first; steps_before = how many there were before these.
JsonObject run_screen(Store& store, JsonObject run, int most);
JsonObject status_screen(Store& store);
JsonObject robustness_screen(Store& store);
// record_screen.cc: the record field by field; what a role is handed over with.
Result<Json> record_screen(Store& store, const std::string& id);
Result<Json> handover_screen(Store& store, const std::string& id);

// What lists leave out because it is large: an incident's options, an action's measure.
void trim_incident(JsonObject& incident);
void trim_action(JsonObject& action);
void trim_notes(JsonObject& notes);  // the texts: a document and all its revisions may be megabytes

}  // namespace firebreak::views
