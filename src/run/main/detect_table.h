// The production detectors over a file of rows, as if it arrived: what `firebreak detect` does.
//
// A reference profile is built from some of its rows; every row behind them is an inference of an endpoint "file" and goes through
// detect::StreamDetector, the same folds as in the server. Columns become features by what the reference's rows hold: numbers, else
// categories. What identifies a row rather than describes it (ids, row numbers, times that rise) is not watched and said so.
// A file of Firebreak's own records (NDJSON with features.*, lines of "type": "label") is read as such.
// Errors: those of the file; kInvalid for columns and rows that are not there, for two columns of one name, for a reference of fewer
// than kLeastReference rows or one that leaves no row to judge, for a row's time that is none and a score of the reference outside 0 to 1.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/json.h"
#include "run/main/table_file.h"

namespace firebreak::cli {

inline constexpr std::uint64_t kLeastReference = 100;

struct DetectOptions {
  std::string file;
  std::string format;          // "csv", "ndjson"; empty: by the file's name
  std::string reference_rows;  // FROM:TO; empty: the first quarter, at most 5,000
  std::string label, prediction, score, time, id, caller;  // columns, "none" for none; table_parts.h: found by name
  std::string positive;        // the answer and label that claims a positive; empty: the rarer of two in the reference
  std::vector<std::string> ignore;
  std::string config;          // detector configuration; empty: the default
  std::function<void(double share)> progress = {};
};

// {file, rows, reference, columns, features, not_watched, performance, scores_outside, budget, findings: [{row, detector, feature,
// segment, callers, onset, value, limit, severity, closed_row, summary, numbers}]}; rows of the file, from 0. `performance` is {watched:
// false, reason} or what performance_answer() says with `without_answer` and `new_labels` besides; these and `scores_outside` are as in
// odd_answers.h.
Result<Json> detect_in_file(Files& files, const DetectOptions& options);

}  // namespace firebreak::cli
