// When a row was, as its cell writes it.
//
// Text: "2026-03-07T03:27:37Z" (RFC 3339, with an offset too), "2026-03-07 03:27:37.5" and "2026-03-07", in UTC where they name no offset.
// Numbers count from 1970-01-01T00:00:00Z, and their size alone says their unit: a time lies between 1980 and 2286, so a number from
// 315,532,800 up to 10^10 counts seconds, a thousand times that milliseconds, a million times microseconds, 10^9 times nanoseconds.
// The ranges do not touch; what lies in none (12.5, 20260307, 20260307032737) is no time.
#pragma once

#include <optional>

#include "base/time.h"
#include "read/table/row.h"

namespace firebreak::cli {

std::optional<Time> time_in(const table::Cell& cell);

}  // namespace firebreak::cli
