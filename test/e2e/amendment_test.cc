// What a lesson changes, through the real program: proposed by one person, in force once another approved it, and then at work.
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <sstream>

#include "support/installation.h"

namespace firebreak {
namespace {

using testing::Finished;
using testing::Installation;
using testing::run;

struct Review : Installation {
  Review() {
    EXPECT_TRUE(start_server());
    EXPECT_TRUE(start_gateway());
    set_up();
    EXPECT_TRUE(flush());
    const auto opened = command("ana", "incident.declare", JsonObject{{"endpoint", "scores"}, {"title", "everything is approved"}, {"severity", "SEV-3"}});
    EXPECT_TRUE(opened) << opened.error().message;
    incident = opened ? string_or(*opened, "id") : "";
    const auto written = command("ana", "incident.lesson", JsonObject{{"incident", incident}, {"text", "x = 1 must not be approved"}});
    EXPECT_TRUE(written) << written.error().message;
    lesson = written ? string_or(*written, "id") : "";
  }
  Finished as(const std::string& who, std::vector<std::string> words) {
    words.insert(words.begin(), FIREBREAK_BINARY);
    for (const std::string& word : {std::string("--url"), url(), std::string("--token"), token(who)}) words.push_back(word);
    std::filesystem::remove(folder() / "cli.err");
    Finished finished = run(words, folder() / "cli.err");
    out = finished.out;
    return finished;
  }
  std::string said() { return out + (std::stringstream() << std::ifstream(folder() / "cli.err").rdbuf()).str(); }
  Json asked(const std::string& path, const std::string& who = "ana") {
    auto answer = get(path, who);
    EXPECT_TRUE(answer) << path << ": " << answer.error().message;
    return answer ? *answer : Json(JsonObject{});
  }
  // The amendment's id; empty: refused, and `said()` tells why.
  std::string propose(const std::string& kind, std::vector<std::string> more) {
    std::vector<std::string> words{"amendment", kind, incident, lesson, "--reason", "so that it does not happen again", "--json"};
    words.insert(words.end(), more.begin(), more.end());
    const Finished finished = as("ana", words);
    const auto answer = parse_json(finished.out, 64);
    return finished.code == 0 && answer ? string_or(*answer, "id") : "";
  }
  Finished approve(const std::string& who, const std::string& id) { return as(who, {"amendment", "approve", id, "--digest", string_or(asked("/api/v1/amendments/" + id), "digest")}); }
  std::string state_of(const std::string& id) { return string_or(asked("/api/v1/amendments/" + id), "state"); }

  std::string incident, lesson, out;
};

const char* const kRule = R"(title: x is one
id: 0a2f1a2c-2b7e-4c11-9d65-3f5f6a1f0b11
status: test
logsource: {product: firebreak, category: inference}
detection: {one: {label: approve}, condition: one}
level: high
falsepositives: [honest customers]
)";

TEST(Amendments, a_regression_trace_stops_the_next_candidate_that_answers_as_in_the_incident) {
  Review review;
  EXPECT_EQ(review.propose("regression", {"--answer", "refused"}), "");
  EXPECT_NE(review.said().find("there are: approve"), std::string::npos) << review.said();
  const std::string id = review.propose("regression", {"--answer", "approve"});
  ASSERT_TRUE(id.starts_with("amend-")) << review.said();
  EXPECT_EQ(review.approve("ana", id).code, 3) << "never one's own";
  EXPECT_EQ(review.state_of(id), "proposed");
  EXPECT_EQ(review.approve("ben", id).code, 0) << review.said();
  EXPECT_EQ(review.state_of(id), "in_force");

  // The same model under another name answers as it did.
  const Json known = review.asked("/api/v1/models?endpoint=scores").at("items").at(0);
  JsonObject release{{"endpoint", "scores"}, {"release", "2"}, {"training_cut", "2026-01-02T00:00:00Z"}, {"sources", JsonArray{}}};
  for (const char* key : {"upstream", "manifest", "dataset", "holdout", "model"}) release[key] = known.at(key);
  const auto registered = review.command("ana", "release.register", release);
  ASSERT_TRUE(registered) << registered.error().message << " " << canonical_json(known);
  ASSERT_TRUE(review.command("ana", "release.gate", JsonObject{{"endpoint", "scores"}, {"release", "2"}}));
  Json trace;
  for (int i = 0; i < 600 && trace.is_null(); ++i) {
    const Json gates = review.asked("/api/v1/gates?endpoint=scores");
    for (const Json& gate : gates.at("items").as_array())
      if (string_or(gate, "gate") == "G3c") trace = gate;
    if (trace.is_null()) std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  ASSERT_TRUE(trace.is_object()) << canonical_json(review.asked("/api/v1/gates?endpoint=scores"));
  EXPECT_FALSE(bool_or(trace, "passed", true));
  EXPECT_NE(canonical_json(trace).find(id + " of " + review.incident), std::string::npos) << canonical_json(trace);

  // The lesson says what it led to, and a second amendment ends the trace.
  const Json lesson = review.asked("/api/v1/lessons?incident=" + review.incident).at("items").at(0);
  EXPECT_EQ(string_or(lesson.at("amendments").at(0), "id"), id);
  EXPECT_EQ(string_or(lesson.at("amendments").at(0), "state"), "in_force");
  const std::string end = review.propose("retire", {id});
  EXPECT_EQ(review.approve("ben", end).code, 0) << review.said();
  EXPECT_EQ(review.state_of(id), "retired");
}

TEST(Amendments, a_rule_comes_with_tests_that_hold_and_runs_beside_those_that_are_applied) {
  Review review;
  const std::string file = review.folder() / "rule.yml";
  Installation::write(file, kRule);
  EXPECT_EQ(review.propose("rule", {file}), "");
  EXPECT_NE(review.said().find("has no test"), std::string::npos) << review.said();
  Installation::write(file, std::string(kRule) + "tests:\n    - {name: it is, match: true, events: [{label: decline}]}\n");
  EXPECT_EQ(review.propose("rule", {file}), "");
  EXPECT_NE(review.said().find("does not match and should"), std::string::npos) << review.said();
  Installation::write(file, std::string(kRule) + "tests:\n    - {name: it is, match: true, events: [{label: approve}]}\n");
  const std::string id = review.propose("rule", {file}), late = review.propose("rule", {file});
  ASSERT_TRUE(id.starts_with("amend-")) << review.said();
  EXPECT_NE(review.as("ben", {"amendment", "show", id}).out.find("x is one"), std::string::npos) << "the approver reads the rule";
  EXPECT_NE(review.as("ben", {"status"}).out.find("firebreak amendment show " + id), std::string::npos);
  EXPECT_EQ(review.approve("ben", id).code, 0) << review.said();
  EXPECT_EQ(review.state_of(id), "in_force");
  const Json rules = review.asked("/api/v1/rules");
  EXPECT_EQ(int_or(rules, "loaded"), 1);
  EXPECT_EQ(string_or(rules, "by"), "user:ana") << "in the name of who proposed it";
  EXPECT_EQ(review.approve("ben", late).code, 3) << "it was made of the rules before";
  EXPECT_EQ(review.as("ben", {"amendment", "reject", late, "--reason", "twice"}).code, 0) << review.said();
  EXPECT_EQ(review.state_of(late), "rejected");
}

TEST(Amendments, a_playbook_version_is_installed_or_says_why_not) {
  Review review;
  const std::string shipped = std::string(FIREBREAK_SOURCE_DIR) + "/content/playbooks/drift-without-malice.json";
  std::stringstream text;
  text << std::ifstream(shipped).rdbuf();
  auto playbook = parse_json(text.str(), 64);
  ASSERT_TRUE(playbook);
  const std::string file = review.folder() / "playbook.json";
  playbook->as_object()["modified"] = "2026-11-29T23:00:00.000Z";
  Installation::write(file, canonical_json(*playbook));
  const std::string id = review.propose("playbook", {file}), again = review.propose("playbook", {file});
  ASSERT_TRUE(id.starts_with("amend-")) << review.said();
  EXPECT_EQ(review.approve("ben", id).code, 0) << review.said();
  EXPECT_EQ(review.state_of(id), "in_force");
  review.approve("ben", again);
  EXPECT_EQ(review.state_of(again), "failed") << "its version is installed already";
  EXPECT_NE(canonical_json(review.asked("/api/v1/amendments/" + again)).find("installed already"), std::string::npos);
}

}  // namespace
}  // namespace firebreak
