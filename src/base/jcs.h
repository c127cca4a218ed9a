// RFC 8785, JSON Canonicalization Scheme: the bytes that signatures of other programs are over.
//
// Unlike canonical_json (our own formats): members in the order of their UTF-16 code units, numbers as ECMAScript writes
// them and always as doubles (a whole number beyond 2^53 loses digits, as the scheme has it), \b and \f short.
#pragma once

#include <string>

#include "base/json.h"

namespace firebreak {

std::string jcs(const Json& value);
void append_ecmascript_number(std::string& out, double value);  // finite (asserted)

}  // namespace firebreak
