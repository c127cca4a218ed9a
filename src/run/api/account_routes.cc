// Accounts: passwords, one-time codes, API keys, users, who may do what, and what waits for a second person or a review.
//
// A secret is made here and shown once; the journal gets its digest. A one-time code comes in the header Firebreak-Code of what
// it is for; it is checked here, where the secret is, and the command says which time step it was, so that it serves once.
#include <fmt/core.h>

#include "base/encoding.h"
#include "base/utf8.h"
#include "run/api/api.h"
#include "types/command.h"

namespace firebreak::api {
namespace {

constexpr std::int64_t kKeyDays = 90;

const access::AccessState& state_of(const journal::View& view) { return view.state<access::AccessState>(access::kFoldName); }

access::User user_named(const journal::Journal& journal, const std::string& name) {
  access::User user;
  journal.with_state([&](const journal::View& view) {
    const auto at = state_of(view).users.find(name);
    if (at != state_of(view).users.end()) user = at->second;
  });
  return user;
}

// What stands before who reads: this name, these duties, so much of each.
JsonObject cells_of(const Rights& rights) {
  JsonObject cells;
  for (std::size_t duty = 0; duty < kDuties; ++duty) cells[kDutyNames[duty]] = cell_name(rights[duty]);
  return cells;
}

Json matrix(const Preset& preset) {
  JsonArray commands_of, roles;
  for (const std::string_view role : kHumanRoles) roles.push_back(JsonObject{{"role", role}, {"duties", cells_of(rights_of(role, preset))}});
  for (const CommandSpec& command : commands())
    if (command.step != Step::kOwn && command.step != Step::kAnswer)
      commands_of.push_back(JsonObject{{"command", command.name}, {"duty", duty_name(command.duty)}, {"approves", command.step == Step::kApprove}});
  return JsonObject{{"preset", preset.name}, {"mfa", preset.mfa}, {"own_browsers", preset.own_browsers}, {"roles", std::move(roles)}, {"commands", std::move(commands_of)}};
}

}  // namespace

Result<access::Principal> Api::with_code(const net::Request& request, access::Principal who) const {
  const std::string code(request.header("firebreak-code"));
  if (code.empty()) return who;
  const access::User user = user_named(parts_.journal, who.user);
  if (parts_.people == nullptr || !user.confirmed)
    return fail(Code::kInvalid, "you have no one-time codes: firebreak mfa enroll", "/code");
  FIREBREAK_TRY(logins_.admit("code:" + who.user, parts_.clock.steady_us()));
  FIREBREAK_ASSIGN(who.code, parts_.people->check_code(user.secret, code, parts_.clock.now()));
  logins_.passed("code:" + who.user);
  return who;
}

Result<access::Principal> Api::by_password(const Json& body) const {
  if (parts_.people == nullptr) return fail(Code::kUnavailable, "nobody has a password here");
  FIREBREAK_ASSIGN(const std::string name, get_string(body, "user"));
  FIREBREAK_ASSIGN(const std::string password, get_string(body, "password"));
  const access::User user = user_named(parts_.journal, name);
  const std::string door = user.password.empty() ? "nobody" : "user:" + name;
  FIREBREAK_TRY(logins_.admit(door, parts_.clock.steady_us()));
  FIREBREAK_ASSIGN(const bool right, parts_.people->check_password(user.password, password));
  if (!right) return fail(Code::kUnauthorized, "no such user and password");
  access::Principal who;
  who.user = name;
  who.role = user.role;
  who.scripted = user.scripted;
  who.codes = user.confirmed;
  if (user.confirmed) {
    const std::string code = string_or(body, "code");
    if (code.empty()) return fail(Code::kUnauthorized, "give your one-time code as well", "/code");
    FIREBREAK_ASSIGN(who.code, parts_.people->check_code(user.secret, code, parts_.clock.now()));
  }
  logins_.passed(door);
  const Time now = parts_.clock.now();
  parts_.journal.with_state([&](const journal::View& view) { who.rights = access::rights_of_user(state_of(view), name, now); });
  return who;
}

Result<net::Response> Api::make_key(const net::Request& request, const access::Principal& who) const {
  FIREBREAK_ASSIGN(const Json body, parse_json(request.body));
  FIREBREAK_TRY(only_keys(body, {"name", "scope", "days", "user"}));
  FIREBREAK_ASSIGN(const std::string name, get_string(body, "name"));
  FIREBREAK_ASSIGN(const std::vector<std::string> scope, get_strings(body, "scope"));
  const std::int64_t days = int_or(body, "days", kKeyDays);
  if (days < 1 || days > 400) return fail(Code::kInvalid, "'days' must be 1 to 400", "/days");
  const std::string key = to_hex(parts_.random.bytes(32));
  JsonArray duties;
  for (const std::string& duty : scope) duties.emplace_back(duty);
  const std::string expires = format_time(parts_.clock.now() + days * kDay);
  JsonObject args{{"name", name}, {"key_hash", sha256(key).hex()}, {"scope", duties}, {"expires", expires}};
  if (const std::string user = string_or(body, "user"); !user.empty()) args["user"] = user;
  FIREBREAK_ASSIGN(const net::Response given, give_command("key.add", args, who));
  FIREBREAK_ASSIGN(const Json answer, parse_json(given.body));
  net::Response response = net::json_response(JsonObject{{"id", string_or(answer, "id")}, {"key", key}, {"scope", duties}, {"expires", expires}}, 201);
  response.headers.emplace_back("Cache-Control", "no-store");
  return response;
}

Result<net::Response> Api::confirm_codes(const net::Request& request, access::Principal who) const {
  FIREBREAK_ASSIGN(const Json body, parse_json(request.body));
  FIREBREAK_TRY(only_keys(body, {"code"}));
  FIREBREAK_ASSIGN(const std::string code, get_string(body, "code"));
  const access::User user = user_named(parts_.journal, who.user);
  if (user.secret.empty()) return fail(Code::kConflict, "no secret waits for its first code: firebreak mfa enroll");
  FIREBREAK_TRY(logins_.admit("code:" + who.user, parts_.clock.steady_us()));
  FIREBREAK_ASSIGN(who.code, parts_.people->check_code(user.secret, code, parts_.clock.now()));
  logins_.passed("code:" + who.user);
  return give_command("mfa.confirm", JsonObject{{"secret", user.secret}}, who);
}

JsonArray Api::open_requests() const {
  JsonArray items;
  parts_.journal.with_state([&](const journal::View& view) {
    for (const auto& [id, one] : state_of(view).requests)
      items.push_back(JsonObject{{"id", id}, {"command", one.name}, {"args", one.args}, {"by", one.by}, {"digest", one.digest}, {"expires", format_time(one.expires)}});
  });
  return items;
}

JsonArray Api::open_glasses() const {
  JsonArray items;
  const Time now = parts_.clock.now();
  parts_.journal.with_state([&](const journal::View& view) {
    for (const auto& [id, one] : state_of(view).glasses)
      items.push_back(JsonObject{{"id", id}, {"by", one.by}, {"reason", one.reason}, {"since", format_time(one.since)}, {"until", format_time(one.until)},
                                 {"review_by", format_time(one.review_by)}, {"in_use", !one.ended && now < one.until}, {"reviewed", one.reviewed}, {"overdue", one.overdue}});
  });
  return items;
}

void Api::add_needs(Json& status) const {
  JsonArray& needs = status.as_object()["needs_person"].as_array();
  const auto need = [&](const std::string& who, std::string what, std::string since, std::string incident, const std::string& subject, std::string command) {
    needs.push_back(JsonObject{{"who", who}, {"what", std::move(what)}, {"since", std::move(since)}, {"incident", std::move(incident)}, {"subject", subject}, {"command", std::move(command)}});
  };
  for (const Json& one : open_requests()) {
    const std::string id = string_or(one, "id"), command = string_or(one, "command");
    need("a second person", fmt::format("{} {}, asked for by {}, waits for a yes until {}", command, shortened(canonical_json(*find(one, "args")), 400), string_or(one, "by"), string_or(one, "expires")), "",
         string_or(*find(one, "args"), "incident"), id, fmt::format("firebreak request approve {} --digest {}", id, string_or(one, "digest")));
  }
  add_standing_needs(needs);
  for (const Json& one : open_glasses()) {
    if (bool_or(one, "reviewed")) continue;
    const std::string id = string_or(one, "id");
    need("another person", fmt::format("{}review what {} did alone since {} ({})", bool_or(one, "overdue") ? "OVERDUE: " : "", string_or(one, "by"), string_or(one, "since"), string_or(one, "reason")),
         string_or(one, "since"), "", id, fmt::format("firebreak break-glass --review {} --verdict justified --text TEXT", id));
  }
}

void Api::add_account_routes() {
  guarded("GET", "/api/v1/roles", kPeople, [this](const net::Request& request, const access::Principal&) -> Result<net::Response> {
    std::string name = request.query_or("preset");
    if (name.empty()) parts_.journal.with_state([&](const journal::View& view) { name = state_of(view).preset; });
    const Preset* preset = find_preset(name);
    if (preset == nullptr) return fail(Code::kInvalid, fmt::format("preset '{}' is none of solo, pair, team, enterprise", name));
    return net::json_response(matrix(*preset));
  });
  guarded("GET", "/api/v1/users", Needs{Duty::kAdminister, Cell::kView}, [this](const net::Request&, const access::Principal&) -> Result<net::Response> {
    JsonArray items;
    parts_.journal.with_state([&](const journal::View& view) {
      for (const auto& [name, user] : state_of(view).users)
        items.push_back(JsonObject{{"user", name}, {"role", user.role}, {"scripted", user.scripted}, {"codes", user.confirmed}, {"password", !user.password.empty()}});
    });
    return net::json_response(JsonObject{{"items", std::move(items)}});
  });
  guarded("GET", "/api/v1/keys", kPeople, [this](const net::Request&, const access::Principal& who) -> Result<net::Response> {
    const bool all = cell_of(who.rights, Duty::kAdminister) >= Cell::kView;
    JsonArray items;
    parts_.journal.with_state([&](const journal::View& view) {
      for (const auto& [digest, token] : state_of(view).tokens)
        if (!token.key.empty() && (all || token.user == who.user))
          items.push_back(JsonObject{{"id", token.key}, {"name", token.name}, {"user", token.user}, {"scope", token.scope}, {"expires", format_time(token.expires)}});
    });
    return net::json_response(JsonObject{{"items", std::move(items)}});
  });
  guarded("POST", "/api/v1/keys", kPeople, [this](const net::Request& request, const access::Principal& who) { return make_key(request, who); });
  guarded("GET", "/api/v1/requests", kPeople,
          [this](const net::Request&, const access::Principal&) { return shown(Json(JsonObject{{"items", open_requests()}})); });
  guarded("GET", "/api/v1/break-glass", kPeople,
          [this](const net::Request&, const access::Principal&) { return shown(Json(JsonObject{{"items", open_glasses()}})); });
  guarded("POST", "/api/v1/mfa", kPeople, [this](const net::Request&, const access::Principal& who) -> Result<net::Response> {
    if (parts_.people == nullptr) return fail(Code::kUnavailable, "nobody has one-time codes here");
    FIREBREAK_ASSIGN(const vault::People::Secret secret, parts_.people->new_secret(who.user));
    FIREBREAK_TRY(give_command("mfa.enroll", JsonObject{{"secret", secret.digest.hex()}}, who));
    net::Response response = net::json_response(JsonObject{{"secret", secret.text}, {"uri", secret.uri}}, 201);
    response.headers.emplace_back("Cache-Control", "no-store");
    return response;
  });
  guarded("POST", "/api/v1/mfa/confirm", kPeople, [this](const net::Request& request, const access::Principal& who) -> Result<net::Response> {
    if (parts_.people == nullptr) return fail(Code::kUnavailable, "nobody has one-time codes here");
    return confirm_codes(request, who);
  });
  guarded("PUT", "/api/v1/password", kPeople, [this](const net::Request& request, const access::Principal& who) -> Result<net::Response> {
    if (parts_.people == nullptr) return fail(Code::kUnavailable, "nobody has a password here");
    FIREBREAK_ASSIGN(const Json body, parse_json(request.body));
    FIREBREAK_TRY(only_keys(body, {"user", "password"}));
    FIREBREAK_ASSIGN(const std::string password, get_string(body, "password"));
    FIREBREAK_ASSIGN(const Digest digest, parts_.people->set_password(password));
    JsonObject args{{"password", digest.hex()}};
    if (const std::string user = string_or(body, "user"); !user.empty()) args["user"] = user;
    return give_command("password.set", args, who);
  });
}

}  // namespace firebreak::api
