// Erasures and legal holds. A person is named in the request alone; the journal knows a keyed hash.
#include "run/api/api.h"

namespace firebreak::api {

void Api::add_keeping_routes() {
  guarded("GET", "/api/v1/erasures", kPeople, [this](const net::Request&, const access::Principal&) -> Result<net::Response> {
    return shown(parts_.keeping_status());
  });
  guarded("GET", "/api/v1/erasures/{id}", kPeople, [this](const net::Request& request, const access::Principal&) -> Result<net::Response> {
    return shown(parts_.erasure(request.param("id")));
  });
  guarded("GET", "/api/v1/retention", kPeople, [this](const net::Request&, const access::Principal&) -> Result<net::Response> {
    return net::json_response(parts_.retention_status());
  });
  guarded("POST", "/api/v1/erasures", Needs{Duty::kAdminister, Cell::kDoSecond},
          [this](const net::Request& request, const access::Principal& who) -> Result<net::Response> {
            FIREBREAK_ASSIGN(const Json body, parse_json(request.body));
            FIREBREAK_ASSIGN(const Json answer, parts_.erase(body, who.actor()));
            return net::json_response(answer, 202);
          });
  guarded("POST", "/api/v1/holds", Needs{Duty::kTimeline, Cell::kDo},
          [this](const net::Request& request, const access::Principal& who) -> Result<net::Response> {
            FIREBREAK_ASSIGN(const Json body, parse_json(request.body));
            FIREBREAK_ASSIGN(const Json answer, parts_.hold(body, who.actor()));
            return net::json_response(answer, 201);
          });
}

}  // namespace firebreak::api
