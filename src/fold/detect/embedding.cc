#include "fold/detect/embedding.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "stats/special.h"

namespace firebreak::detect {
namespace {

constexpr std::size_t kMostRows = 10'000;  // of the reference; the first ones of more
constexpr std::size_t kLeastRows = 4 * kBlockRows;

// SplitMix64: the same numbers everywhere, for ever.
class Draws {
 public:
  explicit Draws(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() {
    std::uint64_t x = state_ += 0x9E3779B97F4A7C15ull;
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ull;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBull;
    return x ^ (x >> 31);
  }
  double uniform() { return (static_cast<double>(next() >> 11) + 0.5) * 0x1.0p-53; }
  double normal() { return std::sqrt(-2 * std::log(uniform())) * std::cos(2 * std::numbers::pi * uniform()); }  // Box & Muller 1958

 private:
  std::uint64_t state_;
};

}  // namespace

Embedding::Embedding(std::size_t features) : features_(features), directions_(features * kEmbedding) {
  Draws draws(features);
  const double width = std::sqrt(static_cast<double>(std::max<std::size_t>(features, 1)));
  for (double& direction : directions_) direction = draws.normal() / width;
  for (double& phase : phases_) phase = 2 * std::numbers::pi * draws.uniform();
}

void Embedding::add(std::span<const Rank> ranks, Embedded& sum) const {
  constexpr double kScale = 3.4641016151377544;  // sqrt(12): a uniform rank then has spread 1
  Embedded angles = phases_;
  for (std::size_t k = 0; k < features_; ++k) {
    const double place = kScale * ((ranks[k].left + ranks[k].right) / 2 - 0.5);
    const double* const direction = &directions_[k * kEmbedding];
    for (std::size_t i = 0; i < kEmbedding; ++i) angles[i] += place * direction[i];
  }
  for (std::size_t i = 0; i < kEmbedding; ++i) sum[i] += std::cos(angles[i]);
}

double squared_distance(const Embedded& a, const Embedded& b) {
  double out = 0;
  for (std::size_t i = 0; i < kEmbedding; ++i) out += (a[i] - b[i]) * (a[i] - b[i]);
  return 2 * out / static_cast<double>(kEmbedding);
}

double rank_among(const std::vector<double>& usual, double distance) {
  const auto further = usual.end() - std::lower_bound(usual.begin(), usual.end(), distance);
  return (1 + static_cast<double>(further)) / (1 + static_cast<double>(usual.size()));
}

namespace {

// Rows in their order, a block at a time: are these as far from the mean as blocks of rows drawn at random (Fisher 1932)? Where a cycle
// or a trend is in the reference they are not, and the furthest counts.
double excursion_of(const std::vector<Embedded>& points, const Embedded& mean, const std::vector<double>& usual) {
  constexpr double kUnlikely = 1e-3;
  constexpr std::size_t kParts = 4;
  double sum = 0, furthest = 0;
  std::size_t blocks = 0;
  for (std::size_t from = 0; from + kBlockRows <= points.size(); from += kBlockRows / kParts) {
    Embedded part{};
    for (std::size_t i = from; i < from + kBlockRows; ++i)
      for (std::size_t k = 0; k < kEmbedding; ++k) part[k] += points[i][k] / static_cast<double>(kBlockRows);
    const double distance = squared_distance(part, mean);
    furthest = std::max(furthest, distance);
    if (from % kBlockRows != 0) continue;
    ++blocks;
    sum -= std::log(rank_among(usual, distance));
  }
  return stats::chi_square_upper(2 * sum, 2 * static_cast<double>(blocks)) < kUnlikely ? furthest : 0;
}

}  // namespace

MixtureReference mixture_of(const ReferenceProfile& profile, std::span<const FeatureRow> rows) {
  MixtureReference out;
  const Embedding embedding(profile.numeric.size());
  std::vector<Embedded> points;
  for (const FeatureRow& row : rows.first(std::min(rows.size(), kMostRows)))
    if (const auto ranks = ranks_of(profile, row); ranks && profile.numeric.size() > 1) embedding.add(*ranks, points.emplace_back(Embedded{}));
  if (points.size() < kLeastRows) return out;  // too few to say what is usual
  // Halves that are alike in time: odd and even rows.
  Embedded mean{};
  for (std::size_t i = 0; i < points.size(); i += 2)
    for (std::size_t k = 0; k < kEmbedding; ++k) mean[k] += points[i][k];
  const std::size_t first = (points.size() + 1) / 2, second = points.size() / 2;
  for (double& one : mean) one /= static_cast<double>(first);
  Draws draws(points.size());
  for (std::size_t block = 0; block < kNullBlocks; ++block) {
    Embedded part{};
    for (std::size_t i = 0; i < kBlockRows; ++i) {
      const Embedded& point = points[2 * (draws.next() % second) + 1];
      for (std::size_t k = 0; k < kEmbedding; ++k) part[k] += point[k];
    }
    for (double& one : part) one /= static_cast<double>(kBlockRows);
    out.usual.push_back(squared_distance(part, mean));
  }
  std::sort(out.usual.begin(), out.usual.end());
  out.mean.assign(mean.begin(), mean.end());
  out.excursion = excursion_of(points, mean, out.usual);
  return out;
}

}  // namespace firebreak::detect
