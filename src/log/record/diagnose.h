// Says where a line that is no acceptable JSON is wrong: the fast parser only says that it is.
//
// Runs on refused lines only. Finds: no valid JSON, a key twice in one object, nesting beyond limits::kJsonDepth,
// octets that are not UTF-8, NaN and Infinity, numbers outside the range of a double or, whole, of 64 bits.
// Pure; any thread.
#pragma once

#include <string_view>

#include "base/result.h"

namespace firebreak::record {

// The first thing that is wrong, with its JSON Pointer; success when nothing is.
Result<void> diagnose_line(std::string_view line);

}  // namespace firebreak::record
