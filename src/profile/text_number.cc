#include "profile/text_number.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace firebreak::profile {

bool means_missing(std::string_view text) {
  constexpr std::array<std::string_view, 10> kWords = {"NA", "N/A", "n/a", "#N/A", "null", "NULL", "Null", "None", "<NA>", "-"};
  return std::find(kWords.begin(), kWords.end(), text) != kWords.end();
}

std::optional<double> number_in(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  std::string_view digits = text;
  if (!digits.empty() && (digits.front() == '-' || digits.front() == '+')) digits.remove_prefix(1);
  if (digits.size() > 1 && digits[0] == '0' && digits[1] >= '0' && digits[1] <= '9') return std::nullopt;
  if (!text.empty() && text.front() == '+') text = digits;
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || end != text.data() + text.size() || error != std::errc()) return std::nullopt;
  return value;
}

}  // namespace firebreak::profile
