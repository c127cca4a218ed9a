// Performance without labels: what calibrated probabilities say of answers nobody has checked yet (CBPE).
//
// Right as long as the probabilities are calibrated where they are used: blind to a change of what the inputs mean (concept drift),
// and off when the inputs move to where the calibration was not checked (covariate shift).
// The band is estimate +/- 3 standard errors of the realised figure in a sample of that size: what chance alone would do.
// It says nothing about a wrong calibration.
// Source: NannyML 0.13.1 (CBPE; sampling_error), whose numbers test/conformance holds. Where scores are equal NannyML's AUC and
// average precision depend on the order of the rows; here equal scores are one threshold. The error of average precision comes
// from resampling there; here from 50 resamples by a fixed sequence.
// Pure; spans that belong together have equal sizes, asserted.
#pragma once

#include <cstdint>
#include <span>

#include "stats/labelled.h"

namespace firebreak::stats {

// Which figure; kBusinessValue is per answer.
enum class Figure : std::uint8_t { kAccuracy, kPrecision, kRecall, kSpecificity, kF1, kRocAuc, kAveragePrecision, kBusinessValue };
inline constexpr std::size_t kFigures = 8;

using Figures = std::array<double, kFigures>;  // by Figure; NaN where there is nothing to say
inline double& at(Figures& figures, Figure which) { return figures[static_cast<std::size_t>(which)]; }
inline double at(const Figures& figures, Figure which) { return figures[static_cast<std::size_t>(which)]; }

// With labels (0, 1) the realised figures, with calibrated probabilities the expected ones. flagged: 0 or 1.
Figures figures_of(std::span<const double> scores, std::span<const double> flagged, std::span<const double> positives,
                   const BusinessValue& worth = {});

// How far a figure of n answers strays by chance, from a labelled reference.
class SamplingError {
 public:
  SamplingError() = default;
  SamplingError(std::span<const double> scores, std::span<const double> flagged, std::span<const double> labels,
                const BusinessValue& worth = {});
  double of(Figure which, std::uint64_t n) const;  // NaN when the reference showed nothing of it

 private:
  struct Part {
    double deviation = 0, fraction = 1;  // standard deviation of one relevant answer; share of those
  };
  std::array<Part, kFigures> parts_;
};

struct Band {
  double low = 0, high = 1;
};
inline constexpr double kSamplingErrors = 3;
Band band_of(Figure which, double value, double sampling_error);  // within 0..1, but for business value

}  // namespace firebreak::stats
