// The abort rule of a canary step: is the candidate's share of failures, or of positive answers, different from the
// control's by more than chance? Two-proportion z-test with pooled variance (Fleiss, Levin, Paik 2003, §3.2). Pure.
#pragma once

#include <cstdint>
#include <string>

namespace firebreak::gates {

struct CanaryArm {
  std::uint64_t of = 0, positive = 0, failed = 0;
};

struct CanarySettings {
  double z = 3.9;                  // two-sided one in 10,000: a step is looked at every minute for hours
  std::uint64_t least = 20;        // answers of each arm before shares are compared
  std::uint64_t failures = 3;      // failed answers of the candidate that end it at once …
  double failure_share = 0.05;     // … when they are at least this share of its answers
};

struct CanaryVerdict {
  bool abort = false;
  std::string reason;
};

CanaryVerdict judge_canary(const CanaryArm& candidate, const CanaryArm& control, const CanarySettings& settings = {});

}  // namespace firebreak::gates
