#include "stats/distances.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>
#include <vector>

#include "base/result.h"

namespace firebreak::stats {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

double sum(std::span<const double> values) { return std::accumulate(values.begin(), values.end(), 0.0); }

double relative_entropy(double p, double q) {
  if (p == 0) return 0;
  return q == 0 ? kInfinity : p * std::log(p / q);
}

// Sum of term(U - V, width) over the gaps between neighbouring values of both samples.
template <class Term>
double over_gaps(std::span<const double> a, std::span<const double> b, Term term) {
  FIREBREAK_ASSERT(!a.empty() && !b.empty());
  const double n = static_cast<double>(a.size()), m = static_cast<double>(b.size());
  std::size_t i = 0, j = 0;
  double out = 0, at = std::min(a.front(), b.front());
  while (i < a.size() || j < b.size()) {
    const double next = i == a.size() ? b[j] : j == b.size() ? a[i] : std::min(a[i], b[j]);
    if (next > at) out += term(static_cast<double>(i) / n - static_cast<double>(j) / m, next - at);
    at = next;
    while (i < a.size() && a[i] == at) ++i;
    while (j < b.size() && b[j] == at) ++j;
  }
  return out;
}

}  // namespace

double psi(std::span<const double> p, std::span<const double> q) {
  FIREBREAK_ASSERT(p.size() == q.size());
  double out = 0;
  for (std::size_t i = 0; i < p.size(); ++i) {
    if (p[i] == q[i]) continue;
    out += p[i] == 0 || q[i] == 0 ? kInfinity : (p[i] - q[i]) * std::log(p[i] / q[i]);
  }
  return out;
}

double kullback_leibler(std::span<const double> p, std::span<const double> q) {
  FIREBREAK_ASSERT(p.size() == q.size());
  const double all_p = sum(p), all_q = sum(q);
  double out = 0;
  for (std::size_t i = 0; i < p.size(); ++i) out += relative_entropy(p[i] / all_p, q[i] / all_q);
  return out;
}

double jensen_shannon_distance(std::span<const double> p, std::span<const double> q) {
  FIREBREAK_ASSERT(p.size() == q.size());
  const double all_p = sum(p), all_q = sum(q);
  double left = 0, right = 0;
  for (std::size_t i = 0; i < p.size(); ++i) {
    const double x = p[i] / all_p, y = q[i] / all_q, middle = (x + y) / 2;
    left += relative_entropy(x, middle);
    right += relative_entropy(y, middle);
  }
  return std::sqrt(std::max(0.0, (left + right) / 2));
}

double jensen_shannon_distance_base2(std::span<const double> p, std::span<const double> q) {
  return jensen_shannon_distance(p, q) / std::sqrt(std::numbers::ln2);
}

double hellinger(std::span<const double> p, std::span<const double> q) {
  FIREBREAK_ASSERT(p.size() == q.size());
  double out = 0;
  for (std::size_t i = 0; i < p.size(); ++i) {
    const double d = std::sqrt(p[i]) - std::sqrt(q[i]);
    out += d * d;
  }
  return std::sqrt(out / 2);
}

double total_variation(std::span<const double> p, std::span<const double> q) {
  FIREBREAK_ASSERT(p.size() == q.size());
  double out = 0;
  for (std::size_t i = 0; i < p.size(); ++i) out += std::fabs(p[i] - q[i]);
  return out / 2;
}

double l_infinity(std::span<const double> p, std::span<const double> q) {
  FIREBREAK_ASSERT(p.size() == q.size());
  double out = 0;
  for (std::size_t i = 0; i < p.size(); ++i) out = std::max(out, std::fabs(p[i] - q[i]));
  return out;
}

double psi_half_count(std::span<const std::uint64_t> a, std::span<const std::uint64_t> b) {
  FIREBREAK_ASSERT(a.size() == b.size());
  const auto smoothed = [](std::span<const std::uint64_t> counts) {
    const double whole = static_cast<double>(total(counts)) + 0.5 * static_cast<double>(counts.size());
    std::vector<double> out;
    for (const std::uint64_t count : counts) out.push_back((static_cast<double>(count) + 0.5) / whole);
    return out;
  };
  return psi(smoothed(a), smoothed(b));
}

double wasserstein(std::span<const double> a, std::span<const double> b) {
  return over_gaps(a, b, [](double d, double width) { return std::fabs(d) * width; });
}

double energy(std::span<const double> a, std::span<const double> b) {
  return std::sqrt(2 * over_gaps(a, b, [](double d, double width) { return d * d * width; }));
}

}  // namespace firebreak::stats
