#include "run/main/detect_table.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include "base/simulated_files.h"

namespace firebreak::cli {
namespace {

struct Numbers {  // the same ones in every run
  std::uint64_t state = 7;
  double next() {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    return static_cast<double>(state >> 11) * 0x1.0p-53;
  }
};

Result<Json> detect(const std::string& content, DetectOptions options, const std::string& name = "t.csv") {
  SimulatedFiles files;
  EXPECT_TRUE(write_plain(files, name, content));
  options.file = name;
  return detect_in_file(files, options);
}

std::string message(const Result<Json>& answer) { return answer ? "no error" : answer.error().message; }

std::string reason(const Json& answer, const std::string& column) {
  for (const Json& one : answer.at("not_watched").as_array())
    if (string_or(one, "column") == column) return string_or(one, "reason");
  return {};
}

bool is_feature(const Json& answer, const std::string& name) {
  for (const char* const kind : {"numeric", "categorical"})
    for (const Json& one : answer.at("features").at(kind).as_array())
      if (one.as_string() == name) return true;
  return false;
}

std::vector<std::string> kinds_about(const Json& answer, const std::string& feature) {
  std::vector<std::string> out;
  for (const Json& one : answer.at("findings").as_array())
    if (feature.empty() || string_or(one, "feature") == feature) out.push_back(string_or(one, "detector"));
  return out;
}

// x, the truth y (1 in a quarter), an answer p that is right in nine of ten rows and a score s.
std::string labelled(int rows, const std::string& odd_score = "", int odd_row = -1) {
  Numbers numbers;
  std::string out = "x,y,p,s\n";
  for (int i = 0; i < rows; ++i) {
    const bool truth = numbers.next() < 0.25, answer = numbers.next() < 0.9 ? truth : !truth;
    const std::string score = i == odd_row ? odd_score : fmt::format("{:.3f}", answer ? 0.6 + 0.3 * numbers.next() : 0.4 * numbers.next());
    out += fmt::format("{:.4f},{},{},{}\n", numbers.next(), truth ? "bad" : "good", answer ? "bad" : "good", score);
  }
  return out;
}

TEST(DetectTable, says_the_problem_the_measures_their_baseline_and_the_labels) {
  DetectOptions options;
  options.label = "y", options.prediction = "p", options.score = "s", options.reference_rows = "0:500";
  const auto answer = detect(labelled(2000), options);
  ASSERT_TRUE(answer) << message(answer);
  const Json& performance = answer->at("performance");
  EXPECT_TRUE(performance.at("watched").get_bool());
  EXPECT_EQ(string_or(performance, "problem"), "binary");
  EXPECT_EQ(string_or(performance, "positive"), "bad");
  EXPECT_EQ(performance.at("labels").at("reference").to_number<int>(), 500);
  EXPECT_EQ(performance.at("labels").at("joined").to_number<int>(), 1500);
  ASSERT_EQ(performance.at("measures").as_array().size(), 4U);
  for (const Json& one : performance.at("measures").as_array()) {
    if (string_or(one, "figure") != "error_rate") continue;
    EXPECT_NEAR(one.at("baseline").to_number<double>(), 0.1, 0.04);
    EXPECT_GT(one.at("limit").to_number<double>(), one.at("baseline").to_number<double>());
  }
  options.score.clear();
  const Json without = detect(labelled(2000), options)->at("performance");
  ASSERT_EQ(without.at("not_watched").as_array().size(), 1U);
  EXPECT_EQ(string_or(without.at("not_watched").at(0), "reason"), "it needs a score");
}

TEST(DetectTable, a_truth_without_answers_is_a_feature_and_says_so) {
  DetectOptions options;
  options.label = "y";
  const auto answer = detect(labelled(2000), options);
  ASSERT_TRUE(answer) << message(answer);
  EXPECT_FALSE(answer->at("performance").at("watched").get_bool());
  EXPECT_EQ(string_or(answer->at("performance"), "reason"), "--label without --prediction or --score says nothing of the model; 'y' is watched as a feature");
  EXPECT_TRUE(is_feature(*answer, "y"));
  options.label.clear(), options.prediction = "p";
  const auto other = detect(labelled(2000), options);
  ASSERT_TRUE(other);
  EXPECT_TRUE(is_feature(*other, "p"));
  EXPECT_EQ(string_or(other->at("performance"), "reason"), "there is no --label; 'p' is watched as a feature");
}

TEST(DetectTable, a_score_outside_0_to_1_is_refused_in_the_reference_and_told_behind_it) {
  DetectOptions options;
  options.label = "y", options.score = "s", options.reference_rows = "0:500";
  const std::string refused = message(detect(labelled(2000, "1.7", 123), options));
  EXPECT_NE(refused.find("row 123: the score '1.7' in column 's'"), std::string::npos) << refused;
  EXPECT_NE(refused.find("--score none"), std::string::npos) << refused;
  for (const char* const odd : {"-0.1", "2", "high"}) {
    const auto answer = detect(labelled(2000, odd, 777), options);
    ASSERT_TRUE(answer) << message(answer);
    EXPECT_EQ(answer->at("scores_outside").at("count").to_number<int>(), 1);
    EXPECT_EQ(answer->at("scores_outside").at("first_row").to_number<int>(), 777);
    EXPECT_EQ(string_or(answer->at("scores_outside"), "first"), odd);
  }
  EXPECT_TRUE(detect(labelled(2000), options)->at("scores_outside").is_null());
}

TEST(DetectTable, a_prediction_that_holds_shares_is_a_score) {
  DetectOptions options;
  options.label = "y", options.prediction = "s", options.reference_rows = "0:500";
  const auto answer = detect(labelled(2000), options);
  ASSERT_TRUE(answer) << message(answer);
  EXPECT_EQ(answer->at("performance").at("measures").as_array().size(), 4U);
  EXPECT_NE(message(detect(labelled(2000, "1.7", 123), options)).find("row 123: the score '1.7' in column 's'"), std::string::npos);
}

TEST(DetectTable, numbers_as_labels_are_a_regression_of_the_prediction) {
  Numbers numbers;
  std::string rows = "x,y,p\n";
  for (int i = 0; i < 2000; ++i) {
    const double truth = 100 * numbers.next();
    rows += fmt::format("{:.4f},{:.2f},{:.2f}\n", numbers.next(), truth, truth + 4 * (numbers.next() - 0.5));
  }
  DetectOptions options;
  options.label = "y", options.prediction = "p";
  const auto answer = detect(rows, options);
  ASSERT_TRUE(answer) << message(answer);
  const Json& performance = answer->at("performance");
  EXPECT_EQ(string_or(performance, "problem"), "regression");
  EXPECT_TRUE(performance.at("positive").is_null());
  EXPECT_EQ(string_or(performance.at("measures").at(0), "figure"), "mae");
  EXPECT_NEAR(performance.at("measures").at(0).at("baseline").to_number<double>(), 1, 0.15);
}

TEST(DetectTable, words_that_do_not_fit_the_labels_are_refused_with_what_to_give) {
  DetectOptions options;
  options.label = "x", options.score = "s";
  EXPECT_NE(message(detect(labelled(800), options)).find("--prediction"), std::string::npos);
  options.label = "y", options.positive = "worse";
  EXPECT_NE(message(detect(labelled(800), options)).find("no label of the reference is 'worse'; they are 'bad' and 'good'"), std::string::npos);
}

std::string lines(int rows, const std::function<std::string(int, double)>& amount) {
  Numbers numbers;
  std::string out;
  for (int i = 0; i < rows; ++i) out += fmt::format("{{\"amount\":{},\"other\":{:.4f}}}\n", amount(i, numbers.next()), numbers.next());
  return out;
}

TEST(DetectTable, a_json_string_among_numbers_is_a_wrong_type_and_a_null_is_missing) {
  const auto flipped = detect(lines(2000, [](int i, double x) { return i < 1000 ? fmt::format("{:.3f}", x) : fmt::format("\"{:.3f}\"", x); }), {}, "t.ndjson");
  ASSERT_TRUE(flipped) << message(flipped);
  EXPECT_EQ(kinds_about(*flipped, "amount"), std::vector<std::string>{"type_mismatch"});
  const auto nulls = detect(lines(2000, [](int i, double x) { return i < 1000 || i % 4 != 0 ? fmt::format("{:.3f}", x) : "null"; }), {}, "t.ndjson");
  ASSERT_TRUE(nulls) << message(nulls);
  EXPECT_EQ(kinds_about(*nulls, ""), std::vector<std::string>{"missing_values"});
}

TEST(DetectTable, a_reference_that_leaves_nothing_to_judge_says_so) {
  for (const char* const rows : {"0:800", "0:5000", "0:", ":800"}) {
    DetectOptions options;
    options.reference_rows = rows;
    EXPECT_EQ(message(detect(labelled(800), options)),
              "no row is left to judge: the reference, rows 0:800, reaches the end of the file; end it earlier, as --reference-rows 0:400, or leave the option out: then "
              "it is the first quarter");
  }
  DetectOptions options;
  options.reference_rows = "0:799";
  EXPECT_TRUE(detect(labelled(800), options));
  options.reference_rows = "0:150";
  EXPECT_NE(message(detect(labelled(150), options)).find("detect wants a longer file"), std::string::npos);
}

std::string timed(const std::string& name, const std::function<std::string(int)>& time) {
  Numbers numbers;
  std::string out = fmt::format("{},caller,id,x\n", name);
  for (int i = 0; i < 800; ++i) out += fmt::format("{},c{},r{},{:.4f}\n", time(i), i % 7, i, numbers.next());
  return out;
}

TEST(DetectTable, says_which_columns_are_no_features_and_none_makes_them_such) {
  const auto seconds = [](int i) { return std::to_string(1'772'853'000 + i); };
  const auto answer = detect(timed("timestamp", seconds), {});
  ASSERT_TRUE(answer) << message(answer);
  EXPECT_EQ(string_or(answer->at("columns"), "time"), "timestamp");
  EXPECT_EQ(string_or(answer->at("columns"), "caller"), "caller");
  EXPECT_EQ(string_or(answer->at("columns"), "id"), "id");
  EXPECT_TRUE(answer->at("columns").at("label").is_null());
  EXPECT_EQ(reason(*answer, "timestamp"), "taken as a row's time; --time none makes it a column like the others");
  EXPECT_EQ(reason(*answer, "caller"), "taken as who asked; --caller none makes it a column like the others");
  EXPECT_FALSE(is_feature(*answer, "caller"));
  // A duration that is called time is no time.
  const auto duration = [](int i) { return fmt::format("{}.5", i * 37 % 91); };
  const std::string refused = message(detect(timed("time", duration), {}));
  EXPECT_NE(refused.find("row 0: '0.5' in column 'time' is no time"), std::string::npos) << refused;
  EXPECT_NE(refused.find("--time none"), std::string::npos) << refused;
  DetectOptions none;
  none.time = none.caller = none.id = "none";
  const auto untimed = detect(timed("time", duration), none);
  ASSERT_TRUE(untimed) << message(untimed);
  EXPECT_TRUE(untimed->at("columns").at("time").is_null());
  EXPECT_TRUE(is_feature(*untimed, "time"));
  EXPECT_TRUE(is_feature(*untimed, "caller"));
}

TEST(DetectTable, times_as_numbers_are_the_times_as_text) {
  const auto text = [](int i) { return format_time({(1'772'853'000 + i) * kSecond}); };
  const Json expected = detect(timed("time", text), {})->at("findings");
  for (const std::int64_t units : {1, 1'000, 1'000'000}) {
    const auto answer = detect(timed("time", [units](int i) { return std::to_string((1'772'853'000 + i) * units); }), {});
    ASSERT_TRUE(answer) << message(answer);
    EXPECT_EQ(answer->at("findings"), expected);
  }
}

TEST(DetectTable, two_columns_of_one_name_are_refused) {
  std::string rows = "x,y,x\n";
  for (int i = 0; i < 500; ++i) rows += "1,2,3\n";
  EXPECT_EQ(message(detect(rows, {})), "t.csv: two columns are called 'x': give them names of their own");
}

TEST(DetectTable, an_order_number_with_jitter_is_left_out_and_raises_nothing) {
  Numbers numbers;
  std::string rows = "order,x\n";
  for (int i = 0; i < 4000; ++i) rows += fmt::format("{},{:.4f}\n", 100'000 + 2 * i + static_cast<int>(30 * numbers.next()), numbers.next());
  const auto answer = detect(rows, {});
  ASSERT_TRUE(answer) << message(answer);
  EXPECT_FALSE(is_feature(*answer, "order"));
  EXPECT_NE(reason(*answer, "order").find("rises from row to row"), std::string::npos);
  EXPECT_TRUE(kinds_about(*answer, "").empty());
}

TEST(DetectTable, text_for_no_number_is_missing_in_the_reference_and_behind_it) {
  for (const char* const word : {"nan", "NAN", "inf", "-Infinity", "NA"}) {
    Numbers numbers;
    std::string rows = "x,other\n";
    for (int i = 0; i < 3000; ++i) rows += i % 5 == 0 ? fmt::format("{},{:.4f}\n", word, numbers.next()) : fmt::format("{:.4f},{:.4f}\n", numbers.next(), numbers.next());
    const auto usual = detect(rows, {});
    ASSERT_TRUE(usual) << message(usual);
    EXPECT_TRUE(kinds_about(*usual, "").empty()) << word;
  }
}

}  // namespace
}  // namespace firebreak::cli
