#include "run/api/api.h"

#include <fmt/core.h>

#include <charconv>

#include "read/report/assets.h"
#include "types/command.h"

namespace firebreak::api {
namespace {

bool has_role(std::string_view roles, std::string_view role) { return role_may({"", roles, "", "", ""}, role); }

}  // namespace

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
  add_keeping_routes();
  add_remedy_routes();
  add_archive_routes();
  add_tap_routes();
  add_profile_routes();
  add_read_routes();
  add_case_routes();
  add_playbook_routes();
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
  if (!has_role(roles, who.role))
    return fail(Code::kForbidden, fmt::format("your role '{}' may not do this (it takes one of: {})", who.role, roles));
  return who;
}

void Api::guarded(const std::string& method, const std::string& path, std::string_view roles, Answer answer) {
  router_.add(method, path, [this, roles, answer = std::move(answer)](net::Request request, net::Responder responder) {
    const auto who = authorize(request, roles);
    if (!who) return responder.fail(who.error());
    if (auto ready = wait_for_views(request); !ready) return responder.fail(ready.error());
    auto response = answer(request, *who);
    if (!response) return responder.fail(response.error());
    responder(std::move(*response));
  });
}

Result<void> Api::wait_for_views(const net::Request& request) const {
  const std::string text = request.query_or("min_index");
  if (text.empty()) return {};
  FIREBREAK_ASSIGN(const std::uint64_t index, whole_number(text, "min_index"));
  // Waiting for what nobody has written would keep a handler for nothing.
  if (const std::uint64_t size = parts_.journal.size(); index >= size)
    return fail(Code::kInvalid, fmt::format("'min_index' is {}, the journal has {} entries", index, size));
  if (!parts_.views.wait_for_index(index, 5 * kSecond))
    return fail(Code::kTimeout, fmt::format("the views have not reached index {} within 5 s", text));
  return {};
}

void Api::add_open_routes() {
  for (const report::Asset& asset : report::web_assets()) {
    router_.get(std::string(asset.path), [&asset](net::Request, net::Responder responder) {
      net::Response response;
      response.content_type = std::string(asset.media_type);
      response.body = std::string(asset.content);
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
