#include "stats/moments.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace firebreak::stats {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

}  // namespace

Moments Moments::of(std::span<const double> values) {
  Moments out;
  if (values.empty()) return out;
  out.n_ = values.size();
  const double n = static_cast<double>(out.n_);
  double sum = 0;
  for (const double value : values) sum += value;
  out.mean_ = sum / n;
  // The rounding error of the mean is the mean deviation: taking it out again costs one more sum.
  double rest = 0;
  for (const double value : values) rest += value - out.mean_;
  out.mean_ += rest / n;
  out.min_ = out.max_ = values.front();
  for (const double value : values) {
    const double d = value - out.mean_, square = d * d;
    out.m2_ += square;
    out.m3_ += square * d;
    out.m4_ += square * square;
    out.min_ = std::min(out.min_, value);
    out.max_ = std::max(out.max_, value);
  }
  return out;
}

// Pebay 2008, eq. 2.1: merge() with one value, by one division.
void Moments::add(double value) {
  if (n_ == 0) {
    n_ = 1;
    mean_ = min_ = max_ = value;
    return;
  }
  const auto before = static_cast<double>(n_++);
  const double n = before + 1, d = value - mean_, dn = d / n, square = dn * dn, term = d * dn * before;
  m4_ += term * square * (n * n - 3 * n + 3) + 6 * square * m2_ - 4 * dn * m3_;
  m3_ += term * dn * (n - 2) - 3 * dn * m2_;
  m2_ += term;
  mean_ += dn;
  min_ = std::min(min_, value);
  max_ = std::max(max_, value);
}

void Moments::merge(const Moments& other) {
  if (other.n_ == 0) return;
  if (n_ == 0) {
    *this = other;
    return;
  }
  const double a = static_cast<double>(n_), b = static_cast<double>(other.n_), n = a + b;
  const double d = other.mean_ - mean_, dn = d / n;
  const double m4 = m4_ + other.m4_ + d * dn * dn * dn * a * b * (a * a - a * b + b * b) +
                    6 * dn * dn * (a * a * other.m2_ + b * b * m2_) + 4 * dn * (a * other.m3_ - b * m3_);
  const double m3 = m3_ + other.m3_ + d * dn * dn * a * b * (a - b) + 3 * dn * (a * other.m2_ - b * m2_);
  m2_ += other.m2_ + d * dn * a * b;
  m3_ = m3;
  m4_ = m4;
  mean_ += dn * b;
  n_ += other.n_;
  min_ = std::min(min_, other.min_);
  max_ = std::max(max_, other.max_);
}

Moments Moments::from_state(const State& state) {
  Moments out;
  out.n_ = state.n;
  out.mean_ = state.mean;
  out.m2_ = state.m2;
  out.m3_ = state.m3;
  out.m4_ = state.m4;
  out.min_ = state.min;
  out.max_ = state.max;
  return out;
}

double Moments::mean() const { return n_ == 0 ? kNan : mean_; }
double Moments::min() const { return n_ == 0 ? kNan : min_; }
double Moments::max() const { return n_ == 0 ? kNan : max_; }
double Moments::variance_population() const { return n_ == 0 ? kNan : m2_ / static_cast<double>(n_); }
double Moments::variance_sample() const { return n_ < 2 ? kNan : m2_ / static_cast<double>(n_ - 1); }
double Moments::std_population() const { return std::sqrt(variance_population()); }
double Moments::std_sample() const { return std::sqrt(variance_sample()); }

bool Moments::is_constant() const {
  const double rounding = std::numeric_limits<double>::epsilon() * mean_;
  return n_ == 0 || variance_population() <= rounding * rounding;
}

double Moments::skewness() const {
  if (is_constant()) return kNan;
  return m3_ / static_cast<double>(n_) / std::pow(variance_population(), 1.5);
}

double Moments::kurtosis_excess() const {
  if (is_constant()) return kNan;
  const double variance = variance_population();
  return m4_ / static_cast<double>(n_) / (variance * variance) - 3;
}

}  // namespace firebreak::stats
