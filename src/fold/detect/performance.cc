#include "fold/detect/performance.h"

#include <fmt/core.h>

#include <algorithm>

#include "fold/detect/statistics.h"

namespace firebreak::detect {

PerformanceDetector::PerformanceDetector(const DetectorConfig& config, const ReferenceProfile& profile)
    : config_(config),
      predictions_(config.performance.max_predictions),
      precision_{"precision", config.performance.precision_labels, 0, {}, 0, {}},
      recall_{"recall", config.performance.recall_labels, 0, {}, 0, {}} {
  if (!profile.performance) return;
  judged_ = true;
  precision_.baseline = profile.performance->precision();
  recall_.baseline = profile.performance->recall();
}

void PerformanceDetector::observe(const Observation& observation) {
  if (!judged_ || !is_model_decision(observation.disposition) || observation.label.empty()) return;
  const std::uint64_t id = id_hash(observation.id);
  if (predictions_.find(id) == nullptr) {
    if (order_.size() >= config_.performance.max_predictions) {
      predictions_.erase(order_.front());
      order_.pop_front();
    }
    order_.push_back(id);
  }
  predictions_.put(
      id, {observation.index, observation.time, observation.label == config_.performance.flagged_answer});
}

void PerformanceDetector::add(Window& window, const Outcome& outcome) {
  window.outcomes.push_back(outcome);
  window.hits += outcome.hit ? 1 : 0;
  if (window.outcomes.size() <= window.length) return;
  window.hits -= window.outcomes.front().hit ? 1 : 0;
  window.outcomes.pop_front();
}

void PerformanceDetector::remove(Window& window, std::uint64_t id) {
  const auto at = std::find_if(window.outcomes.begin(), window.outcomes.end(),
                               [id](const Outcome& outcome) { return outcome.id == id; });
  if (at == window.outcomes.end()) return;
  window.hits -= at->hit ? 1 : 0;
  window.outcomes.erase(at);
}

void PerformanceDetector::observe(const LabelObservation& label, Time now, std::vector<FindingUpdate>& out) {
  const std::uint64_t id = id_hash(label.id);
  const Prediction* prediction = predictions_.find(id);
  if (prediction == nullptr) {
    ++unmatched_;
    return;
  }
  const bool positive = label.label == config_.performance.positive_label;
  remove(precision_, id);
  remove(recall_, id);
  if (prediction->flagged) {
    add(precision_, {id, prediction->index, prediction->time, positive});
    judge(precision_, label.index, now, out);
  }
  if (positive) {
    add(recall_, {id, prediction->index, prediction->time, prediction->flagged});
    judge(recall_, label.index, now, out);
  }
}

void PerformanceDetector::judge(Window& window, std::uint64_t label_index, Time now,
                                std::vector<FindingUpdate>& out) {
  if (window.outcomes.size() < window.length) return;
  const double upper = wilson(window.hits, window.outcomes.size(), config_.performance.z).high;
  if (upper < window.baseline) {
    const auto [first, last] =
        std::minmax_element(window.outcomes.begin(), window.outcomes.end(),
                            [](const Outcome& a, const Outcome& b) { return a.time < b.time; });
    // The evidence lies where the decisions were made; labels lag by days.
    window.episode.hit("performance_drop", last->index, last->time);
    window.episode.cover(std::min(first->index, last->index), std::max(label_index, last->index), first->time,
                         last->time);
    if (!window.episode.due(now, config_.update_us)) return;
    out.push_back(window.episode.report(config_, now));
    out.back().episode += "/" + window.measure;
    describe(window, out.back());
  } else if (window.episode.open() && upper >= window.baseline + config_.performance.close_margin) {
    FindingUpdate update = window.episode.close(config_);
    update.episode += "/" + window.measure;
    describe(window, update);
    out.push_back(std::move(update));
  }
}

void PerformanceDetector::describe(const Window& window, FindingUpdate& update) const {
  const Interval interval = wilson(window.hits, window.outcomes.size(), config_.performance.z);
  const double figure = static_cast<double>(window.hits) / static_cast<double>(window.outcomes.size());
  update.severity = Severity::kHigh;
  update.numbers = {{window.measure, figure},
                    {"low", interval.low},
                    {"high", interval.high},
                    {"baseline", window.baseline},
                    {"labels", static_cast<double>(window.outcomes.size())},
                    {"z", config_.performance.z}};
  update.summary = fmt::format(
      "{} over the last {} labels is {:.3f} (at most {:.3f}), the release was accepted with {:.3f}",
      window.measure, window.outcomes.size(), figure, interval.high, window.baseline);
}

std::size_t PerformanceDetector::bytes() const {
  return predictions_.bytes() + order_.size() * 8 +
         (precision_.outcomes.size() + recall_.outcomes.size()) * sizeof(Outcome);
}

}  // namespace firebreak::detect
