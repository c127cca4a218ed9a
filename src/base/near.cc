#include "base/near.h"

#include <algorithm>
#include <numeric>

namespace firebreak {

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row[b.size()];
}

std::vector<std::string> near_names(std::string_view word, const std::vector<std::string>& known, std::size_t most) {
  std::vector<std::pair<std::size_t, std::string>> found;
  for (const std::string& name : known) {
    const std::size_t away = edit_distance(word, name);
    const bool holds = word.size() >= 3 && name.find(word) != std::string::npos;
    if (holds || away <= std::max<std::size_t>(2, word.size() / 3)) found.emplace_back(away, name);
  }
  std::stable_sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<std::string> out;
  for (auto& [away, name] : found)
    if (out.size() < most) out.push_back(std::move(name));
  return out;
}

}  // namespace firebreak
