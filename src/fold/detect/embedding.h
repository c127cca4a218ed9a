// Rows as points whose means tell distributions apart: random Fourier features of the ranks of their numbers.
//
// |mean of one sample's points - mean of another's|^2 is the maximum mean discrepancy under a Gaussian kernel, to O(1/sqrt(D)): it sees
// changes of how features go together, which no feature alone shows. Width: as many ranks in units of their spread as there are
// features (the median heuristic for independent ones). The directions are fixed by the number of features.
// Source: Rahimi & Recht 2007; Gretton et al. 2012.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <vector>

#include "fold/detect/profile.h"

namespace firebreak::detect {

inline constexpr std::size_t kEmbedding = 64;  // D
using Embedded = std::array<double, kEmbedding>;

class Embedding {
 public:
  explicit Embedding(std::size_t features);
  // Adds a row's point to `sum`; `ranks`: one a feature.
  void add(std::span<const Rank> ranks, Embedded& sum) const;

 private:
  std::size_t features_;
  std::vector<double> directions_;  // features_ by kEmbedding
  Embedded phases_{};
};

double squared_distance(const Embedded& a, const Embedded& b);
// The share of the usual distances (ascending) that are not smaller, itself counted among them.
double rank_among(const std::vector<double>& usual, double distance);

// What parts of a reference, as many rows as a block, lie from its other half: sorted, ascending. `mean`: of the first half's rows.
inline constexpr std::size_t kBlockRows = 256, kNullBlocks = 1000;
MixtureReference mixture_of(const ReferenceProfile& profile, std::span<const FeatureRow> rows);

}  // namespace firebreak::detect
