// Sends the story's requests through the gateway and judges by the answers it really gave.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "fraud/player/keys.h"
#include "fraud/player/story.h"
#include "world/net/http_client.h"

namespace firebreak::example {

struct Answered {
  int status = 0;       // 0: no answer
  std::string label;
  double score = 0;
  double ms = 0;
};

// One caller's side of the wire. Keeps its connection.
class ScoringClient {
 public:
  ScoringClient(std::string gateway, const Keys& keys) : url_(std::move(gateway) + "/fraud-api/score"), keys_(keys) {}
  Answered ask(const std::string& caller, const std::string& id, const std::string& features);

 private:
  const std::string url_;
  const Keys& keys_;
  net::HttpClient http_;
};

struct TrafficFigures {
  std::uint64_t requests = 0, attack_queries = 0;
  std::uint64_t honest_requests = 0, honest_failed = 0;
  std::set<std::string> honest_limited;  // callers that got 429
  std::set<std::string> honest_ids;      // to be joined with the recorded dispositions
  std::uint64_t exploits = 0, exploits_approved_before = 0, exploits_approved_after = 0;
  std::vector<double> honest_ms;
  Time first_attack;
};

class Traffic {
 public:
  Traffic(std::string gateway, const Keys& keys) : client_(std::move(gateway), keys) {}

  // `contained`: the quarantine is in force now.
  void send(const Event& event, bool contained);

  const TrafficFigures& figures() const { return figures_; }
  JsonObject to_json(std::uint64_t honest_changed) const;

 private:
  ScoringClient client_;
  TrafficFigures figures_;
};

}  // namespace firebreak::example
