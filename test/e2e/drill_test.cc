// Drills through the real program: scripted people on the shipped live drill, a table-top, the separation of players, marks, refusals, abort.
#include <gtest/gtest.h>

#include <chrono>
#include <regex>
#include <set>

#include "support/installation.h"

namespace firebreak::testing {
namespace {

using Wall = std::chrono::steady_clock;

const std::string kDrills = FIREBREAK_SOURCE_DIR "/content/drills";
const std::string kMark = "EXERCISE fraud-evasion: nothing here is real";

std::string text_of(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

double seconds_since(Wall::time_point begin) { return std::chrono::duration<double>(Wall::now() - begin).count(); }

// Points and figures, without what may differ between runs: ids and indexes of the journal.
std::string figures(const Json& score) {
  std::string out = canonical_json(score.at("points")) + "/" + canonical_json(score.at("of"));
  for (const Json& part : score.at("parts").as_array()) out += "\n" + string_or(part, "part") + " " + canonical_json(part.at("points")) + " " + string_or(part, "said");
  return out;
}

std::string table_top() {
  return R"(format: firebreak-drill/1
name: desk
title: A rumour about poisoned data
kind: tabletop
objectives: [{id: decide, text: It is decided with a reason, rated_by: [decisions, communication]}]
roles:
  - {role: lead, team: SecOps, may: analyst, lead: true}
  - {role: counsel, team: Legal, may: approver}
clock: {start: 2026-05-04T08:00:00Z, end: 2026-05-04T09:00:00Z}
injects:
  - {number: "1", at: 1m, type: contextual, from: Press, to: [lead], channel: phone, text: visible-first-inject}
  - {number: "2", at: 20m, type: expected-action, from: Board, to: [counsel], channel: mail, text: hidden-later-inject, expected: hidden-expected-action}
truth:
  start: 2026-05-04T08:00:00Z
  audiences: [press]
  limits: {first_update: {full: 30m, none: 2h}}
  decisions:
    - {id: tell-regulator, what: hidden-decision, role: counsel, made_by: {entry: exercise_decided, where: {/decision: regulator}}, within: 30m, reason: true}
script:
  - {role: counsel, after: {entry: exercise_inject, where: {/inject: "2"}}, delay: 2m, command: exercise.decide, args: {decision: regulator, choice: wait, reason: nothing is known yet}}
  - {role: lead, after: {entry: exercise_inject}, delay: 1m, command: exercise.message, args: {to: press, channel: phone, text: we look into it}}
)";
}

// A drill that people could take part in: it runs until it is ended.
struct Live {
  Live(const Folder& folder, const std::string& drill, const std::vector<std::string>& more = {}) : dir(folder / "live") {
    std::vector<std::string> words{FIREBREAK_BINARY, "drill", "run", drill, "--data", dir};
    words.insert(words.end(), more.begin(), more.end());
    process = Process(words, folder / "live.err");
    for (int i = 0; i < 1'200 && server.empty(); ++i) {
      if (const auto place = parse_json(text_of(dir + "/drill.json"))) server = string_or(*place, "server");
      if (server.empty()) std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
  }
  std::string token(const std::string& who) const {
    std::string text = text_of(dir + "/tokens/" + who + ".token");
    while (text.ends_with('\n')) text.pop_back();
    return text;
  }
  Result<net::Response> get(const std::string& path, const std::string& who) const {
    net::HttpClient http;
    http.set_token(token(who));
    return http.get(server + path);
  }
  // Until an inject is out.
  bool inject_is_out(const std::string& who) const {
    for (int i = 0; i < 600; ++i) {
      const auto seen = net::json_of(get("/api/v1/exercise", who));
      if (seen && !seen->at("injects").as_array().empty()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    return false;
  }
  std::string dir, server;
  Process process;
};

TEST(DrillRun, scripted_people_play_the_shipped_drill_and_score_the_same_each_time) {
  const Folder folder;
  std::vector<Json> scores;
  for (const char* name : {"one", "two"}) {
    const auto begin = Wall::now();
    const auto done = run({FIREBREAK_BINARY, "drill", "run", kDrills + "/fraud-evasion.yaml", "--auto", "--seed", "7", "--json", "--data", folder / name}, folder / "err");
    ASSERT_EQ(0, done.code) << done.out << done.err << text_of(std::string(folder / name) + "/logs/server.err");
    const auto score = parse_json(done.out);
    ASSERT_TRUE(score);
    scores.push_back(*score);
    std::cout << "  " << name << ": " << seconds_since(begin) << " s\n";
  }
  EXPECT_EQ(figures(scores[0]), figures(scores[1]));
  EXPECT_GE(scores[0].at("points").to_number<double>(), 80) << figures(scores[0]);
  EXPECT_EQ("matches", string_or(scores[0], "seal"));
  for (const Json& part : scores[0].at("parts").as_array()) {
    const std::string name = string_or(part, "part");
    EXPECT_TRUE(name != "gates in order" || part.at("of") == part.at("points")) << string_or(part, "said");
    if (name != "kill switch") continue;
    EXPECT_EQ(4, part.at("points").to_number<double>()) << string_or(part, "said");
    EXPECT_TRUE(bool_or(part.at("raw"), "proven"));
    EXPECT_LE(number_or(part.at("raw"), "seconds", 1e9), 10) << "from the decision to the probe's answer";
    std::cout << "  kill switch: " << number_or(part.at("raw"), "seconds") << " s\n";
  }

  // What everything says that leaves the drill, served again without being told that it is one.
  const std::string data = std::string(folder / "one") + "/data";
  const Port port;
  const std::string url = "http://127.0.0.1:" + std::to_string(port);
  Process server({FIREBREAK_BINARY, "serve", "--data", data, "--listen", "127.0.0.1:" + std::to_string(port), "--clock", "fed"}, folder / "server.err");
  ASSERT_TRUE(server.ready()) << text_of(folder / "server.err");
  const auto cli = [&](std::vector<std::string> words) {
    words.insert(words.begin(), FIREBREAK_BINARY);
    for (const std::string& word : {std::string("--url"), url, std::string("--data"), data}) words.push_back(word);
    return run(words, folder / "cli.err");
  };
  const auto incidents = parse_json(cli({"incident", "list", "--json"}).out);
  ASSERT_TRUE(incidents);
  EXPECT_EQ(kMark, string_or(*incidents, "exercise"));
  const std::string incident = string_or(incidents->at("items").as_array().back(), "id");
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{{"status"}, {"incident", "show", incident}, {"incident", "list"}, {"finding", "list"}, {"action", "list"}, {"drill", "injects"}})
    EXPECT_EQ(0U, cli(words).out.find(kMark)) << words[0];
  net::HttpClient http;
  http.set_token(text_of(data + "/admin.token").substr(0, 64));
  for (const char* path : {"/api/v1/status", "/api/v1/incidents", "/api/v1/findings", "/api/v1/actions", "/api/v1/evidence", "/api/v1/journal", "/api/v1/exercise"}) {
    const auto answer = http.get(url + path);
    ASSERT_TRUE(answer);
    EXPECT_EQ(kMark, answer->header("firebreak-exercise")) << path;
    EXPECT_EQ(0U, answer->body.find("{\"exercise\":\"" + kMark)) << path;
  }
  const std::string page = http.get(url + "/")->body;
  EXPECT_NE(std::string::npos, page.find("<p class=\"exercise\" role=\"note\">" + kMark));
  EXPECT_NE(std::string::npos, page.find("<title>" + kMark));
  EXPECT_NE(std::string::npos, page.find("id=\"injects\""));
  EXPECT_EQ(200, http.get(url + "/exercise.js")->status);
  EXPECT_NE(std::string::npos, http.get(url + "/api/v1/incidents/" + incident + "/report.html")->body.find("<p class=\"exercise\" role=\"note\">" + kMark));
  const std::string out = folder / "report";
  ASSERT_EQ(0, cli({"report", incident, "--out", out}).code);
  EXPECT_EQ(kMark, string_or(*parse_json(text_of(out + "/report.json")), "exercise"));
  EXPECT_NE(std::string::npos, text_of(out + "/report.html").find(kMark));
  const std::string bundle = folder / "bundle";
  ASSERT_EQ(0, cli({"evidence", "export", incident, "--out", bundle}).code) << text_of(folder / "cli.err");
  EXPECT_EQ(0U, text_of(bundle + "/README.txt").find(kMark));
  EXPECT_EQ(kMark, string_or(*parse_json(text_of(bundle + "/custody.json")), "exercise"));
  EXPECT_EQ(0, run({FIREBREAK_BINARY, "evidence", "verify", bundle}).code);
  const auto exercise = net::json_of(http.get(url + "/api/v1/exercise"));
  ASSERT_TRUE(exercise);
  ASSERT_FALSE(exercise->at("messages").as_array().empty());
  for (const Json& message : exercise->at("messages").as_array()) EXPECT_EQ(kMark, string_or(message, "marked"));
  EXPECT_EQ("ended", string_or(*exercise, "state"));
  EXPECT_EQ(0U, text_of(std::string(folder / "one") + "/after-action.md").find("# EXERCISE fraud-evasion"));
  EXPECT_NE(std::string::npos, text_of(std::string(folder / "one") + "/after-action.html").find("EXERCISE fraud-evasion"));
  server.end(SIGTERM);
  EXPECT_EQ(0, run({FIREBREAK_BINARY, "ledger", "verify", "--data", data}).code);

  // Several runs: every value, and no mean.
  const auto compared = parse_json(run({FIREBREAK_BINARY, "drill", "score", folder / "one", folder / "two", "--json"}).out);
  ASSERT_TRUE(compared);
  EXPECT_EQ(2, int_or(compared->at("points"), "n"));
  EXPECT_EQ(compared->at("points").at("least"), compared->at("points").at("most"));

  // The same from the journal alone: nothing else in the folder is asked.
  for (const char* gone : {"/facilitator/sealed.json", "/score.json", "/exercise.json", "/after-action.json"}) ASSERT_EQ(0, std::remove((std::string(folder / "one") + gone).c_str()));
  const auto again = run({FIREBREAK_BINARY, "drill", "score", folder / "one", "--json"});
  EXPECT_EQ(figures(scores[0]), figures(*parse_json(again.out)));
}

TEST(DrillRun, a_table_top_is_played_by_injects_alone) {
  const Folder folder;
  Installation::write(folder / "desk.yaml", table_top());
  const auto done = run({FIREBREAK_BINARY, "drill", "run", folder / "desk.yaml", "--auto", "--json", "--data", folder / "desk"}, folder / "err");
  ASSERT_EQ(0, done.code) << done.out << done.err;
  const auto score = parse_json(done.out);
  EXPECT_EQ(20, score->at("of").to_number<double>()) << figures(*score);
  EXPECT_EQ(20, score->at("points").to_number<double>()) << figures(*score);
  EXPECT_EQ("P", string_or(parse_json(text_of(std::string(folder / "desk") + "/after-action.json"))->at("objectives").as_array()[0], "rating"));
}

// Poisoned data, a tampered model and abuse of an API, as streams into one installation: one incident, by what they share.
TEST(DrillRun, three_ways_of_one_attack_become_one_incident_with_a_lane_for_each_team) {
  const Folder folder;
  std::vector<Json> scores;
  for (const char* name : {"one", "two"}) {
    const auto done = run({FIREBREAK_BINARY, "drill", "run", kDrills + "/multi-vector.yaml", "--auto", "--seed", "7", "--json", "--data", folder / name}, folder / "err");
    ASSERT_EQ(0, done.code) << done.out << done.err << text_of(std::string(folder / name) + "/logs/server.err");
    scores.push_back(*parse_json(done.out));
  }
  EXPECT_EQ(figures(scores[0]), figures(scores[1]));
  EXPECT_EQ(scores[0].at("of"), scores[0].at("points")) << figures(scores[0]);
  const std::string said = figures(scores[0]);
  EXPECT_NE(std::string::npos, said.find("model (recommender): in it by the same asset ratings-store")) << said;
  EXPECT_NE(std::string::npos, said.find("api (scores): in it by the same principal svc-train")) << said;
  const auto report = parse_json(text_of(std::string(folder / "one") + "/after-action.json"));
  std::string teams;
  for (const Json& lane : report->at("lanes").as_array()) teams += string_or(lane, "team") + ";";
  EXPECT_EQ("SecOps;Data Science;MLOps;Legal;", teams);

  // The incident holds all three, says why, and its lanes have owners; the evidence was secured in the order of volatility.
  const std::string data = std::string(folder / "one") + "/data";
  const Port port;
  const std::string url = "http://127.0.0.1:" + std::to_string(port);
  Process server({FIREBREAK_BINARY, "serve", "--data", data, "--listen", "127.0.0.1:" + std::to_string(port), "--clock", "fed"}, folder / "server.err");
  ASSERT_TRUE(server.ready()) << text_of(folder / "server.err");
  net::HttpClient http;
  http.set_token(text_of(data + "/admin.token").substr(0, 64));
  const auto incidents = net::json_of(http.get(url + "/api/v1/incidents"));
  ASSERT_TRUE(incidents);
  EXPECT_EQ(1U, incidents->at("items").as_array().size()) << canonical_json(*incidents);
  std::set<std::string> places, owners;
  std::string captured;
  for (std::uint64_t from = 0;;) {
    const auto page = net::json_of(http.get(url + "/api/v1/journal?limit=1000&from=" + std::to_string(from)));
    ASSERT_TRUE(page);
    const auto& items = page->at("items").as_array();
    for (const Json& entry : items) {
      const std::string kind = string_or(entry, "kind");
      const Json& body = entry.at("body");
      if (kind == "incident_finding_linked" && find(body, "joined") != nullptr) places.insert(string_or(body, "endpoint"));
      if (kind == "incident_task_opened") owners.insert(string_or(body, "owner"));
      if (kind == "evidence_captured") captured += string_or(body, "item") + " ";
    }
    from += items.size();
    if (items.size() < 1'000) break;
  }
  EXPECT_EQ((std::set<std::string>{"recommender", "scores"}), places);
  for (const char* owner : {"mlops", "data-science", "secops", "legal"}) EXPECT_TRUE(owners.contains(owner)) << owner;
  EXPECT_EQ("inferences model dataset ", captured) << "asked for the other way round";
}

// On the evidence of a drill: the giver offers, the taker signs, and a stranger reads both in the bundle.
TEST(CustodyThroughTheProgram, evidence_goes_from_hand_to_hand_and_the_bundle_says_so) {
  const Folder folder;
  const auto done = run({FIREBREAK_BINARY, "drill", "run", kDrills + "/multi-vector.yaml", "--auto", "--json", "--data", folder / "drill"}, folder / "err");
  ASSERT_EQ(0, done.code) << done.out << done.err;
  const std::string data = std::string(folder / "drill") + "/data";
  const Port port;
  const std::string url = "http://127.0.0.1:" + std::to_string(port);
  Process server({FIREBREAK_BINARY, "serve", "--data", data, "--listen", "127.0.0.1:" + std::to_string(port), "--clock", "fed"}, folder / "server.err");
  ASSERT_TRUE(server.ready()) << text_of(folder / "server.err");
  const auto as = [&](const std::string& who, std::vector<std::string> words) {
    words.insert(words.begin(), FIREBREAK_BINARY);
    for (const std::string& word : {std::string("--url"), url, std::string("--token"), text_of(std::string(folder / "drill") + "/tokens/" + who + ".token").substr(0, 64)}) words.push_back(word);
    return run(words, folder / "cli.err");
  };
  net::HttpClient http;
  http.set_token(text_of(data + "/admin.token").substr(0, 64));
  const auto list = net::json_of(http.get(url + "/api/v1/evidence"));
  ASSERT_TRUE(list);
  const Json& item = list->at("items").as_array().front();
  const std::string ev = string_or(item, "id"), digest = string_or(item, "digest"), incident = string_or(item, "incident");
  const std::vector<std::string> offer{"evidence", "offer", incident, ev, "--to", "legal", "--digest", digest, "--reason", "for the authority"};
  std::vector<std::string> without_zone = offer;
  without_zone.insert(without_zone.end(), {"--at", "2026-06-09T04:50:00"});
  EXPECT_NE(0, as("data-science", without_zone).code);
  EXPECT_NE(std::string::npos, text_of(folder / "cli.err").find("zone")) << text_of(folder / "cli.err");
  ASSERT_EQ(0, as("data-science", offer).code) << text_of(folder / "cli.err");
  const auto offers = net::json_of(http.get(url + "/api/v1/incidents/" + incident + "/custody"));
  ASSERT_TRUE(offers);
  const std::string id = string_or(offers->at("items").as_array().front(), "id");
  EXPECT_NE(std::string::npos, as("legal", {"status"}).out.find("sign for " + ev));
  EXPECT_EQ(3, as("secops", {"evidence", "take", id, "--digest", digest}).code) << "it is offered to legal";
  EXPECT_EQ(3, as("legal", {"evidence", "take", id, "--digest", std::string(64, '0')}).code) << "another digest";
  ASSERT_EQ(0, as("legal", {"evidence", "take", id, "--digest", digest}).code) << text_of(folder / "cli.err");
  EXPECT_NE(std::string::npos, http.get(url + "/api/v1/incidents/" + incident + "/report.html")->body.find("transfer")) << "the report has the line";
  server.end(SIGTERM);  // what was said last is in the signed tree then
  const std::string bundle = folder / "bundle";
  ASSERT_EQ(0, as("legal", {"evidence", "export", incident, "--out", bundle, "--data", data}).code) << text_of(folder / "cli.err");
  std::string seen;
  const auto custody = parse_json(text_of(bundle + "/custody.json"));
  ASSERT_TRUE(custody);
  for (const Json& one : custody->at("items").as_array())
    if (string_or(one, "id") == ev)
      for (const Json& line : one.at("custody").as_array()) seen += string_or(line, "action") + " " + string_or(line, "from") + ">" + string_or(line, "to") + ";";
  EXPECT_NE(std::string::npos, seen.find("offer data-science>legal;transfer data-science>legal;")) << seen;
  EXPECT_EQ(0, run({FIREBREAK_BINARY, "evidence", "verify", bundle}).code);
}

TEST(DrillRun, the_shipped_table_top_has_a_lead_and_a_lane_for_each_team) {
  const Folder folder;
  const auto done = run({FIREBREAK_BINARY, "drill", "run", kDrills + "/multi-vector-table-top.yaml", "--auto", "--json", "--data", folder / "many"}, folder / "err");
  ASSERT_EQ(0, done.code) << done.out << done.err;
  const auto score = parse_json(done.out);
  EXPECT_EQ(score->at("of"), score->at("points")) << figures(*score);
  const auto report = parse_json(text_of(std::string(folder / "many") + "/after-action.json"));
  std::string teams;
  for (const Json& lane : report->at("lanes").as_array()) teams += string_or(lane, "team") + ";";
  EXPECT_EQ("SecOps;Data Science;MLOps;Legal;", teams);
}

// Every route that a player may read, and not one hidden word in any answer.
TEST(DrillRun, players_see_nothing_that_is_hidden) {
  const Folder folder;
  Installation::write(folder / "desk.yaml", table_top());
  Live live(folder, folder / "desk.yaml", {"--speed", "600"});
  ASSERT_FALSE(live.server.empty()) << text_of(folder / "live.err");
  ASSERT_TRUE(live.inject_is_out("lead"));
  run({FIREBREAK_BINARY, "clock", "rate", "0", "--url", live.server, "--token", live.token("facilitator")});
  const std::vector<std::string> hidden{"hidden-later-inject", "hidden-expected-action", "hidden-decision", "tell-regulator", "first_update"};
  const std::string description = live.get("/api/v1/openapi.yaml", "lead")->body;
  const std::regex route(R"(\n  (/[^\s{]+):\n    get:)");
  std::size_t asked = 0, fields = 0;
  for (std::sregex_iterator at(description.begin(), description.end(), route), end; at != end; ++at) {
    const std::string path = (*at)[1];
    if (path == "/api/v1/events") continue;  // never ends; it has the journal's entries, which are asked for below
    const auto answer = live.get(path + (path == "/api/v1/journal" ? "?limit=1000" : ""), "lead");
    ASSERT_TRUE(answer) << path;
    ++asked;
    for (const std::string& word : hidden) {
      fields += answer->body.find(word) != std::string::npos;
      EXPECT_EQ(std::string::npos, answer->body.find(word)) << path << " shows " << word;
    }
  }
  EXPECT_GT(asked, 20U);
  EXPECT_EQ(0U, fields);
  EXPECT_EQ(403, live.get("/api/v1/exercise/script", "lead")->status);
  EXPECT_EQ(403, live.get("/api/v1/exercise/script", "counsel")->status);
  const auto seen = live.get("/api/v1/exercise", "lead");
  EXPECT_NE(std::string::npos, seen->body.find("visible-first-inject"));
  const auto script = live.get("/api/v1/exercise/script", "facilitator");
  EXPECT_EQ(200, script->status);
  for (const std::string& word : hidden) EXPECT_NE(std::string::npos, script->body.find(word)) << word;
  net::HttpClient facilitator;
  facilitator.set_token(live.token("facilitator"));
  const auto outside = facilitator.post(live.server + "/api/v1/commands/release.register", R"({"upstream":"http://10.0.0.1:9440"})");
  EXPECT_EQ(403, outside->status);
  EXPECT_NE(std::string::npos, outside->body.find("/upstream")) << outside->body;
  // The pace is the facilitator's, decisions are the players', and only what is asked for can be decided.
  const auto as = [&](const std::string& who, const std::string& path, const std::string& body) {
    net::HttpClient http;
    http.set_token(live.token(who));
    const auto answer = http.post(live.server + path, body);
    return answer ? *answer : net::Response{};
  };
  const std::string decide = "/api/v1/commands/exercise.decide";
  EXPECT_EQ(403, as("lead", "/api/v1/clock", R"({"rate":0,"reason":"too fast"})").status);
  EXPECT_EQ(200, as("facilitator", "/api/v1/clock", R"({"rate":0,"reason":"a break"})").status);
  EXPECT_EQ(404, as("counsel", decide, R"({"decision":"nosuch","choice":"a","reason":"r"})").status);
  EXPECT_EQ(403, as("facilitator", decide, R"({"decision":"regulator","choice":"a","reason":"r"})").status);
  EXPECT_EQ(200, as("counsel", decide, R"({"decision":"regulator","choice":"wait","reason":"r"})").status);
  for (const char* name : {"exercise.inject", "exercise.end", "exercise.skip"}) {
    net::HttpClient http;
    http.set_token(live.token("lead"));
    EXPECT_EQ(403, http.post(live.server + "/api/v1/commands/" + name, name == std::string("exercise.end") ? R"({"sealed":{}})" : name == std::string("exercise.skip") ? R"({"inject":"2","why":"w"})" : R"({"inject":"2","type":"t","from":"f","to":["lead"],"channel":"c","text":"t"})")->status) << name;
  }
}

TEST(DrillRun, is_aborted_within_five_seconds) {
  const Folder folder;
  Live live(folder, kDrills + "/fraud-evasion.yaml");
  ASSERT_FALSE(live.server.empty()) << text_of(folder / "live.err");
  const auto begin = Wall::now();
  const auto aborted = run({FIREBREAK_BINARY, "drill", "abort", live.dir, "--reason", "something real came in"}, folder / "err");
  EXPECT_LE(seconds_since(begin), 5.0);
  EXPECT_EQ(0, aborted.code) << aborted.out << aborted.err;
  EXPECT_EQ(3, live.process.wait());
  EXPECT_FALSE(live.get("/healthz", "facilitator"));
  const auto score = run({FIREBREAK_BINARY, "drill", "score", live.dir}, folder / "err2");
  EXPECT_EQ(3, score.code);
  EXPECT_NE(std::string::npos, score.err.find("aborted")) << score.err;
}

TEST(DrillRun, does_not_count_when_somebody_changed_the_truth_on_the_way) {
  const Folder folder;
  Installation::write(folder / "desk.yaml", table_top());
  Live live(folder, folder / "desk.yaml", {"--speed", "1200"});
  ASSERT_TRUE(live.inject_is_out("lead"));
  const std::string file = live.dir + "/facilitator/sealed.json";
  Installation::write(file, std::regex_replace(text_of(file), std::regex("hidden-decision"), "something else"));
  EXPECT_EQ(3, live.process.wait());
  EXPECT_NE(std::string::npos, text_of(folder / "live.err").find("is not the one that was sealed at the start")) << text_of(folder / "live.err");
  EXPECT_EQ("", text_of(live.dir + "/score.json"));
}

TEST(DrillRun, any_player_may_end_it) {
  const Folder folder;
  Installation::write(folder / "desk.yaml", table_top());
  Live live(folder, folder / "desk.yaml", {"--speed", "60"});
  ASSERT_TRUE(live.inject_is_out("lead"));
  EXPECT_EQ(0, run({FIREBREAK_BINARY, "drill", "tell", "press", "wait for us", "--channel", "phone", "--url", live.server, "--token", live.token("lead")}).code);
  net::HttpClient http;
  http.set_token(live.token("counsel"));
  const auto begin = Wall::now();
  EXPECT_EQ(200, http.post(live.server + "/api/v1/commands/exercise.abort", R"({"reason":"something real came in"})")->status);
  EXPECT_EQ(3, live.process.wait());
  EXPECT_LE(seconds_since(begin), 5.0);
}

TEST(DrillRun, takes_no_folder_that_holds_anything) {
  const Folder folder;
  Installation::write(folder / "FORMAT", "firebreak-data 1\n");
  const auto refused = run({FIREBREAK_BINARY, "drill", "run", kDrills + "/fraud-evasion.yaml", "--auto", "--data", folder.path()}, folder / "err");
  EXPECT_EQ(3, refused.code);
  EXPECT_NE(std::string::npos, refused.err.find("no drill's folder")) << refused.err;
  EXPECT_EQ("firebreak-data 1\n", text_of(folder / "FORMAT"));
}

TEST(DrillServe, never_makes_a_production_folder_an_exercise) {
  const Folder folder;
  Process production({FIREBREAK_BINARY, "serve", "--data", folder / "data", "--listen", "127.0.0.1:0", "--clock", "fed"}, folder / "err");
  ASSERT_TRUE(production.ready());
  production.end(SIGTERM);
  Installation::write(folder / "exercise.json", R"({"declaration":{"name":"x","title":"X","kind":"live","truth_digest":")" + std::string(64, 'a') + R"(","roles":[{"role":"a","team":"A"}]}})");
  const auto refused = run({FIREBREAK_BINARY, "serve", "--data", folder / "data", "--listen", "127.0.0.1:0", "--clock", "fed", "--exercise", folder / "exercise.json"}, folder / "err2");
  EXPECT_EQ(3, refused.code);
  EXPECT_NE(std::string::npos, refused.err.find("a drill has a folder of its own")) << refused.err;
}

TEST(DrillServe, refuses_by_name_whatever_reaches_outside) {
  const Folder folder;
  Installation::write(folder / "exercise.json", R"({"declaration":{"name":"x","title":"X","kind":"live","truth_digest":")" + std::string(64, 'a') + R"(","roles":[{"role":"a","team":"A"}]}})");
  Installation::write(folder / "secret", "s3cr3t\n");
  ::chmod((folder / "secret").c_str(), 0600);
  const std::pair<const char*, const char*> rows[] = {
      {"gateways: {gw-9: {control: 'http://10.0.0.9:8442', token_file: t}}\n", "gateways/gw-9"},
      {"gateways: {gw-9: {control: 'http://127.0.0.1.example.com', token_file: t}}\n", "gateways/gw-9"},
      {"callers: {mlflow: {kind: mlflow, url: 'http://127.0.0.1:5000'}}\n", "callers"},
      {"playbooks: {channels: {chat: {url: 'https://chat.example.com/hook'}}}\n", "playbooks/channels"},
      {"playbooks: {hosts: [api.example.com]}\n", "playbooks/hosts"},
      {"witness: [{name: w, url: 'https://witness.example.com', vkey: 'w+00000000+AAAA'}]\n", "witness"},
      {"store: {url: 'https://s3.example.com', bucket: b}\n", "store"},
  };
  int number = 0;
  for (const auto& [config, name] : rows) {
    const std::string data = folder / ("data" + std::to_string(number++));
    Installation::write(folder / "firebreak.yaml", config);
    const auto refused = run({FIREBREAK_BINARY, "serve", "--data", data, "--config", folder / "firebreak.yaml", "--listen", "127.0.0.1:0", "--clock", "fed", "--exercise", folder / "exercise.json"}, data + ".err");
    EXPECT_NE(0, refused.code) << config;
    EXPECT_NE(std::string::npos, refused.err.find(std::string("'") + name)) << config << refused.err;
  }
  const std::string data = folder / "data";
  const auto events = run({FIREBREAK_BINARY, "serve", "--data", data, "--listen", "127.0.0.1:0", "--clock", "fed", "--exercise", folder / "exercise.json", "--events", folder / "events"}, data + ".err");
  EXPECT_NE(std::string::npos, events.err.find("--events")) << events.err;
}

TEST(DrillCheck, names_file_line_and_place) {
  const Folder folder;
  Installation::write(folder / "bad.yaml", std::regex_replace(table_top(), std::regex("at: 20m"), "at: later"));
  const auto refused = run({FIREBREAK_BINARY, "drill", "check", folder / "bad.yaml"}, folder / "err");
  EXPECT_EQ(2, refused.code);
  for (const char* said : {"bad.yaml", "line 12", "/injects/1/at", "no span"}) EXPECT_NE(std::string::npos, refused.err.find(said)) << said << ": " << refused.err;
  EXPECT_EQ(0, run({FIREBREAK_BINARY, "drill", "check", kDrills + "/fraud-evasion.yaml"}).code);
}

}  // namespace
}  // namespace firebreak::testing
