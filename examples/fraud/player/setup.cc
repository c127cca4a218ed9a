#include "fraud/player/setup.h"

#include <fmt/core.h>

#include "base/digest.h"
#include "base/encoding.h"
#include "base/files.h"
#include "base/random.h"
#include "fraud/player/releases.h"

namespace firebreak::example {
namespace {

Result<std::string> add_user(Api& admin, const Places& places, std::string_view user, std::string_view role,
                             bool scripted) {
  FIREBREAK_ASSIGN(const std::string token, token_in(fmt::format("{}/{}.token", places.state, user)));
  JsonObject args{{"user", user}, {"role", role}};
  if (scripted) args["scripted"] = true;
  if (auto added = admin.command("user.add", args); !added && added.error().code != Code::kConflict)
    return fail(std::move(added.error()));
  const JsonObject token_args{{"user", user}, {"token_hash", sha256(token).hex()}};
  if (auto added = admin.command("token.add", token_args); !added && added.error().code != Code::kConflict)
    return fail(std::move(added.error()));
  return token;
}

Result<std::string> pepper_of(const std::string& path) {
  PosixFiles files;
  if (!exists(files, path)) {
    SystemRandom random;
    FIREBREAK_TRY(write_atomic(files, path, to_hex(random.bytes(32)) + "\n"));
  }
  FIREBREAK_ASSIGN(std::string text, read_all(files, path));
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

}  // namespace

std::string live_caller(int number) { return fmt::format("live-{:03}", number); }

Result<People> set_up_people(const Places& places) {
  PosixFiles files;
  FIREBREAK_TRY(files.make_dir(places.state));
  People people;
  FIREBREAK_ASSIGN(people.admin, token_in(places.server_data + "/admin.token"));
  Api admin(places.server, people.admin);
  FIREBREAK_TRY(add_user(admin, places, "ana", "analyst", false));
  FIREBREAK_TRY(add_user(admin, places, "ben", "approver", false));
  FIREBREAK_ASSIGN(people.analyst, add_user(admin, places, kScriptedAnalyst, "analyst", true));
  FIREBREAK_ASSIGN(people.approver, add_user(admin, places, kScriptedApprover, "approver", true));
  FIREBREAK_ASSIGN(people.loader, add_user(admin, places, "loader", "producer", true));
  FIREBREAK_TRY(add_user(admin, places, "gateway", "gateway", false));
  return people;
}

Result<Keys> set_up_keys(const Places& places, const Story& story) {
  std::vector<std::string> callers = story.callers;
  for (int i = 0; i < kLiveKeys; ++i) callers.push_back(live_caller(i));
  callers.emplace_back(kVisitor);
  return Keys::load_or_create(places.state, callers);
}

Result<void> set_up_endpoint(const Places& places, const People& people, const Keys& keys) {
  Api admin(places.server, people.admin);
  Api analyst(places.server, people.analyst);
  Api approver(places.server, people.approver);
  FIREBREAK_ASSIGN(const Json known, admin.get("/api/v1/models?limit=1"));
  if (!known.at("items").as_array().empty()) return {};
  // The configuration brought the endpoint; its callers are known only here.
  FIREBREAK_ASSIGN(Json endpoint, admin.get("/api/v1/endpoints/fraud-api"));
  FIREBREAK_ASSIGN(const std::string pepper, pepper_of(places.pepper_file));
  endpoint.as_object()["callers"] = keys.table(pepper);
  FIREBREAK_TRY(admin.put("/api/v1/endpoints/fraud-api", endpoint));
  FIREBREAK_TRY(approver.command("source.approve", JsonObject{{"source", "credit_train"},
                                                              {"reason", "the training snapshot that is in service"}}));
  return register_release(analyst, {"1.0.0", places.data, places.models, "", ""});
}

}  // namespace firebreak::example
