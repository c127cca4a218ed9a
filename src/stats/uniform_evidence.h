// Evidence that numbers on 0..1 are no longer independent and uniform, from a time on that nobody knows.
//
// A Shiryaev-Roberts e-detector: while they are uniform its mean after n values is at most n + kStep, so the chance that it has reached
// A within n values is at most (n + kStep) / A. What it bets on: other shares of 32 equal bins
// (Dirichlet mixtures, begun every kStep values), a mean above or below 1/2, a distance from 1/2 above or below its mean.
// Beginnings are thinned to a few for each doubling of age; a thinned one hands its wealth to its younger neighbour, so nothing is
// given away. State: kBytes at most, whatever n. Not thread-safe.
// Sources: Shin, Ramdas & Rinaldo 2024 (e-detectors); Lindon & Malek 2022 (Dirichlet mixtures).
#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace firebreak::stats {

class UniformEvidence {
 public:
  static constexpr std::size_t kCells = 32;
  static constexpr std::uint64_t kStep = 64;

  static std::size_t cell_of(double value);  // 0 <= value <= 1

  void add(double value);
  // ln of the detector's value now; -infinity before the first value. Costs as much as some hundred add(): ask every kStep values.
  double log_evidence() const;
  void restart();
  std::uint64_t n() const { return n_; }
  std::size_t bytes() const;

  // The beginning whose evidence is largest: so many values ago, at least; 0 without one.
  std::uint64_t likeliest_age() const;

 private:
  static constexpr std::size_t kStakes = 4, kSides = 4;
  using CellCounts = std::array<std::uint32_t, kCells>;
  struct Beginning {
    CellCounts before{};     // what had been counted then
    std::uint64_t n = 0;
    double log_weight = 0;   // wealth it was given, beyond its own evidence
  };
  double log_mixture(const Beginning& beginning) const;
  void begin();

  CellCounts counts_{};
  std::vector<Beginning> beginnings_;                    // oldest first
  std::array<std::array<double, kStakes>, kSides> wealth_{};
  std::uint64_t n_ = 0;
};

}  // namespace firebreak::stats
