// A server with the folds that decide about people and measures, in memory but for its port; and people who speak HTTP to it.
#pragma once

#include <gtest/gtest.h>

#include "base/simulated_files.h"
#include "fold/casefile/casefile.h"
#include "fold/contain/contain.h"
#include "fold/exercise/exercise.h"
#include "fold/incident/incident.h"
#include "fold/notify/notify.h"
#include "fold/playbook/playbook.h"
#include "fold/provenance/provenance.h"
#include "fold/remedy/remedy.h"
#include "fold/reporting/reporting.h"
#include "log/ledger/log.h"
#include "log/vault/people.h"
#include "run/api/api.h"
#include "world/net/http_client.h"
#include "world/net/http_server.h"

namespace firebreak::api {

std::string_view openapi();

struct Town {
  SimulatedFiles files;
  FedClock clock{Time{1'772'850'000 * kSecond}};
  SystemRandom random;
  Registry metrics;
  std::unique_ptr<journal::Journal> journal;
  std::unique_ptr<record::Streams> streams;
  std::unique_ptr<views::Views> views;
  std::unique_ptr<evidence::BlobStore> blobs;
  std::unique_ptr<evidence::SealedNotes> sealed;
  std::unique_ptr<vault::People> people;
  std::unique_ptr<Api> api;
  std::unique_ptr<net::HttpServer> server;

  explicit Town(const std::string& preset = "pair") {
    ledger::Options options;
    options.key = *ledger::SigningKey::generate("test/journal", random);
    auto log = ledger::Log::open(files, clock, "logs/journal", std::move(options));
    std::vector<std::unique_ptr<journal::Fold>> folds;
    folds.push_back(journal::make_fold<access::AccessState>(access::kFoldName, access::kSchemaVersion, access::decide, access::apply, access::to_json, access::state_from_json));
    folds.push_back(journal::make_fold<provenance::ProvenanceState>(provenance::kFoldName, provenance::kSchemaVersion, provenance::decide, provenance::apply,
                                                                    provenance::to_json, provenance::state_from_json));
    folds.push_back(journal::make_fold<incident::IncidentState>(incident::kFoldName, incident::kSchemaVersion, incident::decide, incident::apply, incident::to_json,
                                                                incident::incident_state_from_json));
    folds.push_back(journal::make_fold<playbook::PlaybookState>(playbook::kFoldName, playbook::kSchemaVersion, playbook::decide, playbook::apply, playbook::to_json,
                                                                playbook::playbook_state_from_json));
    folds.push_back(journal::make_fold<contain::ContainState>(contain::kFoldName, contain::kSchemaVersion, contain::decide, contain::apply, contain::to_json,
                                                              contain::contain_state_from_json));
    folds.push_back(journal::make_fold<casefile::CasefileState>(casefile::kFoldName, casefile::kSchemaVersion, casefile::decide, casefile::apply, casefile::to_json, casefile::state_from_json));
    folds.push_back(journal::make_fold<reporting::ReportingState>(reporting::kFoldName, reporting::kSchemaVersion, reporting::decide, reporting::apply, reporting::to_json,
                                                                  reporting::state_from_json));
    folds.push_back(journal::make_fold<notify::NotifyState>(notify::kFoldName, notify::kSchemaVersion, notify::decide, notify::apply, notify::to_json, notify::notify_state_from_json));
    folds.push_back(journal::make_fold<exercise::ExerciseState>(exercise::kFoldName, exercise::kSchemaVersion, exercise::decide, exercise::apply, exercise::to_json, exercise::state_from_json));
    folds.push_back(journal::make_fold<remedy::RemedyState>(remedy::kFoldName, remedy::kSchemaVersion, remedy::decide, remedy::apply, remedy::to_json, remedy::state_from_json));
    journal = *journal::Journal::open(std::move(*log), files, clock, "snapshots", {}, std::move(folds));
    streams = *record::Streams::open(files, clock, random, ".");
    views = *views::Views::open(":memory:");
    blobs = std::make_unique<evidence::BlobStore>(*evidence::BlobStore::open(files, "blobs"));
    people = *vault::People::open(files, random, ".");
    sealed = *evidence::SealedNotes::open(files, random, ".");
    (void)journal->subscribe([this](const journal::Group& group) {
      for (const Entry& entry : group.entries) (void)sealed->apply(entry);
      (void)views->apply(group);
    }, 0);
    start_api();
    program("access.preset", JsonObject{{"preset", preset}, {"reason", "the first start"}});
    person("root", "admin");
  }
  ~Town() {
    server.reset();
    api->stop();
    api.reset();
    journal.reset();
  }

  void start_api() {
    Parts parts{*journal, *streams, *views, *blobs, clock, metrics, openapi(), {}, {}, {}, {}, {}, random};
    parts.people = people.get();
    parts.sealed = sealed.get();
    parts.healthy = [] { return Result<void>{}; };
    parts.create_stream = [this](const record::StreamConfig& config) -> Result<void> {
      FIREBREAK_TRY(streams->create(config));
      return {};
    };
    // What the server makes of an incident elsewhere: it names it, as the real ones do.
    parts.report = [](const std::string& incident, const Json&) -> Result<Json> { return Json(JsonObject{{"html", "<p>" + incident + "</p>"}, {"report", incident}}); };
    parts.picture = [](const std::string& incident) -> Result<Json> { return Json(JsonObject{{"incident", incident}}); };
    const auto none = [](const std::string& id) -> Result<Json> { return fail(Code::kNotFound, "there is no '" + id + "'"); };
    parts.replay = parts.erasure = parts.performance = parts.detectors = none;
    const auto nothing = [] { return Json(JsonObject{}); };
    parts.readiness = [nothing](const std::string&) -> Result<Json> { return nothing(); };
    parts.trace = [none](const std::string& id, const std::string&) { return none(id); };
    parts.checklist = [](const Json&) { return Json(JsonObject{}); };
    parts.draft = [](const std::string& incident, const std::string&, const std::string&) -> Result<Json> { return Json(JsonObject{{"incident", incident}}); };
    parts.remedy = [](const std::string& incident, const std::string&, const std::string&, std::size_t) -> Result<Json> { return Json(JsonObject{{"incident", incident}}); };
    parts.remedy_export = [](const std::string& incident, const std::string&, const std::string&) -> Result<Bytes> { return "incident\n" + incident + "\n"; };
    parts.taint = [](const std::string& incident) -> Result<Json> { return Json(JsonObject{{"incident", incident}}); };
    parts.exercise_script = [nothing]() -> Result<Json> { return nothing(); };
    parts.keeping_status = parts.retention_status = parts.rules_status = parts.clock_state = nothing;
    parts.archive.status = [nothing]() -> Result<Json> { return nothing(); };
    parts.archive.file = [](const std::string&, const std::string& file, const std::string&) -> Result<Bytes> { return fail(Code::kNotFound, file); };
    api = std::make_unique<Api>(std::move(parts));
    net::ServerOptions options;
    options.handler_threads = 2;
    server = *net::HttpServer::start(options, [this](net::Request request, net::Responder responder) { api->handle(std::move(request), std::move(responder)); });
  }

  void program(const std::string& name, const Json& args) {
    const auto done = journal::give_command(*journal, name, args, "firebreak");
    EXPECT_TRUE(done) << name << ": " << done.error().message;
  }
  void person(const std::string& name, const std::string& role) {
    program("user.add", JsonObject{{"user", name}, {"role", role}});
    program("token.add", JsonObject{{"user", name}, {"token_hash", sha256(name + "'s token").hex()}});
  }
  net::Response send(const std::string& who, const std::string& method, const std::string& path, const Json& body = nullptr, net::Headers headers = {}) {
    // Reads see what was written before them (as ?min_index= does).
    if (method == "GET") {
      EXPECT_TRUE(views->wait_for_index(journal->size() - 1, 10 * kSecond));
    }
    net::HttpClient http;
    if (!who.empty()) http.set_token(who + "'s token");
    net::Request request;
    request.method = method;
    request.headers = std::move(headers);
    if (!body.is_null()) {
      request.headers.emplace_back("content-type", "application/json");
      request.body = canonical_json(body);
    }
    auto response = http.send(request, server->url() + path);
    return response ? *response : net::Response{0, "", {}, response.error().message};
  }
  net::Response command(const std::string& who, const std::string& name, const Json& args, net::Headers headers = {}) {
    return send(who, "POST", "/api/v1/commands/" + name, args, std::move(headers));
  }
  static std::string id_of(const net::Response& response) {
    const auto answer = parse_json(response.body);
    return answer ? string_or(*answer, "id") : response.body;
  }

  // An endpoint of `owner`, enforced, and a proposal to send part of its answers to review; its id.
  void endpoint(const std::string& owner = "") {
    Endpoint made;
    made.name = "api";
    made.gateway = "gw-1";
    made.state = EndpointState::kEnforce;
    made.owner = owner;
    EXPECT_EQ(send("root", "PUT", "/api/v1/endpoints/api", to_json(made)).status, 200);
  }
  static Json review(double low) {
    return JsonObject{{"endpoint", "api"}, {"lease_s", 3600}, {"measure", JsonObject{{"kind", "review"}, {"low", low}, {"high", 0.9}}}};
  }
  std::string digest_of(const std::string& action) {
    std::string digest;
    journal->with_state([&](const journal::View& view) {
      const auto& actions = view.state<contain::ContainState>(contain::kFoldName).actions;
      if (const auto at = actions.find(action); at != actions.end()) digest = at->second.digest;
    });
    return digest;
  }
  Json approval(const std::string& action) { return JsonObject{{"action", action}, {"digest", digest_of(action)}}; }
};

}  // namespace firebreak::api
