#include "fold/gates/canary.h"

#include <fmt/core.h>

#include <cmath>

namespace firebreak::gates {
namespace {

double share(std::uint64_t part, std::uint64_t of) {
  return of == 0 ? 0 : static_cast<double>(part) / static_cast<double>(of);
}

double z_of(std::uint64_t a, std::uint64_t of_a, std::uint64_t b, std::uint64_t of_b) {
  const double pooled = share(a + b, of_a + of_b);
  const double variance = pooled * (1 - pooled) * (1 / static_cast<double>(of_a) + 1 / static_cast<double>(of_b));
  return variance <= 0 ? 0 : (share(a, of_a) - share(b, of_b)) / std::sqrt(variance);
}

}  // namespace

CanaryVerdict judge_canary(const CanaryArm& candidate, const CanaryArm& control, const CanarySettings& settings) {
  CanaryVerdict verdict;
  if (candidate.failed >= settings.failures && share(candidate.failed, candidate.of) >= settings.failure_share) {
    verdict.abort = true;
    verdict.reason = fmt::format("{} of the candidate's {} answers failed", candidate.failed, candidate.of);
    return verdict;
  }
  const std::uint64_t answered = candidate.of - candidate.failed, control_answered = control.of - control.failed;
  verdict.reason = fmt::format("candidate {} of {} positive, control {} of {}", candidate.positive, answered,
                               control.positive, control_answered);
  if (answered < settings.least || control_answered < settings.least) return verdict;
  const double failures = z_of(candidate.failed, candidate.of, control.failed, control.of);
  const double positives = z_of(candidate.positive, answered, control.positive, control_answered);
  if (failures > settings.z || std::fabs(positives) > settings.z) {
    verdict.abort = true;
    verdict.reason += fmt::format(": differs by more than chance (z {:.1f}, limit {:.2f})",
                                  failures > settings.z ? failures : positives, settings.z);
  }
  return verdict;
}

}  // namespace firebreak::gates
