// The cells a feature's values are counted in: the reference's bins or categories, and what lies beside them.
//
// Numbers: below the reference's least | up to 32 bins of equal mass | above its greatest | missing | of a wrong type.
// Categories: 30 cells, or one each where there are fewer, by a hash of the name | never seen | missing | of a wrong type.
// Which cell a category lies in, and the order of cells, must not depend on how often the reference showed it: what was frequent by
// chance is less frequent later, and ranks would call that a shift.
// Where most values are new (numbers of orders, addresses, names), the forms of values are known instead (text_shape.h): a value of another
// form counts as one of a wrong type.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "fold/detect/profile.h"

namespace firebreak::detect {

class FeatureCells {
 public:
  static constexpr std::size_t kMost = 64;

  explicit FeatureCells(const NumericReference& reference);
  explicit FeatureCells(const CategoryReference& reference);

  std::size_t cell_of(double value) const;              // NaN is missing
  std::size_t cell_of(const std::string& value) const;  // "" is missing
  // The cell whose rank a value in `cell` has: a category never seen lies with those that share its hash, as if the reference had been asked.
  std::size_t rank_cell_of(std::size_t cell, const std::string& value) const;
  std::size_t missing() const { return counts_.size() - 2; }
  std::size_t mistyped() const { return counts_.size() - 1; }
  // Beyond the reference's range, or a category it never showed.
  bool outside(std::size_t cell) const { return cell == counts_.size() - 3 || (numeric_ && cell == 0); }

  // Categories of which new ones are usual, so that the reference's count of unseen ones (none) says nothing.
  bool is_open() const { return open_; }
  std::size_t unseen() const { return counts_.size() - 3; }
  // Whether forms are asked about, and how many of them the reference showed once.
  bool has_shapes() const { return !shapes_.empty(); }
  std::uint64_t shapes_seen_once() const { return shapes_seen_once_; }

  bool numeric() const { return numeric_; }
  const std::vector<std::uint64_t>& counts() const { return counts_; }  // the reference's
  std::size_t bytes() const;

 private:
  void learn_shapes(const CategoryReference& reference);

  bool numeric_, open_ = false;
  std::array<double, kMost> boundaries_{};  // of numbers; padded with infinity
  std::size_t named_ = 0;  // cells of categories
  std::vector<std::pair<std::uint64_t, std::uint8_t>> categories_;  // hash of the name, cell; ascending
  std::vector<std::uint64_t> counts_;
  std::vector<std::uint64_t> shapes_;  // hashes, ascending
  std::uint64_t shapes_seen_once_ = 0;
};

}  // namespace firebreak::detect
