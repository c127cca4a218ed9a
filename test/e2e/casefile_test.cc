// An incident's record through the real program: what people write, correct, hand over, merge and open again.
#include <gtest/gtest.h>

#include <signal.h>

#include <fmt/core.h>

#include <chrono>
#include <filesystem>
#include <set>
#include <sstream>

#include "support/installation.h"

namespace firebreak {
namespace {

using testing::Finished;
using testing::Installation;
using testing::run;

constexpr std::int64_t kStart = 1'772'000'000'000'000;
std::string at(std::int64_t minutes) { return format_time(Time{kStart + minutes * kMinute}); }

struct Desk : Installation {
  Desk() : Installation("fed") {
    write(folder() / "firebreak.yaml", "rules: {}\n");
    EXPECT_TRUE(start_server());
    feed(0);
    for (const auto& [user, role] : {std::pair("ana", "analyst"), {"bo", "analyst"}, {"ben", "approver"}}) {
      EXPECT_TRUE(command("admin", "user.add", JsonObject{{"user", user}, {"role", role}}));
      EXPECT_TRUE(command("admin", "token.add", JsonObject{{"user", user}, {"token_hash", sha256(token(user)).hex()}}));
    }
    for (const char* name : {"shop", "batch"}) EXPECT_EQ(as("admin", {"onboard", name}).code, 0);
  }
  Finished as(const std::string& who, std::vector<std::string> words) {
    words.insert(words.begin(), FIREBREAK_BINARY);
    for (const std::string& word : {std::string("--url"), url(), std::string("--token"), token(who)}) words.push_back(word);
    std::filesystem::remove(folder() / "cli.err");
    return run(words, folder() / "cli.err");
  }
  std::string said() { return (std::stringstream() << std::ifstream(folder() / "cli.err").rdbuf()).str(); }
  Json asked(std::vector<std::string> words) {
    words.push_back("--json");
    const Finished finished = as("ana", words);
    EXPECT_EQ(finished.code, 0) << finished.out << said();
    auto answer = parse_json(finished.out, 64);
    return answer ? *answer : Json(JsonObject{});
  }
  void feed(std::int64_t minutes) {
    const auto fed = post("/api/v1/clock", canonical_json(JsonObject{{"to", at(minutes)}}), "application/json", "admin");
    EXPECT_TRUE(fed) << fed.error().message;
  }
  std::string declare(const std::string& endpoint) {
    const auto opened = command("ana", "incident.declare", JsonObject{{"endpoint", endpoint}, {"title", "odd answers of " + endpoint}, {"severity", "SEV-3"}});
    EXPECT_TRUE(opened) << opened.error().message;
    return opened ? string_or(*opened, "id") : "";
  }
  // The id in the last line of what a command printed.
  std::string made(const std::string& who, const std::vector<std::string>& words) {
    const Finished finished = as(who, words);
    EXPECT_EQ(finished.code, 0) << finished.out << said();
    const std::size_t end = finished.out.find_last_not_of('\n');
    const std::size_t begin = finished.out.rfind('\n', end) + 1;
    return finished.out.substr(begin, end + 1 - begin);
  }
};

const Json* field(const Json& record, const std::string& name) {
  for (const Json& one : record.at("fields").as_array())
    if (string_or(one, "field") == name) return &one;
  return nullptr;
}

TEST(Casefile, facts_opinions_and_corrections_stand_beside_each_other_and_are_found) {
  Desk desk;
  const std::string inc = desk.declare("shop");
  desk.feed(60);
  EXPECT_NE(desk.as("ana", {"incident", "fact", inc, "the key was stolen", "--at", "2026-02-25T06:20:00"}).code, 0) << "a time without a zone";
  EXPECT_NE(desk.said().find("zone"), std::string::npos) << desk.said();
  EXPECT_NE(desk.as("ana", {"incident", "fact", inc, "the key was stolen"}).code, 0) << "a fact says when";
  const std::string fact = desk.made("ana", {"incident", "fact", inc, "12 Callers asked", "--at", "-30m", "--source", "gateway log"});
  EXPECT_TRUE(fact.starts_with("row-")) << fact;
  desk.made("bo", {"incident", "opinion", inc, "a competitor, I think"});
  const std::string second = desk.made("bo", {"incident", "correct", inc, fact, "13 callers asked", "--reason", "one was counted twice", "--at", "2026-02-25T07:01:00+01:00"});
  EXPECT_NE(desk.as("ana", {"incident", "correct", inc, fact, "14", "--reason", "r"}).code, 0);
  EXPECT_NE(desk.said().find(second), std::string::npos) << "it says which one to correct: " << desk.said();

  const Json all = desk.asked({"incident", "timeline", inc, "--type", "fact opinion"});
  ASSERT_EQ(all.at("items").as_array().size(), 3u);
  EXPECT_EQ(string_or(all.at("items").at(0), "text"), "Fact by ana: 12 Callers asked") << "the old row says what it said";
  EXPECT_EQ(string_or(all.at("items").at(0), "corrected_by"), second);
  EXPECT_EQ(string_or(all.at("items").at(2), "corrects"), fact);
  EXPECT_EQ(string_or(all.at("items").at(2), "occurred"), "2026-02-25T06:01:00Z");
  EXPECT_EQ(string_or(all.at("items").at(2), "said"), "2026-02-25T07:01:00+01:00");
  EXPECT_EQ(desk.asked({"incident", "timeline", inc, "--search", "callers ASKED"}).at("items").as_array().size(), 2u);
  EXPECT_EQ(desk.asked({"incident", "timeline", inc, "--search", "gateway"}).at("items").as_array().size(), 1u) << "a source is searched too";
  EXPECT_EQ(desk.asked({"incident", "timeline", inc, "--type", "opinion"}).at("items").as_array().size(), 1u);
  EXPECT_EQ(string_or(desk.asked({"incident", "timeline", inc, "--type", "fact", "--by-occurrence"}).at("items").at(0), "row"), second);
  EXPECT_NE(desk.as("ana", {"incident", "show", inc}).out.find("corrected by " + second), std::string::npos);
  const Json report = *desk.post("/api/v1/reports", canonical_json(JsonObject{{"incident", inc}}));
  EXPECT_NE(string_or(report, "html").find("13 callers asked"), std::string::npos);
  // No way to change or remove a row.
  for (const char* word : {"incident.delete", "incident.fact_update", "incident.row_delete"}) EXPECT_EQ(desk.command("ana", word, JsonObject{}).error().code, Code::kNotFound);
}

TEST(Casefile, the_record_is_filled_in_and_exported_and_outlives_a_restart) {
  Desk desk;
  const std::string inc = desk.declare("shop");
  desk.feed(60);
  for (const auto& [name, value] : {std::pair("cause", "poisoned ratings"), {"started", "2026-02-25T04:00:00+01:00"}, {"vectors", "web, impersonation"}, {"ai_system_type", "predictive"}, {"ai_stage", "training"},
                                    {"ai_goal", "integrity violation"}, {"ai_capability", "training data control"}, {"ai_knowledge", "black-box"}, {"labour_hours", "6.5"}, {"next_steps", "retrain"}})
    EXPECT_EQ(desk.as("ana", {"incident", "set", inc, name, value}).code, 0) << name << desk.said();
  EXPECT_NE(desk.as("ana", {"incident", "set", inc, "ai_stage", "lunch"}).code, 0);
  EXPECT_NE(desk.said().find("training, deployment"), std::string::npos) << desk.said();
  EXPECT_NE(desk.as("ana", {"incident", "set", inc, "colour", "red"}).code, 0);
  desk.made("ana", {"incident", "contact", inc, "system_owner", "Erika M.", "--phone", "+49 1"});
  desk.made("ana", {"incident", "indicator", inc, "account", "young-account-7", "--tlp", "TLP:AMBER"});
  EXPECT_EQ(desk.as("ana", {"incident", "label", inc, "atlas", "5.6.0", "AML.T0020"}).code, 0);
  EXPECT_EQ(desk.as("ana", {"incident", "impact", inc, "--now", "Low", "--likely", "Medium", "--information", "Integrity Loss", "--recoverability", "Supplemented"}).code, 0);
  EXPECT_EQ(desk.as("ana", {"incident", "impact", inc, "--now", "None", "--likely", "None", "--information", "Integrity Loss", "--recoverability", "Regular"}).code, 0);
  EXPECT_EQ(string_or(*desk.get("/api/v1/incidents/" + inc), "severity"), "SEV-2") << "the severity follows, and is not lowered by itself";
  EXPECT_NE(desk.as("ana", {"incident", "severity", inc, "SEV-4", "--reason", "small"}).code, 0) << "there is no commander";

  desk.server().end(SIGTERM);
  ASSERT_TRUE(desk.start_server());
  const Json record = desk.asked({"incident", "record", inc});
  EXPECT_EQ(string_or(*field(record, "cause"), "value"), "poisoned ratings");
  EXPECT_EQ(string_or(*field(record, "started"), "value"), "2026-02-25T03:00:00Z");
  EXPECT_EQ(field(record, "vectors")->at("value").as_array().size(), 2u);
  EXPECT_EQ(string_or(field(record, "contacts")->at("value").at(0), "name"), "Erika M.");
  EXPECT_EQ(string_or(field(record, "category")->at("value").at("classification").at(0), "label"), "AML.T0020");
  const Json report = *desk.post("/api/v1/reports", canonical_json(JsonObject{{"incident", inc}}));
  const Json& change = report.at("report").at("impact_change");
  EXPECT_EQ(string_or(change.at("first"), "functional_likely"), "Medium");
  EXPECT_EQ(string_or(change.at("last"), "functional_likely"), "None");
  // What a person typed stands in no entry, and can be erased.
  const Json journal = *desk.get("/api/v1/journal?limit=1000");
  EXPECT_EQ(canonical_json(journal.at("items")).find("Erika"), std::string::npos);
}

TEST(Casefile, the_checklist_leads_back_and_covers_csf) {
  Desk desk;
  const std::string inc = desk.declare("shop");
  ASSERT_TRUE(desk.command("ana", "incident.phase", JsonObject{{"incident", inc}, {"to", "eradication"}, {"reason", "rows removed"}}));
  for (const char* item : {"1.1", "5", "6.1"}) EXPECT_EQ(desk.as("ana", {"incident", "check", inc, item, "--note", "seen to"}).code, 0) << desk.said();
  EXPECT_EQ(desk.as("bo", {"incident", "check", inc, "6.3", "--state", "more_found", "--note", "a second model"}).code, 0) << desk.said();
  EXPECT_EQ(string_or(*desk.get("/api/v1/incidents/" + inc), "phase"), "detection_analysis");
  const Json told = desk.asked({"incident", "checklist", inc});
  EXPECT_EQ(int_or(told, "round"), 2);
  EXPECT_TRUE(told.at("unmapped").as_array().empty());
  EXPECT_EQ(told.at("coverage").as_array().size(), 21u);
  for (const Json& item : told.at("items").as_array()) {
    const std::string id = string_or(item, "id");
    const bool looped = id == "1.1" || id == "5" || id == "6.1" || id == "6.3";
    EXPECT_TRUE(!looped || string_or(item, "state") == "open") << id;
    EXPECT_TRUE(id != "1" || string_or(item, "state") == "done") << "it follows from the incident's opening";
  }
}

TEST(Casefile, who_writes_on_an_old_revision_sees_both_and_loses_nothing) {
  Desk desk;
  const std::string inc = desk.declare("shop");
  EXPECT_EQ(desk.as("ana", {"incident", "notes", inc, "--text", "ana's plan"}).code, 0) << desk.said();
  const Finished late = desk.as("bo", {"incident", "notes", inc, "--text", "bo's plan"});
  EXPECT_EQ(late.code, 3);
  EXPECT_NE(late.out.find("ana's plan"), std::string::npos) << late.out;
  EXPECT_NE(late.out.find("bo's plan"), std::string::npos) << "kept beside it";
  EXPECT_EQ(desk.as("bo", {"incident", "notes", inc, "--text", "both plans", "--base", "1"}).code, 0) << desk.said();

  net::HttpClient http;
  http.set_token(desk.token("ana"));
  net::Request put;
  put.method = "PUT";
  put.headers = {{"content-type", "application/json"}, {"if-match", "\"1\""}};
  put.body = R"({"text":"over HTTP"})";
  const auto answer = http.send(put, desk.url() + "/api/v1/incidents/" + inc + "/notes/notes");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 409);
  const Json both = *parse_json(answer->body);
  EXPECT_EQ(string_or(both.at("current"), "text"), "both plans");
  EXPECT_EQ(int_or(both.at("current"), "revision"), 2);
  EXPECT_EQ(string_or(both.at("yours"), "text"), "over HTTP");
  put.headers[1].second = "\"2\"";
  EXPECT_EQ(http.send(put, desk.url() + "/api/v1/incidents/" + inc + "/notes/notes")->status, 200);
  const Json notes = desk.asked({"incident", "notes", inc});
  EXPECT_EQ(int_or(notes, "revision"), 3);
  EXPECT_EQ(notes.at("kept").as_array().size(), 2u);
  EXPECT_EQ(notes.at("before").as_array().size(), 2u);
}

TEST(Casefile, damage_is_followed_through_the_assets) {
  Desk desk;
  const std::string inc = desk.declare("shop");
  for (const auto& [name, type] : {std::pair("ratings", "dataset"), {"train", "pipeline"}, {"model:rec@2", "model"}, {"shop", "endpoint"}, {"other", "prompt"}})
    ASSERT_EQ(desk.as("ana", {"asset", "put", name, "--type", type, "--owner", "team"}).code, 0) << desk.said();
  for (const auto& [asset, needs] : {std::pair("train", "ratings"), {"model:rec@2", "train"}, {"shop", "model:rec@2"}}) ASSERT_EQ(desk.as("ana", {"asset", "link", asset, needs}).code, 0) << desk.said();
  EXPECT_EQ(desk.as("ana", {"incident", "asset", inc, "ratings", "compromised", "--note", "40 young accounts"}).code, 0) << desk.said();
  const Json radius = desk.asked({"incident", "radius", inc});
  ASSERT_EQ(radius.at("reached").as_array().size(), 3u);
  EXPECT_EQ(string_or(radius.at("reached").at(2), "asset"), "shop");
  EXPECT_EQ(int_or(radius.at("reached").at(2), "distance"), 3);
  EXPECT_EQ(desk.asked({"asset", "show", "model:rec@2"}).at("upstream").as_array().size(), 2u);
  EXPECT_EQ(desk.asked({"asset", "list"}).at("items").as_array().size(), 5u);
}

// The check allows five minutes; a second is usual.
TEST(Casefile, an_inventory_of_a_thousand_assets_is_exported_whole) {
  Desk desk;
  net::HttpClient http;
  http.set_token(desk.token("ana"));
  for (int i = 0; i < 1'000; ++i) {
    const Json args = JsonObject{{"asset", fmt::format("model-{:04}", i)}, {"type", "model"}, {"owner", "team"}};
    const auto answer = http.post(desk.url() + "/api/v1/commands/asset.put", canonical_json(args), "application/json");
    ASSERT_TRUE(answer && answer->status == 200) << i;
  }
  const auto start = std::chrono::steady_clock::now();
  const Json all = desk.asked({"asset", "list"});
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::minutes(5));
  ASSERT_EQ(all.at("items").as_array().size(), 1'000u);
  std::set<std::string> names;
  for (const Json& one : all.at("items").as_array()) names.insert(string_or(one, "id"));
  EXPECT_EQ(names.size(), 1'000u);
}

TEST(Casefile, incidents_are_merged_split_and_opened_again_by_two) {
  Desk desk;
  const std::string a = desk.declare("shop"), b = desk.declare("batch");
  EXPECT_EQ(desk.as("ana", {"incident", "relate", b, "caused_by", a, "--reason", "same key"}).code, 0) << desk.said();
  EXPECT_EQ(desk.as("ana", {"incident", "merge", b, "--into", a, "--reason", "one attacker"}).code, 0) << desk.said();
  EXPECT_EQ(string_or(*desk.get("/api/v1/incidents/" + b), "merged_into"), a);
  EXPECT_FALSE(desk.command("ana", "incident.declare", JsonObject{{"endpoint", "batch"}, {"title", "t"}, {"severity", "SEV-4"}})) << "its endpoint went over";
  EXPECT_NE(desk.as("ana", {"incident", "split", a, "--finding", "find-9", "--title", "t", "--reason", "r"}).code, 0);
  EXPECT_EQ(desk.as("ana", {"incident", "close", a, "--summary", "s", "--residual-risk", "r", "--reason", "early", "--no-attack", "a feed"}).code, 0) << desk.said();
  EXPECT_EQ(desk.as("ana", {"incident", "reopen", a, "--reason", "it goes on"}).code, 0) << desk.said();
  EXPECT_EQ(desk.as("ana", {"incident", "reopen", a, "--reason", "it goes on"}).code, 3) << "one person is not enough";
  EXPECT_EQ(desk.as("bo", {"incident", "reopen", a, "--reason", "it goes on"}).code, 3) << "an approver is needed";
  EXPECT_NE(desk.as("ben", {"status"}).out.find("incident reopen " + a), std::string::npos);
  EXPECT_EQ(desk.as("ben", {"incident", "reopen", a, "--reason", "it goes on"}).code, 0) << desk.said();
  const Json again = *desk.get("/api/v1/incidents/" + a);
  EXPECT_EQ(string_or(again, "state"), "open");
  EXPECT_EQ(string_or(again, "phase"), "detection_analysis");
  EXPECT_EQ(desk.as("ana", {"incident", "fact", a, "it goes on", "--at", "now"}).code, 0) << desk.said();
}

TEST(Casefile, a_role_is_handed_over_and_follow_ups_close_with_evidence) {
  Desk desk;
  const std::string inc = desk.declare("shop");
  EXPECT_EQ(desk.as("ana", {"incident", "assign", inc, "commander", "ana"}).code, 0) << desk.said();
  EXPECT_EQ(desk.as("ana", {"incident", "fact", inc, "12 callers", "--at", "-5m"}).code, 0) << desk.said();
  EXPECT_EQ(desk.as("ana", {"incident", "handover", inc, "commander", "--to", "nobody"}).code, 1);
  EXPECT_EQ(desk.as("ana", {"incident", "handover", inc, "commander", "--to", "bo", "--note", "night shift"}).code, 0) << desk.said();
  const Json waiting = desk.asked({"incident", "handovers", inc}).at("items").at(0);
  const std::string hand = string_or(waiting, "id"), digest = string_or(waiting.at("situation"), "digest");
  EXPECT_EQ(string_or(waiting.at("summary").at("situation").at("facts").at(0), "text"), "Fact by ana: 12 callers");
  EXPECT_EQ(desk.as("ben", {"incident", "accept", hand, "--digest", digest}).code, 3);
  EXPECT_EQ(desk.as("bo", {"incident", "accept", hand, "--digest", digest}).code, 0) << desk.said();
  EXPECT_EQ(string_or((*desk.get("/api/v1/incidents/" + inc)).at("roles"), "commander"), "bo");

  desk.made("bo", {"incident", "lesson", inc, "ask the data team sooner", "--question", "needed_sooner"});
  EXPECT_NE(desk.as("bo", {"incident", "lesson", inc, "x", "--question", "whose_fault"}).code, 0);
  const std::string follow = desk.made("bo", {"incident", "follow-up", inc, "pin the source", "--owner", "ana", "--due", "+1d", "--acceptance", "the intake test is green"});
  desk.feed(2 * 24 * 60);
  EXPECT_NE(desk.as("ana", {"status"}).out.find("overdue " + follow), std::string::npos);
  EXPECT_NE(desk.as("ana", {"incident", "follow-up-done", follow, "--evidence", "trust me", "--result", "done"}).code, 0);
  EXPECT_EQ(desk.as("ana", {"incident", "follow-up-done", follow, "--evidence", "journal:3", "--result", "green"}).code, 0) << desk.said();
  const Json report = *desk.post("/api/v1/reports", canonical_json(JsonObject{{"incident", inc}}));
  EXPECT_NE(string_or(report, "html").find("ask the data team sooner"), std::string::npos);
  EXPECT_EQ(string_or(report.at("report").at("follow_ups").at(0).at("closed"), "evidence"), "journal:3");
}

TEST(Casefile, a_template_brings_tasks_and_those_that_wait_ask_nobody) {
  Desk desk;
  EXPECT_NE(desk.as("ana", {"incident", "templates"}).out.find("evasion"), std::string::npos);
  EXPECT_NE(desk.as("ana", {"incident", "declare", "--endpoint", "shop", "--template", "evasoin"}).code, 0);
  EXPECT_NE(desk.said().find("there are: "), std::string::npos) << desk.said();
  const std::string id = desk.made("ana", {"incident", "declare", "--endpoint", "shop", "--template", "evasion"});
  const Json incident = desk.asked({"incident", "show", id});
  EXPECT_EQ(string_or(incident, "title"), "Suspected evasion of shop");
  EXPECT_EQ(string_or(incident, "severity"), "SEV-2");
  std::string capture, contain;
  for (const Json& task : incident.at("tasks").as_array()) {
    if (string_or(task, "key") == "capture") capture = string_or(task, "id");
    if (string_or(task, "key") == "contain") contain = string_or(task, "id");
  }
  const auto asks = [&](const std::string& task) {
    const Json status = desk.asked({"status"});
    for (const Json& need : status.at("needs_person").as_array())
      if (string_or(need, "subject") == task) return true;
    return false;
  };
  EXPECT_TRUE(asks(capture));
  EXPECT_FALSE(asks(contain));
  EXPECT_NE(desk.as("bo", {"incident", "task-done", id, contain, "--result", "quarantine"}).code, 0);
  EXPECT_NE(desk.said().find("it waits for " + capture), std::string::npos) << desk.said();
  EXPECT_EQ(desk.as("bo", {"incident", "task-done", id, capture, "--result", "ev-1 to ev-9"}).code, 0);
  EXPECT_TRUE(asks(contain));
  EXPECT_EQ(desk.as("bo", {"incident", "task-done", id, contain, "--result", "quarantine"}).code, 0);
}

}  // namespace
}  // namespace firebreak
