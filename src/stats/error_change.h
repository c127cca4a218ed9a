// More change detectors of a stream of errors (1 for an error, 0 for none), with river's defaults and its rules where they
// differ from the papers; see change.h for the rest of the contract.
//
// Sources: EDDM: Baena-Garcia et al. 2006. HDDM_A, HDDM_W: Frias-Blanco et al. 2015, one-sided. FHDDM: Pesaranghader &
// Viktor 2016, where 1 means a right answer: given errors, it tells when they become fewer.
#pragma once

#include <cstdint>
#include <deque>
#include <limits>

namespace firebreak::stats {

// The gaps between errors become shorter.
class Eddm {
 public:
  bool update(double error);
  bool warning() const { return warning_; }

 private:
  std::uint64_t n_ = 0, errors_ = 0, last_ = 0;
  double mean_ = 0, squares_ = 0, longest_ = -1;  // of the gaps; longest: the largest mean + 2 sd
  bool warning_ = false;
};

// The mean since the start lies above the mean up to the best cut by more than Hoeffding's bound.
class HddmA {
 public:
  bool update(double error);
  bool warning() const { return warning_; }

 private:
  bool risen(double confidence) const;

  double n_ = 0, sum_ = 0, cut_n_ = 0, cut_sum_ = 0;
  bool warning_ = false;
};

// The same with means that forget, and McDiarmid's bound.
class HddmW {
 public:
  bool update(double error);
  bool warning() const { return warning_; }

 private:
  struct Mean {
    double value = 0, bound = 1;  // bound: sum of squared weights
    bool any = false;
    void add(double value);
  };
  bool risen(double confidence) const;

  Mean all_, before_, after_;
  double lowest_ = std::numeric_limits<double>::infinity();
  bool warning_ = false;
};

// The share of ones in the last 100 values lies below its highest by more than Hoeffding's bound.
class Fhddm {
 public:
  bool update(double right);

 private:
  std::deque<double> window_;
  double ones_ = 0, most_ = 0;
};

}  // namespace firebreak::stats
