// Every case of test/data/conformance/performance.json: what scikit-learn, NannyML and SciPy answered about labelled answers.
// performance_oracle.py writes that file.
#include <fmt/core.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <map>
#include <set>
#include <string>

#include "conformance/comparison.h"
#include "run/main/table_file.h"
#include "stats/calibration.h"
#include "stats/cbpe.h"
#include "stats/labelled.h"
#include "stats/mean_band.h"

namespace firebreak::conformance {
namespace {

using stats::Figure;
using Answer = std::map<std::string, double>;

template <class Value>
Value must(Result<Value> value) {
  if (!value) ADD_FAILURE() << value.error().message;
  return value ? std::move(*value) : Value();
}

const Json& document() {
  static const Json read = [] {
    PosixFiles files;
    return must(parse_json(must(read_all(files, data_file("conformance/performance.json")))));
  }();
  return read;
}

const cli::Table& stream() {
  static const cli::Table read = [] {
    PosixFiles files;
    return must(cli::read_table(files, data_file("drift/elec2_model.csv.zst")));
  }();
  return read;
}

double number(const Json& one, const char* key) { return one.at(key).to_number<double>(); }

std::vector<double> numbers(const Json& one, const char* key) {
  std::vector<double> out;
  for (const Json& value : one.at(key).as_array()) out.push_back(value.to_number<double>());
  return out;
}

struct Rows {
  std::vector<double> score, label, flagged;
};

Rows rows_of(std::uint64_t first, std::uint64_t last, double digits, bool distinct) {
  const auto column = [&](const char* name) {
    return must(cli::numbers_of(must(cli::cells_of(stream(), name, cli::RowRange{first, last}, std::nullopt))));
  };
  const std::vector<double> score = column("score"), label = column("label");
  const double unit = std::pow(10, digits);
  Rows out;
  std::set<double> seen;
  for (std::size_t i = 0; i < score.size(); ++i) {
    const double rounded = std::nearbyint(score[i] * unit) / unit;  // half to even, as NumPy
    if (distinct && !seen.insert(rounded).second) continue;
    out.score.push_back(rounded);
    out.label.push_back(label[i]);
    out.flagged.push_back(rounded >= 0.5 ? 1 : 0);
  }
  return out;
}

Rows rows_of(const Json& one) {
  const Json* distinct = find(one, "distinct");
  const auto range = numbers(one, "rows");
  return rows_of(static_cast<std::uint64_t>(range.at(0)), static_cast<std::uint64_t>(range.at(1)), number(one, "digits"),
                 distinct != nullptr && distinct->as_bool());
}

stats::BusinessValue worth() {
  const Json& one = document().at("worth");
  return {number(one, "true_negative"), number(one, "false_positive"), number(one, "false_negative"), number(one, "true_positive")};
}

const std::map<std::string, Figure>& figure_names() {
  static const std::map<std::string, Figure> names = {
      {"accuracy", Figure::kAccuracy}, {"precision", Figure::kPrecision}, {"recall", Figure::kRecall},
      {"specificity", Figure::kSpecificity}, {"f1", Figure::kF1}, {"roc_auc", Figure::kRocAuc},
      {"average_precision", Figure::kAveragePrecision}, {"business_value", Figure::kBusinessValue}};
  return names;
}

Answer named(const stats::Figures& figures) {
  Answer out;
  for (const auto& [name, which] : figure_names()) out[name] = at(figures, which);
  return out;
}

Answer realised(const Json& one) {
  const Rows rows = rows_of(one);
  Answer out = named(stats::figures_of(rows.score, rows.flagged, rows.label, worth()));
  stats::Confusion counts;
  for (std::size_t i = 0; i < rows.label.size(); ++i) counts.add(rows.flagged[i] == 1, rows.label[i]);
  out["true_positive"] = counts.true_positive;
  out["false_positive"] = counts.false_positive;
  out["false_negative"] = counts.false_negative;
  out["true_negative"] = counts.true_negative;
  out["log_loss"] = stats::log_loss(rows.score, rows.label);
  out["brier"] = stats::brier(rows.score, rows.label);
  out["mae"] = stats::mean_absolute_error(rows.score, rows.label);
  out["rmse"] = stats::root_mean_squared_error(rows.score, rows.label);
  return out;
}

Answer isotonic(const Json& one) {
  const Rows rows = rows_of(one);
  const stats::IsotonicFit fit(rows.score, rows.label);
  Answer out;
  for (const auto& member : one.at("expected").as_object()) out[member.key()] = fit(std::stod(std::string(member.key())));
  return out;
}

Answer calibration_error(const Json& one) {
  const Rows rows = rows_of(one);
  return {{"ece", stats::expected_calibration_error(rows.score, rows.label, static_cast<std::size_t>(number(one, "bins")))}};
}

Answer estimated(const Json& one) {
  static const Rows reference = rows_of(0, 5000, 6, false);
  const stats::IsotonicFit fit(reference.score, reference.label);
  const Rows rows = rows_of(one);
  std::vector<double> chances;
  for (const double score : rows.score) chances.push_back(fit(score));
  return named(stats::figures_of(rows.score, rows.flagged, chances, worth()));
}

Answer sampling_error(const Json& one) {
  const Rows rows = rows_of(one);
  const stats::SamplingError error(rows.score, rows.flagged, rows.label, worth());
  Answer out;
  for (const auto& [name, which] : figure_names()) out[name] = error.of(which, static_cast<std::uint64_t>(number(one, "n")));
  return out;
}

Answer ranking(const Json& one) {
  std::vector<double> all = numbers(one, "shown");
  for (const double value : numbers(one, "rest")) all.push_back(value);
  return {{"ndcg", stats::ndcg_at(static_cast<std::size_t>(number(one, "k")), numbers(one, "shown"), all)}};
}

Answer band(const Json& one) {
  const double n = number(one, "n"), sum = number(one, "sum"), alpha = number(one, "alpha");
  const stats::MeanBand found = stats::mean_band(n, sum, alpha);
  return {{"low", found.low},
          {"high", found.high},
          {"lower_limit", stats::lower_limit(n, sum, alpha)},
          {"upper_limit", stats::upper_limit(n, sum, alpha)}};
}

TEST(Conformance, performance_has_the_numbers_of_scikit_learn_nannyml_and_scipy) {
  const std::map<std::string, std::function<Answer(const Json&)>> answers = {
      {"realised", realised}, {"isotonic", isotonic}, {"ece", calibration_error}, {"estimated", estimated},
      {"sampling_error", sampling_error}, {"ranking", ranking}, {"band", band}};
  int compared = 0;
  for (const Json& one : document().at("cases").as_array()) {
    const Answer answer = answers.at(string_or(one, "kind"))(one);
    const Json& tolerance = one.at("tolerance");
    for (const auto& member : one.at("expected").as_object()) {
      const double expected = member.value().to_number<double>(), actual = answer.at(member.key());
      EXPECT_LE(std::abs(actual - expected), number(tolerance, "absolute") + number(tolerance, "relative") * std::abs(expected))
          << string_or(one, "id") << " " << member.key() << ": " << actual << " for " << expected;
      ++compared;
    }
  }
  fmt::print("performance: {} values compared\n", compared);
  EXPECT_GE(compared, 200);
}

}  // namespace
}  // namespace firebreak::conformance
