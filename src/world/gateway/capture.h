// The NDJSON line that records one inference, and the gap line that says what is missing. docs/formats/stream.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/time.h"
#include "types/endpoint.h"
#include "types/observation.h"

namespace firebreak::gateway {

struct ShadowAnswer {
  std::string release, label;
  double score = 0;
};

struct Inference {
  std::string id, caller, source, trace_id;
  Time time;
  FeatureRow row;
  std::string release, model_digest;  // empty: no model was asked
  std::string model_name, model_version;  // as registered; empty: the endpoint's name, the release's
  std::string label;                  // of the model, or of the rules; empty: there was no answer
  double score = 0;
  Disposition disposition = Disposition::kServed;
  std::int64_t latency_us = 0;
  std::string schema_violation;       // "/features/age: must be a number"
  std::string action;                 // the measure that changed the answer
  std::string reason;                 // why it failed, or which rule answered
  std::optional<ShadowAnswer> shadow;
};

// Without a newline. Values of `row` that are absent are left out.
std::string capture_line(const Endpoint& endpoint, const Inference& inference);

struct Gap {
  std::uint64_t from = 0, to = 0;  // record numbers of this producer, both missing
  bool upper_bound = false;        // at most these: the exact number died with the process
  std::string reason;
};
std::string gap_line(const std::string& producer, Time time, const Gap& gap);

}  // namespace firebreak::gateway
