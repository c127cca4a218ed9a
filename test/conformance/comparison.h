// Holds our answers against recorded ones, value by value, and keeps count.
//
// Tolerances are those of test/data/conformance/expected.json: what a number is (statistic, p value, Evidently's score, a
// position) decides. A key of the recorded answer is compared, or it stands in the list of what is left out with its reason;
// a key that is neither fails.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "base/json.h"

namespace firebreak::conformance {

struct Tolerance {
  double relative = 1e-9, absolute = 1e-12;
};

class Comparison {
 public:
  // Compares everything under `expected` with the same place of `actual`. `where` is said in failures.
  void compare(const Json& expected, const Json& actual, const std::string& where);
  void leave_out(const std::string& reason) { ++left_out_[reason]; }

  std::uint64_t numbers() const { return numbers_; }  // compared: numbers, positions and verdicts
  std::uint64_t words() const { return words_; }      // compared: names and methods
  std::uint64_t failed() const { return failed_; }
  const std::map<std::string, std::uint64_t>& left_out() const { return left_out_; }

 private:
  void compare_number(double expected, const Json& actual, const std::string& where);
  void fail_at(const std::string& where, const std::string& why);

  std::uint64_t numbers_ = 0, words_ = 0, failed_ = 0;
  std::map<std::string, std::uint64_t> left_out_;
};

Tolerance tolerance_at(const std::string& where);

// The file with every recorded case. Ends the test when it cannot be read.
const Json& recorded();
std::string data_file(const std::string& name);  // "drift/elec2.csv.zst" -> a path

}  // namespace firebreak::conformance
