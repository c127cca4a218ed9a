// What the performance detector says: the numbers and the sentence of a finding, and the table for people.
#include <fmt/core.h>

#include <algorithm>

#include "fold/detect/performance.h"

namespace firebreak::detect {
namespace {

constexpr double kBandAlpha = 0.05;

// A band of the loss as a band of the figure: precision falls as its loss rises.
stats::Band figure_band(Measure measure, const PerformanceConfig& config, const stats::MeanBand& loss) {
  const double a = figure_from(measure, config.problem, loss.low, config.error_limit);
  const double b = figure_from(measure, config.problem, loss.high, config.error_limit);
  return {std::min(a, b), std::max(a, b)};
}

Json number_or_null(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

}  // namespace

void PerformanceDetector::describe(Measure measure, FindingUpdate& update) const {
  const PerformanceConfig& config = config_.performance;
  const Watch& watch = watch_of(measure);
  const std::string name(figure_name(measure, config.problem));
  const auto figure = [&](double loss) { return figure_from(measure, config.problem, loss, config.error_limit); };
  const auto since = watch.losses->since(watch.start);
  const stats::Band band = figure_band(measure, config, stats::mean_band(since.n, since.sum, kBandAlpha));
  update.episode += "/" + name;
  update.severity = Severity::kHigh;
  update.onset = watch.onset;
  update.numbers = {{name, figure(since.n > 0 ? since.sum / since.n : watch.losses->mean())},
                    {"low", band.low},
                    {"high", band.high},
                    {"baseline", watch.baseline},
                    {"limit", figure(watch.losses->baseline())},
                    {"labels", since.n},
                    {"labels_apart", static_cast<double>(apart_)},
                    {"arl_labels", config.arl_labels}};
  if (const auto segment = segments_.explain(measure, watch.start); segment && update.phase != FindingPhase::kClosed) {
    update.segment = segment->segment;
    update.numbers["segment_share"] = segment->share;
    update.numbers["segment_before"] = figure(segment->before);
    update.numbers["segment_after"] = figure(segment->after);
    update.numbers["rest_after"] = figure(segment->rest_after);
  }
  update.summary = sentence(measure, update);
}

std::string PerformanceDetector::sentence(Measure measure, const FindingUpdate& update) const {
  const Watch& watch = watch_of(measure);
  const std::string name(figure_name(measure, config_.performance.problem));
  const auto& numbers = update.numbers;
  std::string out = fmt::format("{} is {:.3f} ({:.3f} to {:.3f}) over {:.0f} labels, {} {:.3f}", name, numbers.at(name),
                                numbers.at("low"), numbers.at("high"), numbers.at("labels"),
                                watch.from_release ? "the release was accepted with" : "the first labels said", watch.baseline);
  if (!update.segment.empty())
    out += fmt::format("; {:.0f} % of the change lies in {}", 100 * numbers.at("segment_share"), update.segment);
  else if (update.phase != FindingPhase::kClosed)
    out += "; no segment stands out";
  if (apart_ > 0) out += fmt::format("; {} labels of answers that an action changed are not counted", apart_);
  return out;
}

// {"measures": [{figure, value, n, low, high, band_n, baseline, limit, basis, open}], "estimated": [{figure, value, low, high, n}],
//  "windows": [...], "segments": [...], "labels": {...}}. Values without labels are null.
Json PerformanceDetector::report() const {
  const LabelCounts& counts = join_.counts();
  return JsonObject{{"measures", measures_json()},
                    {"estimated", estimated_json()},
                    {"windows", windows_json()},
                    {"segments", segments_json()},
                    {"labels", JsonObject{{"joined", counts.joined}, {"early", counts.early}, {"corrected", counts.corrected},
                                          {"repeated", counts.repeated}, {"unknown", counts.unknown}, {"waiting", join_.waiting()},
                                          {"late", windows_.late()}, {"too_late", windows_.too_late()}, {"apart", apart_},
                                          {"apart_positive", apart_positive_}}}};
}

// All of the newest n labels: value, and the band around it.
JsonArray PerformanceDetector::measures_json() const {
  const PerformanceConfig& config = config_.performance;
  JsonArray out;
  for (const Measure measure : kAllMeasures) {
    const Watch& watch = watch_of(measure);
    if (!watch.losses) continue;
    const auto figure = [&](double loss) { return figure_from(measure, config.problem, loss, config.error_limit); };
    const double n = static_cast<double>(watch.losses->n());
    const stats::Band band =
        n > 0 ? figure_band(measure, config, stats::mean_band(n, n * watch.losses->mean(), kBandAlpha)) : figure_band(measure, config, {0, 1});
    out.push_back(JsonObject{{"figure", figure_name(measure, config.problem)},
                             {"value", number_or_null(figure(watch.losses->mean()))},
                             {"n", watch.losses->n()},
                             {"low", band.low},
                             {"high", band.high},
                             {"band_n", watch.losses->n()},
                             {"baseline", watch.baseline},
                             {"limit", figure(watch.losses->baseline())},
                             {"basis", watch.from_release ? "release" : "first labels"},
                             {"open", watch.episode.open()}});
  }
  return out;
}

JsonArray PerformanceDetector::estimated_json() const {
  using stats::Figure;
  constexpr std::pair<const char*, Figure> kShown[] = {
      {"accuracy", Figure::kAccuracy}, {"precision", Figure::kPrecision}, {"recall", Figure::kRecall},
      {"f1", Figure::kF1},             {"roc_auc", Figure::kRocAuc},      {"average_precision", Figure::kAveragePrecision}};
  JsonArray out;
  if (!estimate_.fitted()) return out;
  const stats::Figures figures = estimate_.figures();
  for (const auto& [name, which] : kShown) {
    const stats::Band band = stats::band_of(which, at(figures, which), estimate_.sampling_error(which));
    out.push_back(JsonObject{{"figure", name},
                             {"value", number_or_null(at(figures, which))},
                             {"low", number_or_null(band.low)},
                             {"high", number_or_null(band.high)},
                             {"n", estimate_.n()}});
  }
  return out;
}

JsonArray PerformanceDetector::windows_json() const {
  const PerformanceConfig& config = config_.performance;
  JsonArray out;
  for (const PerformanceWindows::Window& window : windows_.all()) {
    JsonObject row{{"start", format_time(window.start)}, {"answers", window.answers}, {"labels", window.labels},
                   {"late", window.late}, {"complete", windows_.complete(window)}};
    for (const Measure measure : kAllMeasures) {
      const double n = of(window.n, measure), loss = std::min(of(window.loss, measure), n);
      if (n < 1) continue;
      const stats::Band band = figure_band(measure, config, stats::mean_band(n, loss, kBandAlpha));
      row[figure_name(measure, config.problem)] =
          JsonObject{{"value", figure_from(measure, config.problem, loss / n, config.error_limit)}, {"low", band.low},
                     {"high", band.high}, {"n", n}};
    }
    if (config.problem == Problem::kBinary && window.labels > 0) {
      row["f1"] = number_or_null(window.counts.f1());
      row["log_loss"] = number_or_null(window.log_loss / static_cast<double>(window.labels));
    }
    if (window.expected.total() > 0) {
      row["estimated_error_rate"] = number_or_null(1 - window.expected.accuracy());
      row["estimated_precision"] = number_or_null(window.expected.precision());
      row["estimated_recall"] = number_or_null(window.expected.recall());
    }
    out.push_back(std::move(row));
  }
  return out;
}

JsonArray PerformanceDetector::segments_json() const {
  const PerformanceConfig& config = config_.performance;
  JsonArray out;
  for (const SegmentTally& tally : segments_.tallies()) {
    JsonObject row{{"segment", tally.segment}, {"answers", tally.answers}, {"overcounted", tally.overcounted}};
    for (const Measure measure : kAllMeasures) {
      const double n = of(tally.judged, measure);
      if (n < 1) continue;
      const double loss = of(tally.loss, measure) / n;
      row[figure_name(measure, config.problem)] =
          JsonObject{{"value", figure_from(measure, config.problem, loss, config.error_limit)}, {"n", n}};
    }
    out.push_back(std::move(row));
  }
  return out;
}

}  // namespace firebreak::detect
