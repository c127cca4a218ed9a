#include "run/offsite/bucket_layout.h"

#include <fmt/core.h>

#include <charconv>
#include <vector>

#include "base/digest.h"
#include "base/json.h"
#include "log/ledger/segment.h"

namespace firebreak::offsite {
namespace {

constexpr std::size_t kDigits = 20;  // of any 64-bit number, so that names sort as numbers do

std::optional<std::uint64_t> number_of(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.size() != kDigits || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

std::string vkey_key(const std::string& log) { return fmt::format("logs/{}/vkey", log); }

std::string piece_key(const std::string& log, std::uint64_t segment, std::uint64_t offset) {
  return fmt::format("logs/{}/{}/{:020}", log, ledger::segment_name(segment), offset);
}

std::string checkpoint_key(const std::string& log, std::uint64_t size) { return fmt::format("logs/{}/checkpoints/{:020}", log, size); }

std::string blob_key(const std::string& hex) { return fmt::format("blobs/{}/{}", hex.substr(0, 2), hex); }

std::optional<Named> parse_key(std::string_view key) {
  std::vector<std::string_view> parts;
  for (std::size_t at = 0; at <= key.size();) {
    const std::size_t slash = std::min(key.find('/', at), key.size());
    parts.push_back(key.substr(at, slash - at));
    at = slash + 1;
  }
  if (parts.size() == 3 && parts[0] == "blobs") {
    const auto digest = Digest::from_hex(parts[2]);
    if (!digest || digest->hex() != parts[2] || parts[1] != parts[2].substr(0, 2)) return std::nullopt;
    return Named{Named::kBlob, std::string(parts[2]), 0, 0};
  }
  if (parts.size() < 3 || parts[0] != "logs" || !is_name(parts[1])) return std::nullopt;
  const std::string log(parts[1]);
  if (parts.size() == 3) return parts[2] == "vkey" ? std::optional(Named{Named::kVkey, log, 0, 0}) : std::nullopt;
  const auto number = number_of(parts[3]);
  if (parts.size() != 4 || !number) return std::nullopt;
  if (parts[2] == "checkpoints") return Named{Named::kCheckpoint, log, 0, *number};
  const auto segment = ledger::segment_number(parts[2]);
  return segment && *segment > 0 ? std::optional(Named{Named::kPiece, log, *segment, *number}) : std::nullopt;
}

}  // namespace firebreak::offsite
