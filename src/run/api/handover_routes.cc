// A role is handed over with a summary that the server makes of the journal: a blob, which the taker accepts by its digest.
#include "run/api/api.h"

namespace firebreak::api {

void Api::add_handover_routes() {
  guarded("GET", "/api/v1/incidents/{id}/custody", kPeople, [this](const net::Request& request, const access::Principal&) -> Result<net::Response> {
    views::Page page;
    page.limit = 500;
    FIREBREAK_ASSIGN(Json list, parts_.views.written("custody", page, {request.param("id"), "", ""}));
    return shown(std::move(list));
  });
  guarded("GET", "/api/v1/incidents/{id}/handovers", kPeople, [this](const net::Request& request, const access::Principal&) -> Result<net::Response> {
    views::Page page;
    page.limit = 100;
    FIREBREAK_ASSIGN(Json list, parts_.views.written("handover", page, {request.param("id"), "", ""}));
    for (Json& handover : list.as_object()["items"].as_array()) {
      const Json* const situation = find(handover, "situation");
      const auto digest = Digest::from_hex(situation == nullptr ? "" : string_or(*situation, "digest"));
      if (!digest) continue;
      const auto content = parts_.blobs.get(*digest);
      const auto summary = content ? parse_json(*content) : fail(content.error());
      handover.as_object()["summary"] = summary ? *summary : Json(nullptr);
    }
    return shown(std::move(list));
  });
  guarded("POST", "/api/v1/incidents/{id}/handovers", kPeople, [this](const net::Request& request, const access::Principal& who) -> Result<net::Response> {
    FIREBREAK_ASSIGN(const Json body, parse_json(request.body));
    FIREBREAK_TRY(only_keys(body, {"role", "to", "note"}));
    FIREBREAK_ASSIGN(const std::string role, get_string(body, "role"));
    FIREBREAK_ASSIGN(const std::string to, get_string(body, "to"));
    const std::uint64_t entries = parts_.journal.size();  // the summary is of at least these
    FIREBREAK_TRY(wait_for_views());
    bool known = false;
    parts_.journal.with_state([&](const journal::View& view) { known = view.state<access::AccessState>(access::kFoldName).users.contains(to); });
    if (!known) return fail(Code::kNotFound, "there is no user '" + to + "'; 'firebreak user add' adds one", "/to");
    FIREBREAK_ASSIGN(const Json summary, parts_.views.handover_summary(request.param("id")));
    FIREBREAK_ASSIGN(const Digest digest, parts_.blobs.put(canonical_json(summary)));
    JsonObject situation{{"digest", digest.hex()}, {"entries", entries}};
    for (const char* key : {"in_force", "needs_person", "waiting", "due"}) situation[key] = summary.at(key).as_array().size();
    JsonObject args{{"incident", request.param("id")}, {"role", role}, {"to", to}, {"situation", std::move(situation)}};
    if (const Json* const note = find(body, "note")) args["note"] = *note;
    return give_command("incident.handover", args, who);
  });
}

}  // namespace firebreak::api
