// What is watched of answers whose labels are known: each measure is a loss in 0..1, and NaN for an answer that says nothing of it.
//
//   problem       precision          recall            error                          squared error
//   binary        miss of a flagged  miss of a         answer and label disagree      Brier: (score - label)^2, with a
//                 answer             positive                                         score in 0..1
//   multiclass    -                  -                 answer and label differ        -
//   regression    -                  -                 |value - label| / error_limit  its square; both at most 1
//   ranking       -                  -                 1 - label; the label is the    -
//                                                      list's precision@k or NDCG
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>

namespace firebreak::detect {

enum class Measure : std::uint8_t { kPrecision, kRecall, kError, kSquaredError };
inline constexpr std::size_t kMeasures = 4;
inline constexpr std::array<Measure, kMeasures> kAllMeasures = {Measure::kPrecision, Measure::kRecall, Measure::kError,
                                                                Measure::kSquaredError};

inline constexpr double kNoLoss = std::numeric_limits<double>::quiet_NaN();
using Losses = std::array<double, kMeasures>;
inline constexpr Losses kNoLosses = {kNoLoss, kNoLoss, kNoLoss, kNoLoss};
inline double of(const Losses& losses, Measure measure) { return losses[static_cast<std::size_t>(measure)]; }
inline bool says(double loss) { return !std::isnan(loss); }

enum class Problem : std::uint8_t { kBinary, kMulticlass, kRegression, kRanking };
inline std::size_t measures_of(Problem problem) {
  return problem == Problem::kBinary ? 4 : problem == Problem::kRegression ? 2 : 1;
}

// The name of the figure that people read, and the figure from a mean loss: precision and recall are 1 - loss.
std::string_view figure_name(Measure measure, Problem problem);
double figure_from(Measure measure, Problem problem, double loss, double error_limit);

}  // namespace firebreak::detect
