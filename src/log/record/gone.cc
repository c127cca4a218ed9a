#include "log/record/gone.h"

#include <algorithm>

namespace firebreak::record {

void Spans::add(std::uint64_t first, std::uint64_t last) {
  if (!list_.empty() && first <= list_.back().last + 1) {
    list_.back() = {std::min(list_.back().first, first), std::max(list_.back().last, last)};
    return;
  }
  list_.push_back({first, last});
  if (list_.size() <= kMost) return;
  // The two that lie nearest become one.
  std::size_t nearest = 0;
  for (std::size_t i = 1; i + 1 < list_.size(); ++i)
    if (list_[i + 1].first - list_[i].last < list_[nearest + 1].first - list_[nearest].last) nearest = i;
  list_[nearest].last = list_[nearest + 1].last;
  list_.erase(list_.begin() + static_cast<std::ptrdiff_t>(nearest) + 1);
}

Json to_json(const std::vector<Span>& spans) {
  JsonArray out;
  for (const Span& span : spans) out.push_back(JsonArray{span.first, span.last});
  return out;
}

bool Gone::touches(std::uint64_t first, std::uint64_t end) const {
  return spans.empty() || std::any_of(spans.begin(), spans.end(), [&](const Span& span) { return span.first < end && first <= span.last; });
}

Result<Gone> gone_from_json(std::uint64_t index, const Json& control) {
  Gone gone;
  gone.control = index;
  gone.order = static_cast<std::uint64_t>(int_or(control, "order", 0));
  gone.records = static_cast<std::uint64_t>(int_or(control, "records", 0));
  if (find(control, "cutoff") != nullptr) {
    FIREBREAK_ASSIGN(gone.cutoff, get_time(control, "cutoff"));
  }
  const Json* const spans = find(control, "spans");
  if (spans == nullptr || !spans->is_array()) return gone;
  for (const Json& one : spans->get_array()) {
    if (!one.is_array() || one.get_array().size() != 2 || !one.get_array()[0].is_number() || !one.get_array()[1].is_number())
      return fail(Code::kCorrupt, "a span of what is gone is none");
    gone.spans.push_back({one.get_array()[0].to_number<std::uint64_t>(), one.get_array()[1].to_number<std::uint64_t>()});
  }
  return gone;
}

}  // namespace firebreak::record
