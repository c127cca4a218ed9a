#include "stats/many.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

#include "base/result.h"

namespace firebreak::stats {

std::vector<std::size_t> e_bh(std::span<const double> log_e, double alpha) {
  FIREBREAK_ASSERT(alpha > 0 && alpha < 1);
  std::vector<std::size_t> order(log_e.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return log_e[a] > log_e[b]; });
  std::size_t rejected = 0;
  for (std::size_t k = 1; k <= order.size(); ++k)
    if (log_e[order[k - 1]] >= std::log(static_cast<double>(order.size()) / (alpha * static_cast<double>(k)))) rejected = k;
  order.resize(rejected);
  std::sort(order.begin(), order.end());
  return order;
}

}  // namespace firebreak::stats
