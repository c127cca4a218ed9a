#include "log/record/gap.h"

#include <fmt/core.h>

#include "base/limits.h"
#include "log/record/schema.h"

namespace firebreak::record {
namespace {

tl::unexpected<Error> wrong(std::string message, std::string pointer) {
  return fail(Code::kInvalid, std::move(message), std::move(pointer));
}

Result<void> check_texts(const Json& document) {
  for (const std::string_view key : {"producer", "reason", "time"}) {
    if (find(document, key) == nullptr) continue;
    FIREBREAK_ASSIGN(const std::string text, get_string(document, key));
    if (text.size() > limits::kIdBytes)
      return fail(Code::kTooLarge, fmt::format("longer than {} octets", limits::kIdBytes), fmt::format("/{}", key));
  }
  if (find(document, "time") != nullptr) FIREBREAK_TRY(get_time(document, "time"));
  if (string_or(document, "producer").empty()) return wrong("'producer' is missing", "/producer");
  return {};
}

Result<std::uint64_t> number(const Json& document, std::string_view key) {
  FIREBREAK_ASSIGN(const std::int64_t value, get_int(document, key));
  if (value < 0) return wrong("out of range: a sequence number from 0 on is expected", fmt::format("/{}", key));
  return static_cast<std::uint64_t>(value);
}

}  // namespace

Result<Json> gap_control(std::string_view line, GapLine& range) {
  FIREBREAK_ASSIGN(Json document, parse_json(line, limits::kJsonDepth));
  for (const auto& member : document.get_object()) {
    const std::string_view key = member.key();
    if (key != "type" && key != "producer" && key != "from" && key != "to" && key != "upper_bound" &&
        key != "reason" && key != "time")
      return wrong("unknown field of a gap (producer, from, to or upper_bound, reason, time)",
                   "/" + pointer_token(key));
  }
  FIREBREAK_TRY(check_texts(document));
  const bool bound = find(document, "upper_bound") != nullptr;
  if (bound && find(document, "to") != nullptr) return wrong("either 'to' or 'upper_bound'", "/upper_bound");
  const std::string_view last = bound ? "upper_bound" : "to";
  FIREBREAK_ASSIGN(range.from, number(document, "from"));
  FIREBREAK_ASSIGN(range.to, number(document, last));
  if (range.to < range.from) return wrong(fmt::format("'{}' lies before 'from'", last), fmt::format("/{}", last));
  range.producer = string_or(document, "producer");
  JsonObject& object = document.get_object();
  object.erase("type");
  object["control"] = "gap";
  return document;
}

Json missing_control(std::string_view producer, std::uint64_t from, std::uint64_t to) {
  return JsonObject{
      {"control", "gap"}, {"producer", producer}, {"from", from}, {"to", to}, {"reason", "missing sequence numbers"}};
}

Json filled_control(std::string_view producer, std::uint64_t sequence) {
  return JsonObject{{"control", "gap_filled"}, {"producer", producer}, {"sequence", sequence}};
}

}  // namespace firebreak::record
