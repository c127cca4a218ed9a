// Profiles for people.
#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "profile/profile_json.h"
#include "profile/scale.h"
#include "run/main/print.h"
#include "run/main/profile_file.h"
#include "stats/intervals.h"

namespace firebreak::cli {
namespace {

constexpr std::size_t kBar = 40, kShownCategories = 20;

std::string short_number(double value) { return std::isnan(value) ? "" : fmt::format("{:.6g}", value); }

std::string percent(double share) {
  if (share == 0) return "0 %";
  return share < 0.0001 ? "<0.01 %" : fmt::format("{:.2f} %", 100 * share);
}

std::string distinct_text(const profile::FeatureProfile& feature) {
  return feature.distinct.empty() ? std::string() : fmt::format("{:.0f}", feature.distinct_values());
}

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : ", ") + word;
  return out;
}

// What its values are, in a few words: quantiles of numbers, the most frequent categories.
std::string shape_of(const profile::FeatureProfile& feature) {
  if (feature.kind == profile::FeatureKind::kNumeric) {
    if (feature.numeric.moments.n() == 0) return "no numbers";
    const auto& sketch = feature.numeric.quantiles;
    if (sketch.n() == 0)  // imported
      return fmt::format("{} .. {}, mean {}", short_number(feature.numeric.moments.min()), short_number(feature.numeric.moments.max()),
                         short_number(feature.numeric.moments.mean()));
    return fmt::format("{} .. {} .. {}, mean {}", short_number(feature.numeric.moments.min()), short_number(sketch.quantile(0.5)),
                       short_number(feature.numeric.moments.max()), short_number(feature.numeric.moments.mean()));
  }
  std::string out;
  for (std::size_t i = 0; i < std::min<std::size_t>(3, feature.categorical.top.size()); ++i)
    out += fmt::format("{}{} {}", i == 0 ? "" : ", ", feature.categorical.top[i].first.substr(0, 20),
                       percent(static_cast<double>(feature.categorical.top[i].second) /
                               static_cast<double>(std::max<std::uint64_t>(1, feature.present()))));
  return out;
}

std::string remarks_of(const profile::FeatureProfile& feature) {
  std::vector<std::string> words;
  if (feature.wrong != 0) words.push_back(fmt::format("{} of another type", feature.wrong));
  if (feature.numeric.nan != 0) words.push_back(fmt::format("{} NaN", feature.numeric.nan));
  if (const auto infinite = feature.numeric.plus_infinity + feature.numeric.minus_infinity; infinite != 0)
    words.push_back(fmt::format("{} infinite", infinite));
  for (std::string& word : profile::scale_of(feature).words())
    if (word != "integral" && word != "non-negative") words.push_back(std::move(word));
  return joined(words);
}

std::string bar(std::uint64_t count, std::uint64_t most) {
  return std::string(
      most == 0 ? 0 : static_cast<std::size_t>(static_cast<double>(kBar) * static_cast<double>(count) / static_cast<double>(most) + 0.5),
      '#');
}

std::string numeric_text(const profile::FeatureProfile& feature) {
  const profile::NumericProfile& numeric = feature.numeric;
  const std::uint64_t n = numeric.moments.n();
  if (n == 0) return "no numbers\n";
  JsonObject said{{"mean", short_number(numeric.moments.mean())},
                  {"sd", short_number(numeric.moments.std_sample())},
                  {"skewness", short_number(numeric.moments.skewness())},
                  {"kurtosis", short_number(numeric.moments.kurtosis_excess())},
                  {"zeros", numeric.zeros},
                  {"negative", numeric.negative},
                  {"NaN", numeric.nan},
                  {"+Inf", numeric.plus_infinity},
                  {"-Inf", numeric.minus_infinity}};
  std::string text = details(said) + fmt::format("range {} to {}; with 95 % confidence at most {} of further values lie outside\n",
                                                 short_number(numeric.moments.min()), short_number(numeric.moments.max()),
                                                 percent(stats::beyond_both_ends(n)));
  if (numeric.quantiles.n() != 0) {
    text += fmt::format("quantiles (ranks within {}):", percent(numeric.quantiles.rank_error()));
    for (const double q : {0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99})
      text += fmt::format("  {:g}: {}", q, short_number(numeric.quantiles.quantile(q)));
    text += "\n";
  }
  text += "\n";
  const std::uint64_t most = *std::max_element(numeric.bins.begin(), numeric.bins.end());
  JsonArray rows;
  for (std::size_t i = 0; i < numeric.bins.size(); ++i)
    rows.push_back(JsonObject{{"from", i == 0 ? "" : short_number(numeric.edges[i - 1])},
                              {"to", i == numeric.edges.size() ? "" : short_number(numeric.edges[i])},
                              {"count", numeric.bins[i]},
                              {"bar", bar(numeric.bins[i], most)}});
  return text + table(rows, {{"FROM", "/from", 16}, {"BELOW", "/to", 16}, {"COUNT", "/count", 14}, {"", "/bar", kBar}});
}

std::string categorical_text(const profile::FeatureProfile& feature) {
  const profile::CategoricalProfile& categorical = feature.categorical;
  std::string text = fmt::format("length {} to {} octets, mean {}\n\n", short_number(categorical.lengths.min()),
                                 short_number(categorical.lengths.max()), short_number(categorical.lengths.mean()));
  JsonArray rows;
  std::uint64_t rest = categorical.other;
  const std::uint64_t most = categorical.top.empty() ? 0 : categorical.top.front().second;
  for (std::size_t i = 0; i < categorical.top.size(); ++i) {
    if (i >= kShownCategories)
      rest += categorical.top[i].second;
    else
      rows.push_back(JsonObject{
          {"name", categorical.top[i].first}, {"count", categorical.top[i].second}, {"bar", bar(categorical.top[i].second, most)}});
  }
  if (rest != 0) rows.push_back(JsonObject{{"name", "(others)"}, {"count", rest}, {"bar", bar(std::min(rest, most), most)}});
  return text + table(rows, {{"CATEGORY", "/name", 40}, {"COUNT", "/count", 14}, {"", "/bar", kBar}});
}

}  // namespace

std::string profile_text(const profile::DataProfile& profile) {
  JsonArray rows;
  for (const profile::FeatureProfile& feature : profile.features) {
    const auto share = feature.rows == 0 ? 0.0 : static_cast<double>(feature.missing) / static_cast<double>(feature.rows);
    rows.push_back(JsonObject{{"name", feature.name}, {"type", profile::type_name(feature.type)}, {"missing", percent(share)},
                              {"distinct", distinct_text(feature)}, {"shape", shape_of(feature)}, {"remarks", remarks_of(feature)}});
  }
  return fmt::format("{}: {} rows, {} features\n\n", profile.source, profile.rows, profile.features.size()) +
         table(rows, {{"FEATURE", "/name", 32},
                      {"TYPE", "/type", 11},
                      {"MISSING", "/missing", 9},
                      {"DISTINCT", "/distinct", 10},
                      {"VALUES", "/shape", 64},
                      {"REMARKS", "/remarks", 60}});
}

std::string feature_text(const profile::FeatureProfile& feature) {
  const auto missing = stats::wilson(static_cast<double>(feature.missing), static_cast<double>(feature.rows));
  std::string text =
      fmt::format("{}: {}, {} rows, {} missing (95 %: {} to {}), {}\n", feature.name, profile::type_name(feature.type), feature.rows,
                  feature.missing, percent(missing.low), percent(missing.high),
                  feature.distinct.empty() ? "different values not known" : "about " + distinct_text(feature) + " different values");
  if (feature.wrong != 0) text += fmt::format("{} values are of another type\n", feature.wrong);
  if (const auto words = profile::scale_of(feature).words(); !words.empty()) text += "looks " + joined(words) + "\n";
  return text + (feature.kind == profile::FeatureKind::kNumeric ? numeric_text(feature) : categorical_text(feature));
}

}  // namespace firebreak::cli
