// What becomes of decisions, and of training data, through the real program: built over a crash, settled, told, handed out, closed;
// a taint list that openssl verifies and a pipeline checks.
#include <gtest/gtest.h>
#include <signal.h>

#include <fstream>
#include <sstream>
#include <thread>

#include "support/installation.h"

namespace firebreak {
namespace {

using testing::Finished;
using testing::Installation;
using testing::run;

std::string content(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

struct Place : Installation {
  std::string incident;

  Finished firebreak(std::vector<std::string> words) {
    words.insert(words.begin(), FIREBREAK_BINARY);
    for (const std::string& word : {std::string("--url"), url(), std::string("--data"), data()}) words.push_back(word);
    return run(words, folder() / "cli.err");
  }
  Json asked(std::vector<std::string> words) {
    words.push_back("--json");
    const Finished finished = firebreak(words);
    EXPECT_EQ(finished.code, 0) << finished.out << content(folder() / "cli.err");
    auto answer = parse_json(finished.out, 64);
    return answer ? *answer : Json(JsonObject{});
  }
  // Answers of a release "2" that declined everybody; the release in service approves.
  void record(int count) {
    net::HttpClient http;
    http.set_token(token("admin"));
    std::string batch;
    for (int i = 0; i < count; ++i)
      batch += canonical_json(JsonObject{{"id", (i == 0 ? "=cmd" : "r") + std::to_string(i)}, {"time", "2026-11-20T03:00:00Z"}, {"caller", i % 2 == 0 ? "shop" : "bank"}, {"release", "2"},
                                         {"features", JsonObject{{"x", i}}}, {"output", JsonObject{{"label", "decline"}, {"score", 0.75}}}, {"disposition", "served"}}) + "\n";
    const auto receipt = ingest(http, "scores", batch, "recorder", 1);
    EXPECT_TRUE(receipt) << receipt.error().message;
  }
  Json until(const std::function<bool(const Json&)>& fits) {
    std::string last;
    for (int i = 0; i < 600; ++i) {
      const auto answer = get("/api/v1/incidents/" + incident + "/remedy?limit=1");
      if (answer && fits(*answer)) return *answer;
      last = answer ? canonical_json(*answer) : answer.error().message;
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    ADD_FAILURE() << last << "\n" << content(folder() / "server.err");
    return JsonObject{{"counts", JsonObject{}}};
  }
  // A release whose training rows are these.
  void register_release(const std::string& name, const std::string& rows) {
    const auto blob = [&](const std::string& text) { return string_or(*post("/api/v1/blobs", text, "application/octet-stream"), "digest"); };
    JsonObject release{{"endpoint", "scores"}, {"release", name}, {"upstream", "http://127.0.0.1:1"}, {"training_cut", "2026-11-25T00:00:00Z"}, {"sources", JsonArray{}}};
    release["model"] = JsonObject{{"name", "scorer"}, {"version", name}, {"digest", blob("model " + name)}};
    release["manifest"] = blob("{}");
    release["dataset"] = release["holdout"] = blob(rows);
    const auto registered = command("ana", "release.register", release);
    ASSERT_TRUE(registered) << registered.error().message;
  }
};

TEST(Remedy, decisions_are_asked_again_over_a_crash_and_followed_to_their_end) {
  Place place;
  ASSERT_TRUE(place.start_server());
  ASSERT_TRUE(place.start_gateway());
  place.set_up();
  place.record(1'200);
  place.incident = string_or(place.asked({"incident", "declare", "--endpoint", "scores", "--title", "it declines everybody", "--severity", "SEV-2"}), "id");
  ASSERT_EQ(place.firebreak({"remedy", "list", place.incident}).code, 1) << "there is none yet";
  EXPECT_EQ(place.firebreak({"remedy", "build", place.incident, "--scope", "release", "--of", "2", "--per-second", "400"}).code, 0);

  // The server dies when a part is answered; the next one goes on from there.
  const Json part = place.until([](const Json& list) { return list.at("building").is_object() && int_or(list.at("building"), "rows") > 0; });
  place.server().end(SIGKILL);
  ASSERT_TRUE(place.start_server());
  const Json built = place.until([](const Json& list) { return !string_or(list, "build").empty(); });
  ASSERT_EQ(int_or(built.at("counts"), "affected"), 1'200);
  EXPECT_EQ(int_or(built.at("counts"), "changed"), 1'200);
  EXPECT_EQ(string_or(built, "release"), "1");

  // By decision id, by record, by kind; what is not on the list is refused whole.
  EXPECT_EQ(place.firebreak({"remedy", "settle", place.incident, "r7", "--as", "reversed", "--note", "limit given back"}).code, 0);
  const std::string record = std::to_string(int_or(built.at("items").as_array()[0], "record"));
  EXPECT_EQ(place.firebreak({"remedy", "settle", place.incident, record, "--as", "reversed"}).code, 0);
  EXPECT_EQ(place.firebreak({"remedy", "settle", place.incident, "r8", "nobody", "--as", "reversed"}).code, 1);
  EXPECT_EQ(place.firebreak({"remedy", "settle", place.incident, "--as", "reversed"}).code, 2);
  EXPECT_EQ(place.firebreak({"remedy", "told", place.incident, "r7", "--reference", "letter 7"}).code, 0);
  const Json reversed = place.asked({"remedy", "list", place.incident, "--state", "reversed"});
  EXPECT_EQ(reversed.at("items").as_array().size(), 2u);
  EXPECT_EQ(int_or(reversed.at("counts"), "open"), 1'198);

  // Closing says what is open; so does the incident's screen.
  EXPECT_NE(place.firebreak({"incident", "show", place.incident}).out.find("Decisions: 1200 affected, 1200 would be others now, 1198 open, 2 reversed, 0 confirmed, 1 customers told"), std::string::npos);
  EXPECT_EQ(place.firebreak({"incident", "close", place.incident, "--summary", "s", "--residual-risk", "r"}).code, 3);
  EXPECT_NE(content(place.folder() / "cli.err").find("1198 decisions of the remedy list are open"), std::string::npos) << content(place.folder() / "cli.err");
  EXPECT_EQ(place.firebreak({"incident", "close", place.incident, "--summary", "s", "--residual-risk", "r", "--reason", "the bank goes on", "--no-attack", "a faulty release"}).code, 0);

  // Settled to the end after the close; then handed out, and the journal says to whom.
  EXPECT_EQ(place.firebreak({"remedy", "settle", place.incident, "--where", "changed", "--as", "confirmed"}).code, 0);
  EXPECT_TRUE(bool_or(place.asked({"remedy", "list", place.incident}), "done"));
  const std::string file = place.folder() / "list.csv";
  EXPECT_EQ(place.firebreak({"remedy", "export", place.incident, "--format", "csv", "--out", file}).code, 0);
  const std::string csv = content(file);
  EXPECT_EQ(csv.substr(0, csv.find('\r')).find("record,id,time,caller,release,label,score,answer"), 0u);
  EXPECT_NE(csv.find(",'=cmd0,"), std::string::npos) << "no formula";
  EXPECT_NE(csv.find("limit given back"), std::string::npos);
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 1'201);
  EXPECT_EQ(place.command("ana", "remedy.export", JsonObject{{"incident", place.incident}, {"format", "csv"}, {"digest", "0"}, {"rows", 0}}).error().code, Code::kForbidden);
  const Json screen = place.asked({"incident", "show", place.incident});
  EXPECT_EQ(string_or(screen.at("remedy").at("exported"), "digest"), sha256(csv).hex());
  EXPECT_EQ(string_or(screen.at("remedy"), "state"), "done");
}

TEST(Remedy, a_taint_list_is_verified_without_us_and_a_release_trained_on_it_is_found) {
  Place place;
  ASSERT_TRUE(place.start_server());
  ASSERT_TRUE(place.start_gateway());
  place.set_up();
  place.record(20);
  place.incident = string_or(place.asked({"incident", "declare", "--endpoint", "scores", "--title", "poisoned", "--severity", "SEV-2"}), "id");
  EXPECT_EQ(place.firebreak({"taint", "export", place.incident, "--out", place.folder() / "none.json"}).code, 1);
  EXPECT_EQ(place.firebreak({"taint", "build", place.incident, "--source", "feed-7"}).code, 0);
  const std::string file = place.folder() / "taint.json";
  Finished exported;
  for (int i = 0; i < 400; ++i) {
    exported = place.firebreak({"taint", "export", place.incident, "--out", file, "--json"});
    if (exported.code == 0) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(25));
  }
  ASSERT_EQ(exported.code, 0);
  const std::string key = string_or(*parse_json(exported.out), "key");
  const auto openssl = [&] { return run({"/usr/bin/openssl", "pkeyutl", "-verify", "-pubin", "-inkey", file + ".pem", "-rawin", "-in", file, "-sigfile", file + ".sig"}, place.folder() / "openssl.err"); };
  EXPECT_EQ(openssl().code, 0) << openssl().out;

  place.write(place.folder() / "rows.ndjson", "{\"x\":500,\"label\":0}\n{\"id\":\"r3\",\"x\":900}\n{\"x\":4.0}\n{\"x\":501,\"source\":\"feed-7\"}\n");
  place.write(place.folder() / "clean.ndjson", "{\"x\":500,\"label\":0}\n");
  const Finished found = run({FIREBREAK_BINARY, "taint", "check", file, place.folder() / "rows.ndjson", "--key", key, "--json"}, place.folder() / "check.err");
  EXPECT_EQ(found.code, 1);
  const Json told = *parse_json(found.out);
  EXPECT_EQ(int_or(told, "tainted"), 3);
  EXPECT_EQ(string_or(told.at("items").as_array()[1], "why"), "features");
  EXPECT_EQ(run({FIREBREAK_BINARY, "taint", "check", file, place.folder() / "clean.ndjson", "--key", key}, place.folder() / "check.err").code, 0);

  // A list that somebody changed is none.
  std::string text = content(file);
  text.replace(text.find("r3"), 2, "q3");
  place.write(file, text);
  EXPECT_NE(openssl().code, 0);
  EXPECT_EQ(run({FIREBREAK_BINARY, "taint", "check", file, place.folder() / "clean.ndjson", "--key", key}, place.folder() / "check.err").code, 1);
  EXPECT_NE(content(place.folder() / "check.err").find("does not fit"), std::string::npos);

  // Trained on it: found, and the list is evidence of the incident.
  place.register_release("3", "x,label\n3,1\n700,0\n");
  Json finding;
  for (int i = 0; i < 400 && finding.is_null(); ++i) {
    const Json all = *place.get("/api/v1/findings");
    for (const Json& one : all.at("items").as_array())
      if (string_or(one, "kind") == "tainted_training_data") finding = one;
    std::this_thread::sleep_for(std::chrono::milliseconds(25));
  }
  ASSERT_TRUE(finding.is_object());
  EXPECT_NE(string_or(finding, "summary").find("release 3 of scores: 1 training rows are on tnt-"), std::string::npos) << string_or(finding, "summary");
  const Json screen = place.asked({"incident", "show", place.incident});
  EXPECT_EQ(string_or(screen.at("taints").as_array()[0], "state"), "in_force");
  EXPECT_EQ(string_or(screen.at("evidence").as_array()[0], "item"), "taint_list");
  const std::string bundle = place.folder() / "bundle";
  Finished bundled;
  for (int i = 0; i < 100 && (bundled = place.firebreak({"evidence", "export", place.incident, "--out", bundle})).code != 0; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(100)), std::filesystem::remove_all(bundle);  // until its entry stands under a checkpoint
  EXPECT_EQ(bundled.code, 0) << content(place.folder() / "cli.err");
  EXPECT_EQ(run({FIREBREAK_BINARY, "evidence", "verify", bundle}, place.folder() / "verify.err").code, 0);
  EXPECT_NE(place.firebreak({"incident", "show", place.incident}).out.find("Kept out of training by tnt-"), std::string::npos);
}

}  // namespace
}  // namespace firebreak
