#include "stats/error_change.h"

#include <algorithm>
#include <cmath>

namespace firebreak::stats {
namespace {

constexpr double kDrift = 0.001, kWarning = 0.005;  // confidence of both HDDMs

double hoeffding(double n, double confidence) { return std::sqrt(std::log(1 / confidence) / (2 * n)); }
double mcdiarmid(double bound, double confidence) { return std::sqrt(bound * std::log(1 / confidence) / 2); }

}  // namespace

bool Eddm::update(double error) {
  constexpr std::uint64_t kWarmStart = 30;
  constexpr double kWarningLevel = 0.95, kDriftLevel = 0.9;
  ++n_;
  if (error != 1) return false;
  ++errors_;
  const double gap = static_cast<double>(n_ - last_), errors = static_cast<double>(errors_), off = gap - mean_;
  last_ = n_;
  mean_ += off / errors;
  squares_ += off * (gap - mean_);
  if (n_ <= kWarmStart) return false;
  const double length = mean_ + 2 * (errors_ > 1 ? std::sqrt(squares_ / (errors - 1)) : 0);
  if (length > longest_) {
    longest_ = length;
  } else if (errors_ > kWarmStart) {
    if (length / longest_ < kDriftLevel) {
      *this = Eddm();
      return true;
    }
    warning_ = length / longest_ < kWarningLevel;
  }
  return false;
}

bool HddmA::update(double error) {
  ++n_;
  sum_ += error;
  if (cut_n_ == 0 || cut_sum_ / cut_n_ + hoeffding(cut_n_, kDrift) >= sum_ / n_ + hoeffding(n_, kDrift)) {
    cut_n_ = n_;
    cut_sum_ = sum_;
  }
  if (risen(kDrift)) {
    *this = HddmA();
    return true;
  }
  warning_ = risen(kWarning);
  return false;
}

bool HddmA::risen(double confidence) const {
  if (cut_n_ == n_) return false;
  const double m = (n_ - cut_n_) / cut_n_ / n_;
  return sum_ / n_ - cut_sum_ / cut_n_ >= std::sqrt(m / 2 * std::log(2 / confidence));
}

void HddmW::Mean::add(double next) {
  constexpr double kWeight = 0.05;
  // The first value is taken whole.
  value = !any ? next : kWeight * next + (1 - kWeight) * value;
  bound = kWeight * kWeight + (1 - kWeight) * (1 - kWeight) * bound;
  any = true;
}

bool HddmW::update(double error) {
  all_.add(error);
  const double upper = all_.value + mcdiarmid(all_.bound, kDrift);
  if (upper < lowest_) {
    lowest_ = upper;
    before_ = all_;
    after_ = Mean();
  } else {
    after_.add(error);
  }
  if (risen(kDrift)) {
    *this = HddmW();
    return true;
  }
  warning_ = risen(kWarning);
  return false;
}

bool HddmW::risen(double confidence) const {
  return before_.any && after_.any && after_.value - before_.value > mcdiarmid(before_.bound + after_.bound, confidence);
}

bool Fhddm::update(double right) {
  constexpr std::size_t kWindow = 100;
  constexpr double kConfidence = 1e-6;
  window_.push_back(right);
  ones_ += right;
  if (window_.size() > kWindow) {
    ones_ -= window_.front();
    window_.pop_front();
  }
  if (window_.size() < kWindow) return false;
  const double share = ones_ / static_cast<double>(kWindow);
  most_ = std::max(most_, share);
  if (most_ - share <= hoeffding(static_cast<double>(kWindow), kConfidence)) return false;
  *this = Fhddm();
  return true;
}

}  // namespace firebreak::stats
