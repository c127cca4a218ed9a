// The order in which evidence is secured: what is gone first comes first (RFC 3227 section 2.1, with what a model in service leaves behind).
//
//   1 memory, requests in flight   3 what a provider keeps for hours   5 registry       7 logs of access and changes
//   2 disks, caches, sessions      4 settings and routes of traffic    6 training data  8 archives
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace firebreak {

struct VolatileItem {
  std::string_view item;
  int level;
};
inline constexpr VolatileItem kByVolatility[] = {
    {"counters", 1},    // of the gateway: in its memory alone
    {"inferences", 3},  // recorded requests and answers; an endpoint in tap mode keeps them for a day or three
    {"policy", 4},      // the split of traffic and the measures in force
    {"model", 5},       // the registered file, against its digest
    {"dataset", 6},     // the manifest of what it was trained on
};

inline int volatility_of(std::string_view item) {
  for (const VolatileItem& known : kByVolatility)
    if (known.item == item) return known.level;
  return 8;
}

inline std::vector<std::string> by_volatility(std::vector<std::string> items) {
  std::stable_sort(items.begin(), items.end(), [](const std::string& a, const std::string& b) { return volatility_of(a) < volatility_of(b); });
  return items;
}

}  // namespace firebreak
