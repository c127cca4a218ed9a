#include "fraud/model_server/ensemble.h"

#include <gtest/gtest.h>

#include <sstream>

#include "fraud/data/fraud_data.h"

namespace firebreak::example {
namespace {

std::string data(const std::string& name) { return std::string(FIREBREAK_SOURCE_DIR) + "/examples/fraud/data/" + name; }

TEST(Ensemble, answers_every_tenth_request_of_the_stream_as_the_recorded_model_did) {
  std::ifstream file(data("credit_releases/model_1.0.0.json"));
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  const auto model = Ensemble::parse(text);
  ASSERT_TRUE(model) << model.error().message;
  std::istringstream lines(fraud::read_zst(data("credit_stream.ndjson.zst")));
  std::size_t seen = 0, checked = 0;
  for (std::string line; std::getline(lines, line);) {
    if (line.find("\"inference\"") == std::string::npos || seen++ % 10 != 0) continue;
    const auto event = parse_json(line);
    ASSERT_TRUE(event);
    const Json* features = find(*event, "features");
    std::vector<double> numbers;
    std::vector<std::string> words;
    for (const std::string& name : model->numeric()) numbers.push_back(number_or(*features, name));
    for (const std::string& name : model->categorical()) words.push_back(string_or(*features, name));
    const Scored scored = model->score(numbers, {words.begin(), words.end()});
    ASSERT_NEAR(scored.score, number_or(*event, "score"), 1e-9) << line;
    ASSERT_EQ(scored.label, string_or(*event, "prediction")) << line;
    ++checked;
  }
  EXPECT_GT(checked, 5'000U);
}

TEST(Ensemble, refuses_a_tree_that_could_walk_for_ever) {
  const std::string text = R"({"format":"tree-ensemble-1","version":"1","positive":"p","negative":"n","init":0,
    "threshold":0.5,"columns":["a"],"trees":[{"feature":[0],"threshold":[1],"left":[0],"right":[0],"value":[0]}]})";
  EXPECT_FALSE(Ensemble::parse(text));
}

}  // namespace
}  // namespace firebreak::example
