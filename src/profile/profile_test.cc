// Profiles: built whole and in parts they are the same; documents come back; what differs is told, and nothing else.
#include "profile/profile.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "profile/builder.h"
#include "profile/diff.h"
#include "profile/profile_json.h"
#include "profile/scale.h"

namespace firebreak::profile {
namespace {

using Numbers = std::vector<double>;
using Names = std::vector<std::string>;

Numbers normal(std::uint64_t seed, std::size_t count, double mean = 0, double spread = 1) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> draw(mean, spread);
  Numbers out(count);
  for (double& value : out) value = draw(random);
  return out;
}

FeatureProfile over(const FeatureProfile& like, const Numbers& values, std::uint64_t seed = 1) {
  FeatureBuilder builder(like.name, FeatureKind::kNumeric, {.seed = seed, .like = &like});
  for (const double value : values) builder.number(value);
  return builder.finish();
}

DataProfile of(std::vector<FeatureProfile> features) {
  const std::uint64_t rows = features.front().rows;
  return {rows, "test", std::move(features)};
}

// Cells of rows of text, as a CSV file has them.
DataProfile of_rows(const Names& names, const std::vector<Names>& rows, const TableOptions& options = {}) {
  TableBuilder builder(options);
  for (const Names& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) builder.cell(i, names[i], row[i].empty() ? CellForm::kAbsent : CellForm::kPlain, row[i]);
    builder.end_row();
  }
  return builder.finish();
}

TEST(Profile, bins_hold_equal_masses_and_what_is_no_number_lies_apart) {
  Numbers values = normal(1, 3'200);
  values.push_back(std::nan(""));
  values.push_back(HUGE_VAL);
  const FeatureProfile feature = profile_numbers("x", values, 7);
  EXPECT_EQ(feature.numeric.edges.size(), 31u);
  for (const std::uint64_t count : feature.numeric.bins) EXPECT_EQ(count, 100u);
  EXPECT_EQ(feature.numeric.nan, 1u);
  EXPECT_EQ(feature.numeric.plus_infinity, 1u);
  EXPECT_EQ(feature.rows, 3'209u);
  EXPECT_EQ(feature.missing, 7u);
}

TEST(Profile, a_constant_has_a_bin_of_its_own) {
  const FeatureProfile then = profile_numbers("x", Numbers(1'000, 4.5));
  EXPECT_EQ(then.numeric.bins, (stats::Counts{0, 1'000, 0}));
  Numbers now(1'000, 4.5);
  for (std::size_t i = 0; i < 30; ++i) now[i] = 4.4;
  const ProfileDiff found = diff(of({then}), of({over(then, now)}));
  EXPECT_EQ(found.features[0].changed.size(), 2u);  // range and distribution
}

RC_GTEST_PROP(Profile, parts_over_the_same_edges_merge_into_the_whole,
              (const std::vector<std::int8_t>& first, const std::vector<std::int8_t>& second)) {
  const FeatureProfile like = profile_numbers("x", normal(2, 500, 0, 60));
  Numbers a(first.begin(), first.end()), b(second.begin(), second.end()), all = a;
  all.insert(all.end(), b.begin(), b.end());
  FeatureProfile merged = over(like, a, 1);
  RC_ASSERT(merge(merged, over(like, b, 2)).has_value());
  const FeatureProfile whole = over(like, all, 3);
  RC_ASSERT(merged.numeric.bins == whole.numeric.bins);
  RC_ASSERT(merged.distinct == whole.distinct);
  RC_ASSERT(merged.rows == whole.rows);
  RC_ASSERT(merged.type == whole.type);
  RC_ASSERT(merged.numeric.zeros == whole.numeric.zeros);
  RC_ASSERT(merged.numeric.smallest_magnitude == whole.numeric.smallest_magnitude);
  if (!all.empty()) {
    RC_ASSERT(std::fabs(merged.numeric.moments.mean() - whole.numeric.moments.mean()) < 1e-9);
    RC_ASSERT(merged.numeric.quantiles.min() == whole.numeric.quantiles.min());
  }
}

TEST(Profile, merging_refuses_other_bins_and_other_kinds) {
  FeatureProfile a = profile_numbers("x", normal(3, 500));
  EXPECT_EQ(merge(a, profile_numbers("x", normal(4, 500))).error().code, Code::kConflict);
  EXPECT_EQ(merge(a, profile_categories("x", Names{"a"})).error().code, Code::kConflict);
  EXPECT_EQ(merge(a, profile_numbers("y", normal(3, 500))).error().code, Code::kConflict);
  EXPECT_EQ(a.rows, 500u);
}

TEST(Profile, merged_categories_add_up_to_every_row) {
  Names many;
  for (int i = 0; i < 300; ++i)
    for (int again = 0; again <= i % 7; ++again) many.push_back("c" + std::to_string(i));
  FeatureProfile merged = profile_categories("k", many, 3);
  ASSERT_TRUE(merge(merged, profile_categories("k", Names{"c0", "c6", "new"})));
  std::uint64_t rows = merged.missing + merged.categorical.other;
  for (const auto& [name, count] : merged.categorical.top) rows += count;
  EXPECT_EQ(rows, merged.rows);
  EXPECT_EQ(rows, many.size() + 6);
}

TEST(Profile, hashes_of_categories_merge_into_those_of_the_whole) {
  Names first, second;
  for (int i = 0; i < 900; ++i) (i % 3 == 0 ? first : second).push_back("c" + std::to_string(i % 300));
  Names all = first;
  all.insert(all.end(), second.begin(), second.end());
  FeatureProfile merged = profile_categories("k", first);
  ASSERT_TRUE(merge(merged, profile_categories("k", second)));
  const FeatureProfile whole = profile_categories("k", all);
  EXPECT_EQ(merged.categorical.folded, whole.categorical.folded);
  EXPECT_EQ(stats::total(whole.categorical.folded), 900u);
  EXPECT_EQ(whole.categorical.folded[stats::text_hash("c7") % kFolded] >= 3, true);
  // Where all are named they follow from the names; where not, they are known no more.
  FeatureProfile named = profile_categories("k", Names{"a", "b", "a"}), old = whole;
  const stats::Counts known = named.categorical.folded;
  named.categorical.folded.clear();
  EXPECT_EQ(folded_of(named.categorical), known);
  old.categorical.folded.clear();
  EXPECT_TRUE(folded_of(old.categorical).empty());
  ASSERT_TRUE(merge(named, old));
  EXPECT_TRUE(named.categorical.folded.empty());
}

TEST(Profile, tells_of_no_more_different_values_than_there_are) {
  // The sketch estimates more than there are for about half of all samples.
  bool was_more = false;
  for (int n = 1'000; n < 1'040; ++n) {
    Numbers values;
    for (int i = 0; i < n; ++i) values.push_back(i + 0.25 * n);
    const FeatureProfile feature = profile_numbers("x", values, 500);
    was_more = was_more || feature.distinct.estimate() > n;
    EXPECT_LE(feature.distinct_values(), n);
    EXPECT_LE(number_or(to_json(of({feature})).at("features").at(0), "distinct"), n);
  }
  EXPECT_TRUE(was_more);
}

TEST(Profile, a_stream_keeps_the_edges_of_its_first_values_and_counts_exactly) {
  FeatureBuilder builder("x", FeatureKind::kNumeric, {.most_kept = 320});
  const Numbers values = normal(5, 10'000);
  for (const double value : values) builder.number(value);
  const FeatureProfile streamed = builder.finish();
  EXPECT_EQ(streamed.numeric.edges, profile_numbers("x", Numbers(values.begin(), values.begin() + 320)).numeric.edges);
  EXPECT_EQ(streamed.numeric.bins, stats::open_bin_counts(streamed.numeric.edges, values));
}

TEST(Cells, types_are_those_of_the_values) {
  std::vector<Names> rows;
  for (int i = 0; i < 300; ++i) {
    const std::string n = std::to_string(i);
    rows.push_back({n, n + ".5", i % 2 == 0 ? "true" : "false", i % 3 == 0 ? "red" : "blue", "note number " + n,
                    "0" + std::to_string(10'000 + i % 40), i == 7 ? "" : "NA", i % 2 == 0 ? "1" : "0"});
  }
  const DataProfile profile = of_rows({"id", "amount", "flag", "colour", "note", "zip", "empty", "bit"}, rows);
  const auto type = [&](const char* name) { return profile.find(name)->type; };
  EXPECT_EQ(type("id"), FeatureType::kIntegral);
  EXPECT_EQ(type("amount"), FeatureType::kNumeric);
  EXPECT_EQ(type("flag"), FeatureType::kBoolean);
  EXPECT_EQ(type("bit"), FeatureType::kBoolean);
  EXPECT_EQ(type("colour"), FeatureType::kCategorical);
  EXPECT_EQ(type("note"), FeatureType::kText);
  EXPECT_EQ(type("zip"), FeatureType::kCategorical);  // leading zeros: a name
  EXPECT_EQ(profile.find("empty")->missing, 1u);
}

TEST(Cells, words_in_a_column_of_numbers_are_missing_or_wrong) {
  std::vector<Names> rows(2'000, Names{"1.5"});
  rows[3] = {"NA"};
  rows[4] = {""};
  rows[5] = {"many"};
  rows[6] = {"nan"};
  rows[7] = {"-inf"};
  rows[1'500] = {"none so far"};
  const DataProfile profile = of_rows({"x"}, rows);
  const FeatureProfile& feature = profile.features[0];
  EXPECT_EQ(feature.kind, FeatureKind::kNumeric);
  EXPECT_EQ(feature.missing, 2u);
  EXPECT_EQ(feature.wrong, 2u);
  EXPECT_EQ(feature.numeric.nan, 1u);
  EXPECT_EQ(feature.numeric.minus_infinity, 1u);
  EXPECT_EQ(of_rows({"x"}, rows, {.categorical = {"x"}}).features[0].kind, FeatureKind::kCategorical);
}

TEST(Cells, a_column_that_comes_late_was_missing_before) {
  TableBuilder builder;
  builder.cell(0, "a", CellForm::kNumber, "1");
  builder.end_row();
  builder.cell(1, "b", CellForm::kText, "x");
  builder.end_row();
  const DataProfile profile = builder.finish();
  EXPECT_EQ(profile.find("a")->missing, 1u);
  EXPECT_EQ(profile.find("b")->missing, 1u);
  EXPECT_EQ(profile.find("b")->rows, 2u);
}

DataProfile mixed(std::uint64_t seed, std::size_t rows, double shift = 0) {
  std::mt19937_64 random(seed);
  std::discrete_distribution<std::size_t> draw({50, 30, 15, 5});
  const Names kinds = {"web", "app", "shop", "phone"};
  Names names;
  for (std::size_t i = 0; i < rows; ++i) names.push_back(kinds[draw(random)]);
  Numbers amounts = normal(seed + 1, rows, shift, 1);
  for (double& one : amounts) one = std::exp(one);
  return of({profile_numbers("amount", amounts, 5), profile_categories("channel", names, 5),
             profile_numbers("age", normal(seed + 2, rows, 40, 12), 5)});
}

TEST(Document, comes_back_as_it_was) {
  const DataProfile profile = mixed(10, 3'000);
  const Json document = to_json(profile);
  const auto back = profile_from_json(document);
  ASSERT_TRUE(back) << back.error().message << back.error().pointer;
  EXPECT_EQ(canonical_json(to_json(*back)), canonical_json(document));
  EXPECT_EQ(back->find("amount")->numeric.quantiles, profile.find("amount")->numeric.quantiles);
  // Through text too: what is written reads back to the last bit.
  const auto again = profile_from_json(*parse_json(pretty_json(document)));
  ASSERT_TRUE(again);
  EXPECT_EQ(canonical_json(to_json(*again)), canonical_json(document));
}

TEST(Document, holds_numbers_whose_powers_are_out_of_range) {
  const DataProfile profile = of({profile_numbers("x", Numbers{1e300, -1e300, 5e-324, 0})});
  const auto back = profile_from_json(*parse_json(pretty_json(to_json(profile))));
  ASSERT_TRUE(back) << back.error().message << back.error().pointer;
  EXPECT_EQ(back->features[0].numeric.moments.max(), 1e300);
}

TEST(Document, refuses_what_was_changed_or_does_not_add_up) {
  const Json document = to_json(mixed(11, 500));
  const auto refused = [&](const std::function<void(JsonObject&)>& change, bool with_digest) {
    Json copy = document;
    change(copy.as_object());
    if (with_digest) copy.as_object()["digest"] = digest_of(copy).hex();
    const auto read = profile_from_json(copy);
    return read ? std::string("taken") : read.error().pointer;
  };
  const auto feature = [](JsonObject& o, std::size_t i) -> JsonObject& { return o["features"].as_array()[i].as_object(); };
  EXPECT_EQ(refused([](JsonObject& o) { o["rows"] = 7; }, false), "/digest");
  EXPECT_EQ(refused([](JsonObject& o) { o["version"] = 2; }, true), "/version");
  EXPECT_EQ(refused([&](JsonObject& o) { feature(o, 0)["missing"] = 9; }, true), "/features/0/rows");
  EXPECT_EQ(refused([&](JsonObject& o) { feature(o, 0)["numeric"].as_object()["bins"].as_array()[0] = 9; }, true),
            "/features/0/numeric/bins");
  EXPECT_EQ(refused([&](JsonObject& o) { feature(o, 0)["numeric"].as_object()["edges"].as_array()[3] = -5; }, true),
            "/features/0/numeric/edges");
  const auto folded = [&](JsonObject& o) -> JsonArray& { return feature(o, 1)["categorical"].as_object()["folded"].as_array(); };
  EXPECT_EQ(refused([&](JsonObject& o) { folded(o).pop_back(); }, true), "/features/1/categorical/folded");
  EXPECT_EQ(refused([&](JsonObject& o) { std::rotate(folded(o).begin(), folded(o).begin() + 1, folded(o).end()); }, true),
            "/features/1/categorical/folded");
  EXPECT_EQ(refused([&](JsonObject& o) { feature(o, 1)["categorical"].as_object()["unnamed_most"] = 3; }, true), "/features/1/categorical/unnamed_most");
  EXPECT_EQ(refused([&](JsonObject& o) { feature(o, 1)["type"] = "text"; }, true), "/features/1/type");
  EXPECT_EQ(refused([&](JsonObject& o) { feature(o, 2)["name"] = "amount"; }, true), "/features/2/name");
}

TEST(Document, from_before_the_hashes_is_read_and_its_unnamed_categories_are_not_judged) {
  const auto categories = [](std::uint64_t seed, int many, int most) {
    std::mt19937_64 random(seed);
    Names out;
    for (int i = 0; i < 3'000; ++i) out.push_back("c" + std::to_string(random() % static_cast<std::uint64_t>(i % 2 == 0 ? many : most)));
    return of({profile_categories("k", out)});
  };
  const auto from_before = [](const DataProfile& profile) {
    Json document = to_json(profile);
    JsonObject& categorical = document.as_object()["features"].as_array()[0].as_object()["categorical"].as_object();
    EXPECT_TRUE(categorical.contains("folded"));
    categorical.erase("folded");
    document.as_object()["digest"] = digest_of(document).hex();
    const auto read = profile_from_json(document);
    EXPECT_TRUE(read) << read.error().message;
    return read ? *read : DataProfile();
  };
  const DataProfile then = categories(1, 240, 240), now = categories(2, 240, 20);
  const ProfileDiff judged = diff(then, now), not_judged = diff(from_before(then), now);
  EXPECT_EQ(judged.features[0].changed, (Names{"distribution", "category"}));
  EXPECT_TRUE(judged.features[0].folded);
  EXPECT_TRUE(not_judged.features[0].not_compared);
  EXPECT_TRUE(not_judged.features[0].changed.empty());
  EXPECT_NE(canonical_json(to_json(not_judged)).find("build it anew"), std::string::npos);
  // Where it names all of them there is nothing that it does not know.
  const DataProfile few = categories(3, 60, 60);
  EXPECT_EQ(diff(from_before(few), now).features[0].changed.front(), "distribution");
  EXPECT_EQ(diff(from_before(few), categories(4, 60, 60)).changed(), 0u);
}

// So many categories that each profile has others, the frequent ones first; `fresh` in one of a hundred rows.
Names long_tail(std::uint64_t seed, std::size_t rows, const std::string& fresh = {}) {
  std::mt19937_64 random(seed);
  Names out;
  for (std::size_t i = 0; i < rows; ++i) {
    const double u = std::uniform_real_distribution<double>(0, 1)(random);
    out.push_back(!fresh.empty() && random() % 100 == 0 ? fresh : "v" + std::to_string(static_cast<int>(std::pow(3'000.0, u))));
  }
  return out;
}

TEST(Profile, no_unnamed_category_has_more_rows_than_it_says) {
  const Names first = long_tail(1, 4'000), second = long_tail(2, 4'000);
  const auto check = [](const FeatureProfile& profile, const Names& values) {
    std::map<std::string, std::uint64_t> counts;
    for (const std::string& value : values) ++counts[value];
    for (const auto& [name, count] : profile.categorical.top) counts.erase(name);
    std::uint64_t most = 0;
    for (const auto& [name, count] : counts) most = std::max(most, count);
    ASSERT_TRUE(profile.categorical.unnamed_most);
    EXPECT_LE(most, *profile.categorical.unnamed_most);
    EXPECT_LE(*profile.categorical.unnamed_most, 60u);  // of 2,400 unnamed rows and more
  };
  FeatureProfile merged = profile_categories("k", first);
  check(merged, first);
  ASSERT_TRUE(merge(merged, profile_categories("k", second)));
  Names all = first;
  all.insert(all.end(), second.begin(), second.end());
  check(merged, all);
  const Json document = to_json(of({merged}));
  EXPECT_EQ(profile_from_json(document)->features[0].categorical.unnamed_most, merged.categorical.unnamed_most);
  // Names that were not counted may all be one.
  FeatureBuilder few("k", FeatureKind::kCategorical, {.most_names = 10});
  for (const std::string& value : first) few.text(value);
  const FeatureProfile profile = few.finish();
  EXPECT_EQ(profile.categorical.unnamed_most, profile.categorical.other);
}

TEST(Diff, names_a_category_that_became_frequent_among_many) {
  const DataProfile then = of({profile_categories("k", long_tail(3, 6'000))}), same = of({profile_categories("k", long_tail(4, 6'000))}),
                    now = of({profile_categories("k", long_tail(5, 6'000, "NEW"))});
  ASSERT_NE(then.features[0].categorical.other, 0u);
  EXPECT_EQ(diff(then, same).changed(), 0u);
  for (const bool back : {false, true}) {
    const ProfileDiff found = back ? diff(now, then) : diff(then, now);
    const auto& changed = found.features[0].changed;
    EXPECT_NE(std::find(changed.begin(), changed.end(), "category"), changed.end());
    ASSERT_TRUE(found.features[0].category);
    EXPECT_EQ(found.features[0].category->name, "NEW");
    EXPECT_EQ(found.features[0].category->named_then, back);
    EXPECT_GT(back ? found.features[0].category->then : found.features[0].category->now, 30u);
  }
}

TEST(Diff, finds_nothing_where_nothing_changed) {
  int changed = 0;
  for (std::uint64_t run = 0; run < 60; ++run)
    changed += diff(mixed(100 + 10 * run, 800), mixed(5'000 + 10 * run, 500), 0.05).changed() != 0 ? 1 : 0;
  EXPECT_LE(changed, 60 * 0.05 + 3 * std::sqrt(60 * 0.05 * 0.95));
}

TEST(Diff, finds_a_shift_and_leaves_the_rest_alone) {
  const ProfileDiff found = diff(mixed(20, 3'000), mixed(21, 2'000, 0.5));
  EXPECT_EQ(found.features[0].changed, Names{"distribution"});
  EXPECT_TRUE(found.features[1].changed.empty());
  EXPECT_TRUE(found.features[2].changed.empty());
  EXPECT_NEAR(found.features[0].wasserstein->value, (std::exp(1.0) - std::exp(0.5)) / 2.16, 0.1);
}

TEST(Diff, an_estimate_off_a_sketch_is_called_one_and_raises_no_more_alarms) {
  int changed = 0;
  constexpr int kRuns = 30;
  for (std::uint64_t run = 0; run < kRuns; ++run) {
    const ProfileDiff found =
        diff(of({profile_numbers("x", normal(run, 8'000))}), of({profile_numbers("x", normal(1'000 + run, 8'000))}), 0.05);
    EXPECT_FALSE(found.features[0].exact);
    changed += found.changed() != 0 ? 1 : 0;
  }
  EXPECT_LE(changed, kRuns * 0.05 + 3 * std::sqrt(kRuns * 0.05 * 0.95));
}

TEST(Diff, names_what_is_new_vanished_missing_and_of_another_type) {
  std::vector<Names> then, now;
  for (int i = 0; i < 500; ++i) {
    then.push_back({std::to_string(i % 90), i % 5 == 0 ? "red" : "blue", "1"});
    now.push_back({i % 4 == 0 ? "" : std::to_string(i % 90), i % 3 == 0 ? "green" : "blue", "x"});
  }
  const DataProfile a = of_rows({"n", "colour", "code"}, then), b = of_rows({"n", "colour", "code"}, now);
  const ProfileDiff found = diff(a, b);
  EXPECT_EQ(found.features[0].changed, Names{"missing"});
  EXPECT_DOUBLE_EQ(found.features[0].missing.now, 0.25);
  EXPECT_EQ(found.features[1].new_categories.at(0).first, "green");
  EXPECT_EQ(found.features[1].vanished_categories.at(0).first, "red");
  EXPECT_EQ(found.features[2].changed, Names{"type"});
  DataProfile fewer = b;
  fewer.features.erase(fewer.features.begin());
  fewer.features[0].name = "color";
  const ProfileDiff other = diff(a, fewer);
  EXPECT_EQ(other.features[0].changed, Names{"vanished"});
  EXPECT_EQ(other.features.back().changed, Names{"new"});
}

TEST(Diff, a_rare_value_that_one_side_lacks_is_no_other_type) {
  Numbers flags, with_two;
  Names words, with_none;
  for (int i = 0; i < 2'000; ++i) {
    flags.push_back(i % 2);
    with_two.push_back(i == 77 ? 2 : i % 2);
    words.emplace_back(i % 2 == 0 ? "true" : "false");
    with_none.emplace_back(i == 77 ? "unknown" : i % 2 == 0 ? "true" : "false");
  }
  EXPECT_EQ(diff(of({profile_numbers("x", flags)}), of({profile_numbers("x", with_two)})).changed(), 0u);
  EXPECT_EQ(diff(of({profile_categories("x", words)}), of({profile_categories("x", with_none)})).changed(), 0u);
  EXPECT_EQ(diff(of({profile_numbers("x", flags)}), of({profile_categories("x", words)})).features[0].changed, Names{"type"});
  for (double& one : with_two) one += 0.5;
  EXPECT_NE(diff(of({profile_numbers("x", flags)}), of({profile_numbers("x", with_two)})).changed(), 0u);
}

TEST(Units, a_factor_or_a_scale_of_temperature_is_named) {
  const auto profile = [](const Numbers& values) { return profile_numbers("x", values); };
  const Numbers length = [] {
    Numbers out = normal(30, 2'000, 3, 0.6);
    for (double& one : out) one = std::exp(one);
    return out;
  }();
  const auto changed = [&](const Numbers& values, double factor, double offset) {
    Numbers now;
    for (std::size_t i = 0; i < values.size(); i += 2) now.push_back(factor * values[i] + offset);
    const auto found = unit_change(profile(values), profile(now));
    return found ? found->words : std::string();
  };
  EXPECT_EQ(changed(length, 1000, 0), "x1000");
  EXPECT_EQ(changed(length, 1.0 / 60, 0), "/60");
  EXPECT_EQ(changed(length, 2.54, 0), "inches to centimetres");
  EXPECT_EQ(changed(normal(31, 2'000, 12, 8), 1.8, 32), "Celsius to Fahrenheit");
  EXPECT_EQ(changed(normal(31, 2'000, 12, 8), 1, 273.15), "Celsius to Kelvin");
  EXPECT_EQ(changed(length, 1, 0), "");
  EXPECT_EQ(changed(length, 1.2, 0), "");
  EXPECT_EQ(changed(normal(32, 2'000), 1, 3), "");
}

TEST(Units, hints_say_what_numbers_look_like) {
  Numbers ids, ratios, temperatures;
  for (int i = 0; i < 5'000; ++i) {
    ids.push_back(100'000 + 7 * i);
    ratios.push_back((i % 1'000) / 1'000.0);
    temperatures.push_back((i % 500) / 10.0 - 10);
  }
  EXPECT_TRUE(scale_of(profile_numbers("id", ids)).identifier_like);
  EXPECT_TRUE(scale_of(profile_numbers("share", ratios)).ratio);
  EXPECT_TRUE(scale_of(profile_numbers("room_temp", temperatures)).temperature_like);
  const ScaleHints hints = scale_of(profile_numbers("x", Numbers{-200, 0, 0.5, 3, 5}));
  EXPECT_EQ(hints.smallest_magnitude, 0.5);
  EXPECT_EQ(hints.median_magnitude, 3);
  EXPECT_EQ(hints.largest_magnitude, 200);
  EXPECT_FALSE(hints.non_negative);
}

}  // namespace
}  // namespace firebreak::profile
