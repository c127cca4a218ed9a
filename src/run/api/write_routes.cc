#include <fmt/core.h>

#include "run/api/api.h"
#include "types/command.h"
#include "types/endpoint.h"
#include "types/exercise.h"

namespace firebreak::api {
namespace {

// The thing that a group made, as the caller would name it.
std::string created_id(const journal::Group& group) {
  static const std::pair<std::string_view, std::string_view> kCreating[] = {
      {"incident_opened", "inc"},      {"action_proposed", "act"},    {"playbook_run_started", "run"},
      {"gate_requested", "req"},       {"evidence_requested", "req"}, {"incident_task_opened", "task"},
      {"detectors_proposed", "tune"},  {"change_added", "chg"},         {"mute_added", "mute"},
      {"command_requested", "ask"},    {"break_glass_opened", "bg"},    {"key_added", "key"},
      {"casefile_row", "row"},         {"casefile_indicator", "ind"},  {"casefile_contact", "contact"},       {"lesson_added", "lesson"}, {"amendment_proposed", "amend"}, {"ticket_linked", "ticket"},
      {"privileged_note_sealed", "priv"}, {"follow_up_opened", "follow"},  {"handover_prepared", "hand"},
      {"deadline_started", "duty"},    {"deadline_relief_proposed", "relief"},
      {"message_drafted", "msg"},      {"oncall_override_added", "ovr"},
      {"remedy_requested", "rem"},     {"taint_requested", "tnt"},
      {"stakeholder_link_added", "stk"}, {"standing_proposed", "std"},
  };
  for (const Entry& entry : group.entries)
    for (const auto& [kind, prefix] : kCreating)
      if (entry.kind == kind) return entry.id(prefix);
  return {};
}

Result<Json> body_of(const net::Request& request) {
  if (request.body.empty()) return Json(JsonObject{});
  return parse_json(request.body);
}

}  // namespace

Result<net::Response> Api::give_command(const std::string& name, const Json& args,
                                        const access::Principal& who) const {
  JsonObject via = JsonObject{};
  if (who.secret != Digest{}) via["token"] = who.secret.hex();
  if (!who.browser.empty()) via["browser"] = who.browser;
  if (who.code != 0) via["mfa"] = who.code;
  FIREBREAK_ASSIGN(const journal::Group group, journal::give_command(parts_.journal, name, args, who.actor(), via));
  bool waits = false;  // for a second person
  JsonArray entries;
  for (const Entry& entry : group.entries) {
    entries.push_back(entry_to_json(entry));
    waits = waits || entry.kind == "command_requested";
  }
  JsonObject answer{{"index", group.entries.back().index}, {"entries", entries}};
  if (std::string id = created_id(group); !id.empty()) answer["id"] = id;
  net::Response response = net::json_response(answer, waits ? 202 : 200);
  response.headers.emplace_back("Firebreak-Index", std::to_string(group.entries.back().index));
  return response;
}

// Which Sigma rules there are is no business of the journal, which holds a digest of them: a mute of none of them is refused here.
Result<void> Api::name_muted_rule(Json& args) const {
  const std::string rule = string_or(args, "rule");
  if (rule.empty() || !parts_.rule_key) return {};
  FIREBREAK_ASSIGN(args.as_object()["rule"], parts_.rule_key(rule));
  return {};
}

void Api::add_write_routes() {
  guarded("POST", "/api/v1/commands/{name}", kAll,
          [this](const net::Request& request, const access::Principal& who) -> Result<net::Response> {
            const std::string name = request.param("name");
            if (name == "session.open" || name == "session.close")
              return fail(Code::kForbidden, "sessions are opened and closed at /api/v1/session");
            if (name == "mfa.enroll" || name == "mfa.confirm" || name == "password.set" || name == "key.add")
              return fail(Code::kForbidden, "secrets are made at /api/v1/mfa, /api/v1/password and /api/v1/keys");
            if (name == "detectors.propose")
              return fail(Code::kForbidden, "configurations are proposed at /api/v1/tunings, which backtests them");
            if (name == "remedy.export")
              return fail(Code::kForbidden, "a remedy list is handed out at /api/v1/incidents/{id}/remedy/export, which notes it");
            FIREBREAK_ASSIGN(Json args, body_of(request));
            if (name == "release.register" && !parts_.exercise.empty() && !stays_on_this_machine(string_or(args, "upstream")))
              return fail(Code::kForbidden, fmt::format("this is an exercise: the upstream '{}' reaches outside of it", string_or(args, "upstream")), "/upstream");
            if (name == "incident.label" && parts_.label_check && args.is_object()) FIREBREAK_TRY(parts_.label_check(string_or(args, "framework"), string_or(args, "version"), string_or(args, "id")));
            if (name == "mute.add") FIREBREAK_TRY(name_muted_rule(args));
            if (name == "amendment.propose") return fail(Code::kForbidden, "what a lesson changes is proposed at /api/v1/incidents/{id}/amendments, which checks it");
            if (name == "incident.privileged" || name == "incident.privileged_release")
              return fail(Code::kForbidden, "notes under privilege are written and released at /api/v1/incidents/{id}/privileged, which seals and opens them");
            if (name == "incident.handover") return fail(Code::kForbidden, "roles are handed over at /api/v1/incidents/{id}/handovers, which makes the summary");
            return give_command(name, args, who);
          });

  guarded("PUT", "/api/v1/endpoints/{name}", Needs{Duty::kAdminister, Cell::kDoSecond},
          [this](const net::Request& request, const access::Principal& who) -> Result<net::Response> {
            FIREBREAK_ASSIGN(Json document, body_of(request));
            if (!parts_.exercise.empty() && document.is_object()) document.as_object().erase("exercise");  // the mark of what was read
            FIREBREAK_ASSIGN(Endpoint endpoint, endpoint_from_json(document));
            if (endpoint.name != request.param("name"))
              return fail(Code::kInvalid, "the document names another endpoint than the address", "/name");
            // The caller table is too large for a journal entry: it becomes a blob, named by its digest.
            if (!endpoint.callers.empty()) {
              JsonObject table;
              for (const auto& [hash, name] : endpoint.callers) table[hash] = name;
              FIREBREAK_ASSIGN(const Digest digest, parts_.blobs.put(canonical_json(table)));
              endpoint.callers_blob = digest.hex();
              endpoint.callers.clear();
            }
            if (parts_.streams.get(endpoint.name) == nullptr) {
              record::StreamConfig config;
              config.name = endpoint.name;
              FIREBREAK_TRY(parts_.create_stream(config));
            }
            return give_command("endpoint.put", JsonObject{{"endpoint", to_json(endpoint)}}, who);
          });

  guarded("GET", "/api/v1/rules", kPeople, [this](const net::Request&, const access::Principal&) -> Result<net::Response> {
    return net::json_response(parts_.rules_status());
  });
  guarded("POST", "/api/v1/rules", Needs{Duty::kAdminister, Cell::kDoSecond},
          [this](const net::Request& request, const access::Principal& who) -> Result<net::Response> {
            FIREBREAK_ASSIGN(const Json body, parse_json(request.body));
            FIREBREAK_ASSIGN(const Json answer, parts_.apply_rules(body, who.actor()));
            return net::json_response(answer, 201);
          });

  guarded("POST", "/api/v1/blobs", Needs{Duty::kTimeline, Cell::kDo},
          [this](const net::Request& request, const access::Principal&) -> Result<net::Response> {
            FIREBREAK_ASSIGN(const Digest digest, parts_.blobs.put(request.body));
            return net::json_response(JsonObject{{"digest", digest.hex()}, {"octets", request.body.size()}}, 201);
          });

  guarded("GET", "/api/v1/clock", kPeople, [this](const net::Request&, const access::Principal&) -> Result<net::Response> {
    return shown(parts_.clock_state());
  });
  guarded("POST", "/api/v1/clock", Needs{Duty::kDeclare, Cell::kNone},
          [this](const net::Request& request, const access::Principal& who) -> Result<net::Response> {
            if (!parts_.feed_clock)
              return fail(Code::kConflict, "the clock is the system's; only 'serve --clock fed' takes a time or a rate");
            FIREBREAK_ASSIGN(const Json body, body_of(request));
            FIREBREAK_TRY(only_keys(body, {"to", "rate", "reason"}));
            Json answer;
            if (const Json* rate = find(body, "rate")) {
              if (!parts_.exercise.empty() && cell_of(who.rights, Duty::kAdminister) < Cell::kDo) return fail(Code::kForbidden, "the pace of an exercise is its facilitator's");
              if (cell_of(who.rights, Duty::kTimeline) < Cell::kDo) return fail(Code::kForbidden, "your role looks on; the pace is for who works on incidents");
              FIREBREAK_ASSIGN(const std::string reason, get_string(body, "reason"));
              FIREBREAK_ASSIGN(answer, parts_.set_clock_rate(*rate, reason, who.actor()));
            } else {
              if (cell_of(who.rights, Duty::kAdminister) < Cell::kDoSecond) return fail(Code::kForbidden, "only an admin feeds the clock; a rate is yours to set");
              FIREBREAK_ASSIGN(const Time to, get_time(body, "to"));
              FIREBREAK_ASSIGN(answer, parts_.feed_clock(to));
            }
            return shown(std::move(answer));
          });

  guarded("POST", "/api/v1/reports", kPeople,
          [this](const net::Request& request, const access::Principal&) -> Result<net::Response> {
            FIREBREAK_ASSIGN(const Json body, body_of(request));
            FIREBREAK_TRY(only_keys(body, {"incident", "player"}));
            FIREBREAK_ASSIGN(const std::string incident, get_string(body, "incident"));
            const Json* player = find(body, "player");
            FIREBREAK_ASSIGN(const Json report, parts_.report(incident, player == nullptr ? Json(nullptr) : *player));
            return net::json_response(report);
          });
}

}  // namespace firebreak::api
