// Alerts, who is on call, messages to the audiences of the communication plan.
#include <fmt/core.h>

#include "base/digest.h"
#include "base/encoding.h"
#include "fold/notify/notify.h"
#include "run/api/api.h"

namespace firebreak::api {
namespace {

constexpr std::int64_t kLinkHours = 7 * 24;

template <class Read>
Json of_notify(const journal::Journal& journal, Read read) {
  Json out = JsonObject{};
  journal.with_state([&](const journal::View& view) {
    if (view.find(notify::kFoldName) != nullptr) out = read(view.state<notify::NotifyState>(notify::kFoldName));
  });
  return out;
}

}  // namespace

void Api::add_notify_status(Json& status) const {
  const Time now = parts_.clock.now();
  JsonObject& out = status.as_object();
  JsonArray needs;
  out["notify"] = of_notify(parts_.journal, [&](const notify::NotifyState& state) {
    needs = notify::needs_of(state, now);
    return notify::status_view(state, now);
  });
  if (Json* const list = out.if_contains("needs_person"); list != nullptr && list->is_array()) list->get_array().insert(list->get_array().end(), needs.begin(), needs.end());
}

void Api::add_notify_routes() {
  guarded("GET", "/api/v1/oncall", kPeople, [this](const net::Request&, const access::Principal&) {
    return shown(of_notify(parts_.journal, [&](const notify::NotifyState& state) { return notify::oncall_view(state, parts_.clock.now()); }));
  });
  guarded("GET", "/api/v1/alerts", kPeople, [this](const net::Request&, const access::Principal&) {
    return shown(of_notify(parts_.journal, [&](const notify::NotifyState& state) { return notify::status_view(state, parts_.clock.now()); }));
  });
  guarded("GET", "/api/v1/messages", kPeople, [this](const net::Request& request, const access::Principal&) {
    return shown(of_notify(parts_.journal, [&](const notify::NotifyState& state) { return notify::messages_view(state, request.query_or("incident")); }));
  });
  guarded("POST", "/api/v1/stakeholders", kPeople, [this](const net::Request& request, const access::Principal& who) -> Result<net::Response> {
    FIREBREAK_ASSIGN(const Json body, parse_json(request.body));
    FIREBREAK_TRY(only_keys(body, {"incident", "audience", "hours"}));
    const std::int64_t hours = int_or(body, "hours", kLinkHours);
    if (hours < 1 || hours > 90 * 24) return fail(Code::kInvalid, "'hours' is 1 to 2160", "/hours");
    const std::string secret = to_hex(parts_.random.bytes(32)), until = format_time(parts_.clock.now() + hours * kHour);
    FIREBREAK_ASSIGN(net::Response made, give_command("stakeholder.add", JsonObject{{"incident", string_or(body, "incident")}, {"audience", string_or(body, "audience")}, {"link_hash", sha256(secret).hex()}, {"until", until}}, who));
    FIREBREAK_ASSIGN(const Json given, parse_json(made.body));
    // 202: it opens nothing before a second person has said yes to it.
    return net::json_response(JsonObject{{"id", string_or(given, "id")}, {"secret", secret}, {"until", until}, {"path", "/stakeholder.html#" + secret}, {"waits", made.status == 202}}, made.status == 202 ? 202 : 201);
  });
  // A chat signs instead of showing a token.
  router_.post("/api/v1/room", [this](net::Request request, net::Responder responder) {
    auto answer = parts_.room ? parts_.room(request) : Result<Json>(fail(Code::kUnauthorized, "no room is configured"));
    if (!answer) return responder.fail(answer.error());
    responder(net::json_response(*answer));
  });
  // Not a user's: who has this link sees this answer and nothing else.
  router_.get("/api/v1/stakeholder", [this](net::Request request, net::Responder responder) {
    Result<Json> view = fail(Code::kUnauthorized, "a link is needed");
    if (const std::string_view secret = request.bearer(); !secret.empty())
      parts_.journal.with_state([&](const journal::View& state) {
        if (state.find(notify::kFoldName) != nullptr) view = notify::stakeholder_view(state.state<notify::NotifyState>(notify::kFoldName), sha256(secret).hex(), parts_.clock.now());
      });
    auto response = shown(std::move(view));
    if (!response) return responder.fail(response.error());
    response->headers.emplace_back("Cache-Control", "no-store");
    responder(std::move(*response));
  });
  guarded("GET", "/api/v1/audiences", kPeople, [this](const net::Request&, const access::Principal&) -> Result<net::Response> {
    return net::json_response(of_notify(parts_.journal, [](const notify::NotifyState& state) -> Json {
      JsonArray items;
      const Json settings = notify::to_json(state.settings);  // outlives the walk over its members
      for (const auto& member : settings.at("audiences").as_object()) {
        JsonObject one = member.value().as_object();
        one["audience"] = member.key();
        items.push_back(std::move(one));
      }
      return JsonObject{{"items", std::move(items)}};
    }));
  });
}

}  // namespace firebreak::api
