// Files of other tools as profiles and findings. Pure; any thread.
//
// A profile that was imported holds what the tool wrote: its bins and counts (rounded to whole rows), no sketches; where a tool knows only
// mean and deviation the higher moments are NaN. Sums of bins are taken at the middles of bins.
// Limits: limits::kDocumentBytes, profile::kFeatures features. Errors: kInvalid with the place, kTooLarge.
#pragma once

#include <string_view>
#include <vector>

#include "base/json.h"
#include "profile/profile.h"
#include "types/finding.h"

namespace firebreak::imports {

enum class Tool { kEvidently, kSageMaker, kTfdv, kWhylogs };
Result<Tool> parse_tool(std::string_view name);  // "evidently", "sagemaker", "tfdv", "whylogs"
std::string_view tool_name(Tool tool);

// What the octets are: statistics, or results. kInvalid when they are neither, saying what is taken.
struct Imported {
  bool is_results = false;
  profile::DataProfile profile;             // when they are statistics
  std::vector<FindingUpdate> findings;      // when they are results: one each that the tool calls drifted, failed or violated
  std::uint64_t checks = 0;                 // results that the file holds, good ones too; 0 when it says only what is wrong
};
// SageMaker: statistics.json, constraint_violations.json. TFDV: DatasetFeatureStatisticsList as protobuf (also in a TFRecord) or as JSON.
// whylogs: the JSON of a view (DatasetProfileView.to_pandas() by records, or {column: to_summary_dict()}). Evidently: the JSON of a report or a
// test suite, of both its interfaces.
// Findings are opened, for `endpoint`, with `now` where the tool says no time; their episodes follow from the file and the check, so that the
// same file imported twice gives the same episodes.
Result<Imported> read(Tool tool, std::string_view octets, const std::string& endpoint, Time now);

// SageMaker's constraints.json: names that a text may have are added to the profile as categories seen 0 times, as far as they are not
// there. kInvalid: no constraints, or not one feature in common.
Result<void> apply_sagemaker_constraints(profile::DataProfile& profile, std::string_view octets);

}  // namespace firebreak::imports
