// detect: the production detectors over a file, without a server.
#include <fmt/core.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "base/files.h"
#include "run/main/command_line.h"
#include "run/main/detect_table.h"
#include "run/main/print.h"

namespace firebreak::cli {
namespace {

std::string onset_text(const Json& onset) {
  return onset.is_null() ? "" : fmt::format("{} to {}", onset.at(0).to_number<std::uint64_t>(), onset.at(1).to_number<std::uint64_t>());
}

std::string findings_text(const Json& answer) {
  const JsonArray& rows = answer.at("reference").at("rows").as_array();
  std::string text = fmt::format("reference: rows {} to {}; watched: {} numeric and {} categorical features in {} rows\n",
                                 cell(&rows[0]), cell(&rows[1]), answer.at("features").at("numeric").as_array().size(),
                                 answer.at("features").at("categorical").as_array().size(), cell(&answer.at("rows")));
  for (const Json& left : answer.at("not_watched").as_array())
    text += fmt::format("not watched: {} ({})\n", cell(&left.at("column")), cell(&left.at("reason")));
  const JsonArray& findings = answer.at("findings").as_array();
  if (findings.empty()) return text + "\nno findings\n";
  JsonArray table_rows;
  for (const Json& finding : findings) {
    JsonObject row = finding.as_object();
    row["began"] = onset_text(finding.at("onset"));
    table_rows.push_back(std::move(row));
  }
  return text + "\n" +
         table(table_rows, {{"ROW", "/row", 10}, {"FINDING", "/detector", 22}, {"FEATURE", "/feature", 24}, {"SEGMENT", "/segment", 24},
                            {"BEGAN IN ROWS", "/began", 22}, {"ENDED", "/closed_row", 10}, {"SUMMARY", "/summary", 120}});
}

int print_detection(DetectOptions options, bool json) {
  PosixFiles files;
  const bool shown = !json && isatty(STDERR_FILENO) != 0;
  int last = -1;
  if (shown)
    options.progress = [&last](double share) {
      const int percent = static_cast<int>(100 * share);
      if (percent == last) return;
      last = percent;
      fmt::print(stderr, "\r{:3} %", percent);
      std::fflush(stderr);
    };
  const auto answer = detect_in_file(files, options);
  if (shown && last >= 0) fmt::print(stderr, "\r     \r");
  if (!answer) return report_error(answer.error(), json);
  std::fputs(json ? pretty_json(*answer).c_str() : findings_text(*answer).c_str(), stdout);
  return kDone;
}

}  // namespace

void CommandLine::add_detect() {
  DetectOptions& w = words_.detect;
  auto* detect = offline(app_.get(), "detect", "the detectors over a file of rows (.csv, .ndjson, .parquet, .zst), as if it arrived",
                         [this, &w] { return print_detection(w, words_.connection.json); });
  detect->add_option("file", w.file, "the rows, in the order of time")->required();
  detect->add_option("--reference-rows", w.reference_rows, "FROM:TO, data rows from 0, the last one not included; without it the first quarter, at most 5000");
  detect->add_option("--label", w.label, "column with the truth");
  detect->add_option("--prediction", w.prediction, "column with the model's answer");
  detect->add_option("--score", w.score, "column with the model's score, 0 to 1");
  detect->add_option("--positive", w.positive, "the answer and label that claims a positive; without it the rarer of two");
  detect->add_option("--time", w.time, "column with the time of a row; without it 'time' or 'timestamp', else a second a row");
  detect->add_option("--id", w.id, "column with the id of a row");
  detect->add_option("--caller", w.caller, "column with who asked");
  detect->add_option("--ignore", w.ignore, "columns that are no features");
  detect->add_option("--config", w.config, "detector configuration (YAML); see content/detectors/default.yaml");
}

}  // namespace firebreak::cli
