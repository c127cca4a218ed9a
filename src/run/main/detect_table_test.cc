#include "run/main/detect_table.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/simulated_files.h"
#include "run/app/content.h"

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

// x, the truth y and the answer p in given words; the model is right in nine of ten rows, from `worse` on in six.
std::string spelt(int rows, int worse, const std::string& no, const std::string& yes, const std::string& answer_no, const std::string& answer_yes) {
  Numbers numbers;
  std::string out = "x,y,p\n";
  for (int i = 0; i < rows; ++i) {
    const bool truth = numbers.next() < 0.3, answer = numbers.next() < (i < worse ? 0.9 : 0.6) ? truth : !truth;
    out += fmt::format("{:.4f},{},{}\n", numbers.next(), truth ? yes : no, answer ? answer_yes : answer_no);
  }
  return out;
}

TEST(DetectTable, numbers_that_are_equal_are_one_class_however_they_are_written) {
  DetectOptions options;
  options.label = "y", options.prediction = "p";
  const auto same = detect(spelt(4000, 2500, "0", "1", "0", "1"), options), other = detect(spelt(4000, 2500, "0", "1", "0.0", "1.0"), options);
  ASSERT_TRUE(same && other) << message(other);
  EXPECT_EQ(other->at("performance"), same->at("performance"));
  EXPECT_EQ(kinds_about(*other, ""), kinds_about(*same, ""));
  EXPECT_FALSE(kinds_about(*other, "").empty());
  options.positive = "1.0";
  EXPECT_EQ(string_or(detect(spelt(4000, 2500, "0.0", "1.0", "0", "1"), options)->at("performance"), "positive"), "1");
}

TEST(DetectTable, truth_and_answers_that_are_spelt_differently_are_refused_with_both_spellings) {
  DetectOptions options;
  options.label = "y", options.prediction = "p";
  const std::string cases = message(detect(spelt(2000, 2000, "no", "yes", "No", "Yes"), options));
  EXPECT_NE(cases.find("no label occurs among the answers: the labels are 'no', 'yes', the answers of the reference are 'No', 'Yes'; write both alike"), std::string::npos) << cases;
  EXPECT_NE(message(detect(spelt(2000, 2000, "0", "1", "false", "true"), options)).find("no label occurs among the answers"), std::string::npos);
  const std::string never = message(detect(spelt(2000, 2000, "no", "yes", "no", "Yes"), options));
  EXPECT_NE(never.find("the answers never take the positive class 'yes': the labels are 'no', 'yes', the answers of the reference are 'no', 'Yes'"), std::string::npos) << never;
}

// Firebreak's own records: labels in lines of their own, which begin behind row `first_label`.
std::string records(int rows, int first_label, const std::string& more = "", int more_from = INT32_MAX) {
  Numbers numbers;
  std::string out;
  for (int i = 0; i < rows; ++i) {
    const bool truth = numbers.next() < 0.25, answer = numbers.next() < (i < rows * 3 / 4 ? 0.9 : 0.6) ? truth : !truth;
    out += fmt::format(R"({{"type":"inference","id":"r{}","features":{{"x":{:.4f}{}}},"output":{{"label":"{}"}}}})", i, numbers.next(), i >= more_from ? more : "",
                       answer ? "decline" : "approve") + "\n";
    if (i >= first_label) out += fmt::format(R"({{"type":"label","id":"r{}","label":"{}"}})", i, truth ? "decline" : "approve") + "\n";
  }
  return out;
}

TEST(DetectTable, labels_in_lines_of_their_own_choose_the_rarer_one_as_positive) {
  for (const int first : {0, 1500}) {  // within the reference, behind it
    const auto answer = detect(records(6000, first), {}, "t.ndjson");
    ASSERT_TRUE(answer) << message(answer);
    EXPECT_EQ(string_or(answer->at("performance"), "positive"), "decline");
    ASSERT_FALSE(answer->at("performance").at("measures").as_array().empty());
    for (const Json& one : answer->at("performance").at("measures").as_array())
      EXPECT_NEAR(string_or(one, "figure") == "error_rate" ? one.at("baseline").to_number<double>() : 0.1, 0.1, 0.03);
    const auto kinds = kinds_about(*answer, "");
    EXPECT_NE(std::find(kinds.begin(), kinds.end(), "performance_drop"), kinds.end());
  }
}

TEST(DetectTable, a_configuration_may_have_other_words_for_answers_than_for_labels) {
  std::string words(app::default_detectors());
  const std::string flagged = "flagged_answer: \"1\"";
  ASSERT_NE(words.find(flagged), std::string::npos);
  words.replace(words.find(flagged), flagged.size(), "flagged_answer: stop");
  SimulatedFiles files;
  ASSERT_TRUE(write_plain(files, "own.yaml", words));
  ASSERT_TRUE(write_plain(files, "t.csv", spelt(4000, 4000, "0", "1", "go", "stop")));
  DetectOptions options;
  options.file = "t.csv", options.label = "y", options.prediction = "p", options.config = "own.yaml";
  const auto answer = detect_in_file(files, options);
  ASSERT_TRUE(answer) << message(answer);
  EXPECT_EQ(string_or(answer->at("performance"), "because"), "as the configuration says");
  for (const Json& one : answer->at("performance").at("measures").as_array())
    EXPECT_NEAR(string_or(one, "figure") == "error_rate" ? one.at("baseline").to_number<double>() : 0.1, 0.1, 0.03);
  options.config.clear();
  EXPECT_FALSE(detect_in_file(files, options));
}

TEST(DetectTable, a_field_that_the_reference_never_had_is_told) {
  const auto answer = detect(records(2000, 0, R"(,"extra":7)", 1500), {}, "t.ndjson");
  ASSERT_TRUE(answer) << message(answer);
  std::string summary;
  for (const Json& one : answer->at("findings").as_array())
    if (string_or(one, "detector") == "new_field") summary = string_or(one, "summary");
  EXPECT_NE(summary.find("/features/extra: unknown field"), std::string::npos) << summary;
  const auto usual = kinds_about(*detect(records(2000, 0), {}, "t.ndjson"), "");
  EXPECT_EQ(std::find(usual.begin(), usual.end(), "new_field"), usual.end());
}

TEST(DetectTable, rows_without_an_answer_and_labels_of_a_new_class_are_told) {
  Numbers numbers;
  std::string rows = "y,x,p\n";
  for (int i = 0; i < 2000; ++i) {
    const std::string truth = numbers.next() < 0.3 ? "yes" : "no";
    rows += fmt::format("{},{:.4f},{}\n", i >= 900 && i % 3 == 0 ? "maybe" : truth, numbers.next(), i >= 1000 ? "" : truth);
  }
  DetectOptions options;
  options.label = "y", options.prediction = "p";
  const auto answer = detect(rows, options);
  ASSERT_TRUE(answer) << message(answer);
  const Json &none = answer->at("performance").at("without_answer"), &fresh = answer->at("performance").at("new_labels");
  EXPECT_EQ(none.at("count").to_number<int>(), 1000);
  EXPECT_EQ(none.at("first_row").to_number<int>(), 1000);
  EXPECT_EQ(fresh.at("count").to_number<int>(), 367);
  EXPECT_EQ(fresh.at("first_row").to_number<int>(), 900);
  EXPECT_EQ(string_or(fresh, "first"), "maybe");
  options.label = "y", options.prediction = "p", options.score = "s";
  const Json usual = detect(labelled(2000), options)->at("performance");
  EXPECT_TRUE(usual.at("without_answer").is_null() && usual.at("new_labels").is_null());
}

TEST(DetectTable, scores_that_become_percentages_are_not_relied_on_from_that_row_on) {
  Numbers numbers;
  std::string rows = "y,x,s\n";
  for (int i = 0; i < 4000; ++i) {
    const bool truth = numbers.next() < 0.3;
    const double score = truth ? 1 - 0.6 * numbers.next() : 0.6 * numbers.next();
    rows += fmt::format("{},{:.4f},{:.3f}\n", truth ? 1 : 0, numbers.next(), i < 2000 ? score : 100 * score);
  }
  DetectOptions options;
  options.label = "y", options.score = "s";
  const auto answer = detect(rows, options);
  ASSERT_TRUE(answer) << message(answer);
  const auto from = answer->at("scores_outside").at("none_from").to_number<int>();
  EXPECT_GE(from, 2005);
  EXPECT_LE(from, 2020);
  for (const std::string& kind : kinds_about(*answer, "")) EXPECT_EQ(kind, "probability_rule");
  // One that is odd is kept out, the others stay.
  EXPECT_TRUE(detect(labelled(2000, "2", 777), [] { DetectOptions o; o.label = "y", o.score = "s"; return o; }())->at("scores_outside").at("none_from").is_null());
}

// x and a code that is another one in each row.
std::string coded(int rows, const std::function<std::string(int)>& code) {
  Numbers numbers;
  std::string out = "x,code\n";
  for (int i = 0; i < rows; ++i) out += fmt::format("{:.4f},\"{}\"\n", numbers.next(), code(i));
  return out;
}

TEST(DetectTable, order_numbers_are_watched_by_their_form) {
  const auto order = [](int i) { return fmt::format("AB-{}", 100'000 + 7919 * i % 900'000); };
  const auto usual = detect(coded(6000, order), {});
  ASSERT_TRUE(usual) << message(usual);
  EXPECT_TRUE(is_feature(*usual, "code"));
  EXPECT_TRUE(kinds_about(*usual, "").empty());
  EXPECT_EQ(kinds_about(*detect(coded(6000, [&](int i) { return i < 3000 ? order(i) : "ab" + order(i).substr(3); }), {}), "code"), std::vector<std::string>{"pattern_mismatch"});
  EXPECT_EQ(kinds_about(*detect(coded(6000, [&](int i) { return i < 3000 ? order(i) : "AB-1"; }), {}), "code"), std::vector<std::string>{"stale_feature"});
  EXPECT_EQ(kinds_about(*detect(coded(6000, [&](int i) { return i < 3000 ? order(i) : ""; }), {}), "code"), std::vector<std::string>{"missing_values"});
}

TEST(DetectTable, free_text_and_numbers_with_commas_are_left_out_by_that_name) {
  Numbers numbers;
  const auto words = [&numbers](int) {
    std::string out;
    for (int word = 0; word < 6; ++word) out += fmt::format("{}{}", numbers.next() < 0.5 ? "w" : "9", numbers.next() < 0.5 ? " " : numbers.next() < 0.5 ? "-" : ",");
    return out + std::to_string(numbers.next());
  };
  EXPECT_EQ(reason(*detect(coded(2000, words), {}), "code"), "free text: nearly every value is another one, in more than 64 forms");
  const auto comma = [](int i) { return fmt::format("{},{:02}", i % 60, i * 37 % 100); };
  EXPECT_NE(reason(*detect(coded(2000, comma), {}), "code").find("numbers written with a comma, as '0,"), std::string::npos);
}

TEST(DetectTable, a_request_that_comes_again_under_a_new_order_number_is_a_repetition) {
  Numbers numbers;
  std::string rows = "x,y,code\n", last;
  for (int i = 0; i < 6000; ++i) {
    if (i < 3000 || i % 2 == 0) last = fmt::format("{:.5f},{:.5f}", numbers.next(), numbers.next());
    rows += fmt::format("{},AB-{}\n", last, 100'000 + 7919 * i % 900'000);
  }
  const auto kinds = kinds_about(*detect(rows, {}), "");
  EXPECT_NE(std::find(kinds.begin(), kinds.end(), "duplicate_requests"), kinds.end());
}

TEST(DetectTable, the_caller_who_dominates_is_named) {
  Numbers numbers;
  std::string rows = "caller,x\n";
  for (int i = 0; i < 20'000; ++i)
    rows += fmt::format("{},{:.5f}\n", i >= 12'000 && numbers.next() < 0.6 ? std::string("bot") : fmt::format("c{}", static_cast<int>(50 * numbers.next())), numbers.next());
  std::vector<std::string> callers;
  const auto answer = detect(rows, {});
  for (const Json& one : answer->at("findings").as_array())
    if (string_or(one, "detector") == "caller_mix")
      for (const Json& caller : one.at("callers").as_array()) callers.emplace_back(caller.as_string());
  EXPECT_EQ(callers, std::vector<std::string>{"bot"});
}

TEST(DetectTable, a_bad_time_lists_what_a_time_may_be) {
  EXPECT_NE(message(detect(timed("time", [](int) { return std::string("soon"); }), {})).find("milliseconds, microseconds or nanoseconds since 1970"), std::string::npos);
}

}  // namespace
}  // namespace firebreak::cli
