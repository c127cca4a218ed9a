// A playbook runs on a whole installation: requests leave, people answer and approve, a measure comes into force, the server is
// killed in between.
#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <map>
#include <mutex>

#include "base/files.h"
#include "support/installation.h"

namespace firebreak {
namespace {

using ::testing::HasSubstr;
using testing::Finished;
using testing::Installation;

// What the outside got, by key.
struct Receiver {
  Receiver() {
    server = std::move(*net::HttpServer::start({}, [this](net::Request request, net::Responder responder) {
      const std::lock_guard lock(mutex);
      requests.push_back(request);
      net::Response response;
      response.body = R"({"ticket": {"id": "T-7", "queue": 3}})";
      if (request.path == "/broken") {
        response.status = 503;
        response.body = "caf\xe9 is closed";  // Latin-1: the journal takes UTF-8 alone
      }
      if (request.path.starts_with("/hangs") && hang) return waiting.push_back(std::move(responder));
      responder(std::move(response));
    }));
  }
  std::vector<net::Request> got(const std::string& path) {
    const std::lock_guard lock(mutex);
    std::vector<net::Request> out;
    for (const net::Request& one : requests)
      if (one.path == path) out.push_back(one);
    return out;
  }
  std::string host() const { return server->url().substr(7); }

  // Until it has got so many requests of this path.
  bool gets(const std::string& path, std::size_t many) {
    for (int i = 0; i < 2400 && got(path).size() < many; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(25));
    return got(path).size() == many;
  }

  std::mutex mutex;
  bool hang = true;
  std::vector<net::Responder> waiting;
  std::vector<net::Request> requests;
  std::unique_ptr<net::HttpServer> server;  // last: it ends before what it fills
};

std::string uuid(int n) { return fmt::format("00000000-0000-4000-8000-{:012}", n); }

JsonObject action(const std::string& name, const std::string& type, const std::string& command, const std::string& next, JsonObject more = {}) {
  const std::string agent = type == "manual" ? "group--" + uuid(1) : type == "firebreak" ? "security-category--" + uuid(2) : "http-api--" + uuid(3);
  JsonObject out{{"type", "action"}, {"name", name}, {"agent", agent}, {"commands", JsonArray{JsonObject{{"type", type}, {"command", command}}}}, {"on_completion", next}};
  for (const auto& member : more) out[member.key()] = member.value();
  return out;
}

JsonObject rules(JsonObject of) { return {{"step_extensions", JsonObject{{"extension-definition--b7a1c2d4-5e6f-4a8b-9c0d-1e2f3a4b5c6d", std::move(of)}}}}; }

struct Place : Installation {
  Place() {
    write(folder() / "playbook.json", canonical_json(playbook()));
    write(folder() / "firebreak.yaml", "gateways: {gw-1: {control: '" + control_url() + "', token_file: control.token}}\n" + "playbooks:\n  files: [playbook.json]\n  hosts: ['" + receiver.host() +
                                           "']\n  channels: {oncall: {url: '" + receiver.server->url() + "/page'}}\n  variables: {__team__: payments}\n");
  }

  Json playbook() const {
    const auto step = [](const char* type, int n) { return std::string(type) + "--" + uuid(n); };
    JsonObject workflow;
    workflow[step("start", 10)] = JsonObject{{"type", "start"}, {"on_completion", step("action", 11)}};
    JsonObject ticket = action("Open a ticket", "http-api", "POST /tickets?team=__team__:value HTTP/1.1", step("action", 12), rules({{"results", JsonArray{JsonObject{{"to", "__ticket__"}, {"pointer", "/ticket/id"}}}}}));
    ticket["out_args"] = JsonArray{"__ticket__"};
    ticket["commands"].as_array()[0].as_object()["headers"] = JsonObject{{"Content-Type", JsonArray{"application/json"}}};
    ticket["commands"].as_array()[0].as_object()["content"] = R"({"title": "incident __incident__:value", "severity": "__severity__:value"})";
    workflow[step("action", 11)] = std::move(ticket);
    JsonObject ask = action("What do you see?", "manual", "Look at ticket __ticket__:value and say how many are hit.", step("action", 13));
    ask["out_args"] = JsonArray{"__hit__"};
    workflow[step("action", 12)] = std::move(ask);
    workflow[step("action", 13)] = action("Limit", "firebreak", "contain limit scores --scope endpoint --per-minute 600 --burst 10 --for 1h", step("action", 14), rules({{"approval", JsonObject{{"approvers", 1}}}}));
    workflow[step("action", 14)] = action("Page", "firebreak", "page oncall \"__hit__:value customers are hit, see __ticket__:value\"", step("end", 15));
    workflow[step("end", 15)] = JsonObject{{"type", "end"}};
    workflow[step("action", 16)] = action("By hand", "manual", "Go on by hand.", step("end", 17));
    workflow[step("end", 17)] = JsonObject{{"type", "end"}};
    const auto variable = [](const char* type, bool external) { return JsonObject{{"type", type}, {"external", external}}; };
    return JsonObject{{"type", "playbook"}, {"spec_version", "cacao-2.0"}, {"id", id}, {"name", "Whole"}, {"created_by", "identity--" + uuid(4)},
                      {"created", "2026-03-01T09:00:00.000Z"}, {"modified", "2026-03-01T09:00:00.000Z"}, {"workflow_start", step("start", 10)}, {"workflow_exception", step("action", 16)},
                      {"playbook_variables", JsonObject{{"__team__", variable("string", true)}, {"__incident__", variable("string", true)}, {"__severity__", variable("string", true)},
                                                        {"__ticket__", variable("string", false)}, {"__hit__", variable("integer", false)}}},
                      {"agent_definitions", JsonObject{{"group--" + uuid(1), JsonObject{{"type", "group"}, {"name", "analysts"}}},
                                                       {"security-category--" + uuid(2), JsonObject{{"type", "security-category"}, {"name", "Firebreak"}, {"category", JsonArray{"orchestrator"}}}},
                                                       {"http-api--" + uuid(3), JsonObject{{"type", "http-api"}, {"name", "tickets"}, {"address", JsonObject{{"url", JsonArray{receiver.server->url()}}}}}}}},
                      {"extension_definitions", JsonObject{{"extension-definition--b7a1c2d4-5e6f-4a8b-9c0d-1e2f3a4b5c6d",
                                                            JsonObject{{"type", "extension-definition"}, {"name", "step rules"}, {"created_by", "identity--" + uuid(4)}, {"schema", "https://firebreak.example/step-rules.json"}, {"version", "1"}}}}},
                      {"workflow", std::move(workflow)}};
  }

  Finished firebreak(std::vector<std::string> words, const std::string& who) const {
    words.insert(words.begin(), {FIREBREAK_BINARY, "--url", url(), "--token", token(who), "playbook"});
    return testing::run(words, folder() / "err");
  }
  // Until the newest step of the run that waits for `what` does.
  std::string waited(const std::string& run, const std::string& what) {
    for (int i = 0; i < 2400; ++i) {
      if (const auto answer = get("/api/v1/runs/" + run))
        for (const Json& step : answer->at("steps").as_array())
          if (string_or(step, "state") == "running" && string_or(step, "waits_for").starts_with(what)) return string_or(step, "waits_for");
      std::this_thread::sleep_for(std::chrono::milliseconds(25));
    }
    ADD_FAILURE() << run << " never waited for " << what << ": " << canonical_json(get("/api/v1/runs/" + run).value_or(Json()));
    return {};
  }
  std::string ended(const std::string& run) {
    for (int i = 0; i < 4800; ++i) {
      const auto answer = get("/api/v1/runs/" + run);
      if (answer && string_or(*answer, "state") != "running") return string_or(*answer, "state");
      std::this_thread::sleep_for(std::chrono::milliseconds(25));
    }
    ADD_FAILURE() << "it never ended: " << canonical_json(get("/api/v1/runs/" + run).value_or(Json()));
    return {};
  }
  std::string started(const std::string& incident) {
    const Finished run = firebreak({"run", id, "--incident", incident}, "ana");
    EXPECT_EQ(run.code, 0) << run.out << run.err;
    for (int i = 0; i < 2400; ++i) {  // views follow the journal
      const auto runs = get("/api/v1/runs?incident=" + incident);
      if (runs && !runs->at("items").as_array().empty()) return string_or(runs->at("items").at(0), "id");
      std::this_thread::sleep_for(std::chrono::milliseconds(25));
    }
    return {};
  }
  std::string declared() {
    const auto opened = command("ana", "incident.declare", JsonObject{{"endpoint", "scores"}, {"title", "odd answers"}, {"severity", "SEV-2"}});
    return opened ? string_or(*opened, "id") : "";
  }

  Receiver receiver;
  const std::string id = "playbook--" + uuid(5);
};

TEST(Run, goes_over_requests_people_approval_and_a_measure_through_a_kill) {
  Place place;
  ASSERT_TRUE(place.start_server());
  ASSERT_TRUE(place.start_gateway());
  place.set_up();
  const std::string incident = place.declared();
  const std::string run = place.started(incident);
  const std::string task = place.waited(run, "task-");
  const auto tickets = place.receiver.got("/tickets");
  ASSERT_EQ(tickets.size(), 1u);
  EXPECT_EQ(tickets[0].query_or("team"), "payments");
  EXPECT_EQ(string_or(parse_json(tickets[0].body).value_or(Json()), "title"), "incident " + incident);
  EXPECT_FALSE(tickets[0].header("idempotency-key").empty());

  place.server().end(SIGKILL);
  ASSERT_TRUE(place.start_server());
  EXPECT_EQ(place.firebreak({"answer", task, "--set", "__hit__=many"}, "ana").code, 2) << "no whole number";
  const Finished answered = place.firebreak({"answer", task, "--set", "__hit__=40", "--note", "as seen in the queue"}, "ana");
  EXPECT_EQ(answered.code, 0) << answered.out;
  place.waited(run, "appr-");
  const Finished waiting = place.firebreak({"approvals"}, "ben");
  EXPECT_THAT(waiting.out, HasSubstr("contain limit scores --scope endpoint --per-minute 600"));
  const auto approvals = place.get("/api/v1/approvals?state=waiting");
  const Json& approval = approvals->at("items").at(0);
  EXPECT_NE(place.firebreak({"approve", string_or(approval, "id"), "--digest", string_or(approval, "digest")}, "ana").code, 0) << "she started it, and is no approver";
  EXPECT_EQ(place.firebreak({"approve", string_or(approval, "id"), "--digest", string_or(approval, "digest")}, "ben").code, 0);
  // Asked for by the run, the measure is decided on like any other: for the whole endpoint it takes two people more.
  const std::string act = place.waited(run, "act-");
  const auto action = place.get("/api/v1/actions/" + act);
  ASSERT_TRUE(action);
  EXPECT_EQ(string_or(*action, "requested_by"), "user:ana");
  EXPECT_FALSE(place.command("ana", "action.approve", JsonObject{{"action", act}, {"digest", string_or(*action, "digest")}}));
  ASSERT_TRUE(place.command("ben", "action.reject", JsonObject{{"action", act}, {"reason", "not for everybody"}}));
  // The failure takes the exception's way: a person.
  const std::string by_hand = place.waited(run, "task-");
  EXPECT_EQ(place.firebreak({"answer", by_hand}, "ana").code, 0);
  EXPECT_EQ(place.ended(run), "failure");
  EXPECT_EQ(place.receiver.got("/tickets").size(), 1u) << "what may happen once happened once";

  const Finished shown = place.firebreak({"runs", run}, "ana");
  EXPECT_THAT(shown.out, HasSubstr("not for everybody"));
  EXPECT_THAT(shown.out, HasSubstr("__hit__ = \"40\""));
  const auto status = place.get("/api/v1/runs/" + run + "/status");
  ASSERT_TRUE(status);
  EXPECT_EQ(string_or(*status, "status"), "failed");
}

// One call each: a POST that may happen once, a PUT that may be repeated. The server is killed while the other side has the
// request and has not answered.
TEST(Run, sends_again_after_a_kill_what_may_be_repeated_and_nothing_else) {
  for (const bool once : {true, false}) {
    Place place;
    const std::string path = "/hangs/" + std::string(once ? "once" : "again");
    Json playbook = place.playbook();
    Json& step = playbook.at("workflow").at("action--" + uuid(11));
    step.at("commands").at(0).as_object()["command"] = (once ? "POST " : "PUT ") + path + "?team=__team__:value HTTP/1.1";
    Installation::write(place.folder() / "playbook.json", canonical_json(playbook));
    ASSERT_TRUE(place.start_server());
    ASSERT_TRUE(place.start_gateway());
    place.set_up();
    const std::string run = place.started(place.declared());
    ASSERT_TRUE(place.receiver.gets(path, 1));
    place.server().end(SIGKILL);
    {
      const std::lock_guard lock(place.receiver.mutex);
      place.receiver.hang = false;
    }
    ASSERT_TRUE(place.start_server());
    const std::string task = place.waited(run, "task-");
    const auto shown = place.get("/api/v1/runs/" + run);
    const std::string detail = canonical_json(*shown);
    if (once) {
      EXPECT_THAT(detail, HasSubstr("nobody knows whether it happened"));
      EXPECT_EQ(place.receiver.got(path).size(), 1u);
    } else {
      ASSERT_EQ(place.receiver.got(path).size(), 2u);
      EXPECT_EQ(place.receiver.got(path)[0].header("idempotency-key"), place.receiver.got(path)[1].header("idempotency-key"));
      EXPECT_THAT(detail, HasSubstr("T-7"));
    }
    EXPECT_FALSE(task.empty());
  }
}

TEST(Run, takes_its_failures_way_whatever_octets_a_receiver_answers) {
  Place place;
  Json playbook = place.playbook();
  playbook.at("workflow").at("action--" + uuid(11)).at("commands").at(0).as_object()["command"] = "PUT /broken HTTP/1.1";
  Installation::write(place.folder() / "playbook.json", canonical_json(playbook));
  ASSERT_TRUE(place.start_server());
  ASSERT_TRUE(place.start_gateway());
  place.set_up();
  const std::string run = place.started(place.declared());
  EXPECT_FALSE(place.waited(run, "task-").empty());
  EXPECT_THAT(place.firebreak({"runs", run}, "ana").out, HasSubstr("the answer has status 503: caf? is closed"));
}

// A receiver that does not answer holds up its own place alone, and lets go when the run is cancelled.
TEST(Run, waits_for_a_slow_receiver_and_holds_up_nobody_else) {
  Place place;
  Json slow = place.playbook();
  slow.at("workflow").at("action--" + uuid(11)).at("commands").at(0).as_object()["command"] = "PUT /hangs/long?team=__team__:value HTTP/1.1";
  Receiver other;
  Json quick = place.playbook();
  quick.as_object()["id"] = "playbook--" + uuid(6);
  quick.at("agent_definitions").at("http-api--" + uuid(3)).at("address").as_object()["url"] = JsonArray{other.server->url()};
  std::string files;
  for (int i = 0; i < 5; ++i) {
    slow.as_object()["id"] = "playbook--" + uuid(20 + i);
    files += fmt::format("slow{}.json, ", i);
    Installation::write(place.folder() / fmt::format("slow{}.json", i), canonical_json(slow));
  }
  Installation::write(place.folder() / "quick.json", canonical_json(quick));
  Installation::write(place.folder() / "firebreak.yaml", "gateways: {gw-1: {control: '" + place.control_url() + "', token_file: control.token}}\nplaybooks:\n  files: [" + files + "quick.json]\n  hosts: ['" +
                                                             place.receiver.host() + "', '" + other.host() + "']\n  variables: {__team__: payments}\n");
  ASSERT_TRUE(place.start_server());
  ASSERT_TRUE(place.start_gateway());
  place.set_up();
  const std::string incident = place.declared();
  std::vector<std::string> runs;
  for (int i = 0; i < 5; ++i) {
    const auto run = place.command("ana", "playbook.run", JsonObject{{"playbook", "playbook--" + uuid(20 + i)}, {"incident", incident}});
    ASSERT_TRUE(run) << run.error().message;
    runs.push_back(string_or(*run, "id"));
  }
  ASSERT_TRUE(place.receiver.gets("/hangs/long", 3)) << "three at a time to one place";
  const auto quick_run = place.command("ana", "playbook.run", JsonObject{{"playbook", "playbook--" + uuid(6)}, {"incident", incident}});
  ASSERT_TRUE(quick_run) << quick_run.error().message;
  EXPECT_FALSE(place.waited(string_or(*quick_run, "id"), "task-").empty()) << "the other place has answered";
  EXPECT_EQ(other.got("/tickets").size(), 1u);
  // Those that wait first: a place that becomes free goes to the next that is still wanted.
  for (auto run = runs.rbegin(); run != runs.rend(); ++run) EXPECT_EQ(place.firebreak({"cancel", *run, "--reason", "too slow"}, "ana").code, 0);
  for (const std::string& run : runs) EXPECT_EQ(place.ended(run), "cancelled");
  EXPECT_EQ(place.receiver.got("/hangs/long").size(), 3u) << "what was not sent does not leave any more";
}

// Two releases answer outside the traffic: the old one knows that x > 0 is to be declined, the new one approves everything.
TEST(Run, replays_two_releases_on_old_and_new_inputs_and_counts_the_impact) {
  const auto answers = [](bool knows) {
    return std::move(*net::HttpServer::start({}, [knows](net::Request request, net::Responder responder) {
      const Json asked = parse_json(request.body).value_or(Json(JsonObject{}));
      const Json* const features = find(asked, "features");
      const bool decline = knows && features != nullptr && number_or(*features, "x") > 0;
      net::Response response;
      response.body = decline ? R"({"label":"decline","score":0.9})" : R"({"label":"approve","score":0.1})";
      responder(std::move(response));
    }));
  };
  const auto old_one = answers(true), new_one = answers(false);
  Place place;
  Json playbook = place.playbook();
  JsonObject& workflow = playbook.at("workflow").as_object();
  const std::string first = "action--" + uuid(11), second = "action--" + uuid(12), end = "end--" + uuid(15);
  workflow[first] = action("Which one?", "firebreak", "replay2x2 1 2", second);
  workflow[first].as_object()["out_args"] = JsonArray{"__verdict__", "__new_on_old__"};
  workflow[second] = action("How many?", "firebreak", "impact", end);
  workflow[second].as_object()["out_args"] = JsonArray{"__inferences__", "__caller_count__"};
  for (const int gone : {13, 14}) workflow.erase("action--" + uuid(gone));
  for (const char* name : {"__verdict__", "__new_on_old__", "__inferences__", "__caller_count__"}) playbook.at("playbook_variables").as_object()[name] = JsonObject{{"type", "string"}};
  Installation::write(place.folder() / "playbook.json", canonical_json(playbook));
  ASSERT_TRUE(place.start_server());
  ASSERT_TRUE(place.start_gateway());
  place.set_up();
  const JsonObject endpoint{{"name", "risk"}, {"positive_label", "decline"}, {"features", JsonObject{{"numeric", JsonArray{"x"}}, {"categorical", JsonArray{}}}}};
  ASSERT_TRUE(place.put("/api/v1/endpoints/risk", endpoint));
  std::string holdout = "x,label\n", records;
  for (int i = 0; i < 80; ++i) {
    holdout += fmt::format("{},{}\n", i % 2 == 0 ? 1 : -1, i % 2 == 0 ? 1 : 0);
    records += fmt::format(R"({{"id":"r{0}","time":"2026-03-07T03:00:00Z","caller":"c{1}","features":{{"x":{2}}},"label":"approve"}})" "\n", i, i % 4, i % 2 == 0 ? 1 : -1);
    records += fmt::format(R"({{"type":"label","id":"r{}","time":"2026-03-07T04:00:00Z","label":"{}"}})" "\n", i, i % 2 == 0 ? "decline" : "approve");
  }
  const auto blob = [&](const std::string& text) { return string_or(place.post("/api/v1/blobs", text, "application/octet-stream").value_or(Json(JsonObject{})), "digest"); };
  for (const auto& [name, server] : {std::pair("1", old_one.get()), std::pair("2", new_one.get())}) {
    const auto registered = place.command("ana", "release.register", JsonObject{{"endpoint", "risk"}, {"release", name}, {"upstream", server->url()}, {"training_cut", "2026-01-01T00:00:00Z"}, {"sources", JsonArray{}},
                                                                                {"model", JsonObject{{"name", "risk"}, {"version", name}, {"digest", blob(std::string("model ") + name)}}}, {"manifest", blob("{}")}, {"dataset", blob(holdout)}, {"holdout", blob(holdout)}});
    ASSERT_TRUE(registered) << registered.error().message << registered.error().pointer;
  }
  net::HttpClient http;
  http.set_token(place.token("admin"));
  const auto receipt = place.ingest(http, "risk", records, "test", 1);
  ASSERT_TRUE(receipt) << receipt.error().message;
  const auto opened = place.command("ana", "incident.declare", JsonObject{{"endpoint", "risk"}, {"title", "it lets everything through"}, {"severity", "SEV-2"}});
  ASSERT_TRUE(opened) << opened.error().message;
  const std::string run = place.started(string_or(*opened, "id"));
  EXPECT_EQ(place.ended(run), "success") << canonical_json(place.get("/api/v1/runs/" + run).value_or(Json()));
  const auto shown = place.get("/api/v1/runs/" + run);
  ASSERT_TRUE(shown);
  EXPECT_EQ(*find(*shown, "variables"), parse_json(R"({"__caller_count__": "4", "__inferences__": "80", "__new_on_old__": "0.5000", "__verdict__": "model"})").value());
}

TEST(Run, says_beforehand_what_it_would_do_and_what_is_missing) {
  Place place;
  ASSERT_TRUE(place.start_server());
  const Finished dry = place.firebreak({"dry-run", place.folder() / "playbook.json", "--set", "__team__=a&b=c", "--set", "__incident__=inc-1", "--set", "__severity__=SEV-1"}, "admin");
  EXPECT_EQ(dry.code, 0) << dry.out;
  EXPECT_THAT(dry.out, HasSubstr("team=a%26b%3Dc"));
  EXPECT_THAT(dry.out, HasSubstr("__ticket__ is known after 'Open a ticket'"));
  EXPECT_EQ(place.receiver.requests.size(), 0u);
  const Finished missing = place.firebreak({"dry-run", place.folder() / "playbook.json"}, "admin");
  EXPECT_EQ(missing.code, 1);
  EXPECT_THAT(missing.out, HasSubstr("the variable __team__ (string) has no value: give it with --set"));
  const Finished listed = place.firebreak({"list"}, "admin");
  EXPECT_THAT(listed.out, HasSubstr(place.id));
  const std::string out = place.folder() / "out.json";
  EXPECT_EQ(place.firebreak({"export", place.id, "-o", out}, "admin").code, 0);
  EXPECT_EQ(place.firebreak({"diff", place.folder() / "playbook.json", out}, "admin").code, 0);
}

}  // namespace
}  // namespace firebreak
