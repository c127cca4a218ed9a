// stats: the statistics of two samples, or of one stream, from CSV files and without a server.
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "base/files.h"
#include "run/main/command_line.h"
#include "run/main/print.h"
#include "run/main/table_file.h"
#include "stats/compare.h"

namespace firebreak::cli {
namespace {

// One side of a comparison: its cells, and what they are for the answer.
struct Sample {
  Cells cells;
  JsonObject said;
};

Result<Sample> read_sample(const std::string& file, const std::string& column, const std::string& rows, const std::string& where) {
  PosixFiles files;
  FIREBREAK_ASSIGN(RowRange range, parse_rows(rows));
  FIREBREAK_ASSIGN(const std::optional<Condition> condition, parse_condition(where));
  FIREBREAK_ASSIGN(const Table table, read_table(files, file));
  Sample out;
  FIREBREAK_ASSIGN(out.cells, cells_of(table, column, range, condition));
  range.to = std::min<std::uint64_t>(range.to, table.rows.size());
  out.said = {{"file", file}, {"column", column}, {"rows", JsonArray{range.from, range.to}}};
  if (condition) out.said["where"] = JsonArray{Json(condition->column), Json(condition->value)};
  return out;
}

Result<JsonObject> compared(const Sample& reference, const Sample& current, bool numeric, std::uint32_t permutations) {
  if (!numeric) return stats::compare_categorical(reference.cells.values, current.cells.values, permutations);
  const auto numbers = [](const Sample& sample) -> Result<std::vector<double>> {
    auto found = numbers_of(sample.cells);
    if (found) return found;
    found.error().message += "; names are compared with --kind categorical";
    return fail(std::move(found.error()).with(string_or(Json(sample.said), "file")));
  };
  FIREBREAK_ASSIGN(const std::vector<double> then, numbers(reference));
  FIREBREAK_ASSIGN(const std::vector<double> now, numbers(current));
  return stats::compare_numeric(then, now, permutations);
}

Result<JsonObject> compare(const StatsWords& w) {
  if (w.current.empty() && w.current_rows == w.reference_rows && w.current_where == w.reference_where)
    return fail(Code::kInvalid, "that is the reference itself: name the other file with --current FILE, or other rows of this one with "
                                "--current-rows FROM:TO (and --reference-rows) or --current-where COLUMN=VALUE");
  const std::string& current_file = w.current.empty() ? w.reference : w.current;
  FIREBREAK_ASSIGN(Sample reference, read_sample(w.reference, w.column, w.reference_rows, w.reference_where));
  FIREBREAK_ASSIGN(Sample current, read_sample(current_file, w.column, w.current_rows, w.current_where));
  FIREBREAK_ASSIGN(JsonObject answer, compared(reference, current, w.kind == "numeric", w.permutations));
  answer["kind"] = w.kind;
  answer["reference"] = std::move(reference.said);
  answer["current"] = std::move(current.said);
  return answer;
}

JsonArray as_rows(const JsonObject& tests) {
  JsonArray rows;
  for (const auto& [name, values] : tests) {
    JsonObject row{{"name", name}};
    for (const auto& [key, value] : values.as_object()) row[key] = value;
    rows.push_back(std::move(row));
  }
  return rows;
}

// What stands as objects of numbers under a key, as a table.
std::string more_scores(const JsonObject& answer, const char* key, const char* title, const std::vector<Column>& columns) {
  const Json* const part = find(answer, key);
  return part == nullptr ? std::string() : fmt::format("\n{}\n{}", title, table(as_rows(part->as_object()), columns));
}

// Counts, moments and tests first; below them what Evidently would say.
std::string comparison_text(const JsonObject& answer) {
  JsonObject tests, moments;
  for (const auto& [name, values] : answer.at("scipy").as_object()) {
    const std::string_view key(name.data(), name.size());
    if (key.starts_with("moments_")) moments[key.substr(8)] = values;
    const JsonObject& one = values.as_object();
    if (one.contains("p_value") || one.contains("value")) tests[name] = values;
    if (one.contains("base2")) tests["jensenshannon_distance (base 2)"] = JsonObject{{"value", one.at("base2")}};
    if (one.contains("psi_half_count")) tests["psi over the reference's deciles"] = JsonObject{{"value", one.at("psi_half_count")}};
  }
  std::string text;
  if (!moments.empty())
    text += table(as_rows(moments), {{"SAMPLE", "/name", 12},
                                     {"N", "/n", 10},
                                     {"MEAN", "/mean", 22},
                                     {"SD", "/std_sample", 22},
                                     {"MIN", "/min", 22},
                                     {"MAX", "/max", 22},
                                     {"SKEWNESS", "/skewness", 22},
                                     {"KURTOSIS", "/kurtosis_excess", 22}}) +
            "\n";
  if (const Json* counts = find(answer.at("scipy"), "counts")) {
    JsonArray rows;
    for (std::size_t i = 0; i < counts->at("categories").as_array().size(); ++i)
      rows.push_back(JsonObject{{"category", counts->at("categories").at(i)},
                                {"reference", counts->at("reference").at(i)},
                                {"current", counts->at("current").at(i)}});
    text += table(rows, {{"CATEGORY", "/category", 40}, {"REFERENCE", "/reference", 12}, {"CURRENT", "/current", 12}}) + "\n";
  }
  text += table(as_rows(tests), {{"TEST", "/name", 40}, {"STATISTIC", "/statistic", 24}, {"P", "/p_value", 24}, {"VALUE", "/value", 24}});
  text += more_scores(answer, "permutation",
                      "by permutations:", {{"TEST", "/name", 40}, {"STATISTIC", "/statistic", 24}, {"P", "/p_value", 24}});
  text += more_scores(answer, "windowed", "over the reference's deciles or the categories; 'expected' is what no change at all would give:",
                      {{"SCORE", "/name", 40},
                       {"VALUE", "/value", 24},
                       {"EXPECTED", "/expected", 24},
                       {"CORRECTED", "/corrected", 24},
                       {"P", "/p_value", 24}});
  return text + "\nas Evidently 0.7.21 scores it:\n" +
         table(as_rows(answer.at("evidently").as_object()), {{"NAME", "/name", 30},
                                                             {"METHOD", "/method", 30},
                                                             {"SCORE", "/score", 24},
                                                             {"THRESHOLD", "/threshold", 10},
                                                             {"DRIFTED", "/drifted", 8},
                                                             {"", "/error", 60}});
}

int print_comparison(const StatsWords& w, bool json) {
  const auto answer = compare(w);
  if (!answer) return report_error(answer.error(), json);
  std::fputs(json ? pretty_json(*answer).c_str() : comparison_text(*answer).c_str(), stdout);
  return kDone;
}

Result<std::vector<std::uint64_t>> detections(const StatsWords& w) {
  FIREBREAK_ASSIGN(const Sample sample, read_sample(w.file, w.column, w.rows, {}));
  FIREBREAK_ASSIGN(const std::vector<double> values, numbers_of(sample.cells));
  FIREBREAK_ASSIGN(std::vector<std::uint64_t> found, stats::changes(w.detector, values, {w.clock, w.threshold}));
  for (std::uint64_t& at : found) at = sample.cells.rows[at];  // empty cells move positions away from rows
  return found;
}

int print_changes(const StatsWords& w, bool json) {
  const auto found = detections(w);
  if (!found) return report_error(found.error(), json);
  if (!json) {
    for (const std::uint64_t row : *found) fmt::print("{}\n", row);
    return kDone;
  }
  JsonArray rows;
  for (const std::uint64_t row : *found) rows.push_back(row);
  std::fputs(pretty_json(JsonObject{{"detections", std::move(rows)}}).c_str(), stdout);
  return kDone;
}

}  // namespace

void CommandLine::add_stats() {
  StatsWords& w = words_.stats;
  auto* stats = noun("stats", "statistics of columns of files of rows (.csv, .ndjson, also .zst; .parquet), without a server");
  auto* comparing = offline(stats, "compare", "two samples of a column: tests, distances, moments, and what Evidently would say",
                            [this, &w] { return print_comparison(w, words_.connection.json); });
  comparing->add_option("--reference", w.reference, "file with the reference")->required();
  comparing->add_option("--reference-rows", w.reference_rows, "FROM:TO, data rows from 0, the last one not included; all without it");
  comparing->add_option("--reference-where", w.reference_where, "COLUMN=VALUE: only such rows");
  comparing->add_option("--current", w.current, "file with the current rows; the reference's without it");
  comparing->add_option("--current-rows", w.current_rows, "FROM:TO");
  comparing->add_option("--current-where", w.current_where, "COLUMN=VALUE");
  comparing->add_option("--column", w.column, "the column; empty cells are left out")->required();
  comparing->add_option("--kind", w.kind, "what its cells are")->check(CLI::IsMember({"numeric", "categorical"}))->capture_default_str();
  comparing->add_option("--permutations", w.permutations, "tests that count permutations too: energy, MMD, total variation")
      ->check(CLI::Range(0, 100'000));
  auto* changing = offline(stats, "changes", "where a detector of changes speaks in a stream",
                           [this, &w] { return print_changes(w, words_.connection.json); });
  changing->add_option("file", w.file, "one value a row, in the order of time")->required();
  changing->add_option("--detector", w.detector, "with river's defaults")
      ->check(CLI::IsMember({"adwin", "page_hinkley", "kswin", "ddm", "eddm", "hddm_a", "hddm_w", "fhddm"}))
      ->required();
  changing->add_option("--column", w.column, "the column; all but adwin, page_hinkley and kswin take 1 for an error, 0 for none")
      ->required();
  changing->add_option("--rows", w.rows, "FROM:TO; the answer names rows of the file");
  changing->add_option("--clock", w.clock, "adwin: looks every so many values")->check(CLI::Range(1, 1'000'000))->capture_default_str();
  changing->add_option("--threshold", w.threshold, "page_hinkley: in the values' unit")->check(CLI::PositiveNumber)->capture_default_str();
}

}  // namespace firebreak::cli
