// Every case of test/data/conformance/expected.json: what SciPy, Evidently and river answered, against what we answer.
#include <fmt/core.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "conformance/comparison.h"
#include "run/main/table_file.h"
#include "stats/change.h"
#include "stats/compare.h"
#include "stats/error_change.h"

namespace firebreak::conformance {
namespace {

template <class Value>
Value must(Result<Value> value) {
  if (!value) ADD_FAILURE() << value.error().message;
  return value ? std::move(*value) : Value();
}

const cli::Table& table_of(const std::string& name) {
  static std::map<std::string, cli::Table> tables;
  const auto [at, is_new] = tables.try_emplace(name);
  if (is_new) {
    PosixFiles files;
    at->second = must(cli::read_table(files, data_file(name)));
  }
  return at->second;
}

// A side as the case names it: {"file", "column", "rows": [from, to], "where": [column, value]?}.
cli::Cells sample(const Json& side) {
  const Json& rows = side.at("rows");
  std::optional<cli::Condition> where;
  if (const Json* one = find(side, "where")) where = cli::Condition{std::string(one->at(0).as_string()), std::string(one->at(1).as_string())};
  const cli::RowRange range{rows.at(0).to_number<std::uint64_t>(), rows.at(1).to_number<std::uint64_t>()};
  return must(cli::cells_of(table_of(string_or(side, "file")), string_or(side, "column"), range, where));
}

JsonObject answer_to(const Json& one) {
  const cli::Cells reference = sample(one.at("reference")), current = sample(one.at("current"));
  if (string_or(one, "kind") == "categorical") return must(stats::compare_categorical(reference.values, current.values));
  return must(stats::compare_numeric(must(cli::numbers_of(reference)), must(cli::numbers_of(current))));
}

void print_tally(const char* what, const Comparison& comparison) {
  fmt::print("{}: {} values and {} names compared, {} differ\n", what, comparison.numbers(), comparison.words(), comparison.failed());
  for (const auto& [reason, count] : comparison.left_out()) fmt::print("  left out {}: {}\n", count, reason);
}

void compare_pairs(const std::string& kind, std::uint64_t cases, std::uint64_t least) {
  Comparison comparison;
  std::uint64_t seen = 0;
  for (const Json& one : recorded().at("cases").as_array()) {
    if (string_or(one, "kind") != kind) continue;
    ++seen;
    const JsonObject answer = answer_to(one);
    for (const auto& [key, value] : one.as_object()) {
      if (key == "scipy" || key == "evidently")
        comparison.compare(value, answer.at(key), string_or(one, "id") + "/" + std::string(key));
      else if (key == "sketches_of_reference")
        comparison.leave_out("quantile sketches (KLL draws by chance, t-digest is not here): sketch_test.cc holds ours to its bound");
      else
        EXPECT_TRUE(key == "id" || key == "kind" || key == "reference" || key == "current") << key;
    }
  }
  print_tally(kind.c_str(), comparison);
  EXPECT_EQ(seen, cases);
  EXPECT_GE(comparison.numbers(), least);
}

TEST(Conformance, numeric_samples_give_the_numbers_of_scipy_and_evidently) { compare_pairs("numeric", 33, 4'900); }

TEST(Conformance, categorical_samples_give_the_numbers_of_scipy_and_evidently) { compare_pairs("categorical", 17, 700); }

// river's name of a detector -> ours with the options it was run with; empty: we have none.
struct Known {
  std::string detector;
  stats::ChangeOptions options;
};
const std::map<std::string, Known> kDetectors = {
    {"ADWIN", {"adwin", {}}},
    {"ADWIN_clock1", {"adwin", {1, 50}}},
    {"PageHinkley", {"page_hinkley", {}}},
    {"PageHinkley_t5", {"page_hinkley", {32, 5}}},
    {"DDM", {"ddm", {}}},
    {"EDDM", {"eddm", {}}},
    {"HDDM_A", {"hddm_a", {}}},
    {"HDDM_W", {"hddm_w", {}}},
    {"FHDDM", {"fhddm", {}}},
    {"KSWIN_seed42", {"kswin", {}}},
};

constexpr std::size_t kRecordedMost = 400;

// Some warn before they detect; the first places are recorded, and how many there are.
template <class Detector>
void compare_warnings(Comparison& comparison, const Json& run, const std::vector<double>& values, const std::string& where) {
  Detector detector;
  JsonArray first;
  std::uint64_t count = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    detector.update(values[i]);
    if (detector.warning() && ++count <= run.at("first_warnings").as_array().size()) first.push_back(i);
  }
  comparison.compare(run.at("n_warnings"), count, where + "/n_warnings");
  comparison.compare(run.at("first_warnings"), first, where + "/first_warnings");
}

TEST(Conformance, streams_give_the_detections_of_river) {
  Comparison comparison;
  std::uint64_t seen = 0;
  for (const Json& one : recorded().at("cases").as_array()) {
    if (string_or(one, "kind") != "change_points") continue;
    ++seen;
    const std::vector<double> values = must(cli::numbers_of(sample(one.at("stream"))));
    for (const auto& [name, run] : one.at("river").as_object()) {
      const auto known = kDetectors.find(std::string(name));
      if (known == kDetectors.end()) {
        comparison.leave_out(fmt::format("{}: no such detector here", std::string_view(name)));
        continue;
      }
      const auto found = must(stats::changes(known->second.detector, values, known->second.options));
      const std::string where = string_or(one, "id") + "/" + std::string(name);
      comparison.compare(run.at("n_detections"), found.size(), where + "/n_detections");
      // Long lists are recorded up to their 400th place.
      JsonArray shown;
      for (std::size_t i = 0; i < std::min<std::size_t>(found.size(), kRecordedMost); ++i) shown.push_back(found[i]);
      comparison.compare(run.at("detections"), shown, where);
      if (name == "DDM") compare_warnings<stats::Ddm>(comparison, run, values, where);
      if (name == "EDDM") compare_warnings<stats::Eddm>(comparison, run, values, where);
      if (name == "HDDM_A") compare_warnings<stats::HddmA>(comparison, run, values, where);
      if (name == "HDDM_W") compare_warnings<stats::HddmW>(comparison, run, values, where);
    }
  }
  print_tally("streams", comparison);
  EXPECT_EQ(seen, 10u);
  EXPECT_GE(comparison.numbers(), 3'300u);
}

}  // namespace
}  // namespace firebreak::conformance
