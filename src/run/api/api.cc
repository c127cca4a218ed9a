#include "run/api/api.h"

#include <fmt/core.h>

#include <charconv>

#include "read/report/assets.h"
#include "types/command.h"

namespace firebreak::api {
namespace {

// `his` may be several.
bool has_role(std::string_view roles, std::string_view his) {
  if (is_program(his)) return has_word(roles, his);
  for (const std::string_view role : kHumanRoles)
    if (has_word(his, role) && has_word(roles, role)) return true;
  return false;
}

bool mentions(const net::Request& request, const Secrecy& secrecy) {
  for (const auto& [name, value] : request.params)
    if (secrecy.hides(std::string_view(value))) return true;
  return secrecy.hides(std::string_view(request.body));
}

}  // namespace

// Every answer of an exercise says so in a header, and every JSON object in its first member: whatever is made of it is marked.
void mark_exercise(net::Response& response, const std::string& banner) {
  if (banner.empty()) return;
  response.headers.emplace_back("Firebreak-Exercise", banner);
  if (!response.content_type.starts_with("application/json") || !response.body.starts_with('{')) return;
  std::string mark = "{\"exercise\":";
  append_json_string(mark, banner);
  const bool empty = response.body.find_first_not_of(" \n", 1) == response.body.find('}');
  response.body.replace(0, 1, mark + (empty ? "" : ","));
}

Result<std::uint64_t> whole_number(const std::string& text, std::string_view name) {
  std::uint64_t value = 0;
  const char* const end = text.data() + text.size();
  if (const auto [at, ec] = std::from_chars(text.data(), end, value); text.empty() || ec != std::errc() || at != end)
    return fail(Code::kInvalid, fmt::format("'{}' must be a whole number", name));
  return value;
}

Api::Api(Parts parts) : parts_(std::move(parts)), events_(parts_.journal) {
  add_open_routes();
  add_session_routes();
  add_account_routes();
  add_standing_routes();
  add_keeping_routes();
  add_notify_routes();
  add_remedy_routes();
  add_archive_routes();
  add_tap_routes();
  add_profile_routes();
  add_read_routes();
  add_case_routes();
  add_casefile_routes();
  add_handover_routes();
  add_amendment_routes();
  add_brief_routes();
  add_ticket_routes();
  add_share_routes();
  add_privileged_routes();
  add_playbook_routes();
  add_deadline_routes();
  add_exercise_routes();
  add_write_routes();
  add_stream_routes();
  add_event_routes();
  add_tlog_routes();
}

void Api::handle(net::Request request, net::Responder responder) const {
  if (auto own = check_host(request); !own) return responder.fail(own.error());
  router_.handle(std::move(request), responder);
}

Result<access::Principal> Api::authorize(const net::Request& request, std::string_view roles) const {
  FIREBREAK_ASSIGN(access::Principal who, identify(request));
  if (roles == kIngest && who.scoped) return fail(Code::kForbidden, "records come with a token, not with an API key");
  if (!has_role(roles, who.role))
    return fail(Code::kForbidden, fmt::format("your role '{}' may not do this (it takes one of: {})", who.role, roles));
  return who;
}

void Api::guarded(const std::string& method, const std::string& path, std::string_view roles, Answer answer) {
  router_.add(method, path, [this, roles, answer = std::move(answer)](net::Request request, net::Responder responder) {
    const auto who = authorize(request, roles);
    if (!who) return responder.fail(who.error());
    auto response = answered(request, *who, answer);
    if (!response) return responder.fail(response.error());
    mark_exercise(*response, parts_.exercise);
    responder(std::move(*response));
  });
}

void Api::guarded(const std::string& method, const std::string& path, Needs needs, Answer answer) {
  guarded(method, path, kPeople, [needs, answer = std::move(answer)](const net::Request& request, const access::Principal& who) -> Result<net::Response> {
    if (cell_of(who.rights, needs.duty) < needs.least)
      return fail(Code::kForbidden, fmt::format("your role '{}' may not do this: it takes '{}' of the duty '{}'{}", who.role, cell_name(needs.least),
                                                duty_name(needs.duty), who.scoped ? ", in the scope of the key as well" : ""));
    return answer(request, who);
  });
}

// The one way out of what is read: for whom an incident is kept from, it and all that belongs to it does not exist.
Result<net::Response> Api::answered(const net::Request& request, const access::Principal& who, const Answer& answer) const {
  FIREBREAK_TRY(wait_for_views(request));
  const Secrecy secrecy = secrecy_of(who.user);
  if (!secrecy.any()) return answer(request, who);
  const auto nothing = [] { return fail(Code::kNotFound, "there is nothing of this name"); };
  if (mentions(request, secrecy)) return nothing();
  auto response = answer(request, who);
  if (!response) {
    // Whoever declares gets a word to act on; of what stands in the way it says nothing.
    if (response.error().code == Code::kConflict && request.param("name") == "incident.declare" && secrecy.hides(std::string_view(response.error().message)))
      return fail(Code::kConflict, "you cannot declare an incident on this endpoint now: tell a commander or an admin what you have seen", "/endpoint");
    if (response.error().code == Code::kNotFound || secrecy.hides(std::string_view(response.error().message))) return nothing();
    return response;
  }
  if (!response->content_type.starts_with("application/json")) {
    if (secrecy.hides(std::string_view(response->body))) return nothing();
    return response;
  }
  FIREBREAK_ASSIGN(Json document, parse_json(response->body));
  if (!secrecy.conceal(document)) return nothing();
  response->body = canonical_json(document);
  return response;
}

Secrecy Api::secrecy_of(const std::string& user) const {
  std::vector<std::string> hidden;
  std::uint64_t size = 0;
  parts_.journal.with_state([&](const journal::View& view) {
    for (const auto& [incident, people] : view.state<access::AccessState>(access::kFoldName).excluded)
      if (people.contains(user)) hidden.push_back(incident);
    size = view.size();
  });
  std::set<std::string> names;
  // What the views have not yet is not known by name: nothing is told before.
  if (!hidden.empty() && size > 0) (void)parts_.views.wait_for_index(size - 1, 5 * kSecond);
  std::set<std::uint64_t> commands;
  for (const std::string& incident : hidden) {
    names.insert(incident);
    if (auto of = parts_.views.names_of(incident)) names.merge(*of);
    const auto opened = parts_.journal.entries(index_of(incident), 1);
    if (!opened || opened->empty() || !opened->front().cause.starts_with("journal:")) continue;
    const std::uint64_t from = index_of("journal-" + opened->front().cause.substr(8));
    const auto input = parts_.journal.entries(from, 1);
    if (input && !input->empty() && input->front().kind == "command") commands.insert(from);
  }
  return Secrecy(std::move(names), std::move(commands));
}

Result<void> Api::wait_for_views(const net::Request& request) const {
  const std::string text = request.query_or("min_index");
  if (text.empty()) {
    // Who has just written reads it, also from another program; views that are far behind or broken hold up nobody for long.
    const std::uint64_t entries = request.method == "GET" ? parts_.journal.size() : 0;
    if (entries > 0) (void)parts_.views.wait_for_index(entries - 1, kSecond);
    return {};
  }
  FIREBREAK_ASSIGN(const std::uint64_t index, whole_number(text, "min_index"));
  // Waiting for what nobody has written would keep a handler for nothing.
  if (const std::uint64_t size = parts_.journal.size(); index >= size)
    return fail(Code::kInvalid, fmt::format("'min_index' is {}, the journal has {} entries", index, size));
  if (!parts_.views.wait_for_index(index, 5 * kSecond))
    return fail(Code::kTimeout, fmt::format("the views have not reached index {} within 5 s", text));
  return {};
}

Result<void> Api::wait_for_views() const {
  const std::uint64_t entries = parts_.journal.size();
  if (entries == 0 || parts_.views.wait_for_index(entries - 1, 5 * kSecond)) return {};
  return fail(Code::kTimeout, "the views have not come as far as the journal within 5 s");
}

void Api::add_open_routes() {
  for (const report::Asset& asset : report::web_assets()) {
    router_.get(std::string(asset.path), [this, &asset](net::Request, net::Responder responder) {
      net::Response response;
      response.content_type = std::string(asset.media_type);
      response.body = asset.media_type.starts_with("text/html") ? report::marked_page(asset.content, parts_.exercise) : std::string(asset.content);
      response.headers.emplace_back("Content-Security-Policy", std::string(report::kContentSecurityPolicy));
      response.headers.emplace_back("X-Content-Type-Options", "nosniff");
      response.headers.emplace_back("Referrer-Policy", "no-referrer");
      responder(std::move(response));
    });
  }
  router_.get("/healthz", [this](net::Request, net::Responder responder) {
    if (auto ok = parts_.healthy(); !ok) return responder.fail(ok.error());
    responder(net::json_response(JsonObject{{"status", "ok"}, {"time", format_time(parts_.clock.now())}}));
  });
  router_.get("/metrics", [this](net::Request, net::Responder responder) {
    responder(net::text_response(parts_.metrics.expose(), "text/plain; version=0.0.4; charset=utf-8"));
  });
  router_.get("/api/v1/openapi.yaml", [this](net::Request, net::Responder responder) {
    responder(net::text_response(std::string(parts_.openapi), "application/yaml"));
  });
}

}  // namespace firebreak::api
