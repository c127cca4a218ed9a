#include "run/replay/taint_list.h"

#include <fmt/core.h>

#include <algorithm>
#include <limits>

#include "types/feature_digest.h"

namespace firebreak::replay {
namespace {

Result<std::set<std::string, std::less<>>> names(const Json& document, const char* group, const char* key) {
  const Json* const part = find(document, group);
  if (part == nullptr) return fail(Code::kInvalid, fmt::format("'{}' is missing", group), fmt::format("/{}", group));
  auto list = get_strings(*part, key);
  if (!list) return fail(std::move(list.error()).at(fmt::format("/{}", group)));
  return std::set<std::string, std::less<>>(list->begin(), list->end());
}

std::string text(const Json& row, const char* key) {
  const Json* const value = find(row, key);
  if (value == nullptr) return {};
  if (value->is_string()) return std::string(value->get_string());
  return value->is_int64() || value->is_uint64() ? canonical_json(*value) : std::string();  // ids are numbers in many tables
}

}  // namespace

Result<TaintList> parse_taint_list(std::string_view content) {
  FIREBREAK_ASSIGN(const Json document, parse_json(content));
  TaintList list;
  FIREBREAK_ASSIGN(const std::string kind, get_string(document, "kind"));
  FIREBREAK_ASSIGN(const std::int64_t version, get_int(document, "version"));
  if (kind != kTaintKind || version != 1) return fail(Code::kInvalid, fmt::format("not a taint list of version 1 (kind '{}', version {})", kind.substr(0, 40), version), "/kind");
  FIREBREAK_ASSIGN(list.id, get_string(document, "list"));
  FIREBREAK_ASSIGN(list.incident, get_string(document, "incident"));
  FIREBREAK_ASSIGN(list.endpoint, get_string(document, "endpoint"));
  const Json* const features = find(document, "features");
  if (features == nullptr) return fail(Code::kInvalid, "'features' is missing", "/features");
  FIREBREAK_ASSIGN(list.features.numeric, get_strings(*features, "numeric"));
  FIREBREAK_ASSIGN(list.features.categorical, get_strings(*features, "categorical"));
  FIREBREAK_ASSIGN(list.from, get_time(document, "from"));
  FIREBREAK_ASSIGN(list.callers, names(document, "contributors", "callers"));
  FIREBREAK_ASSIGN(list.sources, names(document, "contributors", "sources"));
  const Json* const inferences = find(document, "inferences");
  if (inferences == nullptr || !inferences->is_array()) return fail(Code::kInvalid, "'inferences' is a list", "/inferences");
  std::size_t at = 0;
  for (const Json& one : inferences->get_array()) {
    const auto where = [&] { return fmt::format("/inferences/{}", at); };
    if (const std::string id = string_or(one, "id"); !id.empty()) list.ids.insert(id);
    if (const std::string digest = string_or(one, "features"); !digest.empty()) {
      auto parsed = Digest::from_hex(digest);
      if (!parsed) return fail(std::move(parsed.error()).at(where() + "/features"));
      list.digests.insert(*parsed);
    }
    ++at;
  }
  return list;
}

Result<TrainingRow> training_row(const FeatureSchema& features, std::string_view line) {
  FIREBREAK_ASSIGN(const Json document, parse_json(line));
  if (!document.is_object()) return fail(Code::kInvalid, "a row is a JSON object");
  TrainingRow row{text(document, "id"), text(document, "caller"), text(document, "source"), {}};
  const Json* const nested = find(document, "features");
  const Json& from = nested != nullptr && nested->is_object() ? *nested : document;
  FeatureRow values;
  bool any = false;
  for (const std::string& name : features.numeric) {
    const Json* const value = find(from, name);
    any = any || value != nullptr;
    values.numeric.push_back(value != nullptr && value->is_number() ? value->to_number<double>() : std::numeric_limits<double>::quiet_NaN());
  }
  for (const std::string& name : features.categorical) {
    const Json* const value = find(from, name);
    any = any || value != nullptr;
    values.categories.push_back(value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string());
  }
  if (any) row.features = feature_digest(features, values);
  return row;
}

std::string_view why_tainted(const TaintList& list, const TrainingRow& row) {
  if (!row.id.empty() && list.ids.contains(row.id)) return "id";
  if (row.features && list.digests.contains(*row.features)) return "features";
  if (!row.caller.empty() && list.callers.contains(row.caller)) return "caller";
  if (!row.source.empty() && list.sources.contains(row.source)) return "source";
  return {};
}

TaintHits taint_in(const TaintList& list, const Dataset& set, const FeatureSchema& schema, Time cut, const std::map<std::string, std::uint64_t>& sources) {
  TaintHits hits{list.id, list.incident, 0, {}, {}};
  const bool comparable = schema == list.features && cut > list.from;
  bool in_rows = false;
  for (std::size_t i = 0; i < set.rows.size(); ++i) {
    TrainingRow row{set.id[i], set.caller[i], set.source[i], {}};
    in_rows = in_rows || !row.source.empty();
    if (comparable) row.features = feature_digest(schema, set.rows[i]);
    const std::string why(why_tainted(list, row));
    if (why.empty()) continue;
    ++hits.rows;
    ++hits.by[why];
    if (why == "caller" || why == "source") ++hits.named[why == "caller" ? row.caller : row.source];
  }
  if (in_rows) return hits;
  // Rows that fit otherwise may be of these sources too: never more than the set has.
  for (const auto& [source, rows] : sources) {
    if (!list.sources.contains(source) || rows == 0) continue;
    hits.by["source"] += rows;
    hits.named[source] += rows;
    hits.rows = std::min<std::uint64_t>(hits.rows + rows, std::max<std::uint64_t>(set.rows.size(), rows));
  }
  return hits;
}

std::string to_text(const TaintHits& hits) {
  std::string why, named;
  for (const auto& [word, rows] : hits.by) why += fmt::format("{}{} by {}", why.empty() ? "" : ", ", rows, word);
  std::size_t told = 0;
  for (const auto& [name, rows] : hits.named)
    if (++told <= 5) named += fmt::format("{}{}", named.empty() ? "" : ", ", name);
  if (told > 5) named += fmt::format(" and {} more", told - 5);
  return fmt::format("{} training rows are on {} of {}: {}{}", hits.rows, hits.list, hits.incident, why, named.empty() ? "" : " (" + named + ")");
}

}  // namespace firebreak::replay
