// Gaps: numbers of a producer that never arrived. Told by a line of a batch, or noticed by the recorder.
// Pure; any thread. Line: docs/formats/stream.md; control record: docs/formats/record.md.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"

namespace firebreak::record {

struct GapLine {
  std::string producer;
  std::uint64_t from = 0, to = 0;  // `to` is an upper bound when the line says so
};

// {"type":"gap","producer","from","to"|"upper_bound","reason"?,"time"?} -> its control record.
Result<Json> gap_control(std::string_view line, GapLine& range);

// What the recorder writes by itself.
Json missing_control(std::string_view producer, std::uint64_t from, std::uint64_t to);
Json filled_control(std::string_view producer, std::uint64_t sequence);

}  // namespace firebreak::record
