// Signing in to the page. A session's secret lives in a cookie that no script reads and no other site can send; what
// changes something bears a value beside it that only a page of this server can have read.
//
// One cookie per user ("firebreak-ana"), and each request says whose it is: an analyst's tab and an approver's live side
// by side in one browser. Source: OWASP Cheat Sheets, Cross-Site Request Forgery Prevention (HMAC-based token pattern).
#include <fmt/core.h>

#include "base/encoding.h"
#include "run/api/api.h"

namespace firebreak::api {
namespace {

constexpr std::int64_t kSessionLength = 12 * kHour;
constexpr std::int64_t kLinkMinutes = 15;

std::string cookie_name(std::string_view user) { return fmt::format("firebreak-{}", user); }

// The value of one cookie of a Cookie header; "" when it is absent.
std::string_view cookie_of(std::string_view header, std::string_view name) {
  while (!header.empty()) {
    const std::size_t end = std::min(header.find(';'), header.size());
    std::string_view pair = header.substr(0, end);
    header.remove_prefix(std::min(end + 1, header.size()));
    while (pair.starts_with(' ')) pair.remove_prefix(1);
    if (pair.starts_with(name) && pair.substr(name.size()).starts_with('=')) return pair.substr(name.size() + 1);
  }
  return {};
}

std::string csrf_of(std::string_view secret) { return hmac_sha256(secret, "firebreak form").hex(); }

// "evil.example:8440" -> "evil.example"; "[::1]:8440" -> "[::1]".
std::string_view host_of(std::string_view header) {
  if (header.starts_with('[')) return header.substr(0, std::min(header.find(']') + 1, header.size()));
  return header.substr(0, std::min(header.find(':'), header.size()));
}

// A browser names the page that a request comes from; programs do not.
bool is_own_page(const net::Request& request) {
  const std::string_view origin = request.header("origin");
  if (origin.empty()) return true;
  const std::size_t scheme = origin.find("://");
  return scheme != std::string_view::npos && origin.substr(scheme + 3) == request.header("host");
}

Json document_of(const access::Principal& who, std::string_view csrf) {
  JsonObject rights;
  for (std::size_t duty = 0; duty < kDuties; ++duty) rights[kDutyNames[duty]] = cell_name(who.rights[duty]);
  return JsonObject{{"user", who.user}, {"role", who.role}, {"scripted", who.scripted}, {"csrf", csrf}, {"codes", who.codes}, {"rights", std::move(rights)}};
}

// Which browser: the same for all who sign in at it. Where the preset tells browsers apart, two people sit at two of them.
constexpr std::string_view kBrowserCookie = "firebreak-browser";
std::string browser_of(std::string_view cookie) { return cookie.empty() ? "" : sha256(cookie).hex().substr(0, 16); }

std::string set_cookie(const std::string& user, std::string_view secret, std::int64_t seconds) {
  return fmt::format("{}={}; Path=/; HttpOnly; SameSite=Strict; Max-Age={}", cookie_name(user), secret, seconds);
}

}  // namespace

// Against DNS rebinding: a page of another name that resolves to this machine is still a page of another name.
Result<void> Api::check_host(const net::Request& request) const {
  const std::string_view host = host_of(request.header("host"));
  for (const std::string_view own : {"127.0.0.1", "localhost", "[::1]"})
    if (host == own) return {};
  for (const std::string& own : parts_.host_names)
    if (host == own) return {};
  return fail(Code::kForbidden,
              fmt::format("this server is not '{}': it answers to 127.0.0.1, localhost and [::1] (serve --host-name NAME "
                          "adds the name of a proxy in front of it)", host));
}

Result<access::Principal> Api::principal_of(std::string_view secret, access::Purpose purpose) const {
  Result<access::Principal> who = fail(Code::kUnauthorized, "no such token");
  const Digest hash = sha256(secret);
  const Time now = parts_.clock.now();
  parts_.journal.with_state([&](const journal::View& view) {
    who = access::authenticate(view.state<access::AccessState>(access::kFoldName), hash, now, purpose);
  });
  return who;
}

Result<access::Principal> Api::identify(const net::Request& request) const {
  if (const std::string_view token = request.bearer(); !token.empty()) {
    FIREBREAK_ASSIGN(access::Principal bearer, principal_of(token, access::Purpose::kToken));
    return with_code(request, std::move(bearer));
  }
  // A link to a document cannot send a header: there the address says whose session it is.
  std::string user(request.header("firebreak-session"));
  if (user.empty() && request.method == "GET") user = request.query_or("as");
  if (user.empty())
    return fail(Code::kUnauthorized, "send your token as 'Authorization: Bearer TOKEN' (the first start of the server "
                                     "writes one to DIR/admin.token)");
  const std::string_view secret = cookie_of(request.header("cookie"), cookie_name(user));
  if (secret.empty()) return fail(Code::kUnauthorized, fmt::format("'{}' is not signed in here; sign in again", user));
  FIREBREAK_ASSIGN(access::Principal who, principal_of(secret, access::Purpose::kSession));
  if (who.user != user) return fail(Code::kUnauthorized, fmt::format("this session is not one of '{}'", user));
  who.browser = browser_of(cookie_of(request.header("cookie"), kBrowserCookie));
  if (request.method == "GET" || request.method == "HEAD") return who;
  if (request.header("firebreak-csrf") != csrf_of(secret) || !is_own_page(request))
    return fail(Code::kForbidden, "this did not come from a page of this server (Firebreak-CSRF); reload the page");
  return with_code(request, std::move(who));
}

// The session is a command like any other: the journal says who signed in when, and lets a link be used once.
Result<net::Response> Api::open_session(const net::Request& request, access::Principal who, JsonObject args) const {
  std::string browser(cookie_of(request.header("cookie"), kBrowserCookie));
  if (browser.empty()) browser = to_hex(parts_.random.bytes(16));
  const std::string secret = to_hex(parts_.random.bytes(32));
  args["session_hash"] = sha256(secret).hex();
  if (!parts_.feed_clock) {  // a fed clock may pass days in a minute: there a session ends with its cookie
    Time end = parts_.clock.now() + kSessionLength;
    if (who.expires.us != 0) end = std::min(end, who.expires);
    args["expires"] = format_time(end);
  }
  FIREBREAK_TRY(give_command("session.open", args, who));
  net::Response response = net::json_response(document_of(who, csrf_of(secret)));
  response.headers.emplace_back("Set-Cookie", set_cookie(who.user, secret, kSessionLength / kSecond));
  response.headers.emplace_back("Set-Cookie", fmt::format("{}={}; Path=/; HttpOnly; SameSite=Strict; Max-Age={}", kBrowserCookie, browser, 400 * kDay / kSecond));
  response.headers.emplace_back("Cache-Control", "no-store");
  return response;
}

Result<net::Response> Api::sign_in(const net::Request& request) const {
  // A form of another site cannot send this type without asking first.
  if (!request.header("content-type").starts_with("application/json") || !is_own_page(request))
    return fail(Code::kForbidden, "signing in takes application/json from a page of this server");
  FIREBREAK_ASSIGN(const Json body, parse_json(request.body));
  FIREBREAK_TRY(only_keys(body, {"link", "token", "user", "password", "code"}));
  if (find(body, "password") != nullptr) {
    FIREBREAK_ASSIGN(access::Principal who, by_password(body));
    return open_session(request, std::move(who), {});
  }
  if (find(body, "token") != nullptr) {
    FIREBREAK_ASSIGN(const std::string token, get_string(body, "token"));
    FIREBREAK_ASSIGN(const access::Principal who, principal_of(token, access::Purpose::kToken));
    return open_session(request, who, {});
  }
  FIREBREAK_ASSIGN(const std::string link, get_string(body, "link"));
  FIREBREAK_ASSIGN(access::Principal who, principal_of(link, access::Purpose::kLink));
  who.expires = {};  // the link's, not the session's
  return open_session(request, std::move(who), {{"link_hash", sha256(link).hex()}});
}

void Api::add_session_routes() {
  router_.post("/api/v1/session", [this](net::Request request, net::Responder responder) {
    auto response = sign_in(request);
    if (!response) return responder.fail(response.error());
    responder(std::move(*response));
  });
  guarded("GET", "/api/v1/session", kPeople,
          [](const net::Request& request, const access::Principal& who) -> Result<net::Response> {
            const std::string_view secret = cookie_of(request.header("cookie"), cookie_name(who.user));
            net::Response response = net::json_response(document_of(who, secret.empty() ? "" : csrf_of(secret)));
            response.headers.emplace_back("Cache-Control", "no-store");
            return response;
          });
  guarded("DELETE", "/api/v1/session", kPeople,
          [this](const net::Request& request, const access::Principal& who) -> Result<net::Response> {
            const std::string_view secret = cookie_of(request.header("cookie"), cookie_name(who.user));
            FIREBREAK_ASSIGN(net::Response response,
                             give_command("session.close", JsonObject{{"session_hash", sha256(secret).hex()}}, who));
            response.headers.emplace_back("Set-Cookie", set_cookie(who.user, "", 0));
            return response;
          });
  guarded("POST", "/api/v1/sign-in-links", Needs{Duty::kAdminister, Cell::kDoSecond},
          [this](const net::Request& request, const access::Principal& who) -> Result<net::Response> {
            FIREBREAK_ASSIGN(const Json body, parse_json(request.body));
            FIREBREAK_TRY(only_keys(body, {"user", "minutes"}));
            FIREBREAK_ASSIGN(const std::string user, get_string(body, "user"));
            const std::int64_t minutes = int_or(body, "minutes", kLinkMinutes);
            if (minutes < 1 || minutes > 24 * 60) return fail(Code::kInvalid, "'minutes' must be 1 to 1440", "/minutes");
            const std::string code = to_hex(parts_.random.bytes(32));
            JsonObject args{{"user", user}, {"link_hash", sha256(code).hex()}};
            JsonObject answer{{"user", user}, {"code", code}};
            if (!parts_.feed_clock) args["expires"] = answer["expires"] = format_time(parts_.clock.now() + minutes * kMinute);
            FIREBREAK_TRY(give_command("session.link", args, who));
            return net::json_response(answer, 201);
          });
}

}  // namespace firebreak::api
