// Training snapshots and holdouts: CSV with a header line, as rows of an endpoint's feature schema.
//
// Columns may stand in any order; columns that are no feature are ignored but for the label column. RFC 4180 without
// quoted line breaks. Limits: limits::kDocumentBytes, 1,000,000 rows. Errors name line and column.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "types/observation.h"

namespace firebreak::replay {

struct Dataset {
  std::vector<FeatureRow> rows;
  std::vector<bool> positive;       // same length; false where there is no label column
  std::vector<std::string> source;  // column "source": where a row came from; empty when there is none
  std::vector<std::string> id, caller;  // columns "id" and "caller", the same way
};

Result<Dataset> parse_dataset(std::string_view csv, const FeatureSchema& schema);

}  // namespace firebreak::replay
