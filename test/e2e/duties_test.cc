// Reporting deadlines of a running server, by its command line: duties, proofs, two people, overdue in red, drafts, the evidence hold, playbooks.
#include <gmock/gmock.h>
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
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kPlaybook = R"({"type": "playbook", "spec_version": "cacao-2.0", "id": "playbook--0b1c2d3e-4f50-4a61-8b72-93a4b5c6d7e8", "name": "Tell the bank regulator",
  "created_by": "identity--1b1c2d3e-4f50-4a61-8b72-93a4b5c6d7e8", "created": "2026-03-01T09:00:00.000Z", "modified": "2026-03-01T09:00:00.000Z",
  "workflow_start": "start--2b1c2d3e-4f50-4a61-8b72-93a4b5c6d7e8",
  "agent_definitions": {"security-category--5b1c2d3e-4f50-4a61-8b72-93a4b5c6d7e8": {"type": "security-category", "name": "Firebreak", "category": ["orchestration"]}},
  "workflow": {
    "start--2b1c2d3e-4f50-4a61-8b72-93a4b5c6d7e8": {"type": "start", "on_completion": "action--3b1c2d3e-4f50-4a61-8b72-93a4b5c6d7e8"},
    "action--3b1c2d3e-4f50-4a61-8b72-93a4b5c6d7e8": {"type": "action", "name": "start it", "agent": "security-category--5b1c2d3e-4f50-4a61-8b72-93a4b5c6d7e8",
      "commands": [{"type": "firebreak", "command": "deadline start us-banks --from determination"}], "on_completion": "end--4b1c2d3e-4f50-4a61-8b72-93a4b5c6d7e8"},
    "end--4b1c2d3e-4f50-4a61-8b72-93a4b5c6d7e8": {"type": "end"}}})";

struct Place : Installation {
  explicit Place(const std::string& deadlines = "deadlines: {}\n") : Installation("fed") {
    write(folder() / "firebreak.yaml", deadlines);
    write(folder() / "sec.yaml", "[\"2026-06-18\"]\n");
    EXPECT_TRUE(start_server());
    feed("2026-06-12T08:00:00Z");
    add("ana", "analyst");
    add("ben", "approver");
    EXPECT_EQ(as("admin", {"onboard", "shop"}).code, 0);
    const Finished declared = as("ana", {"incident", "declare", "--endpoint", "shop", "--title", "Rows of customers leak", "--severity", "SEV-2", "--json"});
    const auto answer = parse_json(declared.out, 64);
    incident = answer ? string_or(*answer, "id") : "";
    EXPECT_NE(incident, "") << declared.out;
  }
  void add(const std::string& user, const std::string& role) {
    EXPECT_TRUE(command("admin", "user.add", JsonObject{{"user", user}, {"role", role}}));
    EXPECT_TRUE(command("admin", "token.add", JsonObject{{"user", user}, {"token_hash", sha256(token(user)).hex()}}));
  }
  void feed(const std::string& to) {
    const auto fed = post("/api/v1/clock", canonical_json(JsonObject{{"to", to}}), "application/json", "admin");
    EXPECT_TRUE(fed) << fed.error().message;
  }
  Finished as(const std::string& who, std::vector<std::string> words) {
    words.insert(words.begin(), FIREBREAK_BINARY);
    for (const std::string& word : {std::string("--url"), url(), std::string("--token"), token(who)}) words.push_back(word);
    return run(words, folder() / "cli.err");
  }
  std::string refused() const {
    std::ifstream file(folder() / "cli.err");
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
  }
  // What a command made, by its --json answer.
  std::string made(const std::string& who, std::vector<std::string> words) {
    words.push_back("--json");
    const Finished done = as(who, words);
    EXPECT_EQ(done.code, 0) << done.out << refused();
    const auto answer = parse_json(done.out, 64);
    return answer ? string_or(*answer, "id") : "";
  }
  Json stage(const std::string& duty, const std::string& name) {
    const auto shown = get("/api/v1/deadlines/" + duty);
    EXPECT_TRUE(shown) << shown.error().message;
    if (shown)
      for (const Json& one : shown->at("stages").as_array())
        if (string_or(one, "stage") == name) return one;
    return JsonObject{};
  }
  std::string incident;
};

TEST(Duties, run_are_proven_and_are_set_aside_by_two) {
  Place place;
  const std::string gdpr = place.made("ana", {"deadline", "start", place.incident, "gdpr", "--from", "awareness=-1h", "--fact", "high_risk"});
  ASSERT_EQ(gdpr.substr(0, 5), "duty-");
  EXPECT_EQ(string_or(place.stage(gdpr, "authority"), "due"), "2026-06-15T07:00:00Z");
  EXPECT_EQ(place.as("ana", {"deadline", "start", place.incident, "gdpr", "--from", "awareness=now"}).code, 3);
  EXPECT_THAT(place.refused(), HasSubstr(gdpr + " is this duty already"));
  EXPECT_EQ(place.as("ana", {"deadline", "met", gdpr, "authority"}).code, 2);
  EXPECT_THAT(place.refused(), HasSubstr("proven by a reference"));

  // A reminder at one day, then overdue in red; the incident's page and its text say so too.
  place.feed("2026-06-14T07:00:00Z");
  EXPECT_THAT(place.as("ana", {"status"}).out, HasSubstr("due 2026-06-15T07:00:00Z  GDPR, personal-data breach: Notification to the authority to supervisory authority (" + gdpr + ", authority, " + place.incident + ")"));
  EXPECT_EQ(string_or(place.stage(gdpr, "authority"), "reminded"), "1d");
  place.feed("2026-06-15T07:01:00Z");
  const std::string status = place.as("ana", {"status"}).out;
  EXPECT_THAT(status, HasSubstr("RED overdue since 2026-06-15T07:00:00Z"));
  EXPECT_THAT(status, HasSubstr("firebreak deadline met " + gdpr + " authority --reference TEXT"));
  EXPECT_THAT(place.as("ana", {"incident", "show", place.incident}).out, HasSubstr("RED authority overdue 2026-06-15T07:00:00Z"));

  EXPECT_EQ(place.as("ana", {"deadline", "met", gdpr, "authority", "--reference", "case 4711 of the authority"}).code, 0) << place.refused();
  const Json authority = place.stage(gdpr, "authority");
  EXPECT_EQ(string_or(authority, "state"), "met");
  EXPECT_TRUE(bool_or(authority.at("proof"), "late"));
  EXPECT_EQ(string_or(authority.at("proof"), "reference"), "case 4711 of the authority");

  // Not to tell the persons takes two.
  const std::string relief = place.made("ana", {"deadline", "set-aside", gdpr, "subjects", "--reason", "the rows were encrypted"});
  ASSERT_EQ(relief.substr(0, 7), "relief-");
  EXPECT_EQ(place.as("ana", {"deadline", "approve", relief}).code, 3);
  EXPECT_THAT(place.refused(), HasSubstr("needs the role approver"));
  EXPECT_NE(string_or(place.stage(gdpr, "subjects"), "state"), "set_aside");
  EXPECT_THAT(place.as("ben", {"status"}).out, HasSubstr("firebreak deadline approve " + relief));
  EXPECT_EQ(place.as("ben", {"deadline", "approve", relief}).code, 0) << place.refused();
  const Json subjects = place.stage(gdpr, "subjects");
  EXPECT_EQ(string_or(subjects, "state"), "set_aside");
  EXPECT_EQ(string_or(subjects.at("set_aside"), "with"), "ben");
  EXPECT_THAT(place.as("ana", {"deadline", "status", place.incident}).out, HasSubstr("by ana and ben: the rows were encrypted"));

  // The report that auditors get has the decision, and who made it.
  EXPECT_EQ(place.as("ana", {"report", place.incident, "--out", place.folder() / "report"}).code, 0) << place.refused();
  std::ifstream page(place.folder() / "report/report.html");
  std::stringstream told;
  told << page.rdbuf();
  EXPECT_THAT(told.str(), HasSubstr("ana and ben set aside subjects of " + gdpr + ": the rows were encrypted"));

  // The journal replays to what runs.
  const auto all = place.get("/api/v1/deadlines?incident=" + place.incident);
  place.server().end(SIGKILL);
  ASSERT_TRUE(place.start_server());
  EXPECT_EQ(place.get("/api/v1/deadlines?incident=" + place.incident)->at("items"), all->at("items"));
  EXPECT_EQ(place.get("/api/v1/regimes")->at("items").as_array().size(), 12U);
}

TEST(Duties, drafts_are_filled_in_and_say_what_is_missing) {
  Place place("deadlines: {organisation: {name: Shop Bank, lei: 529900T8BM49AURSDO55}}\n");
  const std::string dora = place.made("ana", {"deadline", "start", place.incident, "dora", "--from", "awareness=opened", "--from", "classification=now"});
  const std::string text = place.as("ana", {"deadline", "draft", place.incident, "dora", "initial", "--set", "member_states=DE, FR"}).out;
  EXPECT_THAT(text, HasSubstr("# DORA: initial notification"));
  EXPECT_THAT(text, HasSubstr("> Shop Bank; 529900T8BM49AURSDO55"));
  EXPECT_THAT(text, HasSubstr("> Rows of customers leak"));
  EXPECT_THAT(text, HasSubstr("> DE, FR"));
  EXPECT_THAT(text, HasSubstr(dora + ", due 2026-06-12T12:00:00Z"));
  EXPECT_THAT(text, HasSubstr("- Whether business continuity was activated (`continuity`)"));
  EXPECT_THAT(text, Not(HasSubstr("(`member_states`)")));
  const auto json = place.get("/api/v1/incidents/" + place.incident + "/drafts/dora/initial");
  ASSERT_TRUE(json) << json.error().message;
  EXPECT_EQ(string_or(json->at("fields").as_array()[3], "value"), "2026-06-12T08:00:00Z") << "the classification";
  EXPECT_EQ(place.as("ana", {"deadline", "draft", place.incident, "dora", "nobody"}).code, 1);
  EXPECT_THAT(place.refused(), HasSubstr("there are: gdpr authority"));
}

TEST(Duties, begin_by_a_worksheet_that_stands_in_the_record) {
  Place place;
  const auto classify = [&](std::vector<std::string> more) {
    std::vector<std::string> words{"deadline", "classify", "dora", "--incident", place.incident};
    words.insert(words.end(), more.begin(), more.end());
    return place.as("ana", words);
  };
  const Finished open = classify({"--set", "critical_service=yes", "--record"});
  EXPECT_EQ(open.code, 3) << open.out;
  EXPECT_THAT(place.refused(), HasSubstr("undecided"));
  EXPECT_THAT(open.out, HasSubstr("duration_hours = 0.00: open_hours of " + place.incident));
  // No: the reasoned decision is a note on the incident, and nothing runs.
  EXPECT_EQ(classify({"--set", "critical_service=no", "--record"}).code, 0) << place.refused();
  EXPECT_THAT(place.as("ana", {"incident", "show", place.incident}).out, HasSubstr("DORA: is the ICT-related incident major? no"));
  EXPECT_EQ(place.get("/api/v1/deadlines")->at("items").as_array().size(), 0U);
  // Facts come later: it is major, and the deadlines run from now.
  place.feed("2026-06-13T10:00:00Z");
  EXPECT_EQ(classify({"--set", "critical_service=yes", "--set", "malicious_access=yes", "--record", "--from", "awareness=opened"}).code, 0) << place.refused();
  const auto duties = place.get("/api/v1/deadlines");
  ASSERT_EQ(duties->at("items").as_array().size(), 1U);
  const Json& duty = duties->at("items").as_array()[0];
  EXPECT_THAT(string_or(duty, "reason"), HasSubstr("Malicious access: yes"));
  EXPECT_EQ(string_or(place.stage(string_or(duty, "id"), "initial"), "due"), "2026-06-13T14:00:00Z") << "classified later than 24 h after awareness: 4 h";
}

TEST(Duties, hold_the_evidence_and_say_so) {
  Place place;
  const std::string duty = place.made("ana", {"deadline", "start", place.incident, "ai-act-73", "--from", "awareness=now"});
  EXPECT_TRUE(bool_or(*place.get("/api/v1/deadlines/" + duty), "holds_evidence"));
  EXPECT_THAT(place.as("ana", {"incident", "show", place.incident}).out, HasSubstr("HOLDS THE EVIDENCE until the notice is proven"));
  const std::string relief = place.made("ana", {"deadline", "override", duty, "--reason", "people are at risk"});
  EXPECT_EQ(place.as("ben", {"deadline", "approve", relief}).code, 0) << place.refused();
  EXPECT_FALSE(bool_or(*place.get("/api/v1/deadlines/" + duty), "holds_evidence", true));
  EXPECT_EQ(string_or(place.stage(duty, "report"), "state"), "due") << "the deadline goes on";
}

TEST(Duties, count_by_the_calendar_of_the_configuration) {
  Place place("deadlines: {calendars: {sec-8k: {offset: '-04:00', holidays: sec.yaml}}}\n");
  const std::string duty = place.made("ana", {"deadline", "start", place.incident, "sec-8k", "--from", "materiality=now"});
  EXPECT_EQ(string_or(place.stage(duty, "initial"), "due"), "2026-06-19T21:30:00Z") << "Friday; the Thursday after is a holiday; 17:30 of New York";
  // Another calendar from the next start on: what runs keeps its own, what is started goes by the new one.
  place.server().end(SIGKILL);
  place.write(place.folder() / "firebreak.yaml", "deadlines: {}\n");
  ASSERT_TRUE(place.start_server());
  EXPECT_EQ(place.as("ana", {"deadline", "happened", duty, "missing_facts_known=now"}).code, 0) << place.refused();
  EXPECT_EQ(string_or(place.stage(duty, "initial"), "due"), "2026-06-19T21:30:00Z");
  EXPECT_EQ(place.get("/api/v1/regimes")->at("items").as_array().size(), 12U);
}

TEST(Duties, are_started_by_playbooks) {
  Place place;
  const auto document = parse_json(kPlaybook);
  ASSERT_TRUE(document);
  const auto installed = place.command("admin", "playbook.install", JsonObject{{"document", *document}});
  ASSERT_TRUE(installed) << installed.error().message;
  const auto started = place.command("ana", "playbook.run", JsonObject{{"playbook", string_or(*document, "id")}, {"incident", place.incident}});
  ASSERT_TRUE(started) << started.error().message;
  const auto run = place.get("/api/v1/runs/" + string_or(*started, "id") + "?min_index=" + std::to_string(int_or(*started, "index")));
  ASSERT_TRUE(run) << run.error().message;
  EXPECT_EQ(string_or(*run, "state"), "success") << canonical_json(*run);
  const auto duties = place.get("/api/v1/deadlines?incident=" + place.incident);
  ASSERT_EQ(duties->at("items").as_array().size(), 1U);
  EXPECT_EQ(string_or(place.stage(string_or(duties->at("items").as_array()[0], "id"), "notice"), "due"), "2026-06-13T20:00:00Z");
}

}  // namespace
}  // namespace firebreak
