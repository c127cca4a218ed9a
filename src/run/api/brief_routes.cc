// The commander's page and the post-mortem of an incident: each one answer drawn together from what the other routes know (read/report).
#include "read/report/brief.h"
#include "read/report/postmortem.h"
#include "run/api/api.h"

namespace firebreak::api {

void Api::add_brief_routes() {
  guarded("GET", "/api/v1/incidents/{id}/brief", kPeople, [this](const net::Request& request, const access::Principal& who) -> Result<net::Response> {
    report::BriefInput input;
    FIREBREAK_ASSIGN(input.incident, parts_.views.incident(request.param("id")));
    FIREBREAK_ASSIGN(input.status, status_now());
    // Without a stream there is nothing to draw: the page says that nobody measured.
    if (auto picture = parts_.picture ? parts_.picture(request.param("id")) : Result<Json>(nullptr)) input.picture = std::move(*picture);
    if (auto endpoint = parts_.views.written_one("endpoint", string_or(input.incident, "endpoint"))) input.endpoint = std::move(*endpoint);
    input.user = who.user;
    input.roles = who.role;
    input.now = parts_.clock.now();
    return shown(report::brief_of(input));
  });
  guarded("GET", "/api/v1/incidents/{id}/postmortem", kPeople, [this](const net::Request& request, const access::Principal&) -> Result<net::Response> {
    FIREBREAK_ASSIGN(Json incident, parts_.views.incident(request.param("id")));
    if (parts_.texts != nullptr) incident = parts_.texts->shown_in(std::move(incident));
    const auto endpoint = parts_.views.written_one("endpoint", string_or(incident, "endpoint"));
    JsonObject answer = report::postmortem_of(incident, parts_.clock.now(), endpoint ? string_or(*endpoint, "owner") : "").as_object();
    const std::string banner = parts_.exercise.empty() ? "" : "**" + parts_.exercise + "**\n\n";
    answer["markdown"] = banner + report::postmortem_markdown(Json(answer));
    return net::json_response(Json(std::move(answer)));
  });
}

}  // namespace firebreak::api
