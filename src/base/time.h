// Points in time: microseconds since 1970-01-01T00:00:00Z, written as RFC 3339 in UTC.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace firebreak {

struct Time {
  std::int64_t us = 0;
  auto operator<=>(const Time&) const = default;
};

// Spans are plain microseconds; these name them.
inline constexpr std::int64_t kMillisecond = 1'000;
inline constexpr std::int64_t kSecond = 1'000'000;
inline constexpr std::int64_t kMinute = 60 * kSecond;
inline constexpr std::int64_t kHour = 60 * kMinute;
inline constexpr std::int64_t kDay = 24 * kHour;

inline Time operator+(Time t, std::int64_t us) { return {t.us + us}; }
inline Time operator-(Time t, std::int64_t us) { return {t.us - us}; }
inline std::int64_t operator-(Time a, Time b) { return a.us - b.us; }

// "2026-03-07T03:27:37.823Z": as many of 3 or 6 decimals as needed, none when the second is whole.
std::string format_time(Time time);

// Accepts RFC 3339 with `Z` or a numeric offset, up to 9 decimals (cut to microseconds), years 1970-9999.
Result<Time> parse_time(std::string_view text);

}  // namespace firebreak
