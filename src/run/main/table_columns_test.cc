// What single cells and columns mean: numbers, times, row numbers.
#include "run/main/table_columns.h"

#include <gtest/gtest.h>

#include <cmath>

#include "profile/builder.h"
#include "run/main/table_number.h"
#include "run/main/table_time.h"

namespace firebreak::cli {
namespace {

table::Cell plain(std::string text) { return {std::move(text), table::Form::kPlain}; }
table::Cell string(std::string text) { return {std::move(text), table::Form::kText}; }

TEST(TableNumber, reads_what_a_profile_reads_and_misses_what_a_profile_misses) {
  for (const char* const text : {"1", "-2.5e3", " 7 ", "+4", "nan", "NaN", "NAN", "-nan", "inf", "Inf", "-Infinity", "INFINITY", "NA", "N/A", "null", "None", "-", "007", "12a", "0x10"}) {
    const auto value = number_in(plain(text));
    profile::TableBuilder builder{profile::TableOptions()};
    for (int i = 0; i < 40; ++i) builder.cell(0, "x", profile::CellForm::kPlain, std::to_string(i)), builder.end_row();
    builder.cell(0, "x", profile::CellForm::kPlain, text);
    builder.end_row();
    const profile::DataProfile profile = builder.finish();
    ASSERT_EQ(profile.features[0].kind, profile::FeatureKind::kNumeric);
    EXPECT_EQ(profile.features[0].wrong == 0, value.has_value()) << text;
    EXPECT_EQ(profile.features[0].numeric.moments.n() == 41, value && std::isfinite(*value)) << text;
  }
}

TEST(TableNumber, a_json_string_is_no_number_unless_it_says_that_one_is_missing) {
  EXPECT_FALSE(number_in(string("12")));
  EXPECT_FALSE(number_in(string("twelve")));
  for (const char* const text : {"NaN", "Infinity", "-inf", "NA", "null"}) {
    ASSERT_TRUE(number_in(string(text))) << text;
    EXPECT_TRUE(std::isnan(*number_in(string(text)))) << text;
  }
  EXPECT_FALSE(number_in({"true", table::Form::kFlag}));
  EXPECT_FALSE(number_in({}));
}

TEST(TableTime, the_size_of_a_number_says_its_unit) {
  const Time when = *parse_time("2026-03-07T03:27:37Z");
  for (const char* const text : {"1772854057", "1772854057.0", "1.772854057e9", "1772854057000", "1772854057000000", "1772854057000000000", "2026-03-07T03:27:37Z",
                                 "2026-03-07 03:27:37", "2026-03-07T04:27:37+01:00"}) {
    ASSERT_TRUE(time_in(plain(text))) << text;
    EXPECT_EQ(time_in(plain(text))->us, when.us) << text;
  }
  EXPECT_EQ(time_in({"1772854057.25", table::Form::kNumber})->us, when.us + 250'000);
  EXPECT_EQ(time_in(plain("2026-03-07 03:27:37.25"))->us, when.us + 250'000);
  EXPECT_EQ(time_in(plain("2026-03-07"))->us, parse_time("2026-03-07T00:00:00Z")->us);
}

TEST(TableTime, what_may_be_something_else_is_no_time) {
  for (const char* const text : {"", "0", "12.5", "46000", "20260307", "202603070327", "20260307032737", "-1772854057", "nan", "inf", "noon"})
    EXPECT_FALSE(time_in(plain(text))) << text;
  EXPECT_FALSE(time_in({}));
}

struct Numbers {  // the same ones in every run
  std::uint64_t state = 1;
  double next() {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    return static_cast<double>(state >> 11) * 0x1.0p-53;
  }
};

TEST(TableColumns, a_number_that_rises_with_jitter_is_left_out_and_others_are_not) {
  Numbers numbers;
  std::vector<TableRow> rows;
  double walk = 0;
  for (int i = 0; i < 1000; ++i) {
    walk += numbers.next() - 0.5;
    rows.push_back({plain(std::to_string(5000 + 3 * i + static_cast<int>(60 * numbers.next()))), plain(std::to_string(9000 - i)), plain(std::to_string(numbers.next())),
                    plain(std::to_string(walk)), plain(std::to_string(i / 300)), plain(i % 9 == 0 ? "NA" : std::to_string(i))});
  }
  const TableColumns columns = tell_columns({"order", "down", "price", "walk", "version", "gaps"}, rows, std::vector<bool>(6, false));
  EXPECT_EQ(columns.schema.numeric, (std::vector<std::string>{"price", "walk", "version"}));
  ASSERT_EQ(columns.not_watched.size(), 3U);
  EXPECT_NE(string_or(columns.not_watched[0], "reason").find("rises from row to row (rank correlation "), std::string::npos);
  EXPECT_NE(string_or(columns.not_watched[1], "reason").find("falls"), std::string::npos);
  EXPECT_EQ(string_or(columns.not_watched[2], "column"), "gaps");
}

TEST(TableColumns, a_value_of_another_type_is_mistyped_and_a_missing_one_is_not) {
  std::vector<TableRow> rows(30, TableRow{{"1.5", table::Form::kNumber}, string("a")});
  const TableColumns columns = tell_columns({"n", "c"}, rows, {false, false});
  std::vector<std::size_t> mistyped;
  features_in(columns, {string("1.5"), string("b")}, &mistyped);
  EXPECT_EQ(mistyped, std::vector<std::size_t>{0});
  mistyped.clear();
  features_in(columns, {{"2", table::Form::kNumber}, {"3", table::Form::kNumber}}, &mistyped);
  EXPECT_EQ(mistyped, std::vector<std::size_t>{1});
  mistyped.clear();
  EXPECT_TRUE(std::isnan(features_in(columns, {{}, {}}, &mistyped).numeric[0]));
  EXPECT_TRUE(std::isnan(features_in(columns, {string("NaN"), {}}, &mistyped).numeric[0]));
  EXPECT_TRUE(mistyped.empty());
}

TEST(TableColumns, words_for_nothing_make_no_feature) {
  std::vector<TableRow> rows(30, TableRow{plain("NA"), plain("x")});
  const TableColumns columns = tell_columns({"none", "c"}, rows, {false, false});
  EXPECT_TRUE(columns.schema.numeric.empty());
  EXPECT_EQ(string_or(columns.not_watched[0], "reason"), "no value in the reference");
}

}  // namespace
}  // namespace firebreak::cli
