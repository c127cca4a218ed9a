#include "run/drill/runs.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

namespace firebreak::drill {
namespace {

// The nearest rank: a value that was measured, not one between two.
double rank(std::vector<double> values, double share) {
  std::sort(values.begin(), values.end());
  const auto at = static_cast<std::size_t>(std::ceil(share * static_cast<double>(values.size())));
  return values[std::max<std::size_t>(at, 1) - 1];
}

Json figures(const std::vector<double>& values) {
  return JsonObject{{"n", values.size()},
                    {"values", JsonArray(values.begin(), values.end())},
                    {"least", rank(values, 0)},
                    {"median", rank(values, 0.5)},
                    {"p90", rank(values, 0.9)},
                    {"most", rank(values, 1)}};
}

double rounded(double value) { return std::round(value * 100) / 100; }

std::string truth_of(const Score& score) {
  JsonObject sealed = score.sealed.as_object();
  sealed.erase("salt");
  return canonical_json(sealed);
}

}  // namespace

Result<Json> compare_runs(const std::vector<Score>& runs) {
  if (runs.size() < 2) return fail(Code::kInvalid, "runs are compared from two on");
  for (const Score& run : runs)
    if (run.name != runs.front().name || truth_of(run) != truth_of(runs.front()))
      return fail(Code::kConflict, fmt::format("these are no runs of one drill: '{}' and '{}', or their truths differ", runs.front().name, run.name));
  JsonArray parts;
  for (std::size_t i = 0; i < runs.front().parts.size(); ++i) {
    const Part& first = runs.front().parts[i];
    std::vector<double> points, seconds;
    for (const Score& run : runs)
      for (const Part& part : run.parts) {
        if (part.item != first.item || part.name != first.name) continue;
        points.push_back(rounded(part.points));
        if (const Json* raw = find(part.raw, "seconds")) seconds.push_back(raw->to_number<double>());
      }
    JsonObject row{{"item", first.item}, {"part", first.name}, {"of", rounded(first.of)}, {"points", figures(points)}};
    if (!seconds.empty()) row["seconds"] = figures(seconds);  // fewer than there are runs where it never happened
    parts.push_back(std::move(row));
  }
  std::vector<double> totals;
  for (const Score& run : runs) totals.push_back(run.points());
  return Json(JsonObject{{"exercise", "EXERCISE " + runs.front().name},
                         {"name", runs.front().name},
                         {"n", runs.size()},
                         {"of", runs.front().of()},
                         {"points", figures(totals)},
                         {"parts", std::move(parts)}});
}

std::string runs_text(const Json& compared) {
  const auto line = [](const Json& f) { return fmt::format("least {:g}, median {:g}, p90 {:g}, most {:g} (N = {})", number_or(f, "least"), number_or(f, "median"), number_or(f, "p90"), number_or(f, "most"), int_or(f, "n")); };
  std::string out = fmt::format("{}: {} runs\npoints of {:g}: {}\n", string_or(compared, "exercise"), int_or(compared, "n"), number_or(compared, "of"), line(compared.at("points")));
  for (const Json& part : compared.at("parts").as_array()) {
    if (number_or(part, "of") == 0) continue;
    out += fmt::format("\n{}, {}\n  points of {:g}: {}\n", string_or(part, "item"), string_or(part, "part"), number_or(part, "of"), line(part.at("points")));
    if (const Json* seconds = find(part, "seconds")) out += fmt::format("  seconds: {}\n", line(*seconds));
  }
  return out;
}

}  // namespace firebreak::drill
