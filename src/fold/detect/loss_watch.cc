#include "fold/detect/loss_watch.h"

#include <algorithm>
#include <limits>
#include <vector>

namespace firebreak::detect {
namespace {

stats::BoundedMeanOptions detector_options(const LossWatchOptions& options) {
  stats::BoundedMeanOptions out;
  out.baseline = options.baseline;
  out.threshold = options.threshold;
  out.least_rise = options.least_rise;
  return out;
}

stats::OnsetOptions onset_options() {
  constexpr std::size_t kPerSize = 32;
  stats::OnsetOptions out;
  out.direction = stats::OnsetOptions::Direction::kRise;
  out.per_size = kPerSize;
  return out;
}

}  // namespace

LossWatch::LossWatch(const LossWatchOptions& options)
    : options_(options), before_(detector_options(options)), now_(before_), older_(onset_options()) {
  older_.set_reference(options.reference_n, options.reference_sum, options.reference_squares);
}

bool LossWatch::add(std::uint64_t id, std::uint64_t index, Time time, double loss) {
  recent_.push_back({id, index, time, loss, true});
  window_sum_ += loss;
  sum_ += loss;
  ++seen_;
  ++since_alarm_;
  if (recent_.size() > options_.window) {
    const Loss& old = recent_.front();
    window_sum_ -= old.value;
    if (before_.update(old.value)) --alarms_;
    older_.add(old.value, old.index, old.time);
    recent_.pop_front();
  }
  if (!now_.update(loss)) return false;
  ++alarms_;
  since_alarm_ = 0;
  return true;
}

bool LossWatch::correct(std::uint64_t id, std::optional<double> loss) {
  // The newest is the likeliest: look from the back.
  const auto found = std::find_if(recent_.rbegin(), recent_.rend(), [id](const Loss& one) { return one.id == id; });
  if (found == recent_.rend() || (loss && *loss == found->value)) return false;
  const auto at = std::prev(found.base());
  if (at->counted) {
    sum_ = std::max(0.0, sum_ + loss.value_or(0) - at->value);
    if (!loss) --seen_;
    sum_ = std::min(sum_, seen_);
  }
  if (loss) {
    at->value = *loss;
  } else {
    recent_.erase(at);
  }
  const std::uint64_t alarms = alarms_;
  alarms_ = replay();
  if (alarms_ <= alarms) return false;
  since_alarm_ = 0;
  return true;
}

std::uint64_t LossWatch::replay() {
  std::uint64_t alarms = 0;
  window_sum_ = 0;
  now_ = before_;
  for (const Loss& loss : recent_) {
    window_sum_ += loss.value;
    alarms += now_.update(loss.value) ? 1 : 0;
  }
  return alarms;
}

double LossWatch::mean() const {
  return recent_.empty() ? std::numeric_limits<double>::quiet_NaN() : window_sum_ / static_cast<double>(recent_.size());
}

LossWatch::Place LossWatch::oldest() const {
  return recent_.empty() ? Place() : Place{recent_.front().index, recent_.front().time};
}

LossWatch::Sum LossWatch::since(std::uint64_t index) const {
  Sum out;
  for (const Loss& loss : recent_) {
    if (loss.index < index) continue;
    ++out.n;
    out.sum += loss.value;
  }
  out.sum = std::min(out.sum, out.n);
  return out;
}

bool LossWatch::recovered() const {
  return recent_.size() >= options_.window && since_alarm_ >= options_.window && mean() <= options_.baseline;
}

std::optional<stats::OnsetEstimate> LossWatch::onset() const {
  stats::MeanOnset whole = older_;
  std::vector<Loss> ordered(recent_.begin(), recent_.end());
  std::stable_sort(ordered.begin(), ordered.end(), [](const Loss& a, const Loss& b) { return a.index < b.index; });
  for (const Loss& loss : ordered) whole.add(loss.value, loss.index, loss.time);
  return whole.estimate();
}

void LossWatch::forget_past() {
  older_.restart();
  for (Loss& loss : recent_) loss.counted = false;
  seen_ = sum_ = 0;
}

std::size_t LossWatch::bytes() const { return sizeof *this + recent_.size() * sizeof(Loss) + older_.bytes(); }

}  // namespace firebreak::detect
