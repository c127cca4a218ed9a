// The report of an incident, from the views, the logs and, where a story was played, what its player measured.
#pragma once

#include "read/views/views.h"
#include "run/app/context.h"

namespace firebreak::app {

// {"report": document, "html": page, "postmortem": Markdown}. `player` null: nobody measured from outside.
Result<Json> make_report(const Context& context, const views::Views& views, const std::string& data_dir,
                         const std::string& incident, const Json& player, const Json& offsite, const std::string& exercise);

}  // namespace firebreak::app
