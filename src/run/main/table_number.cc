#include "run/main/table_number.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <string_view>

#include "profile/text_number.h"

namespace firebreak::cli {
namespace {

constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

// Nobody computes with an infinity: it is missing, as NaN is.
std::optional<double> plain_number(std::string_view text) {
  const auto value = profile::number_in(text);
  return value && !std::isfinite(*value) ? kMissing : value;
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
  return profile::means_missing(cell.text) ? std::optional(kMissing) : std::nullopt;
}

std::string class_name(std::string_view text) {
  const auto number = plain_number(text);
  return number && std::isfinite(*number) ? fmt::format("{}", *number + 0.0) : std::string(text);  // + 0.0: -0 is 0
}

}  // namespace firebreak::cli
