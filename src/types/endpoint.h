// An endpoint as configured: who owns it, what it speaks, what it may fall back to, how far actions may go.
// Source: content/endpoints/*.yaml and PUT /api/v1/endpoints/{name}; documented in docs/formats/endpoint.md.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/json.h"
#include "types/observation.h"

namespace firebreak {

enum class EndpointMode { kTap, kInline };
enum class EndpointState { kObserve, kEnforce };
enum class CapturePolicy { kBestEffort, kRequired };

// Where in a request and an answer the parts stand (RFC 6901 pointers).
struct Wire {
  std::string path = "/score";            // POST
  std::string batch_path;                 // POST {"rows":[features…]} -> {"answers":[{label,score}…]}; empty = none
  std::string id = "/id";                 // optional in requests
  std::string features = "/features";     // object
  std::string label = "/label";           // in the answer
  std::string score = "/score";
  bool operator==(const Wire&) const = default;
};

struct ReleaseTarget {
  std::string release;   // "1.0.0"
  std::string upstream;  // "http://127.0.0.1:9000"
  std::string model_digest;  // hex
  std::string model_name = {}, model_version = {};  // as registered; recorded with every inference
  bool operator==(const ReleaseTarget&) const = default;
};

struct EndpointCaps {
  double honest_failed_share = 0.0;    // of honest requests, above it an action lifts itself
  double honest_changed_share = 0.05;  // answers given by rules instead of the model
  std::uint32_t quarantine_keys_per_hour = 50;
  std::uint32_t quarantine_digests_per_hour = 5'000;
  std::int64_t young_key_age_us = 48 * kHour;
  bool operator==(const EndpointCaps&) const = default;
};

struct Endpoint {
  std::string name;
  std::string owner_team, on_call, environment, criticality;
  std::string owner;  // the user who owns it: approves nothing that is done to it
  EndpointMode mode = EndpointMode::kInline;
  EndpointState state = EndpointState::kObserve;
  CapturePolicy capture = CapturePolicy::kBestEffort;
  Wire wire;
  FeatureSchema features;
  std::vector<std::string> labels = {"approve", "decline"};
  std::string positive_label = "decline";  // what precision and recall are counted for
  std::string amount_field;                // numeric feature that states the amount at risk ("limit_bal")
  std::string amount_unit;                 // of that field, for people ("NT$"); empty = unstated
  std::string last_known_good;             // release
  std::string gateway;                     // name of the gateway that serves it
  Json fallback = JsonObject{};            // rules document, evaluated by the gateway: docs/formats/fallback.md
  EndpointCaps caps;
  std::map<std::string, std::vector<std::string>> lineage;  // source that feeds it -> features it fills; may be empty
  std::vector<std::string> playbooks;      // that must be installed and signed for it to be ready; empty = whichever there are
  std::vector<std::string> regimes;        // of reporting deadlines that bind its owner; "none" = looked, and none does
  std::int64_t label_days = 0;             // after how many days the truth comes; 0 = not said
  // HMAC-SHA256(caller pepper, key) hex -> caller name. Too many for a journal entry: there the table is a blob
  // named by `callers_blob` (SHA-256, hex), and `callers` is filled when a policy is sent to a gateway.
  std::map<std::string, std::string> callers;
  std::string callers_blob;

  bool operator==(const Endpoint&) const = default;
};

Json to_json(const Endpoint& endpoint);
Result<Endpoint> endpoint_from_json(const Json& document);  // refuses unknown keys, names the field
// Of one that is to be taken up: its texts have no control characters, which would steer the terminal of who reads them. Not asked of what stands already.
Result<void> check_plain_texts(const Endpoint& endpoint);

}  // namespace firebreak
