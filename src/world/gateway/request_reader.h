// From a request's body to features: the gateway's parser of outside octets (simdjson behind).
//
// Malformed JSON, depth above limits::kJsonDepth, non-UTF-8, numbers out of range, duplicate keys: kInvalid (400).
// Well-formed but against the endpoint's feature schema (wrong type, missing, unknown): a violation (422); what fits
// the schema is still in `row`, so that the record shows it. Ranges and unseen categories are no concern here.
// Threads: one object per thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/result.h"
#include "types/endpoint.h"

namespace firebreak::gateway {

struct ScoringRequest {
  std::string id;  // empty: the request has none
  FeatureRow row;  // in the schema's order; what was absent or wrong is NaN or ""
  std::string violation_pointer, violation;  // empty: none
};

struct ModelAnswer {
  std::string label;
  double score = 0;
};

// Which column a field is. Immutable, shared by threads.
class FeatureIndex {
 public:
  explicit FeatureIndex(const FeatureSchema& schema);
  // Numeric columns first: i < numeric count; -1 when unknown.
  int column(std::string_view name) const;
  const FeatureSchema& schema() const { return schema_; }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  FeatureSchema schema_;
  std::unordered_map<std::string, int, Hash, std::equal_to<>> columns_;
};

class RequestReader {
 public:
  RequestReader();
  ~RequestReader();

  Result<ScoringRequest> read(std::string_view body, const Wire& wire, const FeatureIndex& index);
  // kInvalid when label or score is not where the wire says.
  Result<ModelAnswer> read_answer(std::string_view body, const Wire& wire);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// `{…}` with `label` and `score` (and `id`, unless empty) at the wire's places.
std::string write_answer(const Wire& wire, std::string_view id, std::string_view label, double score);
// `answer` with another label; kInvalid when it is no JSON object.
Result<std::string> replace_label(std::string_view answer, const Wire& wire, std::string_view label);

}  // namespace firebreak::gateway
