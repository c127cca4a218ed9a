// The production detectors over a file of rows, as if it arrived: what `firebreak detect` does.
//
// A reference profile is built from some of its rows; every row behind them is an inference of an endpoint "file" and goes through
// detect::StreamDetector, the same folds as in the server. Columns become features by what the reference's rows hold: numbers, else
// categories. What identifies a row rather than describes it (ids, row numbers, times that rise) is not watched and said so.
// A file of Firebreak's own records (NDJSON with features.*, lines of "type": "label") is read as such.
// Errors: those of the file; kInvalid for columns and rows that are not there, for a reference of fewer than kLeastReference rows.
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
  std::string reference_rows;  // FROM:TO; empty: the first quarter, at most 5,000
  std::string label, prediction, score, time, id, caller;  // columns; the last three are found by these names when they are empty
  std::string positive;        // the answer and label that claims a positive; empty: the rarer of two in the reference
  std::vector<std::string> ignore;
  std::string config;          // detector configuration; empty: the default
  std::function<void(double share)> progress = {};
};

// {file, rows, reference, features, not_watched, budget, findings: [{row, detector, feature, segment, onset, value, limit, severity,
// closed_row, summary, numbers}]}; rows of the file, from 0.
Result<Json> detect_in_file(Files& files, const DetectOptions& options);

}  // namespace firebreak::cli
