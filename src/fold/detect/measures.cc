#include "fold/detect/measures.h"

namespace firebreak::detect {

std::string_view figure_name(Measure measure, Problem problem) {
  switch (measure) {
    case Measure::kPrecision:
      return "precision";
    case Measure::kRecall:
      return "recall";
    case Measure::kError:
      return problem == Problem::kRegression ? "mae" : problem == Problem::kRanking ? "rank_quality" : "error_rate";
    case Measure::kSquaredError:
      return problem == Problem::kRegression ? "rmse" : "brier";
  }
  return "";
}

double figure_from(Measure measure, Problem problem, double loss, double error_limit) {
  if (measure == Measure::kPrecision || measure == Measure::kRecall || problem == Problem::kRanking) return 1 - loss;
  if (problem != Problem::kRegression) return loss;
  return measure == Measure::kError ? loss * error_limit : std::sqrt(loss) * error_limit;
}

}  // namespace firebreak::detect
