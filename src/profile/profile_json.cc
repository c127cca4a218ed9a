#include "profile/profile_json.h"

#include <fmt/core.h>

#include <cmath>
#include <set>

#include "base/encoding.h"
#include "profile/builder.h"
#include "profile/scale.h"
#include "stats/intervals.h"

namespace firebreak::profile {
namespace {

constexpr const char* kFormat = "firebreak-profile";
constexpr std::int64_t kVersion = 1;
constexpr std::uint64_t kMostRows = std::uint64_t{1} << 53;  // a JSON number holds it exactly

// ---- writing

JsonArray counts_json(std::span<const std::uint64_t> counts) {
  JsonArray out;
  for (const std::uint64_t count : counts) out.push_back(count);
  return out;
}

// Sums of fourth powers leave the range of a double before the values do.
Json number_json(double value) {
  if (std::isfinite(value)) return value;
  return std::isnan(value) ? "nan" : value > 0 ? "inf" : "-inf";
}

JsonObject moments_json(const stats::Moments& moments) {
  const auto state = moments.state();
  JsonObject out{{"n", state.n}};
  for (const auto& [name, value] : {std::pair("mean", state.mean), std::pair("m2", state.m2), std::pair("m3", state.m3),
                                    std::pair("m4", state.m4), std::pair("min", state.min), std::pair("max", state.max)})
    out[name] = number_json(value);
  if (state.n > 1) out["std"] = number_json(moments.std_sample());
  return out;
}

JsonObject range_json(const NumericProfile& numeric) {
  const std::uint64_t n = numeric.moments.n();
  return {{"low", numeric.moments.min()},
          {"high", numeric.moments.max()},
          {"confidence", 0.95},
          {"below_at_most", stats::beyond_one_end(n)},
          {"above_at_most", stats::beyond_one_end(n)},
          {"outside_at_most", stats::beyond_both_ends(n)}};
}

JsonObject scale_json(const FeatureProfile& feature) {
  const ScaleHints hints = scale_of(feature);
  JsonArray words;
  for (const std::string& word : hints.words()) words.emplace_back(word);
  return {{"smallest_magnitude", hints.smallest_magnitude},
          {"median_magnitude", hints.median_magnitude},
          {"largest_magnitude", hints.largest_magnitude},
          {"looks", std::move(words)}};
}

JsonObject numeric_json(const FeatureProfile& feature) {
  const NumericProfile& numeric = feature.numeric;
  JsonArray edges, sums;
  for (const double edge : numeric.edges) edges.push_back(edge);
  for (const double sum : numeric.sums) sums.push_back(number_json(sum));
  JsonObject out{{"nan", numeric.nan},
                 {"plus_infinity", numeric.plus_infinity},
                 {"minus_infinity", numeric.minus_infinity},
                 {"integral", numeric.integral},
                 {"zeros", numeric.zeros},
                 {"negative", numeric.negative},
                 {"smallest_magnitude", numeric.smallest_magnitude},
                 {"largest_magnitude", numeric.largest_magnitude},
                 {"moments", moments_json(numeric.moments)},
                 {"edges", std::move(edges)},
                 {"bins", counts_json(numeric.bins)},
                 {"sums", std::move(sums)},
                 {"quantile_sketch", to_base64(numeric.quantiles.encode())}};
  if (numeric.moments.n() == 0) return out;
  if (numeric.quantiles.n() != 0) {
    JsonObject quantiles;
    for (const double q : {0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99}) quantiles[fmt::format("{}", q)] = numeric.quantiles.quantile(q);
    out["quantiles"] = std::move(quantiles);
    out["rank_error"] = numeric.quantiles.rank_error();
  }
  out["range"] = range_json(numeric);
  out["scale"] = scale_json(feature);
  return out;
}

JsonObject categorical_json(const CategoricalProfile& categorical) {
  JsonArray top;
  for (const auto& [name, count] : categorical.top) top.push_back(JsonArray{Json(name), Json(count)});
  JsonObject out{{"top", std::move(top)}, {"other", categorical.other}, {"lengths", moments_json(categorical.lengths)}};
  if (categorical.other != 0 && categorical.unnamed_most) out["unnamed_most"] = *categorical.unnamed_most;
  if (!categorical.folded.empty()) out["folded"] = counts_json(categorical.folded);
  return out;
}

JsonObject feature_json(const FeatureProfile& feature) {
  const auto missing = stats::wilson(static_cast<double>(feature.missing), static_cast<double>(feature.rows));
  JsonObject out{{"name", feature.name},
                 {"type", type_name(feature.type)},
                 {"rows", feature.rows},
                 {"missing", feature.missing},
                 {"missing_share_95", JsonArray{missing.low, missing.high}},
                 {"wrong", feature.wrong},
                 {"distinct", std::round(feature.distinct_values())},
                 {"distinct_sketch", to_base64(feature.distinct.encode())}};
  if (feature.kind == FeatureKind::kNumeric)
    out["numeric"] = numeric_json(feature);
  else
    out["categorical"] = categorical_json(feature.categorical);
  return out;
}

// ---- reading

Result<std::uint64_t> get_count(const Json& object, std::string_view key) {
  FIREBREAK_ASSIGN(const std::int64_t count, get_int(object, key));
  if (count < 0 || static_cast<std::uint64_t>(count) > kMostRows) return fail(Code::kInvalid, "no count", fmt::format("/{}", key));
  return static_cast<std::uint64_t>(count);
}

Result<const Json*> get_part(const Json& object, const char* key) {
  const Json* const part = find(object, key);
  if (part == nullptr) return fail(Code::kInvalid, fmt::format("'{}' is missing", key), fmt::format("/{}", key));
  return part;
}

Result<const JsonArray*> get_array(const Json& object, const char* key, std::size_t most) {
  FIREBREAK_ASSIGN(const Json* const part, get_part(object, key));
  if (!part->is_array() || part->get_array().size() > most)
    return fail(Code::kInvalid, fmt::format("no array of at most {} places", most), fmt::format("/{}", key));
  return &part->get_array();
}

Result<double> as_number(const Json& value, const std::string& pointer) {
  if (value.is_number()) return value.to_number<double>();
  if (value == "nan") return std::nan("");
  if (value == "inf" || value == "-inf") return value == "inf" ? HUGE_VAL : -HUGE_VAL;
  return fail(Code::kInvalid, "a number that is none", pointer);
}

Result<double> get_any_number(const Json& object, const char* key) {
  FIREBREAK_ASSIGN(const Json* const value, get_part(object, key));
  return as_number(*value, fmt::format("/{}", key));
}

Result<stats::Moments> get_moments(const Json& object, const char* key) {
  FIREBREAK_ASSIGN(const Json* const part, get_part(object, key));
  stats::Moments::State state;
  FIREBREAK_ASSIGN(state.n, get_count(*part, "n"));
  for (const auto& [name, value] : {std::pair("mean", &state.mean), std::pair("m2", &state.m2), std::pair("m3", &state.m3),
                                    std::pair("m4", &state.m4), std::pair("min", &state.min), std::pair("max", &state.max)}) {
    FIREBREAK_ASSIGN(*value, get_any_number(*part, name));
  }
  if (state.m2 < 0 || state.m4 < 0 || !(state.min <= state.max) || !std::isfinite(state.min) || !std::isfinite(state.max))
    return fail(Code::kInvalid, "no moments", fmt::format("/{}", key));
  if (state.n == 0 && !(state == stats::Moments::State{})) return fail(Code::kInvalid, "moments of nothing", fmt::format("/{}", key));
  return stats::Moments::from_state(state);
}

Result<std::uint64_t> as_count(const Json& value, const char* pointer) {
  const bool is_count = value.is_uint64() || (value.is_int64() && value.get_int64() >= 0);
  const std::uint64_t count = is_count ? value.to_number<std::uint64_t>() : UINT64_MAX;
  if (count > kMostRows) return fail(Code::kInvalid, "a count that is none", pointer);
  return count;
}

template <class Sketch>
Result<Sketch> get_sketch(const Json& object, const char* key) {
  FIREBREAK_ASSIGN(const std::string text, get_string(object, key));
  FIREBREAK_ASSIGN(const Bytes octets, from_base64(text));
  auto sketch = Sketch::decode(octets);
  if (!sketch) return fail(std::move(sketch.error()).with("a sketch of the profile").at(fmt::format("/{}", key)));
  return sketch;
}

Result<void> read_bins(const Json& object, NumericProfile& out) {
  FIREBREAK_ASSIGN(const JsonArray* const edges, get_array(object, "edges", kBins - 1));
  for (const Json& edge : *edges) {
    if (!edge.is_number()) return fail(Code::kInvalid, "an edge that is no number", "/edges");
    out.edges.push_back(edge.to_number<double>());
    if (out.edges.size() > 1 && !(out.edges.back() > out.edges[out.edges.size() - 2]))
      return fail(Code::kInvalid, "the edges do not ascend", "/edges");
  }
  FIREBREAK_ASSIGN(const JsonArray* const bins, get_array(object, "bins", kBins));
  for (const Json& bin : *bins) {
    FIREBREAK_ASSIGN(const std::uint64_t count, as_count(bin, "/bins"));
    out.bins.push_back(count);
  }
  FIREBREAK_ASSIGN(const JsonArray* const sums, get_array(object, "sums", kBins));
  for (const Json& sum : *sums) {
    FIREBREAK_ASSIGN(const double value, as_number(sum, "/sums"));
    out.sums.push_back(value);
  }
  if (out.sums.size() != out.bins.size()) return fail(Code::kInvalid, "as many sums as bins are wanted", "/sums");
  if (out.bins.size() != out.edges.size() + 1) return fail(Code::kInvalid, "as many bins as edges and one are wanted", "/bins");
  return {};
}

Result<void> read_numeric(const Json& object, NumericProfile& out) {
  for (const auto& [name, value] :
       {std::pair("nan", &out.nan), std::pair("plus_infinity", &out.plus_infinity), std::pair("minus_infinity", &out.minus_infinity),
        std::pair("zeros", &out.zeros), std::pair("negative", &out.negative)}) {
    FIREBREAK_ASSIGN(*value, get_count(object, name));
  }
  FIREBREAK_ASSIGN(out.integral, get_bool(object, "integral"));
  FIREBREAK_ASSIGN(out.smallest_magnitude, get_number(object, "smallest_magnitude"));
  FIREBREAK_ASSIGN(out.largest_magnitude, get_number(object, "largest_magnitude"));
  if (out.smallest_magnitude < 0 || out.smallest_magnitude > out.largest_magnitude)
    return fail(Code::kInvalid, "no magnitudes", "/smallest_magnitude");
  FIREBREAK_ASSIGN(out.moments, get_moments(object, "moments"));
  FIREBREAK_TRY(read_bins(object, out));
  FIREBREAK_ASSIGN(out.quantiles, get_sketch<stats::QuantileSketch>(object, "quantile_sketch"));
  const std::uint64_t n = out.moments.n();
  const bool has_sketch = out.quantiles.n() == n || out.quantiles.n() == 0;  // an imported profile has none
  if (!has_sketch || stats::total(out.bins) != n || out.quantiles.k() != stats::QuantileSketch::kDefaultK)
    return fail(Code::kInvalid, "moments, bins and sketch count different values", "/bins");
  return {};
}

// Absent in profiles from before, and where another tool made them. No fewer rows than the names alone account for, and in all as many.
Result<void> read_folded(const Json& object, CategoricalProfile& out) {
  if (find(object, "folded") == nullptr) return {};
  FIREBREAK_ASSIGN(const JsonArray* const folded, get_array(object, "folded", kFolded));
  for (const Json& one : *folded) {
    FIREBREAK_ASSIGN(const std::uint64_t count, as_count(one, "/folded"));
    out.folded.push_back(count);
  }
  stats::Counts named(kFolded);
  for (const auto& [name, count] : out.top) named[stats::text_hash(name) % kFolded] += count;
  bool adds_up = out.folded.size() == kFolded && stats::total(out.folded) == stats::total(named) + out.other;
  for (std::size_t i = 0; adds_up && i < kFolded; ++i) adds_up = named[i] <= out.folded[i];
  if (!adds_up) return fail(Code::kInvalid, "not the counts of its categories' hashes", "/folded");
  return {};
}

Result<void> read_categorical(const Json& object, CategoricalProfile& out) {
  FIREBREAK_ASSIGN(const JsonArray* const top, get_array(object, "top", 2 * kCategories));
  std::set<std::string_view> seen;
  for (const Json& one : *top) {
    const bool is_pair = one.is_array() && one.get_array().size() == 2 && one.at(0).is_string();
    if (!is_pair || one.at(0).get_string().size() > kCategoryBytes || !seen.insert(one.at(0).get_string()).second)
      return fail(Code::kInvalid, "a category is [name, count], each name once", "/top");
    FIREBREAK_ASSIGN(const std::uint64_t count, as_count(one.at(1), "/top"));
    out.top.emplace_back(std::string(one.at(0).get_string()), count);
  }
  FIREBREAK_ASSIGN(out.other, get_count(object, "other"));
  if (find(object, "unnamed_most") != nullptr) {
    FIREBREAK_ASSIGN(out.unnamed_most, get_count(object, "unnamed_most"));
    if (*out.unnamed_most == 0 || *out.unnamed_most > out.other) return fail(Code::kInvalid, "from 1 to 'other'", "/unnamed_most");
  }
  FIREBREAK_ASSIGN(out.lengths, get_moments(object, "lengths"));
  FIREBREAK_TRY(read_folded(object, out));
  CategoricalProfile sorted = out;
  keep_most_frequent(sorted, sorted.top.size());
  if (sorted.top != out.top) return fail(Code::kInvalid, "the most frequent category stands first", "/top");
  return {};
}

std::uint64_t rows_accounted(const FeatureProfile& feature) {
  std::uint64_t rows = feature.missing + feature.wrong;
  if (feature.kind == FeatureKind::kNumeric)
    return rows + feature.numeric.nan + feature.numeric.plus_infinity + feature.numeric.minus_infinity + feature.numeric.moments.n();
  for (const auto& [name, count] : feature.categorical.top) rows += count;
  return rows + feature.categorical.other;
}

Result<FeatureProfile> read_feature(const Json& object) {
  FeatureProfile out;
  FIREBREAK_ASSIGN(out.name, get_string(object, "name"));
  if (out.name.size() > kFeatureNameBytes) return fail(Code::kInvalid, "a name of that length", "/name");
  for (const auto& [name, value] : {std::pair("rows", &out.rows), std::pair("missing", &out.missing), std::pair("wrong", &out.wrong)}) {
    FIREBREAK_ASSIGN(*value, get_count(object, name));
  }
  FIREBREAK_ASSIGN(out.distinct, get_sketch<stats::DistinctSketch>(object, "distinct_sketch"));
  const Json *const numeric = find(object, "numeric"), *const categorical = find(object, "categorical");
  if ((numeric == nullptr) == (categorical == nullptr)) return fail(Code::kInvalid, "either 'numeric' or 'categorical' is wanted");
  if (numeric != nullptr) {
    if (auto ok = read_numeric(*numeric, out.numeric); !ok) return fail(std::move(ok.error()).at("/numeric"));
  } else {
    out.kind = FeatureKind::kCategorical;
    if (auto ok = read_categorical(*categorical, out.categorical); !ok) return fail(std::move(ok.error()).at("/categorical"));
  }
  out.type = type_of(out);
  FIREBREAK_ASSIGN(const std::string type, get_string(object, "type"));
  if (type != type_name(out.type))
    return fail(Code::kInvalid, fmt::format("its values are {}, not {}", type_name(out.type), type), "/type");
  if (rows_accounted(out) != out.rows) return fail(Code::kInvalid, "the counts do not add up to its rows", "/rows");
  return out;
}

}  // namespace

Json to_json(const DataProfile& profile) {
  JsonArray features;
  for (const FeatureProfile& feature : profile.features) features.push_back(feature_json(feature));
  JsonObject out{
      {"format", kFormat}, {"version", kVersion}, {"rows", profile.rows}, {"source", profile.source}, {"features", std::move(features)}};
  const std::string digest = digest_of(out).hex();
  out["digest"] = digest;
  return out;
}

Digest digest_of(const Json& document) {
  if (!document.is_object() || !document.get_object().contains("digest")) return sha256(canonical_json(document));
  JsonObject rest = document.get_object();
  rest.erase("digest");
  return sha256(canonical_json(rest));
}

bool is_profile(const Json& document) { return string_or(document, "format") == kFormat; }

Result<DataProfile> profile_from_json(const Json& document) {
  if (!is_profile(document)) return fail(Code::kInvalid, fmt::format("no profile: 'format' is not {}", kFormat), "/format");
  FIREBREAK_ASSIGN(const std::int64_t version, get_int(document, "version"));
  if (version != kVersion) return fail(Code::kInvalid, fmt::format("version {} is not known here", version), "/version");
  FIREBREAK_ASSIGN(const std::string digest, get_string(document, "digest"));
  if (digest != digest_of(document).hex())
    return fail(Code::kCorrupt, "the profile was changed after it was made: its digest is another", "/digest");
  DataProfile out;
  FIREBREAK_ASSIGN(out.rows, get_count(document, "rows"));
  FIREBREAK_ASSIGN(out.source, get_string(document, "source"));
  if (out.source.size() > kSourceBytes) return fail(Code::kInvalid, "a source of that length", "/source");
  FIREBREAK_ASSIGN(const JsonArray* const features, get_array(document, "features", kFeatures));
  std::set<std::string> names;
  for (std::size_t i = 0; i < features->size(); ++i) {
    auto feature = read_feature((*features)[i]);
    if (!feature) return fail(std::move(feature.error()).at(fmt::format("/features/{}", i)));
    if (!names.insert(feature->name).second)
      return fail(Code::kInvalid, fmt::format("'{}' appears twice", feature->name), fmt::format("/features/{}/name", i));
    out.features.push_back(std::move(*feature));
  }
  return out;
}

}  // namespace firebreak::profile
