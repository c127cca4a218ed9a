// TensorFlow Data Validation: tensorflow.metadata.v0.DatasetFeatureStatisticsList, as protobuf, in a TFRecord, or as protobuf's JSON.
#include <fmt/core.h>

#include "base/bytes.h"
#include "read/imports/tabulated.h"
#include "read/imports/tools.h"
#include "read/imports/wire.h"

namespace firebreak::imports {
namespace {

using F = WireField;

// statistics.proto of tensorflow/metadata 1.21.
constexpr WireField kCommonFields[] = {
    {1, "num_non_missing", F::kUnsigned}, {2, "num_missing", F::kUnsigned}, {8, "tot_num_values", F::kUnsigned}};
constexpr WireMessage kCommon{kCommonFields};
constexpr WireField kBucketFields[] = {{1, "low_value", F::kDouble}, {2, "high_value", F::kDouble}, {4, "sample_count", F::kDouble}};
constexpr WireMessage kBucket{kBucketFields};
constexpr WireField kHistogramFields[] = {
    {1, "num_nan", F::kUnsigned}, {3, "buckets", F::kMessage, true, &kBucket}, {4, "type", F::kUnsigned}};
constexpr WireMessage kHistogram{kHistogramFields};
constexpr WireField kNumericFields[] = {{1, "common_stats", F::kMessage, false, &kCommon},
                                        {2, "mean", F::kDouble},
                                        {3, "std_dev", F::kDouble},
                                        {4, "num_zeros", F::kUnsigned},
                                        {5, "min", F::kDouble},
                                        {7, "max", F::kDouble},
                                        {8, "histograms", F::kMessage, true, &kHistogram}};
constexpr WireMessage kNumeric{kNumericFields};
constexpr WireField kValueFields[] = {{2, "value", F::kText}, {3, "frequency", F::kDouble}};
constexpr WireMessage kValue{kValueFields};
constexpr WireField kRankFields[] = {{4, "label", F::kText}, {5, "sample_count", F::kDouble}};
constexpr WireMessage kRank{kRankFields};
constexpr WireField kRanksFields[] = {{1, "buckets", F::kMessage, true, &kRank}};
constexpr WireMessage kRanks{kRanksFields};
constexpr WireField kStringFields[] = {{1, "common_stats", F::kMessage, false, &kCommon},
                                       {2, "unique", F::kUnsigned},
                                       {3, "top_values", F::kMessage, true, &kValue},
                                       {4, "avg_length", F::kFloat},
                                       {5, "rank_histogram", F::kMessage, false, &kRanks}};
constexpr WireMessage kString{kStringFields};
constexpr WireField kBytesFields[] = {{1, "common_stats", F::kMessage, false, &kCommon}};
constexpr WireMessage kBytes{kBytesFields};
constexpr WireField kPathFields[] = {{1, "step", F::kText, true}};
constexpr WireMessage kPath{kPathFields};
constexpr WireField kFeatureFields[] = {{1, "name", F::kText},
                                        {8, "path", F::kMessage, false, &kPath},
                                        {2, "type", F::kUnsigned},
                                        {3, "num_stats", F::kMessage, false, &kNumeric},
                                        {4, "string_stats", F::kMessage, false, &kString},
                                        {5, "bytes_stats", F::kMessage, false, &kBytes}};
constexpr WireMessage kFeature{kFeatureFields};
constexpr WireField kDatasetFields[] = {
    {1, "name", F::kText}, {2, "num_examples", F::kUnsigned}, {3, "features", F::kMessage, true, &kFeature}};
constexpr WireMessage kDataset{kDatasetFields};
constexpr WireField kListFields[] = {{1, "datasets", F::kMessage, true, &kDataset}};
constexpr WireMessage kList{kListFields};

// num_missing or, as protobuf's JSON has it by default, numMissing.
std::string camel(std::string_view name) {
  std::string out;
  for (std::size_t i = 0; i < name.size(); ++i)
    out += name[i] == '_' && i + 1 < name.size() ? static_cast<char>(name[++i] - 'a' + 'A') : name[i];
  return out;
}

const Json* member(const Json& object, std::string_view name) {
  const Json* const plain = find(object, name);
  return plain != nullptr ? plain : find(object, camel(name));
}

double number(const Json& object, std::string_view name, double otherwise = 0) {
  return find(object, name) != nullptr ? number_in(object, name, otherwise) : number_in(object, camel(name), otherwise);
}

const JsonArray& list(const Json& object, std::string_view name) {
  static const JsonArray kNone;
  const Json* const at = member(object, name);
  return at != nullptr && at->is_array() ? at->get_array() : kNone;
}

void add_common(const Json& statistics, Tabulated& out) {
  const Json* const common = member(statistics, "common_stats");
  if (common == nullptr) return;
  out.present = number(*common, "num_non_missing");
  out.missing = number(*common, "num_missing");
}

// Rows are counted here, values there: a feature with several values a row has more of them.
void add_numbers(const Json& statistics, Tabulated& out) {
  add_common(statistics, out);
  out.mean = number(statistics, "mean");
  out.deviation = number(statistics, "std_dev");
  out.min = number(statistics, "min");
  out.max = number(statistics, "max");
  out.zeros = number(statistics, "num_zeros");
  for (const Json& histogram : list(statistics, "histograms")) {
    const std::string word = string_or(histogram, "type");
    const bool quantiles = word == "QUANTILES" || number(histogram, "type") == 1;
    if (!quantiles && !out.bins.empty()) continue;
    out.nan = std::min(out.present, number(histogram, "num_nan"));
    out.bins.clear();
    for (const Json& bucket : list(histogram, "buckets"))
      out.bins.push_back({number(bucket, "low_value"), number(bucket, "high_value"), number(bucket, "sample_count")});
    if (quantiles) break;
  }
  // Unbounded ends are those of the values.
  for (TabulatedBin& bin : out.bins) {
    if (std::isinf(bin.low)) bin.low = std::min(out.min, bin.high);
    if (std::isinf(bin.high)) bin.high = std::max(out.max, bin.low);
  }
}

void add_texts(const Json& statistics, Tabulated& out) {
  add_common(statistics, out);
  out.numeric = false;
  out.mean_length = number(statistics, "avg_length", std::nan(""));
  if (const Json* const ranks = member(statistics, "rank_histogram"))
    for (const Json& bucket : list(*ranks, "buckets"))
      out.categories.emplace_back(string_or(bucket, "label"), number(bucket, "sample_count"));
  if (!out.categories.empty()) return;
  for (const Json& one : list(statistics, "top_values")) out.categories.emplace_back(string_or(one, "value"), number(one, "frequency"));
}

Tabulated feature_of(const Json& one) {
  Tabulated out;
  out.name = string_or(one, "name");
  if (const Json* const path = member(one, "path"); path != nullptr && out.name.empty())
    for (const std::string& step : strings_or_empty(*path, "step")) out.name += (out.name.empty() ? "" : ".") + step;
  const std::string type = string_or(one, "type");  // INT is 0 and left out on the wire
  out.integral = type == "INT" || (type.empty() && number(one, "type") == 0);
  if (const Json* const numbers = member(one, "num_stats")) add_numbers(*numbers, out);
  else if (const Json* const texts = member(one, "string_stats")) add_texts(*texts, out);
  else {
    out.numeric = false;
    if (const Json* const raw = member(one, "bytes_stats")) add_common(*raw, out);
  }
  return out;
}

// A TFRecord of one record: u64 length, its checksum, the record, its checksum.
std::string_view unwrapped(std::string_view octets) {
  constexpr std::size_t kAround = 16, kHead = 12;
  if (octets.size() <= kAround || get_le<std::uint64_t>(octets, 0) != octets.size() - kAround) return octets;
  return octets.substr(kHead, octets.size() - kAround);
}

}  // namespace

Result<profile::DataProfile> tfdv_profile(std::string_view octets) {
  const std::size_t first = octets.find_first_not_of(" \t\r\n");
  const bool is_json = first != std::string_view::npos && octets[first] == '{';
  FIREBREAK_ASSIGN(const Json document, is_json ? parse_json(octets) : read_wire(kList, unwrapped(octets)));
  const JsonArray& datasets = list(document, "datasets");
  if (datasets.empty())
    return fail(Code::kInvalid, "no statistics of TFDV: no 'datasets' (a DatasetFeatureStatisticsList is wanted, as protobuf or JSON)");
  profile::DataProfile out;
  out.rows = static_cast<std::uint64_t>(std::max(0.0, std::min(9e15, number(datasets[0], "num_examples"))));
  const JsonArray& features = list(datasets[0], "features");
  for (std::size_t i = 0; i < features.size(); ++i) {
    auto feature = profile_of(feature_of(features[i]));
    if (!feature) return fail(std::move(feature.error()).at(fmt::format("/datasets/0/features/{}", i)));
    out.features.push_back(std::move(*feature));
  }
  return out;
}

}  // namespace firebreak::imports
