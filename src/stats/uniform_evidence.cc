#include "stats/uniform_evidence.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numbers>

#include "base/result.h"
#include "stats/uniform_bets.h"

namespace firebreak::stats {
namespace {

using namespace uniform_bets;

constexpr double kImaginedAll = kImagined * static_cast<double>(UniformEvidence::kCells);
constexpr double kMostWealth = 1e280;
constexpr std::size_t kPerDoubling = 2;

// lgamma(kImagined + count) - lgamma(kImagined)
double log_rising(std::uint32_t count) {
  constexpr std::size_t kTable = 1 << 14;
  static const std::vector<double> table = [] {
    std::vector<double> out(kTable);
    for (std::size_t i = 1; i < kTable; ++i) out[i] = out[i - 1] + std::log(kImagined + static_cast<double>(i) - 1);
    return out;
  }();
  if (count < kTable) return table[count];
  // Stirling: beyond the table the next term is below 1e-14.
  static const double least = std::lgamma(kImagined), half_log_two_pi = std::log(2 * std::numbers::pi) / 2;
  const double x = kImagined + count;
  return (x - 0.5) * std::log(x) - x + half_log_two_pi + 1 / (12 * x) - least;
}

// ln of (number of cells)^n / rising factorial of all imagined values: what does not depend on the cells. Asked for multiples of kStep.
double log_whole(std::uint64_t n) {
  const auto direct = [](double values) {
    return values * std::log(static_cast<double>(UniformEvidence::kCells)) + std::lgamma(kImaginedAll) - std::lgamma(kImaginedAll + values);
  };
  constexpr std::size_t kTable = 4096;
  static const std::vector<double> table = [&direct] {
    std::vector<double> out(kTable);
    for (std::size_t i = 0; i < kTable; ++i) out[i] = direct(static_cast<double>(i * UniformEvidence::kStep));
    return out;
  }();
  const std::uint64_t steps = n / UniformEvidence::kStep;
  return n % UniformEvidence::kStep == 0 && steps < kTable ? table[steps] : direct(static_cast<double>(n));
}

double log_sum(double a, double b) {
  const double high = std::max(a, b), low = std::min(a, b);
  return low == -std::numeric_limits<double>::infinity() ? high : high + std::log1p(std::exp(low - high));
}

}  // namespace

std::size_t UniformEvidence::cell_of(double value) {
  return std::min(static_cast<std::size_t>(value * static_cast<double>(kCells)), kCells - 1);
}

void UniformEvidence::add(double value) {
  if (n_ % kStep == 0) begin();
  ++n_;
  ++counts_[cell_of(value)];
  const auto won = wins(value);
  for (std::size_t side = 0; side < won.size(); ++side)
    for (std::size_t i = 0; i < uniform_bets::kStakes.size(); ++i) {
      const double next = (wealth_[side][i] + 1) * (1 + uniform_bets::kStakes[i] * won[side]);
      wealth_[side][i] = std::min(next, kMostWealth);
    }
}

double UniformEvidence::log_mixture(const Beginning& beginning) const {
  double out = log_whole(n_ - beginning.n);
  for (std::size_t i = 0; i < kCells; ++i) out += log_rising(counts_[i] - beginning.before[i]);
  return out;
}

// A beginning stands for the kStep values until the next one: each of them may begin with a wealth of one.
void UniformEvidence::begin() {
  if (n_ > 0xFFFF'0000u) restart();  // the counts are 32 bits wide
  if (beginnings_.size() == beginnings_.capacity()) beginnings_.reserve(beginnings_.size() + 2 * kPerDoubling);  // they are large
  beginnings_.push_back({counts_, n_, std::log(static_cast<double>(kStep))});
  const auto doubling = [this](const Beginning& one) { return std::bit_width((n_ - one.n) / kStep); };
  std::size_t same = 1;
  for (std::size_t i = beginnings_.size() - 1; i-- > 0;) {
    same = doubling(beginnings_[i]) == doubling(beginnings_[i + 1]) ? same + 1 : 1;
    if (same <= kPerDoubling) continue;
    // The second oldest of its doubling goes; the oldest marks how far back one sees.
    Beginning& heir = beginnings_[i + 2];
    Beginning& gone = beginnings_[i + 1];
    heir.log_weight = log_sum(heir.log_weight, gone.log_weight + log_mixture(gone) - log_mixture(heir));
    beginnings_.erase(beginnings_.begin() + static_cast<std::ptrdiff_t>(i) + 1);
    same = kPerDoubling;
  }
}

double UniformEvidence::log_evidence() const {
  if (n_ == 0) return -std::numeric_limits<double>::infinity();
  double most = -std::numeric_limits<double>::infinity(), sum = 0;
  for (const Beginning& one : beginnings_) {
    const double log = one.log_weight + log_mixture(one);
    if (log > most) sum = sum * std::exp(most - log) + 1, most = log;
    else if (log > most - 40) sum += std::exp(log - most);  // below that it changes no digit
  }
  const double out = std::log(kMixtureShare * sum) + most;
  double bets = 0;
  for (const auto& side : wealth_)
    for (const double wealth : side) bets += wealth;
  return log_sum(out, std::log(kStakeShare) + std::log(bets));
}

std::uint64_t UniformEvidence::likeliest_age() const {
  std::uint64_t age = 0;
  double best = -std::numeric_limits<double>::infinity();
  for (const Beginning& one : beginnings_) {
    const double evidence = log_mixture(one);
    if (evidence > best) best = evidence, age = n_ - one.n;
  }
  return age;
}

void UniformEvidence::restart() { *this = UniformEvidence(); }

std::size_t UniformEvidence::bytes() const { return sizeof(*this) + beginnings_.capacity() * sizeof(Beginning); }

}  // namespace firebreak::stats
