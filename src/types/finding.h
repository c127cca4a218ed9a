// Findings are episodes that a detector reports: opened, updated, closed.
//
// Journal entries: finding_opened / finding_updated / finding_closed with the body of to_json(FindingUpdate).
// The finding's id is find-<index of its finding_opened entry>; detectors know it only by `episode`.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/json.h"
#include "base/time.h"

namespace firebreak {

// Where the new state of things began: between two records, in stream indexes and in event time.
struct Onset {
  std::uint64_t first_index = 0, last_index = 0;
  Time first_time, last_time;
  bool operator==(const Onset&) const = default;
};

enum class FindingPhase { kOpened, kUpdated, kClosed };
enum class Severity : std::uint8_t { kInformational = 1, kLow, kMedium, kHigh, kCritical };  // OCSF severity_id

std::string_view severity_name(Severity severity);
Result<Severity> parse_severity(std::string_view name);

// Every kind that is in use. content/taxonomies/findings.yaml says what each means; a test holds them together.
const std::vector<std::string_view>& finding_kinds();

struct FindingUpdate {
  FindingPhase phase = FindingPhase::kOpened;
  std::string episode;   // detector-local key, unique in the stream for ever ("query_chain/e0013999")
  std::string kind;
  Severity severity = Severity::kMedium;
  std::string endpoint;  // the resource
  std::string stream;
  std::uint64_t first_index = 0, last_index = 0;  // evidence: range of stream indexes …
  std::vector<std::uint64_t> indexes;             // … and for sparse evidence the exact ones (≤ 400 a time)
  Time first_time, last_time;                     // evidence interval in event time
  std::uint64_t count = 0;                        // members or windows so far
  std::map<std::string, double> numbers;          // the figures behind it, with the limit they were held against
  std::string summary;                            // one sentence for a person
  std::string feature;                            // the one it is about; empty: the record as a whole
  std::string segment;                            // "feature=value" when it is about a part of the traffic
  std::optional<Onset> onset;                     // when the detector can say
  std::string origin;                             // another tool that found it; empty: Firebreak
  // Of a chain what is NEW since the last update; of a caller_mix the caller, once.
  std::vector<std::string> callers;
  std::vector<Digest> digests;                    // ≤ 400 an update

  bool operator==(const FindingUpdate&) const = default;
};

std::string_view finding_entry_kind(FindingPhase phase);  // "finding_opened", …
Json to_json(const FindingUpdate& update);

// Digests travel in one base64 string of 32-octet pieces: half the bytes of hex in an array.
std::string pack_digests(const std::vector<Digest>& digests);
Result<std::vector<Digest>> unpack_digests(std::string_view text);
Result<FindingUpdate> finding_from_json(FindingPhase phase, const Json& body);

}  // namespace firebreak
