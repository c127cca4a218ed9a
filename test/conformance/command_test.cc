// The same through the command: what it prints is the recorded case.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "conformance/comparison.h"
#include "support/process.h"

namespace firebreak::conformance {
namespace {

const Json& recorded_case(const std::string& id) {
  for (const Json& one : recorded().at("cases").as_array())
    if (string_or(one, "id") == id) return one;
  ADD_FAILURE() << "no case " << id;
  return recorded();
}

Json answer(std::vector<std::string> words) {
  words.insert(words.begin(), {FIREBREAK_BINARY, "stats"});
  words.emplace_back("--json");
  const auto finished = testing::run(words);
  EXPECT_EQ(finished.code, 0) << finished.out;
  auto json = parse_json(finished.out);
  EXPECT_TRUE(json.has_value());
  return json ? std::move(*json) : Json(JsonObject());
}

std::string rows_of(const Json& side) {
  return std::to_string(side.at("rows").at(0).to_number<int>()) + ":" + std::to_string(side.at("rows").at(1).to_number<int>());
}

std::string where_of(const Json& side) {
  const Json* where = find(side, "where");
  return where == nullptr ? "" : std::string(where->at(0).as_string()) + "=" + std::string(where->at(1).as_string());
}

TEST(Command, prints_the_object_of_a_case) {
  for (const char* id : {"num12", "num21", "num31", "cat05", "cat16"}) {
    const Json& one = recorded_case(id);
    const Json &reference = one.at("reference"), &current = one.at("current");
    const Json printed = answer({"compare", "--reference", data_file(string_or(reference, "file")), "--reference-rows", rows_of(reference),
                                 "--reference-where", where_of(reference), "--current", data_file(string_or(current, "file")),
                                 "--current-rows", rows_of(current), "--current-where", where_of(current), "--column",
                                 string_or(reference, "column"), "--kind", string_or(one, "kind")});
    Comparison comparison;
    comparison.compare(one.at("scipy"), printed.at("scipy"), std::string(id) + "/scipy");
    comparison.compare(one.at("evidently"), printed.at("evidently"), std::string(id) + "/evidently");
    EXPECT_GT(comparison.numbers(), 30u);
  }
}

TEST(Command, prints_the_detections_of_a_stream) {
  const Json& one = recorded_case("chg08");
  for (const auto& [detector, name] : {std::pair("adwin", "ADWIN"), std::pair("page_hinkley", "PageHinkley")}) {
    const Json printed = answer({"changes", "--detector", detector, "--column", "V3", data_file("drift/occupancy.csv.zst")});
    EXPECT_EQ(printed.at("detections"), one.at("river").at(name).at("detections"));
  }
}

TEST(Command, says_what_is_wrong_and_ends_with_two) {
  const std::string file = data_file("drift/occupancy.csv.zst");
  const auto run = [](std::vector<std::string> words) {
    words.insert(words.begin(), {FIREBREAK_BINARY, "stats", "changes", "--json"});
    return testing::run(words);
  };
  EXPECT_EQ(run({"--detector", "adwin", "--column", "nothing", file}).code, 2);
  EXPECT_EQ(run({"--detector", "ddm", "--column", "V3", file}).code, 2);
  EXPECT_EQ(run({"--detector", "guess", "--column", "V3", file}).code, 2);
  EXPECT_EQ(run({"--detector", "adwin", "--column", "V3", "/nowhere.csv"}).code, 1);
}

}  // namespace
}  // namespace firebreak::conformance
