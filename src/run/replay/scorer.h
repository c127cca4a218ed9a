// Asks a release for its answers outside the traffic: gates and what-ifs score rows on the candidate itself.
//
// Uses the endpoint's batch address (wire.batch_path: POST {"rows":[features…]} -> {"answers":[{label,score}…]}) in
// pieces of 2,000 rows; without one it asks row by row through wire.path. Answers come in the order of the rows.
// Errors: kUnavailable, kTimeout, kInvalid when the release answers in another shape. Threads: one call at a time.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "types/endpoint.h"
#include "world/net/http_client.h"

namespace firebreak::replay {

struct Answer {
  std::string label;
  double score = 0;
};

class Scorer {
 public:
  Scorer(const Endpoint& endpoint, std::string upstream);
  Result<std::vector<Answer>> score(std::span<const FeatureRow> rows);

 private:
  Result<void> score_batch(std::span<const FeatureRow> rows, std::vector<Answer>& out);
  Result<Answer> score_one(const FeatureRow& row);
  void append_features(std::string& out, const FeatureRow& row) const;

  const Endpoint& endpoint_;
  const std::string upstream_;
  net::HttpClient http_;
};

}  // namespace firebreak::replay
