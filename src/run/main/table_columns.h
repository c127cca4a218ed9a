// What the columns of a file mean to a detector, as far as some of its rows tell.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "read/table/row.h"
#include "types/observation.h"

namespace firebreak::cli {

using TableRow = std::vector<table::Cell>;

struct TableColumns {
  FeatureSchema schema;
  std::vector<std::size_t> numeric, categorical;  // columns of the features, as in the schema
  std::vector<bool> strings;                      // by categorical feature: JSON strings and nothing else
  std::vector<bool> forms;                        // by categorical feature: nearly unique, watched by its forms
  JsonArray not_watched;                          // [{column, reason}]
};

// A nearly unique text is a category by its few forms (order numbers; fold/detect/text_shape.h), else it is free text and left out.
// `used`: columns that are no features in any case. Numbers that rise (or fall) with the rows, with or without jitter, number or date
// them: they leave any reference behind for ever, and are left out with that reason.
TableColumns tell_columns(const std::vector<std::string>& names, const std::vector<TableRow>& rows, const std::vector<bool>& used);

// Whether these are columns of Firebreak's own records.
bool are_records(const std::vector<std::string>& names);

// The name of a column as a feature's; empty for one that is none (beside the features of Firebreak's own records).
std::string feature_name(const std::vector<std::string>& names, std::size_t column);

// A row's features, NaN and "" for what is missing. `mistyped`, when there is one, gets the features whose cell has a value of another
// type than the column: text among numbers, a number or a flag among JSON strings; numbered as in Observation.
FeatureRow features_in(const TableColumns& columns, const TableRow& row, std::vector<std::size_t>* mistyped);

}  // namespace firebreak::cli
