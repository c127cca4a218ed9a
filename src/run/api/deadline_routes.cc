// Reporting deadlines: duties, the regimes they may be of, drafts of reports. They are changed by commands.
#include "fold/reporting/reporting.h"
#include "run/api/api.h"

namespace firebreak::api {

void Api::add_deadline_routes() {
  guarded("GET", "/api/v1/deadlines/{id}", kPeople, [this](const net::Request& request, const access::Principal&) { return shown(parts_.views.duty(request.param("id"))); });
  guarded("GET", "/api/v1/regimes", kPeople, [this](const net::Request&, const access::Principal&) -> Result<net::Response> {
    JsonArray items;
    parts_.journal.with_state([&](const journal::View& view) {
      const auto& state = view.state<reporting::ReportingState>(reporting::kFoldName);
      for (const auto& [regime, digest] : state.regimes) {
        const reporting::Version& version = state.versions.at(digest);
        items.push_back(JsonObject{{"regime", regime}, {"digest", digest}, {"document", version.document}, {"holidays", JsonArray(version.holidays.begin(), version.holidays.end())},
                                   {"offset_minutes", version.offset_minutes}});
      }
    });
    return net::json_response(JsonObject{{"items", std::move(items)}});
  });
  guarded("GET", "/api/v1/incidents/{id}/drafts/{regime}/{stage}", kPeople, [this](const net::Request& request, const access::Principal&) {
    return shown(parts_.draft(request.param("id"), request.param("regime"), request.param("stage")));
  });
}

}  // namespace firebreak::api
