#include "types/observation.h"

#include <fmt/core.h>

namespace firebreak {

std::string_view disposition_name(Disposition disposition) {
  switch (disposition) {
    case Disposition::kServed: return "served";
    case Disposition::kFallback: return "fallback";
    case Disposition::kReview: return "review";
    case Disposition::kLimited: return "limited";
    case Disposition::kBlocked: return "blocked";
    case Disposition::kFailed: return "failed";
  }
  return "failed";
}

Result<Disposition> parse_disposition(std::string_view name) {
  for (const Disposition d : {Disposition::kServed, Disposition::kFallback, Disposition::kReview,
                              Disposition::kLimited, Disposition::kBlocked, Disposition::kFailed})
    if (disposition_name(d) == name) return d;
  return fail(Code::kInvalid,
              fmt::format("'{}' is no disposition (served, fallback, review, limited, blocked, failed)", name));
}

}  // namespace firebreak
