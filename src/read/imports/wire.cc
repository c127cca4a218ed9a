#include "read/imports/wire.h"

#include <fmt/core.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>

#include "base/bytes.h"
#include "base/limits.h"

namespace firebreak::imports {
namespace {

constexpr std::size_t kMostValues = 4'000'000;  // of one document: each costs more as JSON than on the wire

tl::unexpected<Error> broken() { return fail(Code::kInvalid, "no Protocol Buffers message: it is cut short or something else"); }

bool is_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto c = static_cast<unsigned char>(text[i]);
    const std::size_t more = c < 0x80 ? 0 : c >= 0xc2 && c < 0xe0 ? 1 : c >= 0xe0 && c < 0xf0 ? 2 : c >= 0xf0 && c < 0xf5 ? 3 : 9;
    if (more == 9 || text.size() - i <= more) return false;
    for (std::size_t k = 1; k <= more; ++k)
      if ((static_cast<unsigned char>(text[i + k]) & 0xc0) != 0x80) return false;
    i += more + 1;
  }
  return true;
}

class Reader {
 public:
  explicit Reader(std::size_t& values) : values_(values) {}

  Result<Json> read(const WireMessage& message, std::string_view in, std::size_t depth) {
    if (depth > limits::kDocumentDepth) return fail(Code::kInvalid, "a Protocol Buffers message that is nested too deep");
    JsonObject out;
    while (!in.empty()) {
      std::uint64_t tag = 0, number = 0;
      if (!varint(in, tag)) return broken();
      std::string_view octets;
      const auto wire = tag & 7;
      if (wire == 0) {
        if (!varint(in, number)) return broken();
      } else {
        std::uint64_t length = wire == 1 ? 8 : 4;
        if (wire != 1 && wire != 5 && (wire != 2 || !varint(in, length))) return broken();
        if (length > in.size()) return broken();
        octets = in.substr(0, static_cast<std::size_t>(length));
        in.remove_prefix(static_cast<std::size_t>(length));
      }
      const auto field =
          std::find_if(message.fields.begin(), message.fields.end(), [&](const WireField& one) { return one.number == tag >> 3; });
      if (field == message.fields.end()) continue;
      if (++values_ > kMostValues) return fail(Code::kTooLarge, "a Protocol Buffers message of more than four million values");
      FIREBREAK_ASSIGN(Json value, value_of(*field, wire, number, octets, depth));
      if (!field->repeated) {
        out[field->name] = std::move(value);
        continue;
      }
      Json& list = out[field->name];
      if (!list.is_array()) list = JsonArray();
      list.as_array().push_back(std::move(value));
    }
    return Json(std::move(out));
  }

 private:
  static bool varint(std::string_view& in, std::uint64_t& out) {
    out = 0;
    for (unsigned shift = 0; shift < 70 && !in.empty(); shift += 7) {
      const auto octet = static_cast<unsigned char>(in.front());
      in.remove_prefix(1);
      if (shift < 64) out |= static_cast<std::uint64_t>(octet & 0x7f) << shift;
      if ((octet & 0x80) == 0) return true;
    }
    return false;
  }

  // Not finite: the word that protobuf's own JSON has for it.
  static Json as_json(double value) {
    if (std::isfinite(value)) return value;
    return std::isnan(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity";
  }

  // 3.32 and not 3.319999933: as protobuf's own JSON writes it.
  static double shortest(float value) {
    char text[32];
    const auto [end, error] = std::to_chars(text, text + sizeof text, value);
    double out = static_cast<double>(value);
    if (error == std::errc() && std::isfinite(value)) std::from_chars(text, end, out);
    return out;
  }

  Result<Json> value_of(const WireField& field, std::uint64_t wire, std::uint64_t number, std::string_view octets, std::size_t depth) {
    switch (field.kind) {
      case WireField::kUnsigned:
        if (wire != 0) return broken();
        return Json(number);
      case WireField::kDouble:
        if (wire != 1) return broken();
        return as_json(std::bit_cast<double>(get_le<std::uint64_t>(octets, 0)));
      case WireField::kFloat:
        if (wire != 5) return broken();
        return as_json(shortest(std::bit_cast<float>(get_le<std::uint32_t>(octets, 0))));
      case WireField::kText:
        if (wire != 2) return broken();
        return Json(is_utf8(octets) ? octets : std::string_view("?"));
      case WireField::kMessage:
        if (wire != 2) return broken();
        return read(*field.message, octets, depth + 1);
    }
    return broken();
  }

  std::size_t& values_;
};

}  // namespace

Result<Json> read_wire(const WireMessage& message, std::string_view octets) {
  std::size_t values = 0;
  return Reader(values).read(message, octets, 1);
}

}  // namespace firebreak::imports
