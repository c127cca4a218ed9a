#include "run/main/table_number.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <string_view>

namespace firebreak::cli {
namespace {

constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

bool means_missing(std::string_view text) {
  constexpr std::array<std::string_view, 10> kWords = {"NA", "N/A", "n/a", "#N/A", "null", "NULL", "Null", "None", "<NA>", "-"};
  return std::find(kWords.begin(), kWords.end(), text) != kWords.end();
}

std::optional<double> plain_number(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  std::string_view digits = text;
  if (!digits.empty() && (digits.front() == '-' || digits.front() == '+')) digits.remove_prefix(1);
  if (digits.size() > 1 && digits[0] == '0' && digits[1] >= '0' && digits[1] <= '9') return std::nullopt;
  if (!text.empty() && text.front() == '+') text = digits;
  double value = 0;
  const char* const end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || at != end) return std::nullopt;
  return std::isfinite(value) ? value : kMissing;
}

}  // namespace

std::optional<double> number_in(const table::Cell& cell) {
  switch (cell.form) {
    case table::Form::kAbsent:
    case table::Form::kFlag:
    case table::Form::kList: return std::nullopt;
    case table::Form::kNumber:
    case table::Form::kPlain:
      if (const auto value = plain_number(cell.text)) return value;
      break;
    case table::Form::kText:
      // JSON has no NaN and no infinity: a string may stand for them, for no other number.
      if (const auto value = plain_number(cell.text); value && std::isnan(*value)) return value;
      break;
  }
  return means_missing(cell.text) ? std::optional(kMissing) : std::nullopt;
}

std::string class_name(std::string_view text) {
  const auto number = plain_number(text);
  return number && std::isfinite(*number) ? fmt::format("{}", *number + 0.0) : std::string(text);  // + 0.0: -0 is 0
}

}  // namespace firebreak::cli
