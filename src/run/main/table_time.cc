#include "run/main/table_time.h"

#include <charconv>
#include <cmath>

namespace firebreak::cli {
namespace {

constexpr double kFirst = 315'532'800, kEnd = 1e10;  // seconds: 1980-01-01, 2286-11-20

std::optional<Time> counted(double value) {
  for (double a_second = 1; a_second <= 1e9; a_second *= 1000)
    if (value >= kFirst * a_second && value < kEnd * a_second)
      return Time{static_cast<std::int64_t>(std::llround(value / a_second * static_cast<double>(kSecond)))};
  return std::nullopt;
}

}  // namespace

std::optional<Time> time_in(const table::Cell& cell) {
  if (cell.form == table::Form::kAbsent || cell.form == table::Form::kFlag || cell.form == table::Form::kList) return std::nullopt;
  constexpr std::size_t kDate = 10, kSeconds = 19;  // octets of a date, of a date with a time
  std::string text = cell.text;
  double value = 0;
  const char* const end = text.data() + text.size();
  if (const auto [at, error] = std::from_chars(text.data(), end, value); error == std::errc() && at == end) return counted(value);
  if (text.size() == kDate) text += "T00:00:00Z";
  if (text.size() > kDate && text[kDate] == ' ') text[kDate] = 'T';
  if (text.size() >= kSeconds && text.find_first_of("Zz+-", kSeconds) == std::string::npos) text += "Z";
  const auto time = parse_time(text);
  return time ? std::optional(*time) : std::nullopt;
}

}  // namespace firebreak::cli
