// The commander's page of one incident: what burns now, what only they can do, whom it hurts, what money is at risk, what is in force
// until when and by whose yes, who waits for whom, when the next word and the next report are due.
//
// Nothing is worked out anew: it is drawn together from what views, folds and the picture of the incident say. A figure stands only where
// something states it, with where it comes from; where nobody measured, the page says that, and never a zero.
// docs/formats/views.md has the members.
#pragma once

#include <string>

#include "base/json.h"
#include "base/time.h"

namespace firebreak::report {

struct BriefInput {
  Json incident;            // Views::incident(id)
  Json status;              // of GET /api/v1/status: needs_person, waiting, in_force, deadlines, notify
  Json picture = nullptr;   // of GET …/picture; null: nothing could be drawn
  Json endpoint = nullptr;  // as the views have it; null: not registered
  std::string user, roles;  // who asks
  Time now;
};

Json brief_of(const BriefInput& input);

}  // namespace firebreak::report
