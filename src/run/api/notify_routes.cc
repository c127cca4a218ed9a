// Alerts, who is on call, messages to the audiences of the communication plan.
#include <fmt/core.h>

#include "fold/notify/notify.h"
#include "run/api/api.h"

namespace firebreak::api {
namespace {

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
  guarded("GET", "/api/v1/audiences", kPeople, [this](const net::Request&, const access::Principal&) -> Result<net::Response> {
    return net::json_response(of_notify(parts_.journal, [](const notify::NotifyState& state) -> Json {
      JsonArray items;
      for (const auto& member : notify::to_json(state.settings).at("audiences").as_object()) {
        JsonObject one = member.value().as_object();
        one["audience"] = member.key();
        items.push_back(std::move(one));
      }
      return JsonObject{{"items", std::move(items)}};
    }));
  });
}

}  // namespace firebreak::api
