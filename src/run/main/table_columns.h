// What the columns of a file mean to a detector, as far as some of its rows tell.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "read/table/row.h"
#include "types/observation.h"

namespace firebreak::cli {

using TableRow = std::vector<table::Cell>;

// Columns by place; absent ones have none.
struct RowParts {
  std::optional<std::size_t> type, id, time, caller, label, prediction, score;
};

struct TableColumns {
  FeatureSchema schema;
  std::vector<std::size_t> numeric, categorical;  // columns of the features, as in the schema
  JsonArray not_watched;                           // [{column, reason}]
};

// `used`: columns that are parts of a row or to be ignored.
TableColumns tell_columns(const std::vector<std::string>& names, const std::vector<TableRow>& rows, const std::vector<bool>& used);

// A finite number; nothing for an absent cell and for other text. "nan" is a number that is missing.
std::optional<double> number_in(const table::Cell& cell);

}  // namespace firebreak::cli
