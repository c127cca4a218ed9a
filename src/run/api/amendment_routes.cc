// What a lesson changes: a rule, a playbook version, a regression trace. The server checks it and makes the document that another person approves.
#include <algorithm>

#include "run/api/api.h"

namespace firebreak::api {

void Api::add_amendment_routes() {
  guarded("GET", "/api/v1/amendments", kPeople, [this](const net::Request& request, const access::Principal&) -> Result<net::Response> {
    views::Page page;
    page.cursor = request.query_or("cursor");
    FIREBREAK_ASSIGN(const std::uint64_t limit, whole_number(request.query_or("limit", "50"), "limit"));
    page.limit = static_cast<int>(std::min<std::uint64_t>(limit, 501));
    return shown(parts_.views.written("amendment", page, {request.query_or("incident"), "", request.query_or("state")}));
  });
  guarded("GET", "/api/v1/amendments/{id}", kPeople, [this](const net::Request& request, const access::Principal&) -> Result<net::Response> {
    FIREBREAK_ASSIGN(Json amendment, parts_.views.written_one("amendment", request.param("id")));
    if (parts_.amendment_content) {
      FIREBREAK_ASSIGN(amendment.as_object()["content"], parts_.amendment_content(amendment));
    }
    return shown(std::move(amendment));
  });
  guarded("POST", "/api/v1/incidents/{id}/amendments", Needs{Duty::kTimeline, Cell::kPropose}, [this](const net::Request& request, const access::Principal& who) -> Result<net::Response> {
    FIREBREAK_ASSIGN(const Json body, parse_json(request.body));
    FIREBREAK_ASSIGN(const std::string lesson, get_string(body, "lesson"));
    FIREBREAK_ASSIGN(const std::string reason, get_string(body, "reason"));
    if (!parts_.amendment) return fail(Code::kUnavailable, "nothing is amended here");
    FIREBREAK_ASSIGN(const Json made, parts_.amendment(request.param("id"), body));
    return give_command("amendment.propose", JsonObject{{"incident", request.param("id")}, {"lesson", lesson}, {"kind", made.at("kind")}, {"document", made.at("document")}, {"reason", reason}}, who);
  });
}

}  // namespace firebreak::api
