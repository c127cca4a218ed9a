// What is shared with others: an incident as STIX 2.1; the public frameworks whose ids it is classified by.
#include "run/api/api.h"

namespace firebreak::api {

void Api::add_share_routes() {
  guarded("GET", "/api/v1/incidents/{id}/stix", kPeople, [this](const net::Request& request, const access::Principal&) -> Result<net::Response> {
    if (!parts_.stix) return fail(Code::kUnavailable, "nothing is exported here");
    FIREBREAK_TRY(wait_for_views());
    FIREBREAK_ASSIGN(Json incident, parts_.views.incident(request.param("id")));
    if (parts_.texts != nullptr) incident = parts_.texts->shown_in(std::move(incident));
    FIREBREAK_ASSIGN(const Json bundle, parts_.stix(std::move(incident), request.query_or("tlp", "TLP:AMBER")));
    return net::json_response(bundle);
  });
  guarded("GET", "/api/v1/frameworks", kPeople, [this](const net::Request&, const access::Principal&) -> Result<net::Response> {
    return net::json_response(JsonObject{{"items", parts_.frameworks ? parts_.frameworks() : Json(JsonArray{})}});
  });
  guarded("GET", "/api/v1/frameworks/{framework}/{version}", kPeople, [this](const net::Request& request, const access::Principal&) -> Result<net::Response> {
    if (!parts_.framework_ids) return fail(Code::kNotFound, "no framework is loaded");
    FIREBREAK_ASSIGN(const Json ids, parts_.framework_ids(request.param("framework"), request.param("version"), request.query_or("kind")));
    return net::json_response(ids);
  });
}

}  // namespace firebreak::api
