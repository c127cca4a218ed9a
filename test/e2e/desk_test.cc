// The commander's page, counsel's notes, the close and the review of an incident, through the real program.
#include <gtest/gtest.h>

#include <signal.h>

#include <filesystem>
#include <sstream>

#include "support/installation.h"

namespace firebreak {
namespace {

using testing::Finished;
using testing::Installation;
using testing::run;

constexpr std::int64_t kStart = 1'772'000'000'000'000;  // 2026-02-25T06:13:20Z

struct Desk : Installation {
  std::string incident;
  Desk() : Installation("fed") {
    write(folder() / "firebreak.yaml", "rules: {}\n");
    EXPECT_TRUE(start_server());
    feed(0);
    for (const auto& [user, role] : {std::pair("ana", "analyst"), {"kim", "commander"}, {"ben", "approver"}, {"lena", "legal"}}) {
      EXPECT_TRUE(command("admin", "user.add", JsonObject{{"user", user}, {"role", role}}));
      EXPECT_TRUE(command("admin", "token.add", JsonObject{{"user", user}, {"token_hash", sha256(token(user)).hex()}}));
    }
    EXPECT_EQ(as("admin", {"onboard", "shop"}).code, 0);
    const auto opened = command("ana", "incident.declare", JsonObject{{"endpoint", "shop"}, {"title", "odd answers"}, {"severity", "SEV-3"}});
    incident = opened ? string_or(*opened, "id") : opened.error().message;
    feed(40);
  }
  Finished as(const std::string& who, std::vector<std::string> words) {
    words.insert(words.begin(), FIREBREAK_BINARY);
    for (const std::string& word : {std::string("--url"), url(), std::string("--token"), token(who)}) words.push_back(word);
    std::filesystem::remove(folder() / "cli.err");
    return run(words, folder() / "cli.err");
  }
  std::string said() { return (std::stringstream() << std::ifstream(folder() / "cli.err").rdbuf()).str(); }
  Json asked(const std::string& who, std::vector<std::string> words) {
    words.push_back("--json");
    const Finished finished = as(who, words);
    EXPECT_EQ(finished.code, 0) << finished.out << said();
    auto answer = parse_json(finished.out, 64);
    return answer ? *answer : Json(JsonObject{});
  }
  void feed(std::int64_t minutes) {
    const auto fed = post("/api/v1/clock", canonical_json(JsonObject{{"to", format_time(Time{kStart + minutes * kMinute})}}), "application/json", "admin");
    EXPECT_TRUE(fed) << fed.error().message;
  }
  // Files under the folder that hold these octets.
  static std::vector<std::string> holding(const std::string& dir, const std::string& octets) {
    std::vector<std::string> out;
    for (const auto& file : std::filesystem::recursive_directory_iterator(dir)) {
      if (!file.is_regular_file()) continue;
      const std::string content = (std::stringstream() << std::ifstream(file.path(), std::ios::binary).rdbuf()).str();
      if (content.find(octets) != std::string::npos) out.push_back(file.path().string());
    }
    return out;
  }
};

std::vector<std::string> whats(const Json& page, std::string_view key) {
  std::vector<std::string> out;
  for (const Json& one : page.at(key).as_array()) out.push_back(string_or(one, "what"));
  return out;
}

TEST(Desk, shows_the_commander_one_page_of_the_worst_hour) {
  Desk desk;
  const std::string& inc = desk.incident;
  ASSERT_EQ(desk.as("kim", {"incident", "assign", inc, "commander", "kim"}).code, 0) << desk.said();
  ASSERT_EQ(desk.as("ana", {"incident", "task", inc, "call the bank", "--owner", "kim"}).code, 0);
  ASSERT_EQ(desk.as("ana", {"deadline", "start", inc, "dora", "--from", "awareness=now"}).code, 0) << desk.said();
  Json page = desk.asked("kim", {"incident", "brief", inc});
  EXPECT_EQ(string_or(page, "commander"), "kim");
  EXPECT_EQ(string_or(page, "line"), "SEV-1 for 40 min, detection analysis: nobody has said that they have it");
  EXPECT_EQ(string_or(page.at("next_deadline"), "regime"), "dora");
  EXPECT_EQ(int_or(page.at("next_deadline"), "left_s"), 24 * 3600);
  const auto yours = whats(page, "yours");
  ASSERT_EQ(yours.size(), 1u) << canonical_json(page.at("yours"));
  EXPECT_NE(yours[0].find("call the bank"), std::string::npos);
  EXPECT_FALSE(page.at("money").at("measured").as_bool());
  EXPECT_EQ(string_or(page.at("money"), "text"), "nobody measured it: the endpoint 'shop' names no amount_field");
  for (const auto& [field, value] : {std::pair("cost_amount", "5000"), {"cost_unit", "EUR"}, {"cost_status", "estimated"}}) ASSERT_EQ(desk.as("ana", {"incident", "set", inc, field, value}).code, 0) << desk.said();
  ASSERT_EQ(desk.as("ana", {"incident", "ack", inc}).code, 0);
  desk.feed(40 + 24 * 60 + 1);
  page = desk.asked("kim", {"incident", "brief", inc});
  EXPECT_EQ(string_or(page.at("money"), "text"), "5000 EUR (estimated)");
  EXPECT_NE(string_or(page, "line").find("the report is overdue since"), std::string::npos) << string_or(page, "line");
  const std::string text = desk.as("kim", {"incident", "brief", inc}).out;
  EXPECT_TRUE(text.starts_with(string_or(page, "line") + "\n")) << "the first line says what burns: " << text;
  for (const char* part : {"Only the commander decides", "Waits for you", "Whom it hurts", "Money at risk", "In force", "Who waits for whom", "next word", "next report"}) EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
  EXPECT_EQ(desk.as("kim", {"incident", "brief", "inc-4711"}).code, 1);
  ASSERT_EQ(desk.as("kim", {"incident", "exclude", inc, "ana", "--reason", "it is about ana"}).code, 0) << desk.said();
  EXPECT_EQ(desk.as("ana", {"incident", "brief", inc}).code, 1) << "for ana there is none";
}

TEST(Desk, a_report_due_within_a_day_raises_the_severity_and_says_so) {
  Desk desk;
  ASSERT_EQ(desk.as("ana", {"deadline", "start", desk.incident, "gdpr", "--from", "awareness=now"}).code, 0) << desk.said();
  EXPECT_EQ(string_or(*desk.get("/api/v1/incidents/" + desk.incident), "severity"), "SEV-3") << "72 hours";
  ASSERT_EQ(desk.as("ana", {"deadline", "start", desk.incident, "nis2", "--from", "awareness=now"}).code, 0) << desk.said();
  EXPECT_EQ(string_or(*desk.get("/api/v1/incidents/" + desk.incident), "severity"), "SEV-1");
  EXPECT_NE(desk.as("ana", {"incident", "timeline", desk.incident}).out.find("a reporting deadline of at most 24 h runs: nis2, early_warning"), std::string::npos);
}

TEST(Desk, what_counsel_is_told_stands_nowhere_until_counsel_releases_it) {
  Desk desk;
  const std::string &inc = desk.incident, advice = "Wanda-Advice: settle with the Meyers before the hearing";
  Desk::write(desk.folder() / "advice.txt", advice);
  const Finished written = desk.as("lena", {"incident", "privileged", inc, "--file", desk.folder() / "advice.txt"});
  ASSERT_EQ(written.code, 0) << desk.said();
  const std::string note = written.out.substr(0, written.out.find(' '));
  ASSERT_TRUE(note.starts_with("priv-")) << written.out;
  ASSERT_EQ(desk.as("ana", {"incident", "privileged", inc, "--text", "Wanda-Question: may we tell the bank?"}).code, 0) << desk.said();
  ASSERT_TRUE(desk.command("ana", "evidence.capture", JsonObject{{"incident", inc}, {"items", JsonArray{"inferences"}}}));
  while (canonical_json(*desk.get("/api/v1/evidence")).find("\"ev-") == std::string::npos) std::this_thread::yield();
  const auto exported = [&](const std::string& name) {
    const std::string dir = desk.folder() / name;
    EXPECT_EQ(desk.server().end(SIGTERM), 0);  // the last checkpoints have everything
    EXPECT_EQ(run({FIREBREAK_BINARY, "evidence", "export", inc, "--data", desk.data(), "--out", dir + "/bundle"}, desk.folder() / "export.err").code, 0);
    EXPECT_TRUE(desk.start_server());
    EXPECT_EQ(run({FIREBREAK_BINARY, "evidence", "verify", dir + "/bundle"}, desk.folder() / "verify.err").code, 0);
    EXPECT_EQ(desk.as("ana", {"report", inc, "--out", dir + "/report"}).code, 0) << desk.said();
    return dir;
  };
  std::filesystem::create_directory(std::string(desk.folder() / "before"));
  EXPECT_EQ(Desk::holding(exported("before"), "Wanda"), std::vector<std::string>{}) << "bundle, report, page, post-mortem";
  EXPECT_EQ(Desk::holding(desk.data(), "Wanda"), std::vector<std::string>{}) << "journal, views, snapshots, blobs, texts, keys";
  EXPECT_EQ(desk.as("ana", {"incident", "privileged", inc}).code, 1);
  EXPECT_EQ(desk.as("kim", {"incident", "release", inc, note, "--reason", "r"}).code, 1);
  for (const char* who : {"ana", "kim", "ben", "admin"})
    for (const char* path : {"/api/v1/journal?limit=1000", "/api/v1/incidents/"})
      EXPECT_EQ(canonical_json(*desk.get(path == std::string("/api/v1/incidents/") ? path + inc : path, who)).find("priv-"), std::string::npos) << who << path;
  EXPECT_TRUE(desk.asked("ana", {"incident", "timeline", inc, "--search", "Wanda"}).at("items").as_array().empty());
  const std::string listed = desk.as("lena", {"incident", "privileged", inc}).out;
  EXPECT_NE(listed.find(advice), std::string::npos) << listed;
  EXPECT_NE(listed.find("Wanda-Question"), std::string::npos) << listed;
  for (int round = 0; round < 2; ++round) {
    if (round == 0) {
      ASSERT_EQ(desk.as("lena", {"incident", "release", inc, note, "--reason", "the court is to have it"}).code, 0) << desk.said();
    } else {  // what was released stays released, what is sealed stays sealed
      desk.server().end(SIGKILL);
      ASSERT_TRUE(desk.start_server());
    }
    EXPECT_EQ(desk.asked("ana", {"incident", "timeline", inc, "--search", "hearing"}).at("items").as_array().size(), 1u);
    EXPECT_EQ(Desk::holding(desk.data(), "Wanda-Question"), std::vector<std::string>{});
    for (const std::string& file : Desk::holding(desk.data(), "Wanda-Advice")) EXPECT_TRUE(file.starts_with(desk.data() + "/texts/") || file.starts_with(desk.data() + "/views.sqlite")) << "where it can be erased: " << file;
    EXPECT_EQ(desk.as("lena", {"incident", "privileged", inc}).out.find("Wanda-Advice"), std::string::npos) << "it is no privileged note any more";
    EXPECT_NE(desk.as("lena", {"incident", "privileged", inc}).out.find("Wanda-Question"), std::string::npos);
  }
  std::filesystem::create_directory(std::string(desk.folder() / "after"));
  EXPECT_FALSE(Desk::holding(exported("after"), "Wanda-Advice").empty()) << "an ordinary note is in the bundle";
  EXPECT_EQ(Desk::holding(desk.folder() / "after", "Wanda-Question"), std::vector<std::string>{});
}

TEST(Desk, an_incident_is_not_closed_without_its_class_or_a_word_that_it_is_no_attack) {
  Desk desk;
  const auto close = [&] { return desk.as("ana", {"incident", "close", desk.incident, "--summary", "over", "--residual-risk", "none", "--reason", "early"}); };
  EXPECT_EQ(close().code, 3);
  EXPECT_NE(desk.said().find("not set: ai_system_type, ai_stage, ai_goal, ai_capability, ai_knowledge"), std::string::npos) << desk.said();
  ASSERT_EQ(desk.as("ana", {"incident", "set", desk.incident, "ai_goal", "integrity violation"}).code, 0);
  EXPECT_EQ(close().code, 3);
  EXPECT_NE(desk.said().find("not set: ai_system_type, ai_stage, ai_capability, ai_knowledge"), std::string::npos) << desk.said();
  ASSERT_EQ(desk.as("ana", {"incident", "set", desk.incident, "no_attack", "the feed sent last week's file"}).code, 0);
  EXPECT_EQ(close().code, 0) << desk.said();
  const Json record = *desk.get("/api/v1/incidents/" + desk.incident + "/record");
  EXPECT_NE(canonical_json(record).find("the feed sent last week's file"), std::string::npos);
}

TEST(Desk, the_post_mortem_is_made_from_the_record_and_is_whole_when_every_question_has_its_answer) {
  Desk desk;
  const std::string& inc = desk.incident;
  ASSERT_EQ(desk.as("ana", {"incident", "fact", inc, "12 callers asked for the same", "--at", "-10m"}).code, 0) << desk.said();
  ASSERT_EQ(desk.as("ana", {"incident", "set", inc, "cause", "one script with borrowed keys"}).code, 0);
  Json made = desk.asked("ana", {"incident", "post-mortem", inc});
  EXPECT_EQ(made.at("questions").as_array().size(), 13u);
  EXPECT_EQ(made.at("unanswered").as_array().size(), 12u) << "what happened stands in the facts: " << canonical_json(made.at("unanswered"));
  const std::string file = desk.folder() / "post-mortem.md";
  ASSERT_EQ(desk.as("ana", {"incident", "post-mortem", inc, "--out", file}).code, 0) << desk.said();
  const std::string text = (std::stringstream() << std::ifstream(file).rdbuf()).str();
  EXPECT_NE(text.find("12 of 13 questions are not answered"), std::string::npos) << text;
  EXPECT_NE(text.find("one script with borrowed keys"), std::string::npos);
  // One command a question: that is the editing that is left.
  for (const Json& one : made.at("unanswered").as_array()) {
    const std::string name(one.as_string());
    EXPECT_NE(text.find("`firebreak incident lesson " + inc + " TEXT --question " + name + "`"), std::string::npos) << name;
    ASSERT_EQ(desk.as("ana", {"incident", "lesson", inc, "about " + name, "--question", name}).code, 0) << desk.said();
  }
  made = desk.asked("ana", {"incident", "post-mortem", inc});
  EXPECT_TRUE(made.at("unanswered").as_array().empty()) << canonical_json(made.at("unanswered"));
  EXPECT_EQ(desk.as("ana", {"report", inc, "--out", desk.folder() / "report"}).code, 0) << desk.said();
  EXPECT_EQ(Desk::holding(desk.folder() / "report", "about lucky").size(), 3u) << "report.json, report.html, postmortem.md";
}

}  // namespace
}  // namespace firebreak
