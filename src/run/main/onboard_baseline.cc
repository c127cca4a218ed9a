#include "run/main/onboard_baseline.h"

#include <fmt/core.h>

#include "run/main/record_lines.h"
#include "world/taps/columns.h"
#include "world/taps/tap.h"

namespace firebreak::cli {

JsonObject features_of(const FeatureSchema& schema) {
  return {{"numeric", JsonArray(schema.numeric.begin(), schema.numeric.end())},
          {"categorical", JsonArray(schema.categorical.begin(), schema.categorical.end())}};
}

bool has_features(const Json& endpoint) {
  const FeatureSchema schema = schema_of(endpoint);
  return !schema.numeric.empty() || !schema.categorical.empty();
}

FeatureSchema schema_of(const Json& endpoint) {
  const Json* features = find(endpoint, "features");
  if (features == nullptr) return {};
  return {strings_or_empty(*features, "numeric"), strings_or_empty(*features, "categorical")};
}

Result<taps::Guess> look_at_records(const std::string& file, const Json& endpoint) {
  constexpr std::size_t kLook = 1'000;
  FIREBREAK_ASSIGN(Lines lines, Lines::open(file));
  const std::vector<std::string> head = lines.head(kLook);
  if (head.empty()) return fail(Code::kInvalid, file + " holds no line");
  const auto format = taps::detect_format(head.front());
  if (!format) return fail(Code::kInvalid, fmt::format("{}: {}", file, format.error().message));
  taps::Tap tap(*format, taps::Options{string_or(endpoint, "name"), taps::columns_of(schema_of(endpoint), "").names, "line", format_time(Time{})});
  std::vector<JsonObject> records;
  for (const std::string& line : head)
    if (auto taken = tap.take(line))
      for (JsonObject& record : *taken) records.push_back(std::move(record));
  for (JsonObject& record : tap.finish()) records.push_back(std::move(record));
  const taps::Guess guess = taps::guess_schema(records);
  if (guess.features.numeric.empty() && guess.features.categorical.empty())
    return fail(Code::kInvalid, fmt::format("{}: none of its first {} lines holds the features of a request", file, head.size()));
  return guess;
}

}  // namespace firebreak::cli
