// What an on-call person sees of a query attack: its queries in order as steps towards the threshold, and what it costs.
//
// Pure: from the chains' rows in time order and a few counts. Nothing here knows the truth; `method` says what was counted.
// The result is the `chain` and `cost` of GET /api/v1/incidents/{id}/picture (docs/formats/views.md).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/time.h"
#include "types/endpoint.h"
#include "types/observation.h"

namespace firebreak::contain {

inline constexpr std::size_t kPicturePoints = 400;  // drawn: the ends, up to a quarter of switches of the answer, an even spread
inline constexpr std::size_t kStepWindow = 512;     // earlier queries that a step is measured from

struct Served {
  std::uint64_t requests = 0, by_model = 0;
};

struct PictureInput {
  Endpoint endpoint;
  std::size_t chains = 0;              // of the incident
  std::set<std::string> callers;       // keys that the chains' findings name: the attacker's, as far as is known
  std::vector<Observation> members;    // requests of the chains, in time order, whoever sent them
  std::map<std::string, Served> others;  // callers in no chain, and how they fared while the chains were active
};

// Half-way between the highest score that was let through and the lowest that was not, among the answers of the release
// that gave most of them; none when the two overlap or one is missing.
std::optional<double> threshold_of(const Endpoint& endpoint, const std::vector<Observation>& members);

std::string chain_sentence(const PictureInput& input);  // "600 queries, 20 keys, one attacker"
Json chain_drawing(const PictureInput& input);          // {queries, callers, approved, first_time, last_time, thinned, points}
// Queries of the chains under keys that are not the attacker's: {queries, by_rules, keys, other_requests, other_by_model}.
Json chain_borrowed(const PictureInput& input);
Json chain_cost(const PictureInput& input);             // {requests_per_hour, customers, …, method, entries}

}  // namespace firebreak::contain
