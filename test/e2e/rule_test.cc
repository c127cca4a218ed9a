// Rules from files to findings: applied to a running server, found on the records that come, the same after a kill.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/clock.h"
#include "support/installation.h"

namespace firebreak {
namespace {

using ::testing::HasSubstr;
using testing::Installation;

struct Ruled : Installation {
  Ruled() { EXPECT_TRUE(start_server()); }

  void make_stream(const std::string& name, const std::string& kind) {
    const auto made = put("/api/v1/streams/" + name, JsonObject{{"kinds", JsonArray{Json(kind)}}});
    ASSERT_TRUE(made) << made.error().message;
  }
  void send(const std::string& stream, JsonObject line) {
    line["time"] = format_time(SystemClock().now());
    const auto sent = post("/api/v1/streams/" + stream + "/records", canonical_json(line) + "\n", "application/x-ndjson", "admin");
    ASSERT_TRUE(sent) << sent.error().message;
  }
  // Findings of rules, by title, once there are so many.
  std::map<std::string, Json> findings(std::size_t count) {
    std::map<std::string, Json> out;
    for (int tries = 0; tries < 2'000 && out.size() < count; ++tries) {
      const auto page = get("/api/v1/findings?limit=200");
      EXPECT_TRUE(page) << page.error().message;
      for (const Json& one : page->at("items").as_array())
        if (string_or(one, "kind") == "rule_match") out[string_or(one, "summary")] = one;
      if (out.size() < count) std::this_thread::yield();
    }
    return out;
  }
  // The answer of `firebreak rule apply`; 1 when something was refused.
  Json apply(const std::vector<std::string>& more, int expected) {
    std::vector<std::string> words{FIREBREAK_BINARY, "--url", url(), "--token", token("admin"), "--json", "rule", "apply"};
    words.insert(words.end(), more.begin(), more.end());
    const testing::Finished ran = testing::run(words);
    EXPECT_EQ(ran.code, expected) << ran.out;
    return parse_json(ran.out).value_or(Json(JsonObject{}));
  }
  std::size_t taken() {
    const auto status = get("/api/v1/rules");
    EXPECT_TRUE(status);
    return status->at("taken").as_array().size();
  }
};

TEST(Rule, words_need_no_server_for_what_files_say) {
  const auto rule = [](std::vector<std::string> words) {
    words.insert(words.begin(), {FIREBREAK_BINARY, "--json", "rule"});
    const testing::Finished ran = testing::run(words);
    return std::pair(ran.code, parse_json(ran.out).value_or(Json(JsonObject{})));
  };
  EXPECT_EQ(rule({"test"}).first, 0);
  EXPECT_EQ(rule({"lint"}).first, 0);
  EXPECT_EQ(string_or(rule({"explain", "endpoint_boundary_walk"}).second, "type"), "event_count");
  EXPECT_EQ(rule({"explain", "nothing"}).first, 1);
  const testing::Folder folder;
  const std::string events = folder / "day.ndjson", bad = folder / "bad.yml";
  Installation::write(events, "{\"type\":\"registry\",\"action\":\"push\",\"file\":\"m.pkl\"}\n\n{\"type\":\"registry\",\"action\":\"push\",\"file\":\"m.onnx\"}\n");
  const auto [code, found] = rule({"test", "--events", events});
  EXPECT_EQ(code, 0);
  ASSERT_EQ(found.at("matches").as_array().size(), 1U);
  EXPECT_EQ(int_or(found.at("matches").at(0), "line"), 1);
  Installation::write(bad, "title: t\nlogsource: {category: label}\ndetection:\n  s: {a: 1}\n  condition: s or\n");
  const auto [refused, answer] = rule({"list", bad});
  EXPECT_EQ(refused, 1);
  EXPECT_EQ(int_or(answer.at("refused").at(0), "line"), 5);
}

// Who copies it begins with a set that tests and lints without an error.
TEST(Rule, the_example_of_the_docs_is_complete) {
  std::ifstream file(FIREBREAK_SOURCE_DIR "/docs/rules.md");
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  const std::size_t from = text.find("```yaml\n"), to = text.find("```", from + 8);
  ASSERT_NE(to, std::string::npos);
  const testing::Folder folder;
  Installation::write(folder / "schema.yml", text.substr(from + 8, to - from - 8));
  const testing::Finished tested = testing::run({FIREBREAK_BINARY, "rule", "test", folder / "schema.yml"});
  EXPECT_EQ(tested.code, 0);
  EXPECT_THAT(tested.out, HasSubstr("4 passed, 0 failed, of 2 rules"));
  const testing::Finished linted = testing::run({FIREBREAK_BINARY, "rule", "lint", folder / "schema.yml"});
  EXPECT_EQ(linted.code, 0) << linted.out;
}

TEST(Rule, applied_to_a_server_finds_what_comes_and_goes_on_after_a_kill) {
  Ruled place;
  place.make_stream("ci", "pipeline");
  place.send("ci", {{"type", "pipeline"}, {"id", "s-0"}, {"run", "r-1"}, {"step", "ingest"}, {"dataset", JsonObject{{"approved", false}}}});
  const Json applied = place.apply({}, 0);
  EXPECT_GE(int_or(applied, "loaded"), 50);
  while (place.taken() < 1) std::this_thread::yield();
  EXPECT_TRUE(place.findings(0).empty());  // what came before the rules is not theirs
  place.send("ci", {{"type", "pipeline"}, {"id", "s-1"}, {"run", "r-2"}, {"step", "ingest"}, {"dataset", JsonObject{{"approved", false}}}});
  place.send("ci", {{"type", "pipeline"}, {"id", "s-2"}, {"run", "r-2"}, {"step", "evaluate"}, {"status", "skipped"}});
  EXPECT_EQ(place.findings(1).size(), 1U);
  place.server().end(SIGKILL);
  ASSERT_TRUE(place.start_server());
  place.send("ci", {{"type", "pipeline"}, {"id", "s-3"}, {"run", "r-2"}, {"step", "deploy"}, {"status", "success"}});
  const auto found = place.findings(2);
  ASSERT_EQ(found.size(), 2U);
  std::string said;
  for (const auto& [summary, finding] : found) said += summary + "\n";
  EXPECT_THAT(said, HasSubstr("Training data from a source that nobody approved"));
  EXPECT_THAT(said, HasSubstr("A run deployed a model whose evaluation it had skipped or failed"));
  EXPECT_THAT(said, HasSubstr("for run=r-2"));
}

TEST(Rule, a_mute_names_a_rule_that_there_is) {
  Ruled place;
  const auto mute = [&](const std::string& rule) {
    return place.command("admin", "mute.add", JsonObject{{"rule", rule}, {"until", format_time(SystemClock().now() + kHour)}, {"reason", "r"}});
  };
  const auto refusal = [&](const std::string& rule) {
    const auto answer = mute(rule);
    return answer ? "it was taken" : answer.error().message;
  };
  EXPECT_THAT(refusal("evason"), HasSubstr("there is no rule 'evason'; no Sigma rules are applied; near it: evasion"));
  EXPECT_TRUE(mute("evasion"));
  place.apply({}, 0);
  EXPECT_THAT(refusal("endpoint_boundry_walk"), HasSubstr("near it: endpoint_boundary_walk"));
  EXPECT_THAT(refusal("nosuchrule"), HasSubstr("there are: evasion, "));
  EXPECT_THAT(refusal("endpoint_request_violates_schema"), HasSubstr("a part of correlations"));
  // By the name that people know; what its findings bear is the id.
  ASSERT_TRUE(mute("endpoint_boundary_walk"));
  std::string id;  // once the views have it
  for (int tries = 0; tries < 2'000 && id.size() != 36; ++tries) {
    const auto listed = place.get("/api/v1/mutes");
    ASSERT_TRUE(listed);
    id = string_or(listed->at("items").at(0), "rule");
  }
  ASSERT_EQ(id.size(), 36U) << id;
  EXPECT_TRUE(mute(id));
}

TEST(Rule, a_set_with_an_error_says_where_and_runs_the_rest) {
  Ruled place;
  place.make_stream("hosts", "signal");
  const std::string file = place.folder() / "mine.yml";
  Installation::write(file, "title: good\nlogsource: {product: firebreak, category: host_signal}\ndetection:\n  s: {process: nc}\n  condition: s\n---\n"
                            "title: bad\nlogsource: {product: firebreak, category: host_signal}\ndetection:\n  s:\n    process|expand: '%x%'\n  condition: s\n");
  const Json applied = place.apply({file}, 1);
  EXPECT_EQ(int_or(applied, "loaded"), 1);
  const Json& refused = applied.at("refused").at(0);
  EXPECT_EQ(int_or(refused, "line"), 11);
  EXPECT_THAT(string_or(refused, "reason"), HasSubstr("'expand' is not supported"));
  while (place.taken() < 1) std::this_thread::yield();
  place.send("hosts", {{"type", "signal"}, {"id", "h-1"}, {"process", "NC"}});
  EXPECT_EQ(place.findings(1).size(), 1U);
  EXPECT_EQ(int_or(place.apply({"--none"}, 0), "loaded"), 0);
  while (place.taken() < 2) std::this_thread::yield();
}

}  // namespace
}  // namespace firebreak
