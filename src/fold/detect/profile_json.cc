// The blob form of a reference profile, version 1.
#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "fold/detect/embedding.h"
#include "fold/detect/profile.h"

namespace firebreak::detect {
namespace {

constexpr std::int64_t kVersion = 1;

Result<std::uint64_t> get_count(const Json& object, std::string_view key) {
  FIREBREAK_ASSIGN(const std::int64_t value, get_int(object, key));
  if (value < 0) return fail(Code::kInvalid, fmt::format("'{}' is negative", key));
  return static_cast<std::uint64_t>(value);
}

Result<const JsonArray*> get_array(const Json& object, std::string_view key) {
  const Json* found = find(object, key);
  if (found == nullptr || !found->is_array())
    return fail(Code::kInvalid, fmt::format("'{}' is no array", key), "/" + std::string(key));
  return &found->get_array();
}

// Profiles that were kept before these were counted lack them.
std::uint64_t count_or_none(const Json& object, std::string_view key) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(0, int_or(object, key, 0)));
}

template <class Reference>
void read_order(const Json& json, Reference& reference) {
  reference.repeats = count_or_none(json, "repeats");
  reference.longest_run = count_or_none(json, "longest_run");
  const Json* const excursions = find(json, "excursions");
  if (excursions == nullptr || !excursions->is_array()) return;
  for (const Json& one : excursions->get_array()) reference.excursions.push_back(one.is_number() ? one.to_number<double>() : 0);
}

Json to_json(const NumericReference& reference) {
  return JsonObject{{"name", reference.name},
                    {"values", JsonArray(reference.values.begin(), reference.values.end())},
                    {"cumulative", JsonArray(reference.cumulative.begin(), reference.cumulative.end())},
                    {"left_skewed", reference.left_skewed},
                    {"lower_median", reference.lower_median},
                    {"upper_median", reference.upper_median},
                    {"missing", reference.missing},
                    {"repeats", reference.repeats},
                    {"longest_run", reference.longest_run},
                    {"excursions", JsonArray(reference.excursions.begin(), reference.excursions.end())}};
}

Result<NumericReference> numeric_from_json(const Json& json, std::uint64_t rows) {
  NumericReference reference;
  FIREBREAK_ASSIGN(reference.name, get_string(json, "name"));
  FIREBREAK_ASSIGN(const JsonArray* values, get_array(json, "values"));
  FIREBREAK_ASSIGN(const JsonArray* cumulative, get_array(json, "cumulative"));
  for (const Json& value : *values) {
    if (!value.is_number()) return fail(Code::kInvalid, "a reference value is no number");
    reference.values.push_back(value.to_number<double>());
  }
  for (const Json& count : *cumulative) {
    if (!count.is_int64() && !count.is_uint64())
      return fail(Code::kInvalid, "a reference count is no whole number");
    reference.cumulative.push_back(count.to_number<std::uint64_t>());
  }
  FIREBREAK_ASSIGN(reference.left_skewed, get_bool(json, "left_skewed"));
  FIREBREAK_ASSIGN(reference.lower_median, get_number(json, "lower_median"));
  FIREBREAK_ASSIGN(reference.upper_median, get_number(json, "upper_median"));
  reference.missing = count_or_none(json, "missing");
  read_order(json, reference);
  const auto ascending = [](const auto& v) {
    return std::adjacent_find(v.begin(), v.end(), std::greater_equal<>()) == v.end();
  };
  if (reference.values.empty() || reference.values.size() != reference.cumulative.size() ||
      !ascending(reference.values) || !ascending(reference.cumulative) || reference.cumulative.back() + reference.missing != rows)
    return fail(Code::kInvalid,
                fmt::format("values and counts of '{}' do not fit each other", reference.name));
  return reference;
}

Result<CategoryReference> category_from_json(const Json& json) {
  CategoryReference reference;
  FIREBREAK_ASSIGN(reference.name, get_string(json, "name"));
  const Json* counts = find(json, "counts");
  if (counts == nullptr || !counts->is_object())
    return fail(Code::kInvalid, "'counts' is no object", "/counts");
  for (const auto& member : counts->get_object()) {
    FIREBREAK_ASSIGN(const std::uint64_t count, get_count(*counts, member.key()));
    reference.counts[std::string(member.key())] = count;
  }
  read_order(json, reference);
  reference.novel = count_or_none(json, "novel");
  return reference;
}

Result<MixtureReference> mixture_from_json(const Json& json) {
  MixtureReference out;
  const Json* const mixture = find(json, "mixture");
  if (mixture == nullptr) return out;
  for (const auto& [key, into] : {std::pair("mean", &out.mean), std::pair("usual", &out.usual)}) {
    FIREBREAK_ASSIGN(const JsonArray* values, get_array(*mixture, key));
    for (const Json& value : *values) {
      if (!value.is_number()) return fail(Code::kInvalid, "a value of 'mixture' is no number", "/mixture");
      into->push_back(value.to_number<double>());
    }
  }
  if (out.mean.size() != kEmbedding || out.usual.empty() || !std::is_sorted(out.usual.begin(), out.usual.end()))
    return fail(Code::kInvalid, "'mixture' does not fit", "/mixture");
  out.excursion = number_or(*mixture, "excursion");
  return out;
}

Result<PerformanceBaseline> performance_from_json(const Json& json) {
  PerformanceBaseline baseline;
  FIREBREAK_ASSIGN(baseline.flagged, get_count(json, "flagged"));
  FIREBREAK_ASSIGN(baseline.positives, get_count(json, "positives"));
  FIREBREAK_ASSIGN(baseline.true_positives, get_count(json, "true_positives"));
  return baseline;
}

}  // namespace

Json to_json(const ReferenceProfile& profile) {
  JsonArray numeric, categories;
  for (const NumericReference& reference : profile.numeric) numeric.push_back(to_json(reference));
  for (const CategoryReference& reference : profile.categories) {
    JsonObject counts;
    for (const auto& [value, count] : reference.counts) counts[value] = count;
    categories.push_back(JsonObject{{"name", reference.name}, {"counts", std::move(counts)}, {"repeats", reference.repeats}, {"longest_run", reference.longest_run},
                                    {"excursions", JsonArray(reference.excursions.begin(), reference.excursions.end())}, {"novel", reference.novel}});
  }
  JsonObject out{{"version", kVersion},
                 {"rows", profile.rows},
                 {"copies", profile.copies},
                 {"ordered", profile.ordered},
                 {"numeric", std::move(numeric)},
                 {"categories", std::move(categories)},
                 {"tail_limit", profile.tail_limit},
                 {"tail_share", profile.tail_share}};
  if (!profile.mixture.usual.empty())
    out["mixture"] = JsonObject{{"mean", JsonArray(profile.mixture.mean.begin(), profile.mixture.mean.end())},
                                {"usual", JsonArray(profile.mixture.usual.begin(), profile.mixture.usual.end())},
                                {"excursion", profile.mixture.excursion}};
  if (profile.performance)
    out["performance"] = JsonObject{{"flagged", profile.performance->flagged},
                                    {"positives", profile.performance->positives},
                                    {"true_positives", profile.performance->true_positives}};
  return out;
}

Result<ReferenceProfile> profile_from_json(const Json& json) {
  FIREBREAK_ASSIGN(const std::int64_t version, get_int(json, "version"));
  if (version != kVersion)
    return fail(Code::kInvalid, fmt::format("reference profile version {} is unknown", version));
  ReferenceProfile profile;
  FIREBREAK_ASSIGN(profile.rows, get_count(json, "rows"));
  profile.copies = count_or_none(json, "copies");
  if (find(json, "ordered") != nullptr) {
    FIREBREAK_ASSIGN(profile.ordered, get_bool(json, "ordered"));
  }
  FIREBREAK_ASSIGN(const JsonArray* numeric, get_array(json, "numeric"));
  for (const Json& item : *numeric) {
    FIREBREAK_ASSIGN(NumericReference reference, numeric_from_json(item, profile.rows));
    profile.numeric.push_back(std::move(reference));
  }
  FIREBREAK_ASSIGN(const JsonArray* categories, get_array(json, "categories"));
  for (const Json& item : *categories) {
    FIREBREAK_ASSIGN(CategoryReference reference, category_from_json(item));
    profile.categories.push_back(std::move(reference));
  }
  FIREBREAK_ASSIGN(profile.tail_limit, get_number(json, "tail_limit"));
  FIREBREAK_ASSIGN(profile.tail_share, get_number(json, "tail_share"));
  if (const Json* performance = find(json, "performance");
      performance != nullptr && !performance->is_null()) {
    FIREBREAK_ASSIGN(profile.performance, performance_from_json(*performance));
  }
  FIREBREAK_ASSIGN(profile.mixture, mixture_from_json(json));
  return profile;
}

}  // namespace firebreak::detect
