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
  std::string out = fmt::format("{} is {:.3f} ({:.3f} to {:.3f}) over {:.0f} labels, {} {:.3f}", name, numbers.at(name), numbers.at("low"),
                                numbers.at("high"), numbers.at("labels"),
                                watch.from_release ? "the release was accepted with" : "the first labels said", watch.baseline);
  if (!update.segment.empty())
    out += fmt::format("; {:.0f} % of the change lies in {}", 100 * numbers.at("segment_share"), update.segment);
  else if (update.phase != FindingPhase::kClosed)
    out += "; no segment stands out";
  if (apart_ > 0) out += fmt::format("; {} labels of answers that an action changed are not counted", apart_);
  return out;
}

// {"measures": [{figure, value, low, high, n, baseline, limit, basis, open}], "estimated": [...], "windows": [...], "segments": [...],
//  "labels": {...}}. Values without labels are null.
Json PerformanceDetector::report() const {
  const PerformanceConfig& config = config_.performance;
  JsonArray measures, estimated, windows, segments;
  for (const Measure measure : kAllMeasures) {
    const Watch& watch = watch_of(measure);
    if (!watch.losses) continue;
    const stats::Band band = figure_band(measure, config, watch.losses->band(kBandAlpha));
    measures.push_back(JsonObject{{"figure", figure_name(measure, config.problem)},
                                  {"value", number_or_null(figure_from(measure, config.problem, watch.losses->mean(), config.error_limit))},
                                  {"n", watch.losses->n()},
                                  {"low", band.low},
                                  {"high", band.high},
                                  {"band_n", watch.losses->seen()},
                                  {"baseline", watch.baseline},
                                  {"limit", figure_from(measure, config.problem, watch.losses->baseline(), config.error_limit)},
                                  {"basis", watch.from_release ? "release" : "first labels"},
                                  {"open", watch.episode.open()}});
  }
  if (estimate_.fitted()) {
    constexpr std::pair<const char*, stats::Figure> kShown[] = {
        {"accuracy", stats::Figure::kAccuracy}, {"precision", stats::Figure::kPrecision}, {"recall", stats::Figure::kRecall},
        {"f1", stats::Figure::kF1},             {"roc_auc", stats::Figure::kRocAuc},      {"average_precision", stats::Figure::kAveragePrecision}};
    const stats::Figures figures = estimate_.figures();
    for (const auto& [name, which] : kShown) {
      const stats::Band band = stats::band_of(which, at(figures, which), estimate_.sampling_error(which));
      estimated.push_back(JsonObject{{"figure", name},
                                     {"value", number_or_null(at(figures, which))},
                                     {"low", number_or_null(band.low)},
                                     {"high", number_or_null(band.high)},
                                     {"n", estimate_.n()}});
    }
  }
  for (const PerformanceWindows::Window& window : windows_.all()) {
    JsonObject row{{"start", format_time(window.start)}, {"answers", window.answers}, {"labels", window.labels},
                   {"late", window.late}, {"complete", windows_.complete(window)}};
    for (const Measure measure : kAllMeasures) {
      const auto m = static_cast<std::size_t>(measure);
      if (window.n[m] < 1) continue;
      const stats::Band band = figure_band(measure, config, stats::mean_band(window.n[m], std::min(window.loss[m], window.n[m]), kBandAlpha));
      row[figure_name(measure, config.problem)] = JsonObject{
          {"value", figure_from(measure, config.problem, window.loss[m] / window.n[m], config.error_limit)},
          {"low", band.low}, {"high", band.high}, {"n", window.n[m]}};
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
    windows.push_back(std::move(row));
  }
  for (const SegmentTally& tally : segments_.tallies()) {
    JsonObject row{{"segment", tally.segment}, {"answers", tally.answers}, {"overcounted", tally.overcounted}};
    for (const Measure measure : kAllMeasures) {
      const auto m = static_cast<std::size_t>(measure);
      if (tally.judged[m] < 1) continue;
      row[figure_name(measure, config.problem)] = JsonObject{
          {"value", figure_from(measure, config.problem, tally.loss[m] / tally.judged[m], config.error_limit)}, {"n", tally.judged[m]}};
    }
    segments.push_back(std::move(row));
  }
  const LabelCounts& counts = join_.counts();
  return JsonObject{{"measures", std::move(measures)},
                    {"estimated", std::move(estimated)},
                    {"windows", std::move(windows)},
                    {"segments", std::move(segments)},
                    {"labels", JsonObject{{"joined", counts.joined}, {"early", counts.early}, {"corrected", counts.corrected},
                                          {"repeated", counts.repeated}, {"unknown", counts.unknown}, {"waiting", join_.waiting()},
                                          {"late", windows_.late()}, {"too_late", windows_.too_late()}, {"apart", apart_},
                                          {"apart_positive", apart_positive_}}}};
}

}  // namespace firebreak::detect
