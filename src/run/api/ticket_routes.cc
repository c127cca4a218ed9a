// Tickets of other trackers: what is linked, and the signed notices that trackers send.
#include <algorithm>

#include "run/api/api.h"

namespace firebreak::api {

void Api::add_ticket_routes() {
  guarded("GET", "/api/v1/tickets", kPeople, [this](const net::Request& request, const access::Principal&) -> Result<net::Response> {
    views::Page page;
    page.cursor = request.query_or("cursor");
    FIREBREAK_ASSIGN(const std::uint64_t limit, whole_number(request.query_or("limit", "50"), "limit"));
    page.limit = static_cast<int>(std::min<std::uint64_t>(limit, 501));
    return shown(parts_.views.written("ticket", page, {request.query_or("incident"), "", request.query_or("state")}));
  });
  guarded("GET", "/api/v1/tickets/{id}", kPeople, [this](const net::Request& request, const access::Principal&) -> Result<net::Response> { return shown(parts_.views.written_one("ticket", request.param("id"))); });
  // A tracker signs instead of showing a token.
  router_.post("/api/v1/tickets/{tracker}/news", [this](net::Request request, net::Responder responder) {
    auto answer = parts_.ticket_news ? parts_.ticket_news(request.param("tracker"), request) : Result<Json>(fail(Code::kNotFound, "no tracker is configured"));
    if (!answer) return responder.fail(answer.error());
    responder(net::json_response(*answer));
  });
}

}  // namespace firebreak::api
