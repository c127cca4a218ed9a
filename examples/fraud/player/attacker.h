// The live attacker: SimBA (Guo et al. 2019) in the API's own units. It moves one numeric feature at a time by a step
// either way, keeps what lowers the score, and has reached its target when the answer is "approve".
//
// It knows nothing but answers: whether the model or a rule gave them it cannot tell. Deterministic for a seed.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "fraud/player/traffic.h"

namespace firebreak::example {

struct Target {
  JsonObject features;  // of a declined real positive
};

// Rows of the holdout whose truth is positive and which the model server's 1.0.0 declines with a score >= 0.5.
Result<std::vector<Target>> find_targets(const std::string& data, const std::string& models, std::size_t count);

struct AttackResult {
  std::uint64_t queries = 0;
  std::uint64_t succeeded = 0, targets = 0;
};

class Attacker {
 public:
  static constexpr int kBudget = 60;  // queries a target; the recorded SimBA sessions needed a median of 17

  explicit Attacker(std::uint64_t seed) : seed_(seed), state_(seed + 1) {}

  // `pause` is called every `every` queries (the attacker's pace in story time); an empty one never pauses.
  Result<AttackResult> attack(ScoringClient& client, const std::vector<Target>& targets,
                              const std::vector<std::string>& callers, int every,
                              const std::function<Result<void>()>& pause);

 private:
  std::uint64_t next();
  std::vector<std::size_t> shuffled(std::size_t count);

  const std::uint64_t seed_;
  std::uint64_t state_;
  std::uint64_t serial_ = 0;  // of request ids
};

}  // namespace firebreak::example
