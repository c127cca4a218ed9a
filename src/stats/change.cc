#include "stats/change.h"

#include <algorithm>
#include <cmath>

namespace firebreak::stats {
namespace {

double size_of(std::size_t row) { return std::ldexp(1.0, static_cast<int>(row)); }

// What two groups' means add to the squared deviations of their union.
double between(double n, double m, double difference) { return n * m * difference * difference / (n + m); }

}  // namespace

bool Adwin::update(double value) {
  if (changed_ && options_.starts_anew) *this = Adwin(options_);
  changed_ = false;
  insert(value);
  compress();
  ++ticks_;
  if (ticks_ % options_.clock != 0 || width_ <= options_.grace_period) return false;
  while (shrink()) changed_ = true;
  return changed_;
}

void Adwin::insert(double value) {
  if (rows_.empty()) rows_.emplace_back();
  rows_.front().push_back({value, 0});
  ++width_;
  if (width_ > 1) {
    const double before = static_cast<double>(width_ - 1);
    variance_ += between(before, 1, value - total_ / before);
  }
  total_ += value;
}

// A row with one bucket too many gives its two oldest to the next row as one.
void Adwin::compress() {
  for (std::size_t r = 0; r < rows_.size() && rows_[r].size() > options_.max_buckets; ++r) {
    if (r + 1 == rows_.size()) rows_.emplace_back();
    std::vector<Bucket>& row = rows_[r];
    const double n = size_of(r);
    const Bucket joined{row[0].total + row[1].total,
                        row[0].variance + row[1].variance + between(n, n, row[0].total / n - row[1].total / n)};
    rows_[r + 1].push_back(joined);
    row.erase(row.begin(), row.begin() + 2);
  }
}

void Adwin::drop_oldest() {
  std::vector<Bucket>& row = rows_.back();
  const double n = size_of(rows_.size() - 1);
  const Bucket oldest = row.front();
  width_ -= static_cast<std::uint64_t>(n);
  total_ -= oldest.total;
  if (width_ > 0) {
    const double rest = static_cast<double>(width_);
    variance_ -= oldest.variance + between(n, rest, oldest.total / n - total_ / rest);
  }
  row.erase(row.begin());
  while (!rows_.empty() && rows_.back().empty()) rows_.pop_back();
}

// Bifet & Gavalda 2007, theorem 3.2 with the normal approximation: their epsilon_cut for the whole window's variance.
bool Adwin::cut_here(double n0, double n1, double difference) const {
  const double least = static_cast<double>(options_.min_window_length), width = static_cast<double>(width_);
  const double log_term = std::log(2 * std::log(width) / options_.delta);
  const double inverse = 1 / (n0 - least + 1) + 1 / (n1 - least + 1);
  const double epsilon = std::sqrt(2 * inverse * (variance_ / width) * log_term) + 2.0 / 3 * log_term * inverse;
  return std::fabs(difference) > epsilon;
}

bool Adwin::shrink() {
  const double least = static_cast<double>(options_.min_window_length);
  double n0 = 0, n1 = static_cast<double>(width_), sum0 = 0, sum1 = total_;
  for (std::size_t r = rows_.size(); r-- > 0;) {
    const double n = size_of(r);
    for (std::size_t k = 0; k < rows_[r].size(); ++k) {
      n0 += n;
      n1 -= n;
      sum0 += rows_[r][k].total;
      sum1 -= rows_[r][k].total;
      if (r == 0 && k + 1 == rows_[r].size()) return false;
      if (n0 < least || n1 < least || !cut_here(n0, n1, sum0 / n0 - sum1 / n1)) continue;
      drop_oldest();
      return true;
    }
  }
  return false;
}

bool Ddm::update(double error) {
  ++n_;
  errors_ += error;
  warning_ = false;
  if (n_ <= options_.warm_start) return false;
  const double n = static_cast<double>(n_), rate = errors_ / n, spread = std::sqrt(rate * (1 - rate) / n);
  if (!has_best_ || rate + spread <= best_) {
    has_best_ = true;
    best_ = rate + spread;
    best_rate_ = rate;
    best_spread_ = spread;
  }
  if (rate + spread > best_rate_ + options_.drift_threshold * best_spread_) {
    *this = Ddm(options_);
    return true;
  }
  warning_ = rate + spread > best_rate_ + options_.warning_threshold * best_spread_;
  return false;
}

bool PageHinkley::update(double value) {
  ++n_;
  mean_ += (value - mean_) / static_cast<double>(n_);
  const double deviation = value - mean_;
  rise_ = options_.alpha * rise_ + deviation - options_.delta;
  fall_ = options_.alpha * fall_ + deviation + options_.delta;
  lowest_ = n_ == 1 ? rise_ : std::min(lowest_, rise_);
  highest_ = n_ == 1 ? fall_ : std::max(highest_, fall_);
  if (n_ < options_.min_instances || std::max(rise_ - lowest_, highest_ - fall_) <= options_.threshold) return false;
  *this = PageHinkley(options_);
  return true;
}

}  // namespace firebreak::stats
