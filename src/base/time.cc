#include "base/time.h"

#include <fmt/core.h>

namespace firebreak {
namespace {

// Days since 1970-01-01 of a proleptic Gregorian date, and back (Howard Hinnant, "chrono-compatible low-level
// date algorithms").
std::int64_t days_from_civil(std::int64_t y, unsigned m, unsigned d) {
  y -= m <= 2;
  const std::int64_t era = y / 400;
  const auto yoe = static_cast<unsigned>(y - era * 400);
  const unsigned doy = (153 * (m + (m > 2 ? -3U : 9U)) + 2) / 5 + d - 1;
  const unsigned doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
  return era * 146097 + static_cast<std::int64_t>(doe) - 719468;
}

struct Civil {
  std::int64_t year;
  unsigned month, day;
};

Civil civil_from_days(std::int64_t z) {
  z += 719468;
  const std::int64_t era = z / 146097;
  const auto doe = static_cast<unsigned>(z - era * 146097);
  const unsigned yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
  const unsigned doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
  const unsigned mp = (5 * doy + 2) / 153;
  const unsigned month = mp < 10 ? mp + 3 : mp - 9;
  return {static_cast<std::int64_t>(yoe) + era * 400 + (month <= 2), month, doy - (153 * mp + 2) / 5 + 1};
}

unsigned days_in_month(std::int64_t year, unsigned month) {
  static constexpr unsigned kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return month == 2 && leap ? 29 : kDays[month - 1];
}

// Reads exactly `count` digits at `at`; -1 when one is missing.
std::int64_t digits(std::string_view text, std::size_t at, std::size_t count) {
  if (at + count > text.size()) return -1;
  std::int64_t value = 0;
  for (std::size_t i = at; i < at + count; ++i) {
    if (text[i] < '0' || text[i] > '9') return -1;
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

bool has(std::string_view text, std::size_t at, std::string_view allowed) {
  return at < text.size() && allowed.find(text[at]) != std::string_view::npos;
}

}  // namespace

std::string format_time(Time time) {
  std::int64_t seconds = time.us / kSecond;
  std::int64_t micros = time.us % kSecond;
  if (micros < 0) {
    micros += kSecond;
    --seconds;
  }
  std::int64_t day = seconds / 86400;
  std::int64_t second = seconds % 86400;
  if (second < 0) {
    second += 86400;
    --day;
  }
  const Civil date = civil_from_days(day);
  std::string out = fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", date.year, date.month, date.day,
                                second / 3600, second / 60 % 60, second % 60);
  if (micros % 1000 != 0) {
    out += fmt::format(".{:06}", micros);
  } else if (micros != 0) {
    out += fmt::format(".{:03}", micros / 1000);
  }
  return out + "Z";
}

Result<Time> parse_time(std::string_view text) {
  const auto bad = [&] {
    return fail(Code::kInvalid, fmt::format("'{}' is no RFC 3339 time (as 2026-03-07T03:27:37.823Z)",
                                            text.substr(0, 40)));
  };
  const std::int64_t year = digits(text, 0, 4), month = digits(text, 5, 2), day = digits(text, 8, 2);
  const std::int64_t hour = digits(text, 11, 2), minute = digits(text, 14, 2), second = digits(text, 17, 2);
  if (!has(text, 4, "-") || !has(text, 7, "-") || !has(text, 10, "Tt ") || !has(text, 13, ":") || !has(text, 16, ":"))
    return bad();
  if (year < 1970 || month < 1 || month > 12 || day < 1 || hour < 0 || hour > 23 || minute < 0 || minute > 59 ||
      second < 0 || second > 60 || day > days_in_month(year, static_cast<unsigned>(month)))
    return bad();
  std::size_t at = 19;
  std::int64_t micros = 0;
  if (has(text, at, ".")) {
    ++at;
    std::size_t count = 0;
    std::int64_t unit = 100'000;
    for (; has(text, at, "0123456789"); ++at, ++count, unit /= 10) micros += unit * (text[at] - '0');
    if (count == 0 || count > 9) return bad();
  }
  std::int64_t offset = 0;
  if (has(text, at, "Zz")) {
    at += 1;
  } else if (has(text, at, "+-")) {
    const std::int64_t hours = digits(text, at + 1, 2), minutes = digits(text, at + 4, 2);
    if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59 || !has(text, at + 3, ":")) return bad();
    offset = (text[at] == '-' ? -1 : 1) * (hours * 3600 + minutes * 60);
    at += 6;
  } else {
    return bad();
  }
  if (at != text.size()) return bad();
  const std::int64_t days = days_from_civil(year, static_cast<unsigned>(month), static_cast<unsigned>(day));
  return Time{(days * 86400 + hour * 3600 + minute * 60 + second - offset) * kSecond + micros};
}

}  // namespace firebreak
