#include "world/taps/columns.h"

#include <algorithm>
#include <sstream>

namespace firebreak::taps {

std::vector<std::string> split_names(const std::string& list) {
  std::vector<std::string> names;
  std::string name;
  std::istringstream in(list);
  while (std::getline(in, name, ','))
    if (!name.empty()) names.push_back(name);
  return names;
}

Columns columns_of(const FeatureSchema& features, const std::string& said) {
  if (!said.empty()) return {split_names(said), true};
  std::vector<std::string> names = features.numeric;
  names.insert(names.end(), features.categorical.begin(), features.categorical.end());
  if (std::find(names.begin(), names.end(), "f0") != names.end()) return {};
  if (!features.numeric.empty() && !features.categorical.empty()) return {{}, false};
  return {names, true};
}

Result<void> check_order(const Columns& columns, const std::vector<JsonObject>& records) {
  if (columns.known) return {};
  for (const JsonObject& record : records)
    if (const Json* features = find(record, "features"); features != nullptr && find(*features, "f0") != nullptr)
      return fail(Code::kInvalid, "its rows bear no names, and the endpoint's features are of two kinds: say the names in the rows' "
                                  "order: --columns a,b,c (over HTTP ?columns=a,b,c)");
  return {};
}

}  // namespace firebreak::taps
