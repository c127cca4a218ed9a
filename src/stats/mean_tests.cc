#include "stats/mean_tests.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <limits>
#include <vector>

#include "stats/bins.h"
#include "stats/special.h"

namespace firebreak::stats {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr std::size_t kParts = 4;  // cosine and sine at two frequencies

using Vector = std::array<double, kParts>;
using Matrix = std::array<Vector, kParts>;

struct Wave {  // mean and population covariance of the four parts
  Vector mean{};
  Matrix covariance{};
};

Wave wave_of(std::span<const double> values, double unit) {
  const double n = static_cast<double>(values.size());
  const auto parts = [unit](double value) {
    return Vector{std::cos(0.4 / unit * value), std::cos(0.8 / unit * value), std::sin(0.4 / unit * value), std::sin(0.8 / unit * value)};
  };
  Wave out;
  for (const double value : values) {
    const Vector part = parts(value);
    for (std::size_t i = 0; i < kParts; ++i) out.mean[i] += part[i];
  }
  for (double& mean : out.mean) mean /= n;
  for (const double value : values) {
    const Vector part = parts(value);
    for (std::size_t i = 0; i < kParts; ++i)
      for (std::size_t j = 0; j < kParts; ++j) out.covariance[i][j] += (part[i] - out.mean[i]) * (part[j] - out.mean[j]);
  }
  for (Vector& row : out.covariance)
    for (double& value : row) value /= n;
  return out;
}

struct Eigen {
  Vector values{};
  Matrix vectors{};  // one per column
};

// Jacobi's rotations: for four rows a few sweeps reach the last bit.
Eigen eigen_of(Matrix a) {
  Eigen out;
  for (std::size_t i = 0; i < kParts; ++i) out.vectors[i][i] = 1;
  for (int sweep = 0; sweep < 50; ++sweep) {
    double off = 0;
    for (std::size_t p = 0; p < kParts; ++p)
      for (std::size_t q = p + 1; q < kParts; ++q) {
        if (a[p][q] == 0) continue;
        off += std::fabs(a[p][q]);
        const double theta = (a[q][q] - a[p][p]) / (2 * a[p][q]);
        const double t = (theta >= 0 ? 1 : -1) / (std::fabs(theta) + std::sqrt(theta * theta + 1));
        const double c = 1 / std::sqrt(t * t + 1), s = t * c;
        for (std::size_t k = 0; k < kParts; ++k) {
          const double x = a[k][p], y = a[k][q];
          a[k][p] = c * x - s * y;
          a[k][q] = s * x + c * y;
        }
        for (std::size_t k = 0; k < kParts; ++k) {
          const double x = a[p][k], y = a[q][k];
          a[p][k] = c * x - s * y;
          a[q][k] = s * x + c * y;
        }
        for (std::size_t k = 0; k < kParts; ++k) {
          const double x = out.vectors[k][p], y = out.vectors[k][q];
          out.vectors[k][p] = c * x - s * y;
          out.vectors[k][q] = s * x + c * y;
        }
      }
    if (off < 1e-300) break;
  }
  for (std::size_t i = 0; i < kParts; ++i) out.values[i] = a[i][i];
  return out;
}

}  // namespace

TestResult student_t(const Moments& a, const Moments& b) {
  if (a.n() < 2 || b.n() < 2) return {kNan, kNan};
  const double n = static_cast<double>(a.n()), m = static_cast<double>(b.n()), freedom = n + m - 2;
  const double pooled = ((n - 1) * a.variance_sample() + (m - 1) * b.variance_sample()) / freedom;
  const double t = (a.mean() - b.mean()) / std::sqrt(pooled * (1 / n + 1 / m));
  return {t, student_two_sided(t, freedom)};
}

TestResult welch_t(const Moments& a, const Moments& b) {
  if (a.n() < 2 || b.n() < 2) return {kNan, kNan};
  const double n = static_cast<double>(a.n()), m = static_cast<double>(b.n());
  const double x = a.variance_sample() / n, y = b.variance_sample() / m;
  const double t = (a.mean() - b.mean()) / std::sqrt(x + y);
  return {t, student_two_sided(t, (x + y) * (x + y) / (x * x / (n - 1) + y * y / (m - 1)))};
}

TestResult epps_singleton(std::span<const double> a, std::span<const double> b) {
  if (a.size() < 5 || b.size() < 5) return {kNan, kNan};
  std::vector<double> pooled;
  std::merge(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(pooled));
  const double unit = interquartile_range(pooled) / 2;
  if (unit == 0) return {kNan, kNan};
  const double n = static_cast<double>(a.size()), m = static_cast<double>(b.size()), all = n + m;
  const Wave left = wave_of(a, unit), right = wave_of(b, unit);
  Matrix covariance{};
  for (std::size_t i = 0; i < kParts; ++i)
    for (std::size_t j = 0; j < kParts; ++j) covariance[i][j] = all / n * left.covariance[i][j] + all / m * right.covariance[i][j];
  // The pseudo-inverse: directions without variance are left out, and so are their degrees of freedom.
  const Eigen eigen = eigen_of(covariance);
  const double largest = *std::max_element(eigen.values.begin(), eigen.values.end());
  double w = 0, freedom = 0;
  for (std::size_t k = 0; k < kParts; ++k) {
    if (eigen.values[k] <= 1e-15 * largest) continue;
    double along = 0;
    for (std::size_t i = 0; i < kParts; ++i) along += eigen.vectors[i][k] * (left.mean[i] - right.mean[i]);
    w += all * along * along / eigen.values[k];
    ++freedom;
  }
  constexpr double kSmall = 25;
  if (std::max(n, m) < kSmall) w /= 1 + std::pow(all, -0.45) + 10.1 * (std::pow(n, -1.7) + std::pow(m, -1.7));
  return {w, chi_square_upper(w, freedom)};
}

}  // namespace firebreak::stats
