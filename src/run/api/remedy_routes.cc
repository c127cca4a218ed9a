// Remedy lists and taint lists: what became of the decisions that an incident touched, and what must not be trained on.
#include "run/api/api.h"

namespace firebreak::api {

void Api::add_remedy_routes() {
  guarded("GET", "/api/v1/incidents/{id}/remedy", kPeople, [this](const net::Request& request, const access::Principal&) -> Result<net::Response> {
    FIREBREAK_ASSIGN(const std::uint64_t limit, whole_number(request.query_or("limit", "50"), "limit"));
    if (limit < 1 || limit > 500) return fail(Code::kInvalid, "'limit' must be 1 to 500", "/limit");
    return shown(parts_.remedy(request.param("id"), request.query_or("state"), request.query_or("cursor"), limit));
  });
  guarded("GET", "/api/v1/incidents/{id}/remedy/export", kPeople, [this](const net::Request& request, const access::Principal& who) -> Result<net::Response> {
    const std::string format = request.query_or("format", "csv");
    FIREBREAK_ASSIGN(Bytes content, parts_.remedy_export(request.param("id"), format, who.actor()));
    net::Response response;
    response.content_type = format == "csv" ? "text/csv; charset=utf-8" : "application/json";
    response.headers.emplace_back("Content-Disposition", "attachment");
    response.headers.emplace_back("X-Content-Type-Options", "nosniff");
    response.body = std::move(content);
    return response;
  });
  guarded("GET", "/api/v1/incidents/{id}/taint", kPeople, [this](const net::Request& request, const access::Principal&) -> Result<net::Response> {
    FIREBREAK_ASSIGN(const Json taint, parts_.taint(request.param("id")));  // as it is signed: no text in it is replaced
    return net::json_response(taint);
  });
}

}  // namespace firebreak::api
