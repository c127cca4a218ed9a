// How far two distributions lie apart.
//
// Shares: two vectors of one length over the same bins or categories, each >= 0; they need not sum to one where it says
// "normalised". Samples: sorted ascending, finite, not empty. None of these knows how many values stand behind the shares:
// small samples look far apart (expected PSI without any drift: (bins - 1) (1/n + 1/m)).
// Sources: Lin 1991 (Jensen-Shannon); Szekely & Rizzo 2013 (energy); W1 and energy in one dimension are integrals over the
// two empirical CDFs U, V.
#pragma once

#include <cstdint>
#include <span>

#include "stats/bins.h"

namespace firebreak::stats {

// Both sides must be positive where one is; a zero gives infinity.
double psi(std::span<const double> p, std::span<const double> q);            // sum (p - q) ln(p / q), nats
double kullback_leibler(std::span<const double> p, std::span<const double> q);  // normalised, nats
// sqrt of the divergence, normalised, at most sqrt(ln 2) = 0.8326 in nats or 1 in bits.
double jensen_shannon_distance(std::span<const double> p, std::span<const double> q);
double jensen_shannon_distance_base2(std::span<const double> p, std::span<const double> q);
double hellinger(std::span<const double> p, std::span<const double> q);        // 0..1
double total_variation(std::span<const double> p, std::span<const double> q);  // half the sum of |p - q|, 0..1
double l_infinity(std::span<const double> p, std::span<const double> q);       // largest |p - q|

// PSI over counts of which each got half an observation more: finite, and no threshold for "too few" to choose.
double psi_half_count(std::span<const std::uint64_t> a, std::span<const std::uint64_t> b);

double wasserstein(std::span<const double> a, std::span<const double> b);  // integral |U - V|, in the values' unit
double energy(std::span<const double> a, std::span<const double> b);       // sqrt(2 integral (U - V)^2)

}  // namespace firebreak::stats
