// Which columns of a file are parts of a row rather than features: its id, time and caller, the truth and the model's answers.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "run/main/detect_table.h"

namespace firebreak::cli {

// Columns by place; absent ones have none.
struct RowParts {
  std::optional<std::size_t> type, id, time, caller, label, prediction, score;
};

// By the options, else by their usual names: id, time and caller in any file, the rest in Firebreak's own records. "none" in an option:
// no column. kInvalid names a column that is not there.
Result<RowParts> parts_of(const std::vector<std::string>& names, const DetectOptions& options);

// The columns that are no features: parts, and those to be ignored; each goes to `not_watched` as {column, reason}. With fewer than a
// label and answers no performance is watched, and what was given of them are features like others.
Result<std::vector<bool>> used_columns(const std::vector<std::string>& names, const RowParts& parts, const DetectOptions& options, JsonArray& not_watched);

// {id, time, caller, label, prediction, score}: names or null.
Json parts_json(const std::vector<std::string>& names, const RowParts& parts);

// True for a label and something to hold it against.
inline bool has_performance(const RowParts& parts) { return parts.label && (parts.prediction || parts.score); }
// Why no performance is watched when that is false.
std::string no_performance(const std::vector<std::string>& names, const RowParts& parts);

}  // namespace firebreak::cli
