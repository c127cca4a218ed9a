// What a value costs here, over the values that the peers get too (bench/peers/run.sh): twenty columns, five of Elec2 and fifteen of normal
// numbers. Prints JSON: nanoseconds of processor time a value, one pass each.
//   peers_bench [--values FILE]    only writes the values, as CSV
#include <fmt/core.h>

#include <charconv>
#include <ctime>
#include <fstream>
#include <memory>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "base/json.h"
#include "fold/detect/feature_watches.h"
#include "fraud/data/fraud_data.h"
#include "profile/builder.h"
#include "run/app/content.h"
#include "stats/change.h"

namespace firebreak {
namespace {

const std::string kRoot = FIREBREAK_SOURCE_DIR;
constexpr std::size_t kReference = 5000, kNormals = 15;

struct Table {
  std::vector<std::string> names;
  std::vector<std::vector<double>> columns;
  std::size_t rows() const { return columns.front().size(); }
  double values() const { return static_cast<double>(rows() * columns.size()); }
};

Table elec2() {
  Table table;
  std::istringstream lines(fraud::read_zst(kRoot + "/test/data/drift/elec2.csv.zst"));
  std::string line;
  std::getline(lines, line);
  table.names = {"nswprice", "nswdemand", "vicprice", "vicdemand", "transfer"};  // behind `period`, before `class`
  table.columns.resize(table.names.size());
  while (std::getline(lines, line)) {
    const char *at = line.data() + line.find(',') + 1, *end = line.data() + line.size();
    for (std::vector<double>& column : table.columns) {
      double value = 0;
      at = std::from_chars(at, end, value).ptr + 1;
      column.push_back(value);
    }
  }
  return table;
}

Table normals(std::size_t rows) {
  Table table;
  std::mt19937_64 random(1);
  for (std::size_t i = 0; i < kNormals; ++i) {
    std::normal_distribution<double> normal(static_cast<double>(i), 1 + static_cast<double>(i));
    table.names.push_back("normal" + std::to_string(i));
    for (double& value : table.columns.emplace_back(rows)) value = normal(random);
  }
  return table;
}

Table both(const Table& a, const Table& b) {
  Table out = a;
  out.names.insert(out.names.end(), b.names.begin(), b.names.end());
  out.columns.insert(out.columns.end(), b.columns.begin(), b.columns.end());
  return out;
}

template <class Pass>
double ns_per_value(const Table& table, const Pass& pass) {
  const auto now = [] {
    timespec time{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_nsec);
  };
  const double before = now();
  pass();
  return (now() - before) / table.values();
}

// The production watches of an endpoint without a file of its own, from the reference's rows on.
double watch(const Table& table) {
  std::vector<FeatureRow> rows(table.rows());
  for (const auto& column : table.columns)
    for (std::size_t i = 0; i < rows.size(); ++i) rows[i].numeric.push_back(column[i]);
  const std::string name = "content/detectors/default.yaml";
  const auto config =
      fraud::must(detect::detector_config_from_json(fraud::must(app::yaml_to_json(fraud::read_text(kRoot + "/" + name), name))));
  const auto profile = fraud::must(detect::build_profile({table.names, {}}, std::span(rows).first(kReference)));
  detect::FeatureWatches watches(config, profile);
  std::vector<FindingUpdate> out;
  return ns_per_value(table, [&] {
    Observation seen;
    for (const FeatureRow& row : rows) {
      seen.features = row;
      seen.time = {static_cast<std::int64_t>(seen.index++) * kSecond};
      watches.observe(seen, seen.time, out);
    }
  });
}

// Over a reference's bins, as a stream is profiled: row by row.
double profile(const Table& table) {
  std::vector<profile::FeatureProfile> like;
  for (std::size_t i = 0; i < table.columns.size(); ++i)
    like.push_back(profile::profile_numbers(table.names[i], std::span(table.columns[i]).first(kReference)));
  return ns_per_value(table, [&] {
    std::vector<std::unique_ptr<profile::FeatureBuilder>> builders;
    for (const auto& one : like)
      builders.push_back(std::make_unique<profile::FeatureBuilder>(one.name, profile::FeatureKind::kNumeric, profile::FeatureOptions{.like = &one}));
    for (std::size_t row = 0; row < table.rows(); ++row)
      for (std::size_t i = 0; i < builders.size(); ++i) builders[i]->number(table.columns[i][row]);
    for (const auto& builder : builders)
      if (builder->finish().rows != table.rows()) std::abort();
  });
}

template <class Detector>
double changes(const Table& table, std::size_t& told) {
  return ns_per_value(table, [&] {
    for (const auto& column : table.columns) {
      Detector detector;
      for (const double value : column) told += detector.update(value) ? 1 : 0;
    }
  });
}

void write(const Table& table, const std::string& path) {
  std::ofstream out(path);
  for (std::size_t i = 0; i < table.names.size(); ++i) out << (i == 0 ? "" : ",") << table.names[i];
  for (std::size_t row = 0; row < table.rows(); ++row)
    for (std::size_t i = 0; i < table.names.size(); ++i) out << (i == 0 ? "\n" : ",") << fmt::format("{}", table.columns[i][row]);
  out << "\n";
}

void run(const std::string& values) {
  const Table recorded = elec2(), drawn = normals(recorded.rows()), table = both(recorded, drawn);
  if (!values.empty()) return write(table, values);
  std::size_t adwin_told = 0, page_hinkley_told = 0;
  const double adwin = changes<stats::Adwin>(table, adwin_told), page_hinkley = changes<stats::PageHinkley>(table, page_hinkley_told);
  fmt::print("{}\n", canonical_json(JsonObject{{"watch", watch(table)},
                                               {"watch_normals", watch(drawn)},
                                               {"profile", profile(table)},
                                               {"adwin", adwin},
                                               {"page_hinkley", page_hinkley},
                                               {"adwin_told", static_cast<double>(adwin_told)},
                                               {"page_hinkley_told", static_cast<double>(page_hinkley_told)}}));
}

}  // namespace
}  // namespace firebreak

int main(int argc, char** argv) { firebreak::run(argc == 3 && std::string(argv[1]) == "--values" ? argv[2] : ""); }
