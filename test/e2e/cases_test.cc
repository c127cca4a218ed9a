// The daily work with findings through the real program: mute, change, verdict, triage, and why findings belong together.
#include <gtest/gtest.h>
#include <signal.h>

#include <fstream>
#include <functional>
#include <map>
#include <set>
#include <thread>

#include "support/installation.h"

namespace firebreak {
namespace {

using testing::Finished;
using testing::Installation;
using testing::run;

constexpr std::int64_t kStart = 1'772'000'000'000'000;

std::string time_of(int i) { return format_time(Time{kStart + i * 30 * kSecond}); }

std::string line(int i, int age, const std::string& sex, const char* disposition = "served") {
  return canonical_json(JsonObject{{"id", "n" + std::to_string(i)}, {"time", time_of(i)}, {"caller", "shop"},
                                   {"features", JsonObject{{"age", age}, {"sex", sex}}},
                                   {"label", i % 4 == 0 ? "decline" : "approve"}, {"score", 0.25}, {"disposition", disposition}}) + "\n";
}
// A client that sends a category nobody knows, to a model that does not answer.
std::string broken(int i) { return line(i, 40, "x", "failed"); }
std::string honest(int i) { return line(i, 20 + i % 50, i % 2 == 0 ? "f" : "m"); }

std::string text_at(const Json& document, std::string_view pointer) {
  const Json* at = find_pointer(document, pointer);
  return at != nullptr && at->is_string() ? std::string(at->get_string()) : "";
}

constexpr const char* kOddInput =
    "rules:\n  - {name: odd_input, title: 'Odd input at {endpoint}', any_of: [upstream_failure, unseen_category], count: 2, within_s: 3600, at_least: informational}\n";
constexpr const char* kAnyShift =
    "rules:\n  - {name: any_shift, title: 'The input of {endpoint} changed', any_of: [feature_drift], count: 1, within_s: 3600, at_least: informational}\n";

struct Place : Installation {
  explicit Place(const std::string& rules = kOddInput) : Installation("fed") {
    write(folder() / "rules.yaml", rules);
    write(folder() / "firebreak.yaml", "rules: {correlation: rules.yaml}\n");
    EXPECT_TRUE(start_server());
  }
  Finished firebreak(std::vector<std::string> words) {
    words.insert(words.begin(), FIREBREAK_BINARY);
    for (const std::string& word : {std::string("--url"), url(), std::string("--data"), data()}) words.push_back(word);
    return run(words, folder() / "cli.err");
  }
  Json asked(std::vector<std::string> words) {
    words.push_back("--json");
    const Finished finished = firebreak(words);
    EXPECT_EQ(finished.code, 0) << finished.out;
    auto answer = parse_json(finished.out, 64);
    return answer ? *answer : Json(JsonObject{});
  }
  void ingest(int from, int to, const std::function<std::string(int)>& make) {
    std::string text;
    for (int i = from; i < to; ++i) text += make(i);
    write(folder() / ("log" + std::to_string(from)), text);
    EXPECT_EQ(firebreak({"ingest", "--endpoint", "shop", folder() / ("log" + std::to_string(from))}).code, 0);
    feed(to);
  }
  // Time goes on to the i-th record; returns when all that follows from it has come to rest.
  void feed(int i) {
    const auto fed = post("/api/v1/clock", canonical_json(JsonObject{{"to", time_of(i)}}), "application/json", "admin");
    EXPECT_TRUE(fed) << fed.error().message;
  }
  Json until(const std::string& path, const std::function<bool(const Json&)>& fits) {
    for (int i = 0; i < 400; ++i) {
      const auto answer = get(path);
      if (answer && fits(*answer)) return *answer;
      std::this_thread::sleep_for(std::chrono::milliseconds(25));
    }
    ADD_FAILURE() << path;
    return JsonObject{};
  }
  Json finding(const std::string& kind) {
    const Json all = until("/api/v1/findings?limit=50", [&](const Json& found) { return !of_kind(found, kind).is_null(); });
    return of_kind(all, kind);
  }
  static Json of_kind(const Json& found, const std::string& kind) {
    for (const Json& one : found.at("items").as_array())
      if (string_or(one, "kind") == kind) return one;
    return nullptr;
  }
};

TEST(Cases, a_day_of_an_analyst) {
  Place place;
  place.feed(0);
  ASSERT_EQ(place.firebreak({"onboard", "shop"}).code, 0);
  place.ingest(0, 1'200, honest);
  place.until("/api/v1/status", [](const Json& status) {
    for (const Json& item : status.at("endpoints").as_array())
      if (string_or(item, "name") == "shop") return string_or(item.at("detectors").as_array().front(), "state") == "running";
    return false;
  });

  // The shipped default is complete for this endpoint, and so is a copy of the file: neither changes anything.
  const Json shown_config = place.asked({"detectors", "show", "shop"});
  EXPECT_EQ(string_or(shown_config, "source"), "shipped default");
  EXPECT_EQ(text_at(shown_config, "/document/stream"), "shop");
  EXPECT_NE(text_at(shown_config, "/document/performance/flagged_answer"), "");
  place.write(place.folder() / "shown.yaml", place.firebreak({"detectors", "show", "shop"}).out);
  for (const std::string& file : {std::string(place.folder() / "shown.yaml"), std::string(FIREBREAK_SOURCE_DIR "/content/detectors/default.yaml")}) {
    const Json same = place.asked({"backtest", "--endpoint", "shop", "--config", file, "--from", time_of(0)});
    EXPECT_EQ(int_or(same.at("findings"), "vanishing"), 0) << file;
    EXPECT_EQ(int_or(same.at("findings"), "appearing"), 0) << file;
  }

  // A mute keeps the finding from alerting; it is recorded, and says who muted it and why.
  const Json muting = place.asked({"mute", "add", "--kind", "unseen_category", "--endpoint", "shop", "--until", "+2h", "--reason", "the form is being changed"});
  EXPECT_EQ(place.firebreak({"mute", "add", "--until", "+2h", "--reason", "all of it"}).code, 2) << "everything is never muted";
  EXPECT_GE(string_or(place.get("/api/v1/mutes")->at("items").as_array()[0], "from"), time_of(0)) << "without --from it begins now";
  place.ingest(1'200, 1'240, broken);
  const std::string failure = string_or(place.finding("upstream_failure"), "id"), unseen = string_or(place.finding("unseen_category"), "id");
  const Json muted = place.until("/api/v1/findings/" + unseen, [](const Json& one) { return one.at("muted").is_object(); });
  EXPECT_EQ(text_at(muted, "/muted/reason"), "the form is being changed");
  EXPECT_TRUE(place.get("/api/v1/incidents")->at("items").as_array().empty());
  EXPECT_NE(place.firebreak({"mute", "list"}).out.find("the form is being changed"), std::string::npos);

  // A planned change is named wherever it lay over an onset.
  const std::string change = string_or(place.asked({"change", "add", "--kind", "campaign", "--endpoint", "shop", "--from", time_of(1'100), "--to", time_of(1'300),
                                                    "--reason", "spring sale"}), "id");
  const Json shown = place.asked({"finding", "show", failure});
  ASSERT_EQ(shown.at("changes").as_array().size(), 1u);
  EXPECT_EQ(string_or(shown.at("changes").as_array()[0], "reason"), "spring sale");

  // The mute ends; with its next update the finding counts, and the two are one incident of one cause.
  EXPECT_EQ(place.firebreak({"mute", "lift", string_or(muting, "id"), "--reason", "the form is done"}).code, 0);
  place.ingest(1'240, 1'280, broken);
  const Json incidents = place.until("/api/v1/incidents", [](const Json& all) { return !all.at("items").as_array().empty(); });
  const std::string incident = string_or(incidents.at("items").as_array()[0], "id");
  EXPECT_EQ(string_or(incidents.at("items").as_array()[0], "title"), "Odd input at shop");
  const std::string screen = place.firebreak({"incident", "show", incident}).out;
  for (const std::string& words : {std::string("Why they belong together"), std::string("cause 1:"), std::string("Triage: "),
                                  "campaign " + change + " lay over the onset", std::string("spring sale")})
    EXPECT_NE(screen.find(words), std::string::npos) << words << "\n" << screen;

  // A person disagrees, and later a verdict is revised.
  EXPECT_EQ(place.firebreak({"incident", "triage", incident, "suspected_malice", "--reason", "one caller sends it all"}).code, 0);
  EXPECT_EQ(text_at(place.asked({"incident", "show", incident}), "/triage/verdict"), "suspected_malice");
  EXPECT_EQ(place.firebreak({"finding", "verdict", failure, "duplicate", "--reason", "same form", "--duplicate-of", unseen}).code, 0);
  EXPECT_EQ(place.firebreak({"finding", "verdict", failure, "benign", "--reason", "tests of the form"}).code, 0);
  EXPECT_EQ(place.firebreak({"finding", "verdict", unseen, "true", "--reason", "a broken client"}).code, 0);
  const Json judged = place.asked({"finding", "show", failure});
  EXPECT_EQ(text_at(judged, "/judged/verdict"), "benign");
  EXPECT_EQ(text_at(judged, "/judged/before/0/verdict"), "duplicate");
  std::map<std::string, double> precision;
  const Json rows = place.asked({"finding", "precision"});
  for (const Json& row : rows.at("items").as_array()) precision[string_or(row, "kind")] = number_or(row, "precision", -1);
  EXPECT_EQ(precision["upstream_failure"], 0);
  EXPECT_EQ(precision["unseen_category"], 1);
  // Another configuration on recorded history: what would vanish, and what people said of it. Nothing is written.
  std::ifstream shipped(FIREBREAK_SOURCE_DIR "/content/detectors/fraud-api.yaml");
  std::string tuned((std::istreambuf_iterator<char>(shipped)), {});
  for (const auto& [from, to] : {std::pair("endpoint: fraud-api", "endpoint: shop"), std::pair("stream: fraud-api", "stream: shop"), std::pair("failures: 3", "failures: 500")})
    tuned.replace(tuned.find(from), std::string(from).size(), to);
  Installation::write(place.folder() / "tuned.yaml", tuned);
  const auto size = int_or(*place.get("/api/v1/journal?limit=1"), "size");
  const Json tested = place.asked({"backtest", "--config", place.folder() / "tuned.yaml", "--from", time_of(0)});
  EXPECT_EQ(int_or(*place.get("/api/v1/journal?limit=1"), "size"), size);
  EXPECT_EQ(text_at(tested, "/findings/vanish/0/id"), failure) << canonical_json(tested);
  EXPECT_EQ(text_at(tested, "/findings/vanish/0/verdict"), "benign");
  EXPECT_EQ(text_at(tested, "/incidents/vanish/0/rule"), "odd_input");
  EXPECT_EQ(int_or(tested.at("findings"), "appearing"), 0);
  EXPECT_GT(number_or(tested.at("alerts_per_week"), "before"), 0);
  EXPECT_EQ(text_at(place.asked({"backtest", "--config", place.folder() / "tuned.yaml", "--from", time_of(0)}), "/digest"), text_at(tested, "/digest"));
  EXPECT_EQ(place.firebreak({"backtest", "--endpoint", "shop", "--rules", place.folder() / "tuned.yaml", "--from", "-30d"}).code, 2);
  // With that list attached the configuration is proposed; another person approves it, and it judges from a logged record on.
  const Json proposed = place.asked({"detectors", "propose", "--config", place.folder() / "tuned.yaml", "--from", time_of(0), "--reason", "the model is restarted every night"});
  const std::string proposal = string_or(proposed, "id");
  const auto tuning = [&] {
    const Json all = place.until("/api/v1/tunings", [](const Json& listed) { return !listed.at("items").as_array().empty(); });
    return all.at("items").as_array().front();
  };
  const std::string digest = text_at(tuning(), "/digest");
  EXPECT_EQ(int_or(tuning().at("backtest").at("findings"), "vanishing"), 1);
  EXPECT_EQ(place.command("admin", "detectors.propose", JsonObject{}).error().code, Code::kForbidden) << "not without a backtest";
  ASSERT_TRUE(place.command("admin", "user.add", JsonObject{{"user", "ben"}, {"role", "approver"}}));
  ASSERT_TRUE(place.command("admin", "token.add", JsonObject{{"user", "ben"}, {"token_hash", sha256("ben-token-for-tests").hex()}}));
  EXPECT_EQ(place.firebreak({"detectors", "approve", proposal, "--digest", digest}).code, 3) << "the admin proposed it, and is no approver";
  const Finished mistyped = place.firebreak({"detectors", "approve", proposal, "--digest", "dead", "--token", "ben-token-for-tests", "--json"});
  EXPECT_EQ(mistyped.code, 3);
  EXPECT_NE(mistyped.out.find("firebreak detectors list prints the digest"), std::string::npos) << mistyped.out;
  ASSERT_TRUE(place.command("ben", "detectors.approve", JsonObject{{"proposal", proposal}, {"digest", digest}}));
  place.until("/api/v1/tunings", [](const Json& all) { return string_or(all.at("items").as_array()[0], "state") == "in_use"; });
  EXPECT_GE(int_or(tuning().at("in_use"), "position"), 1'280) << "records, and control records";
  const Json closed = place.until("/api/v1/findings/" + failure, [](const Json& one) { return string_or(one, "state") == "closed"; });
  EXPECT_NE(string_or(closed, "summary").find("closed: the detectors were changed by " + proposal), std::string::npos) << string_or(closed, "summary");
  EXPECT_EQ(place.asked({"finding", "replay", unseen}).at("outcome"), Json("reproduced"));
  place.server().end(SIGKILL);
  ASSERT_TRUE(place.start_server());
  place.until("/api/v1/status", [](const Json& status) {
    for (const Json& item : status.at("endpoints").as_array())
      if (string_or(item, "name") == "shop") return string_or(item.at("detectors").as_array().front(), "state") == "running";
    return false;
  });
  EXPECT_EQ(int_or(place.asked({"backtest", "--config", place.folder() / "tuned.yaml", "--from", time_of(0)}).at("findings"), "vanishing"), 0) << "it is in use";
  EXPECT_EQ(place.firebreak({"finding", "verdict", "find-99999", "true", "--reason", "r"}).code, 1);
  EXPECT_EQ(place.firebreak({"change", "cancel", change, "--reason", "called off"}).code, 0);
  EXPECT_TRUE(place.asked({"finding", "show", failure}).at("changes").as_array().empty());
}

// As docs/working-with-findings.md says that a CI job does it: the change is planned before the shift comes, and triage names it.
TEST(Cases, a_planned_change_speaks_for_the_shift_that_follows_it) {
  Place place(kAnyShift);
  place.feed(0);
  ASSERT_EQ(place.firebreak({"onboard", "shop"}).code, 0);
  // Ages that do not rise with the records: a rise just before the change would be taken for its onset.
  const auto aged = [](int least, int ages) { return [=](int i) { return line(i, least + i * 37 % ages, i % 2 == 0 ? "f" : "m"); }; };
  place.ingest(0, 1'200, aged(20, 50));
  ASSERT_TRUE(place.command("admin", "user.add", JsonObject{{"user", "ci"}, {"role", "producer"}}));
  ASSERT_TRUE(place.command("admin", "token.add", JsonObject{{"user", "ci"}, {"token_hash", sha256("ci-token-for-tests").hex()}}));
  const JsonObject planned{{"kind", "deploy"}, {"endpoint", "shop"}, {"from", time_of(1'200)}, {"to", time_of(1'500)}, {"reason", "feature store 4.2"}};
  const auto added = place.command("ci", "change.add", planned);
  ASSERT_TRUE(added) << added.error().message;
  const std::string change = string_or(*added, "id");
  const Json listed = place.asked({"change", "list"});
  ASSERT_EQ(listed.at("items").as_array().size(), 1u);
  const Json& shown = listed.at("items").as_array()[0];
  EXPECT_EQ(string_or(shown, "id"), change);
  for (const auto& member : planned) EXPECT_EQ(shown.at(member.key()), member.value()) << member.key();
  for (const char* key : {"kind", "to", "reason"}) {
    JsonObject lacking = planned;
    lacking.erase(key);
    const auto refused = place.command("ci", "change.add", lacking);
    ASSERT_FALSE(refused) << key;
    EXPECT_EQ(refused.error().code, Code::kInvalid) << key;
  }

  place.ingest(1'200, 1'500, aged(55, 14));
  const std::string shift = string_or(place.finding("feature_drift"), "id");
  const Json incidents = place.until("/api/v1/incidents", [](const Json& all) { return !all.at("items").as_array().empty(); });
  const Json incident = place.asked({"incident", "show", string_or(incidents.at("items").as_array()[0], "id")});
  std::string facts;
  for (const Json& fact : find_pointer(incident, "/triage/facts")->as_array())
    facts += string_or(fact, "side") + " " + string_or(fact, "text") + "\n";
  EXPECT_NE(facts.find("benign deploy " + change + " lay over the onset of " + shift + ": feature store 4.2"), std::string::npos) << facts;
}

// A rule that nobody has applied finds what lies in the history; applied, it finds the same in what comes.
TEST(Cases, hunts_back_for_a_new_rule) {
  Place place;
  place.feed(0);
  ASSERT_EQ(place.firebreak({"onboard", "shop"}).code, 0);
  // The clock is ahead of the records: a time from the future counts as the time when it came.
  const auto come = [&](int from, int to, const std::function<std::string(int)>& make) {
    place.feed(to);
    place.ingest(from, to, make);
  };
  const auto planted = [](int i) { return line(i, i % 4 == 0 ? 77 : 30, i % 4 == 0 ? "f" : "m"); };
  come(0, 1'200, [](int i) { return line(i, 20 + i % 50, "m"); });
  come(1'200, 1'240, planted);
  come(1'240, 1'400, [](int i) { return line(i, 30, "m"); });
  const std::string rules = place.folder() / "new.yml", bad = place.folder() / "bad.yml";
  const std::string rule = "title: seventy seven\nname: seven\nlevel: low\nlogsource: {product: firebreak, category: inference}\n"
                           "detection:\n  s: {features.age: 77, features.sex: f}\n  condition: s\n";
  Installation::write(rules, rule + "---\ntitle: many\nname: many\nlevel: low\ncorrelation:\n  type: event_count\n  rules: [seven]\n  group-by: [caller]\n  timespan: 1h\n"
                                    "  condition: {gte: 5}\n  generate: true\n");
  Installation::write(bad, rule + "---\ntitle: bad\nlogsource: {category: label}\ndetection:\n  s: {a: 1}\n  condition: s or\n");
  const auto size = [&] { return int_or(*place.get("/api/v1/journal?limit=1"), "size"); };
  const auto before = size();
  const auto hunted = [&](const std::string& from) {
    std::map<std::string, std::vector<std::int64_t>> out;
    const Json answer = place.asked({"backtest", "--open", rules, "--endpoint", "shop", "--from", from});
    for (const Json& match : find_pointer(answer, "/streams/0/matches")->as_array()) {
      for (const Json& index : match.at("indexes").as_array()) out[string_or(match, "rule")].push_back(index.to_number<std::int64_t>());
      EXPECT_EQ(match.at("callers"), Json(JsonArray{"shop"}));
      EXPECT_EQ(string_or(match, "group"), string_or(match, "rule") == "many" ? "caller=shop" : "");
    }
    return out;
  };
  const auto history = hunted(time_of(0));
  ASSERT_EQ(history.size(), 2U);
  EXPECT_EQ(history.at("seven").size(), 10U);
  EXPECT_EQ(history.at("many"), history.at("seven"));
  for (std::size_t i = 1; i < 10; ++i) EXPECT_EQ(history.at("seven")[i], history.at("seven")[i - 1] + 4);
  EXPECT_TRUE(hunted(time_of(1'300)).empty()) << "nothing of it lies after that";
  const Finished text = place.firebreak({"backtest", "--open", rules, "--from", "-30d"});
  EXPECT_NE(text.out.find("low 'many' (many) for caller=shop: 6 matches"), std::string::npos) << text.out;
  const Finished partly = place.firebreak({"backtest", "--open", bad, "--from", "-30d"});
  EXPECT_EQ(partly.code, 1) << "one of its rules is refused, and named with its line";
  EXPECT_NE(partly.out.find("'seventy seven'"), std::string::npos);
  EXPECT_NE(partly.err.find("bad.yml:13: "), std::string::npos) << partly.err;
  EXPECT_EQ(place.firebreak({"backtest", "--open", rules, "--endpoint", "nobody", "--from", "-30d"}).code, 1);
  EXPECT_EQ(size(), before) << "nothing is written";

  // Applied, the rules say of the same records, come again, what the hunt says of them.
  EXPECT_EQ(place.firebreak({"rule", "apply", rules}).code, 0);
  place.until("/api/v1/rules", [](const Json& status) { return !status.at("taken").as_array().empty(); });
  come(1'400, 1'440, planted);
  come(1'440, 1'700, [](int i) { return line(i, 30, "m"); });
  std::map<std::string, std::set<std::int64_t>> said;
  for (int tries = 0; tries < 400 && (said["seven"].size() < 10 || said["many"].size() < 10); ++tries) {
    const auto journal = place.get("/api/v1/journal?limit=1000");
    for (const Json& entry : journal->at("items").as_array())
      if (const Json& body = entry.at("body"); string_or(body, "kind") == "rule_match")
        if (const Json* indexes = find(body, "indexes"); indexes != nullptr)
          for (const Json& index : indexes->as_array())
            said[text_at(body, "/episode").starts_with("rule_match/seven/") ? "seven" : "many"].insert(index.to_number<std::int64_t>());
    std::this_thread::sleep_for(std::chrono::milliseconds(25));
  }
  const auto now = hunted(time_of(1'400));
  for (const std::string& name : {std::string("seven"), std::string("many")}) {
    EXPECT_EQ(std::vector<std::int64_t>(said[name].begin(), said[name].end()), now.at(name)) << name;
    EXPECT_EQ(now.at(name).size(), history.at(name).size());
  }
}

TEST(Cases, writes_events_once_over_a_kill_and_a_rotation) {
  Installation place;
  const std::string path = place.folder() / "events.ndjson";
  const auto start = [&] {
    place.launch_server({"--events", path, "--events-format", "ecs"});
    ASSERT_TRUE(place.server().ready());
  };
  const auto told = [&](const std::string& file) {
    std::vector<std::string> out;
    std::ifstream lines(file);
    for (std::string text; std::getline(lines, text);) {
      const auto document = parse_json(text, 64);
      out.push_back(document ? text_at(*document, "/event/action") : "torn");
    }
    return out;
  };
  const auto until = [&](const std::string& file, const std::vector<std::string>& wanted) {
    for (int i = 0; i < 400 && told(file) != wanted; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(25));
    EXPECT_EQ(told(file), wanted);
  };
  start();
  ASSERT_TRUE(place.put("/api/v1/endpoints/shop", JsonObject{{"name", "shop"}, {"mode", "tap"}}));
  const auto opened = place.command("admin", "incident.declare", JsonObject{{"endpoint", "shop"}, {"title", "odd"}, {"severity", "SEV-3"}});
  ASSERT_TRUE(opened);
  until(path, {"incident_opened", "incident_triaged"});
  place.server().end(SIGKILL);
  start();
  ASSERT_TRUE(place.command("admin", "incident.ack", JsonObject{{"incident", string_or(*opened, "id")}}));
  until(path, {"incident_opened", "incident_triaged", "incident_acknowledged"});
  ASSERT_EQ(std::rename(path.c_str(), (path + ".1").c_str()), 0);
  place.server().send(SIGHUP);
  ASSERT_TRUE(place.command("admin", "incident.severity", JsonObject{{"incident", string_or(*opened, "id")}, {"severity", "SEV-2"}, {"reason", "worse"}}));
  for (int i = 0; i < 400 && told(path).size() + told(path + ".1").size() < 4; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(25));
  std::vector<std::string> all = told(path + ".1");
  for (const std::string& one : told(path)) all.push_back(one);
  EXPECT_EQ(all, (std::vector<std::string>{"incident_opened", "incident_triaged", "incident_acknowledged", "incident_severity"}));
}

}  // namespace
}  // namespace firebreak
