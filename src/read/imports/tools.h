// One function a tool; imports.h chooses. Not for others.
#pragma once

#include "read/imports/imports.h"

namespace firebreak::imports {

Result<profile::DataProfile> tfdv_profile(std::string_view octets);
Result<profile::DataProfile> sagemaker_profile(const Json& document);
Result<profile::DataProfile> whylogs_profile(const Json& document);

// What a tool says about a feature (empty: the data as a whole).
struct Said {
  std::string feature, check, summary;
  std::map<std::string, double> numbers;
  bool bad = true;
};
Result<std::vector<Said>> sagemaker_violations(const Json& document);
Result<std::vector<Said>> evidently_results(const Json& document);

}  // namespace firebreak::imports
