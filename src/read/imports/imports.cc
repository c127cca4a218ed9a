#include "read/imports/imports.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "base/limits.h"
#include "profile/builder.h"
#include "profile/profile_json.h"
#include "read/imports/tools.h"

namespace firebreak::imports {
namespace {

constexpr std::string_view kNames[] = {"evidently", "sagemaker", "tfdv", "whylogs"};
constexpr std::size_t kFindings = 1'000, kSummaryBytes = 400;

// Cut at a whole character.
std::string shortened(std::string text, std::size_t most) {
  if (text.size() <= most) return text;
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xc0) == 0x80) --most;
  return text.substr(0, most);
}

FindingUpdate finding_of(Tool tool, const Said& said, const Digest& file, const std::string& endpoint, Time now) {
  FindingUpdate out;
  out.kind = "imported_result";
  out.origin = tool_name(tool);
  out.endpoint = out.stream = endpoint;
  out.severity = said.feature.empty() ? Severity::kMedium : Severity::kLow;
  out.feature = said.feature;
  const Digest what = sha256(said.check + '\n' + said.feature + '\n' + said.summary);
  out.episode = fmt::format("imported/{}/{}/{}", tool_name(tool), file.hex().substr(0, 16), what.hex().substr(0, 16));
  out.first_time = out.last_time = now;
  out.count = 1;
  for (const auto& [name, value] : said.numbers)
    if (std::isfinite(value)) out.numbers[name] = value;
  out.summary = shortened(said.summary, kSummaryBytes);
  return out;
}

Result<Imported> as_findings(Tool tool, Result<std::vector<Said>> results, std::string_view octets, const std::string& endpoint, Time now) {
  if (!results) return fail(std::move(results.error()));
  Imported out;
  out.is_results = true;
  const Digest file = sha256(octets);
  for (Said& said : *results) {
    said.feature = shortened(said.feature, profile::kFeatureNameBytes);
    ++out.checks;
    if (said.bad) out.findings.push_back(finding_of(tool, said, file, endpoint, now));
  }
  if (out.findings.size() > kFindings) return fail(Code::kTooLarge, fmt::format("the file holds more than {} results", kFindings));
  return out;
}

Result<Imported> as_profile(Tool tool, Result<profile::DataProfile> read) {
  if (!read) return fail(std::move(read.error()));
  Imported out;
  out.profile = std::move(*read);
  if (out.profile.features.empty()) return fail(Code::kInvalid, "the file holds no statistics of a feature");
  if (out.profile.features.size() > profile::kFeatures)
    return fail(Code::kTooLarge, fmt::format("more than {} features", profile::kFeatures));
  std::vector<std::string_view> names;
  for (const auto& feature : out.profile.features) {
    names.push_back(feature.name);
    out.profile.rows = std::max(out.profile.rows, feature.rows);
  }
  std::sort(names.begin(), names.end());
  if (const auto twice = std::adjacent_find(names.begin(), names.end()); twice != names.end())
    return fail(Code::kInvalid, fmt::format("'{}' appears twice: one data set or slice a file", *twice));
  out.profile.source = fmt::format("imported from {}", tool_name(tool));
  return out;
}

}  // namespace

Result<Tool> parse_tool(std::string_view name) {
  for (std::size_t i = 0; i < std::size(kNames); ++i)
    if (kNames[i] == name) return static_cast<Tool>(i);
  return fail(Code::kInvalid, fmt::format("'{}' is no tool that is known here: evidently, sagemaker, tfdv, whylogs", name));
}

std::string_view tool_name(Tool tool) { return kNames[static_cast<std::size_t>(tool)]; }

Result<Imported> read(Tool tool, std::string_view octets, const std::string& endpoint, Time now) {
  if (octets.size() > limits::kDocumentBytes) return fail(Code::kTooLarge, fmt::format("more than {} octets", limits::kDocumentBytes));
  if (tool == Tool::kTfdv) return as_profile(tool, tfdv_profile(octets));
  FIREBREAK_ASSIGN(const Json document, parse_json(octets));
  if (tool == Tool::kWhylogs) return as_profile(tool, whylogs_profile(document));
  if (tool == Tool::kEvidently) return as_findings(tool, evidently_results(document), octets, endpoint, now);
  if (find(document, "violations") != nullptr) return as_findings(tool, sagemaker_violations(document), octets, endpoint, now);
  return as_profile(tool, sagemaker_profile(document));
}

Result<void> apply_sagemaker_constraints(profile::DataProfile& profile, std::string_view octets) {
  FIREBREAK_ASSIGN(const Json document, parse_json(octets));
  const Json* const features = find(document, "features");
  if (features == nullptr || !features->is_array()) return fail(Code::kInvalid, "no constraints.json: it has no 'features'");
  std::size_t known = 0;
  for (const Json& constraint : features->get_array()) {
    const auto at = std::find_if(profile.features.begin(), profile.features.end(),
                                 [&](const auto& one) { return one.name == string_or(constraint, "name"); });
    if (at == profile.features.end()) continue;
    ++known;
    const Json* const texts = find(constraint, "string_constraints");
    if (texts == nullptr || at->kind != profile::FeatureKind::kCategorical) continue;
    auto& top = at->categorical.top;
    for (std::string& name : strings_or_empty(*texts, "domains")) {
      const bool is_there = std::any_of(top.begin(), top.end(), [&](const auto& one) { return one.first == name; });
      if (!is_there && top.size() < 2 * profile::kCategories && name.size() <= profile::kCategoryBytes)
        top.emplace_back(std::move(name), 0);
    }
    profile::keep_most_frequent(at->categorical, top.size());
    at->type = profile::type_of(*at);
  }
  if (known == 0) return fail(Code::kInvalid, "the constraints are about none of the profile's features");
  return {};
}

}  // namespace firebreak::imports
