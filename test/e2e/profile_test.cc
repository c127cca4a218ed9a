// firebreak profile as people call it: files of every format, comparison, and what is kept with an endpoint.
#include <gtest/gtest.h>

#include <fstream>

#include "profile/profile_json.h"
#include "read/archive/child.h"
#include "support/installation.h"

namespace firebreak {
namespace {

using testing::Finished;
using testing::Installation;
using testing::run;

std::string data_file(const std::string& name) { return std::string(FIREBREAK_SOURCE_DIR) + "/test/data/" + name; }

Finished profile(std::vector<std::string> words) {
  words.insert(words.begin(), {FIREBREAK_BINARY, "profile"});
  return run(words, "/dev/null");
}

Json printed(std::vector<std::string> words) {
  words.emplace_back("--json");
  const Finished finished = profile(words);
  EXPECT_EQ(finished.code, 0) << finished.out;
  auto json = parse_json(finished.out);
  EXPECT_TRUE(json) << finished.out.substr(0, 200);
  return json ? *json : Json(JsonObject{});
}

Json feature(const Json& document, std::string_view name) {
  for (const Json& one : document.at("features").as_array())
    if (string_or(one, "name") == name) return one;
  ADD_FAILURE() << "no feature " << name;
  return JsonObject{};
}

// The prices of Victoria are one value up to row 17,424; the time of day is the negative control.
TEST(Profile, tells_what_changed_in_elec2_and_leaves_the_control_alone) {
  const std::string elec = data_file("drift/elec2.csv.zst");
  const Json diff = printed({"diff", elec, elec, "--then-rows", "0:17000", "--rows", "18000:45312"});
  EXPECT_TRUE(feature(diff, "period").at("changed").as_array().empty());
  for (const char* name : {"nswprice", "vicprice", "vicdemand", "transfer"}) EXPECT_FALSE(feature(diff, name).at("changed").as_array().empty()) << name;
  EXPECT_EQ(profile({"diff", elec, elec, "--then-rows", "0:17000", "--rows", "18000:45312", "--fail"}).code, 1);
  EXPECT_EQ(profile({"diff", elec, elec, "--then-rows", "0:8000", "--rows", "0:8000", "--fail"}).code, 0);
}

TEST(Profile, names_the_unit_that_changed) {
  const std::string credit = data_file("drift/credit_unit_change.csv.zst");
  const Json diff = printed({"diff", credit, credit, "--then-rows", "0:4000", "--rows", "8000:12000"});
  EXPECT_EQ(string_or(feature(diff, "limit_bal").at("unit_change"), "words"), "/1000");
  EXPECT_EQ(int_or(diff, "changed"), 1);
}

TEST(Profile, is_the_same_from_csv_and_ndjson_and_built_twice) {
  Installation place;
  std::string csv = "amount,kind\n", lines;
  for (int i = 0; i < 3'000; ++i) {
    const std::string kind = i % 7 == 0 ? "rare" : "often";
    csv += std::to_string(i * 37 % 1'000) + ".25," + kind + "\n";
    lines += "{\"amount\":" + std::to_string(i * 37 % 1'000) + ".25,\"kind\":\"" + kind + "\"}\n";
  }
  std::ofstream(place.folder() / "t.csv") << csv;
  std::ofstream(place.folder() / "t.ndjson") << lines;
  Json a = printed({"build", place.folder() / "t.csv"}), b = printed({"build", place.folder() / "t.ndjson"});
  EXPECT_EQ(a, printed({"build", place.folder() / "t.csv"}));
  EXPECT_EQ(a.at("features"), b.at("features"));
  // Halves built over the whole's bins add up to it: counts, bins and the sketch of distinct values to the last one.
  const std::string whole = place.folder() / "whole.json", first = place.folder() / "first.json", second = place.folder() / "second.json";
  printed({"build", place.folder() / "t.csv", "-o", whole});
  printed({"build", place.folder() / "t.csv", "--rows", "0:1500", "--like", whole, "-o", first});
  printed({"build", place.folder() / "t.csv", "--rows", "1500:", "--like", whole, "-o", second});
  const Json merged = printed({"merge", first, second});
  for (const char* what : {"rows", "missing", "distinct_sketch"}) EXPECT_EQ(feature(merged, "amount").at(what), feature(a, "amount").at(what)) << what;
  EXPECT_EQ(feature(merged, "amount").at("numeric").at("bins"), feature(a, "amount").at("numeric").at("bins"));
  EXPECT_EQ(feature(merged, "kind").at("categorical").at("top"), feature(a, "kind").at("categorical").at("top"));
}

TEST(Profile, reads_parquet) {
  if (const auto library = archive::find_library(); !library) GTEST_SKIP() << library.error().message;
  Installation place;
  const std::string file = place.folder() / "t.parquet";
  archive::Engine engine;
  engine.program = FIREBREAK_BINARY;
  auto child = archive::Child::start(engine, {{"mode", "select"}, {"paths", JsonArray{Json(file)}}, {"copy_to", file},
                                              {"sql", "SELECT i, i / 4 AS x, CASE WHEN i % 10 = 0 THEN NULL ELSE 'k' || (i % 3) END AS k FROM range(5000) t(i)"}});
  ASSERT_TRUE(child) << child.error().message;
  ASSERT_TRUE(child->finish({}));
  const Json document = printed({"build", file, "--rows", "1000:4000"});
  EXPECT_EQ(int_or(document, "rows"), 3'000);
  EXPECT_EQ(int_or(feature(document, "k"), "missing"), 300);
  EXPECT_EQ(string_or(feature(document, "i"), "type"), "integral");
  EXPECT_EQ(number_or(feature(document, "x").at("numeric").at("range"), "high"), 3'999 / 4.0);
}

TEST(Profile, says_what_is_wrong) {
  Installation place;
  std::ofstream(place.folder() / "twice.csv") << "a,a\n1,2\n";
  std::ofstream(place.folder() / "empty.csv") << "a,b\n";
  Json document = printed({"build", data_file("imports/reference.csv")});
  document.as_object()["rows"] = 7;
  std::ofstream(place.folder() / "changed.json") << canonical_json(document);
  const auto refusal = [](const std::vector<std::string>& words) {
    const Finished finished = profile(words);
    EXPECT_NE(finished.code, 0);
    return finished.out;
  };
  EXPECT_NE(refusal({"build", place.folder() / "twice.csv", "--json"}).find("two columns are called 'a'"), std::string::npos);
  EXPECT_NE(refusal({"build", place.folder() / "empty.csv", "--json"}).find("has no rows"), std::string::npos);
  const std::string changed = refusal({"show", place.folder() / "changed.json", "--json"});
  EXPECT_NE(changed.find("its digest is another"), std::string::npos);
  EXPECT_NE(changed.find("build it anew: firebreak profile build"), std::string::npos) << changed;
  EXPECT_EQ(changed.find("ledger verify"), std::string::npos);
  std::ofstream(place.folder() / "broken.csv.zst") << "no zstd at all";
  EXPECT_NE(refusal({"build", place.folder() / "broken.csv.zst", "--json"}).find("copy it anew from where it came"), std::string::npos);
  std::ofstream(place.folder() / "semicolons.csv") << "a;b\n1;2\n";
  EXPECT_NE(refusal({"diff", data_file("imports/reference.csv"), place.folder() / "semicolons.csv", "--json"}).find("separated by ';'"), std::string::npos);
  EXPECT_NE(refusal({"show", data_file("imports/reference.csv"), "--feature", "nothing", "--json"}).find("lists them"), std::string::npos);
  EXPECT_EQ(profile({"build", "/nowhere.csv"}).code, 1);
}

TEST(Profile, says_that_categories_of_a_profile_from_before_are_not_compared) {
  Installation place;
  std::ofstream csv(place.folder() / "t.csv");
  csv << "k\n";
  for (int i = 0; i < 4'000; ++i) csv << "c" << i * 7 % 400 << "\n";
  csv.close();
  Json document = printed({"build", place.folder() / "t.csv"});
  document.as_object()["features"].as_array()[0].as_object()["categorical"].as_object().erase("folded");
  document.as_object()["digest"] = profile::digest_of(document).hex();
  std::ofstream(place.folder() / "before.json") << canonical_json(document);
  EXPECT_NE(profile({"diff", place.folder() / "before.json", place.folder() / "t.csv"}).out.find("categories not compared: build the profile anew"), std::string::npos);
  EXPECT_NE(profile({"diff", place.folder() / "t.csv", place.folder() / "t.csv"}).out.find("categories by hash"), std::string::npos);
}

TEST(Stats, compares_no_sample_with_itself_and_says_how_names_are_compared) {
  const std::string reference = data_file("imports/reference.csv");
  const auto compare = [&](std::vector<std::string> words) {
    words.insert(words.begin(), {FIREBREAK_BINARY, "stats", "compare", "--json", "--reference", reference});
    return run(words, "/dev/null");
  };
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
           {"--column", "age"}, {"--column", "age", "--reference-rows", "0:100", "--current-rows", "0:100"}}) {
    const Finished refused = compare(words);
    EXPECT_NE(refused.code, 0);
    EXPECT_NE(refused.out.find("--current FILE"), std::string::npos) << refused.out;
    EXPECT_NE(refused.out.find("--current-rows"), std::string::npos) << refused.out;
  }
  EXPECT_EQ(compare({"--column", "age", "--reference-rows", "0:200", "--current-rows", "200:400"}).code, 0);
  EXPECT_EQ(compare({"--column", "age", "--current", reference}).code, 0);  // said in so many words
  const Finished words = compare({"--column", "channel", "--current-rows", "200:"});
  EXPECT_NE(words.code, 0);
  EXPECT_NE(words.out.find("--kind categorical"), std::string::npos) << words.out;
  EXPECT_EQ(compare({"--column", "channel", "--current-rows", "200:", "--kind", "categorical"}).code, 0);
}

TEST(Profile, is_kept_with_an_endpoint_and_results_of_other_tools_become_findings_once) {
  Installation place("system");
  ASSERT_TRUE(place.start_server());
  const auto firebreak = [&](std::vector<std::string> words) {
    words.insert(words.begin(), {FIREBREAK_BINARY});
    for (const std::string& word : {std::string("--url"), place.url(), std::string("--data"), place.data(), std::string("--json")}) words.push_back(word);
    const Finished finished = run(words, place.folder() / "cli.err");
    auto json = parse_json(finished.out);
    return json ? *json : Json(JsonObject{});
  };
  const std::string reference = data_file("imports/reference.csv"), report = data_file("imports/evidently_report.json");
  EXPECT_NE(string_or(firebreak({"profile", "register", reference, "--endpoint", "shop"}), "error").find("onboard"), std::string::npos);
  firebreak({"onboard", "shop"});
  const Json kept = firebreak({"profile", "register", reference, "--endpoint", "shop"});
  ASSERT_GT(int_or(kept, "index"), 0) << canonical_json(kept);
  const auto blob = place.get("/api/v1/blobs/" + string_or(kept, "digest"));
  ASSERT_TRUE(blob);
  EXPECT_TRUE(profile::profile_from_json(*blob));
  const Json first = firebreak({"profile", "import", report, "--from", "evidently", "--endpoint", "shop"});
  EXPECT_EQ(first.at("findings").as_array().size(), 3u) << canonical_json(first);
  const Json again = firebreak({"profile", "import", report, "--from", "evidently", "--endpoint", "shop"});
  EXPECT_TRUE(again.at("findings").as_array().empty());
  EXPECT_EQ(int_or(again, "known"), 3);
  const auto findings = place.get("/api/v1/findings");
  ASSERT_TRUE(findings);
  EXPECT_NE(canonical_json(*findings).find("imported_result"), std::string::npos);
  const Json statistics = firebreak({"profile", "import", data_file("imports/sagemaker_statistics.json"), "--from", "sagemaker", "--endpoint", "shop"});
  EXPECT_EQ(int_or(statistics, "features"), 3);
}

}  // namespace
}  // namespace firebreak
