// Installed playbooks, what they would do on an incident, and records of runs.
#include <fmt/core.h>

#include "fold/playbook/playbook.h"
#include "fold/playbook/rehearsal.h"
#include "read/views/workflow_status.h"
#include "run/api/api.h"

namespace firebreak::api {
namespace {

const playbook::PlaybookState& state_of(const journal::View& view) { return view.state<playbook::PlaybookState>(playbook::kFoldName); }

Result<playbook::Installed> installed(const playbook::PlaybookState& state, const std::string& id, const std::string& version) {
  const auto versions = state.installed.find(id);
  if (versions == state.installed.end() || versions->second.empty()) return fail(Code::kNotFound, fmt::format("there is no playbook '{}'", id));
  if (version.empty()) return versions->second.rbegin()->second;
  FIREBREAK_ASSIGN(const Time modified, parse_time(version));
  const auto found = versions->second.find(modified);
  if (found == versions->second.end()) return fail(Code::kNotFound, fmt::format("version {} of it is not installed", version));
  return found->second;
}

Json summary(const std::map<Time, playbook::Installed>& versions) {
  const playbook::Plan& newest = *versions.rbegin()->second.plan;
  JsonArray all;
  for (const auto& [modified, one] : versions) all.push_back(JsonObject{{"modified", one.plan->read.modified}, {"digest", one.plan->digest}});
  JsonArray rules(newest.trigger_rules.begin(), newest.trigger_rules.end());
  return JsonObject{{"id", newest.read.id}, {"name", newest.read.name}, {"description", newest.read.description}, {"modified", newest.read.modified}, {"digest", newest.digest},
                    {"revoked", newest.read.revoked}, {"steps", newest.read.steps.size()}, {"trigger_rules", std::move(rules)}, {"trigger_kind", newest.trigger_kind}, {"versions", std::move(all)}};
}

// {incident, variables?, version?}
Result<Json> rehearsal(const playbook::PlaybookState& state, const std::string& id, const Json& asked) {
  FIREBREAK_TRY(only_keys(asked, {"incident", "variables", "version"}));
  playbook::RehearsalInput input;
  input.incident_id = string_or(asked, "incident");
  const auto facts = state.incidents.find(input.incident_id);
  if (facts == state.incidents.end()) return fail(Code::kNotFound, fmt::format("there is no open incident '{}'", input.incident_id), "/incident");
  input.incident = facts->second;
  input.organisation = state.variables;
  if (const Json* const variables = find(asked, "variables"); variables != nullptr) {
    if (!variables->is_object()) return fail(Code::kInvalid, "'variables' must be an object", "/variables");
    for (const auto& member : variables->get_object()) {
      if (!member.value().is_string()) return fail(Code::kInvalid, "a value is written as a text", fmt::format("/variables/{}", std::string_view(member.key())));
      input.variables[std::string(member.key())] = std::string(member.value().get_string());
    }
  }
  FIREBREAK_ASSIGN(const playbook::Installed one, installed(state, id, string_or(asked, "version")));
  return playbook::rehearse(one.plan, input);
}

}  // namespace

void Api::add_playbook_routes() {
  guarded("GET", "/api/v1/playbooks", kPeople, [this](const net::Request&, const access::Principal&) -> Result<net::Response> {
    JsonArray items;
    parts_.journal.with_state([&](const journal::View& view) {
      for (const auto& [id, versions] : state_of(view).installed)
        if (!versions.empty()) items.push_back(summary(versions));
    });
    return net::json_response(JsonObject{{"items", std::move(items)}});
  });
  guarded("GET", "/api/v1/playbooks/{id}", kPeople, [this](const net::Request& request, const access::Principal&) -> Result<net::Response> {
    Result<Json> document;
    parts_.journal.with_state([&](const journal::View& view) {
      const auto one = installed(state_of(view), request.param("id"), request.query_or("version"));
      document = one ? Result<Json>(one->document) : Result<Json>(fail(one.error()));
    });
    if (!document) return fail(document.error());
    return net::json_response(*document);
  });
  guarded("POST", "/api/v1/playbooks/{id}/rehearsal", kPeople, [this](const net::Request& request, const access::Principal&) -> Result<net::Response> {
    FIREBREAK_ASSIGN(const Json asked, parse_json(request.body.empty() ? "{}" : std::string_view(request.body)));
    Result<Json> rehearsed;
    parts_.journal.with_state([&](const journal::View& view) { rehearsed = rehearsal(state_of(view), request.param("id"), asked); });
    if (!rehearsed) return fail(rehearsed.error());
    return net::json_response(*rehearsed);
  });
  guarded("GET", "/api/v1/runs/{id}/status", kPeople, [this](const net::Request& request, const access::Principal&) -> Result<net::Response> {
    FIREBREAK_ASSIGN(const Json run, parts_.views.run(request.param("id")));
    return net::json_response(views::workflow_status(run));
  });
}

}  // namespace firebreak::api
