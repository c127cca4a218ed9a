#include "fold/detect/outliers.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "fold/detect/statistics.h"

namespace firebreak::detect {
namespace {

constexpr std::int64_t kBuckets = 60;

}  // namespace

void OutlierDetector::forget(Time now) {
  const std::int64_t oldest = (now.us - config_.outliers.window_us) / (config_.outliers.window_us / kBuckets);
  while (!buckets_.empty() && buckets_.front().number <= oldest) {
    rows_ -= buckets_.front().rows;
    outliers_ -= buckets_.front().outliers;
    buckets_.pop_front();
  }
}

double OutlierDetector::probability() const {
  return binomial_upper_tail(outliers_, rows_, config_.outliers.base_share);
}

void OutlierDetector::observe(const Observation& observation, const std::vector<Rank>& ranks, Time now,
                              std::vector<FindingUpdate>& out) {
  advance(now, out);
  const std::int64_t number = now.us / (config_.outliers.window_us / kBuckets);
  if (buckets_.empty() || buckets_.back().number != number) buckets_.push_back({number, 0, 0, 0, 0, {}, {}});
  Bucket& bucket = buckets_.back();
  ++bucket.rows;
  ++rows_;
  if (tail_score(profile_, ranks) <= profile_.tail_limit) return;
  ++bucket.outliers;
  ++outliers_;
  note_features(ranks);
  if (bucket.outliers == 1) {
    bucket.first_index = observation.index;
    bucket.first_time = observation.time;
  }
  bucket.last_index = observation.index;
  bucket.last_time = observation.time;
  if (!episode_.open()) {
    if (outliers_ < config_.outliers.min_outliers || probability() >= config_.outliers.open_probability)
      return;
    episode_.hit("outlier_burst", observation.index, observation.time);
    // The burst began with the window's first outliers, not with the one that crossed the limit.
    for (const Bucket& held : buckets_)
      if (held.outliers > 0)
        episode_.cover(held.first_index, held.last_index, held.first_time, held.last_time);
  } else {
    episode_.hit("outlier_burst", observation.index, observation.time);
  }
  report(now, out);
}

// A row's own share of each feature: the surprise of its nearer tail.
void OutlierDetector::note_features(const std::vector<Rank>& ranks) {
  constexpr std::uint64_t kHalve = 256;
  if (outlying_.empty()) outlying_.assign(ranks.size(), 0);
  const double least = 0.5 / static_cast<double>(profile_.rows);
  for (std::size_t k = 0; k < ranks.size(); ++k) {
    outlying_[k] -= std::log(std::max(std::min(ranks[k].right, 1 - ranks[k].left), least));
    if (outliers_ % kHalve == 0) outlying_[k] /= 2;
  }
}

std::string OutlierDetector::most_outlying() const {
  constexpr std::size_t kNamed = 3;
  std::vector<std::size_t> order(outlying_.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [this](std::size_t a, std::size_t b) { return outlying_[a] > outlying_[b]; });
  std::string out;
  for (std::size_t i = 0; i < std::min(kNamed, order.size()); ++i) out += (i == 0 ? "" : ", ") + profile_.numeric[order[i]].name;
  return out;
}

void OutlierDetector::report(Time now, std::vector<FindingUpdate>& out) {
  if (!episode_.due(now, config_.update_us)) return;
  out.push_back(episode_.report(config_, now));
  describe(out.back());
  if (peak_.summary.empty() || out.back().numbers.at("share") >= peak_.numbers.at("share")) {
    peak_.severity = out.back().severity;
    peak_.numbers = out.back().numbers;
    peak_.summary = out.back().summary;
  }
}

void OutlierDetector::describe(FindingUpdate& update) const {
  const double share = rows_ == 0 ? 0 : static_cast<double>(outliers_) / static_cast<double>(rows_);
  update.severity = Severity::kMedium;
  update.numbers = {{"window_requests", static_cast<double>(rows_)},
                    {"window_outliers", static_cast<double>(outliers_)},
                    {"share", share},
                    {"base_share", config_.outliers.base_share},
                    {"probability", probability()},
                    {"open_probability", config_.outliers.open_probability},
                    {"tail_limit", profile_.tail_limit}};
  // The endpoint's own first rows say nothing of what the model was trained on.
  update.summary = fmt::format("{:.1f} % of {} distinct requests in the window lie outside {} ({:.1f} % are usual), furthest in {}", 100 * share, rows_,
                               profile_.ordered ? "the reference" : "what the model was trained on", 100 * config_.outliers.base_share,
                               most_outlying());
}

void OutlierDetector::advance(Time now, std::vector<FindingUpdate>& out) {
  forget(now);
  if (!episode_.open()) return;
  report(now, out);
  if (probability() < config_.outliers.close_probability) return;
  FindingUpdate update = episode_.close(config_);
  if (peak_.summary.empty()) describe(peak_);
  update.severity = peak_.severity;
  update.numbers = peak_.numbers;
  update.summary = "ended; at its worst " + peak_.summary;
  peak_ = {};
  out.push_back(std::move(update));
}

}  // namespace firebreak::detect
