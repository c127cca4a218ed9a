// detect: the production detectors over a file, without a server.
#include <fmt/core.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "base/files.h"
#include "run/main/command_line.h"
#include "run/main/detect_table.h"
#include "run/main/odd_answers.h"
#include "run/main/print.h"
#include "run/main/standard_input.h"

namespace firebreak::cli {
namespace {

std::string onset_text(const Json& onset) {
  return onset.is_null() ? "" : fmt::format("{} to {}", onset.at(0).to_number<std::uint64_t>(), onset.at(1).to_number<std::uint64_t>());
}

std::string figure_text(const Json& number) { return number.is_null() ? "-" : fmt::format("{:.4g}", number.to_number<double>()); }

// What was assumed of the answers, and what they are held against.
std::string performance_text(const Json& answer) {
  const Json& performance = answer.at("performance");
  if (!performance.at("watched").get_bool()) return fmt::format("performance: not watched: {}\n", string_or(performance, "reason"));
  const Json& labels = performance.at("labels");
  const JsonArray& rows = answer.at("reference").at("rows").as_array();
  std::string text = fmt::format("performance: {} ({})", string_or(performance, "problem"), string_or(performance, "because"));
  if (!performance.at("positive").is_null()) text += fmt::format(", positive '{}'", cell(&performance.at("positive")));
  if (!performance.at("error_limit").is_null()) text += fmt::format(", errors of {} and more count alike", figure_text(performance.at("error_limit")));
  text += fmt::format("; {} labels joined, {} more in the reference\n", cell(&labels.at("joined")), cell(&labels.at("reference")));
  const bool own = labels.at("reference").to_number<std::uint64_t>() > 0;
  const std::string basis = own ? fmt::format("in rows {} to {}", cell(&rows[0]), cell(&rows[1])) : "in the first labels";
  for (const Json& one : performance.at("measures").as_array())
    text += fmt::format("  {}: {} {}, beyond {} it is a drop; {} in the newest {} labels\n", string_or(one, "figure"), figure_text(one.at("baseline")), basis,
                        figure_text(one.at("limit")), figure_text(one.at("value")), cell(&one.at("labels")));
  for (const Json& one : performance.at("not_watched").as_array())
    text += fmt::format("  {}: not watched: {}\n", string_or(one, "figure"), string_or(one, "reason"));
  return text;
}

// What says nothing of performance, and must not pass for a good sign.
std::string odd_text(const Json& answer) {
  std::string text;
  const Json& performance = answer.at("performance");
  if (const Json* const none = find(performance, "without_answer"); none != nullptr && !none->is_null())
    text += fmt::format("rows without an answer behind the reference: {}, the first is row {}; they say nothing of performance\n", cell(&none->at("count")),
                        cell(&none->at("first_row")));
  if (const Json* const fresh = find(performance, "new_labels"); fresh != nullptr && !fresh->is_null())
    text += fmt::format("labels of a class that the reference never had: {}, the first '{}' in row {}{}\n", cell(&fresh->at("count")), cell(&fresh->at("first")),
                        cell(&fresh->at("first_row")), performance.at("positive").is_null() ? "" : "; they count as not positive");
  const Json& outside = answer.at("scores_outside");
  if (outside.is_null()) return text;
  text += fmt::format("scores outside 0 to 1: {}, the first '{}' in row {}; they say nothing of performance\n", cell(&outside.at("count")), cell(&outside.at("first")),
                      cell(&outside.at("first_row")));
  if (!outside.at("none_from").is_null())
    text += fmt::format("  more than {} of {} lie outside: from row {} on nothing is estimated or judged by scores, those inside included\n", OddAnswers::kMostOutside,
                        OddAnswers::kScores, cell(&outside.at("none_from")));
  return text;
}

std::string findings_text(const Json& answer) {
  const JsonArray& rows = answer.at("reference").at("rows").as_array();
  std::string text = fmt::format("reference: rows {} to {}; watched: {} numeric and {} categorical features in {} rows\n",
                                 cell(&rows[0]), cell(&rows[1]), answer.at("features").at("numeric").as_array().size(),
                                 answer.at("features").at("categorical").as_array().size(), cell(&answer.at("rows")));
  text += performance_text(answer) + odd_text(answer);
  for (const Json& left : answer.at("not_watched").as_array())
    text += fmt::format("not watched: {} ({})\n", cell(&left.at("column")), cell(&left.at("reason")));
  const JsonArray& findings = answer.at("findings").as_array();
  if (findings.empty()) return text + "\nno findings\n";
  JsonArray table_rows;
  for (const Json& finding : findings) {
    JsonObject row = finding.as_object();
    row["began"] = onset_text(finding.at("onset"));
    if (string_or(finding, "detector") == "caller_mix" && !finding.at("callers").as_array().empty())
      row["summary"] = fmt::format("{}: {}", cell(&finding.at("callers").at(0)), string_or(finding, "summary"));
    table_rows.push_back(std::move(row));
  }
  return text + "\n" +
         table(table_rows, {{"ROW", "/row", 10}, {"FINDING", "/detector", 22}, {"FEATURE", "/feature", 24}, {"SEGMENT", "/segment", 24},
                            {"BEGAN IN ROWS", "/began", 22}, {"ENDED", "/closed_row", 10}, {"SUMMARY", "/summary", 120}});
}

Result<Json> detect_in(DetectOptions options) {
  if (options.file != "-") {
    PosixFiles files;
    return detect_in_file(files, options);
  }
  FIREBREAK_ASSIGN(const KeptInput input, keep_input(STDIN_FILENO));
  options.file = kStandardInput;
  if (options.format.empty()) options.format = input.format;
  return detect_in_file(*input.files, options);
}

int print_detection(DetectOptions options, bool json) {
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
  const auto answer = detect_in(options);
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
  detect->add_option("file", w.file, "the rows, in the order of time; - is standard input")->required();
  detect->add_option("--format", w.format, "csv or ndjson; without it by the file's name, of standard input by its first character")
      ->check(CLI::IsMember({"csv", "ndjson"}));
  detect->add_option("--reference-rows", w.reference_rows, "FROM:TO, data rows from 0, the last one not included; without it the first quarter, at most 5000");
  detect->add_option("--label", w.label, "column with the truth; performance is watched when there are answers as well, else it is a feature");
  detect->add_option("--prediction", w.prediction, "column with the model's answer");
  detect->add_option("--score", w.score, "column with the model's score, 0 to 1");
  detect->add_option("--positive", w.positive, "the answer and label that claims a positive; without it the rarer of two");
  detect->add_option("--time", w.time, "column with the time of a row, as text or seconds (ms, us, ns) since 1970; without it 'time' or 'timestamp', "
                                             "else a second a row; none: a second a row whatever the columns are called");
  detect->add_option("--id", w.id, "column with the id of a row; without it 'id'; none: no column");
  detect->add_option("--caller", w.caller, "column with who asked; without it 'caller'; none: no column");
  detect->add_option("--ignore", w.ignore, "columns that are no features");
  detect->add_option("--config", w.config, "detector configuration (YAML); see content/detectors/default.yaml");
}

}  // namespace firebreak::cli
