// What detectors read of a stream: one inference or one label, decoded.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/digest.h"
#include "base/time.h"

namespace firebreak {

enum class Disposition : std::uint8_t { kServed, kFallback, kReview, kLimited, kBlocked, kFailed };

std::string_view disposition_name(Disposition disposition);  // "served", …
Result<Disposition> parse_disposition(std::string_view name);

// True when the model's own answer went to the caller: only these count as model decisions.
inline bool is_model_decision(Disposition d) { return d == Disposition::kServed; }

// The features of one request in the order of the endpoint's FeatureSchema. Absent or null: NaN, "".
struct FeatureRow {
  std::vector<double> numeric;
  std::vector<std::string> categories;
};

struct FeatureSchema {
  std::vector<std::string> numeric;
  std::vector<std::string> categorical;
  bool operator==(const FeatureSchema&) const = default;
};

struct Observation {
  std::uint64_t index = 0;  // in the stream
  Time time;                // event time
  std::int64_t delay_us = 0;  // from the event until its record was admitted
  std::string id;
  std::string caller;
  std::string release;        // that answered; empty when none did
  std::string model_digest;   // hex; as the record states it
  bool model_known = true;    // the digest is registered
  FeatureRow features;
  Digest feature_digest;      // SHA-256 of the row's feature part
  std::string label;          // answer; empty when there was none
  double score = 0;           // NaN when there was none
  Disposition disposition = Disposition::kServed;
  std::int64_t latency_us = -1;  // until the answer; -1 when nobody measured it
  std::string shadow_release, shadow_label;  // a candidate's answer to a copy of the request; empty when there was none
  std::vector<std::size_t> mistyped;  // features that came with a value of another type: numeric ones count from 0, categorical ones behind them
  std::string schema_violation;  // what was wrong with the request (pointer: reason), empty when nothing
};

struct LabelObservation {
  std::uint64_t index = 0;
  Time time;  // when the label was delivered (event time)
  std::string id;  // of the inference
  std::string label;
};

}  // namespace firebreak
