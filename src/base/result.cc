#include "base/result.h"

#include <cstdio>
#include <cstdlib>

namespace firebreak {

std::string_view code_name(Code code) {
  switch (code) {
    case Code::kInvalid: return "invalid";
    case Code::kNotFound: return "not_found";
    case Code::kConflict: return "conflict";
    case Code::kUnauthorized: return "unauthorized";
    case Code::kForbidden: return "forbidden";
    case Code::kTooLarge: return "too_large";
    case Code::kBusy: return "busy";
    case Code::kCorrupt: return "corrupt";
    case Code::kIo: return "io";
    case Code::kUnavailable: return "unavailable";
    case Code::kTimeout: return "timeout";
    case Code::kInternal: return "internal";
  }
  return "internal";
}

void assertion_failed(const char* what, const char* file, int line) {
  std::fprintf(stderr, "firebreak: assertion failed: %s (%s:%d)\n", what, file, line);
  std::abort();
}

}  // namespace firebreak
