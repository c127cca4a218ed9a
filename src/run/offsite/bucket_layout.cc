#include "run/offsite/bucket_layout.h"

#include <fmt/core.h>

#include <charconv>
#include <vector>

#include "base/digest.h"
#include "base/json.h"
#include "log/ledger/cosigned.h"
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

std::vector<std::string_view> parts_of(std::string_view path) {
  std::vector<std::string_view> parts;
  for (std::size_t at = 0; at <= path.size();) {
    const std::size_t slash = std::min(path.find('/', at), path.size());
    parts.push_back(path.substr(at, slash - at));
    at = slash + 1;
  }
  return parts;
}

// logs/<log>/vouched/<path>/<size>-<hex>
std::optional<Named> parse_vouched(std::string_view key, const std::string& log) {
  const std::size_t begin = std::string_view("logs/").size() + log.size() + std::string_view("/vouched/").size();
  const std::size_t slash = key.rfind('/');
  if (slash <= begin) return std::nullopt;
  const std::string_view path = key.substr(begin, slash - begin), name = key.substr(slash + 1);
  if (!is_vouched_path(path) || name.size() < kDigits + 1 || name[kDigits] != '-') return std::nullopt;
  const auto size = number_of(name.substr(0, kDigits));
  const auto digest = Digest::from_hex(name.substr(kDigits + 1));
  if (!size || !digest || digest->hex() != name.substr(kDigits + 1)) return std::nullopt;
  return Named{Named::kVouched, log, 0, *size, std::string(path), digest->hex()};
}

}  // namespace

std::string vkey_key(const std::string& log) { return fmt::format("logs/{}/vkey", log); }

std::string piece_key(const std::string& log, std::uint64_t segment, std::uint64_t offset) {
  return fmt::format("logs/{}/{}/{:020}", log, ledger::segment_name(segment), offset);
}

std::string checkpoint_key(const std::string& log, std::uint64_t size) { return fmt::format("logs/{}/checkpoints/{:020}", log, size); }

std::string blob_key(const std::string& hex) { return fmt::format("blobs/{}/{}", hex.substr(0, 2), hex); }

std::string vouched_key(const std::string& log, const std::string& path, std::uint64_t size, const std::string& hex) {
  return fmt::format("logs/{}/vouched/{}/{:020}-{}", log, path, size, hex);
}

bool is_vouched_path(std::string_view path) {
  const auto parts = parts_of(path);
  if (parts.size() == 1) return parts[0] == ledger::kCosignedFile;
  if (parts.size() == 2) return parts[0] == ledger::kWitnessFolder && is_name(parts[1]) && !parts[1].ends_with(".tmp");
  if (parts.size() != 3 || parts[0] != ledger::kTimestampFolder || !is_name(parts[1])) return false;
  const std::size_t dot = std::min(parts[2].find('.'), parts[2].size());
  const std::string_view digits = parts[2].substr(0, dot), ending = parts[2].substr(dot);
  return !digits.empty() && digits.size() <= kDigits && digits.find_first_not_of("0123456789") == std::string_view::npos &&
         (ending == ".checkpoint" || ending == ".tsr");
}

std::optional<Named> parse_key(std::string_view key) {
  const auto parts = parts_of(key);
  if (parts.size() == 3 && parts[0] == "blobs") {
    const auto digest = Digest::from_hex(parts[2]);
    if (!digest || digest->hex() != parts[2] || parts[1] != parts[2].substr(0, 2)) return std::nullopt;
    return Named{Named::kBlob, std::string(parts[2])};
  }
  if (parts.size() < 3 || parts[0] != "logs" || !is_name(parts[1])) return std::nullopt;
  const std::string log(parts[1]);
  if (parts.size() == 3) return parts[2] == "vkey" ? std::optional(Named{Named::kVkey, log}) : std::nullopt;
  if (parts[2] == "vouched") return parse_vouched(key, log);
  const auto number = number_of(parts[3]);
  if (parts.size() != 4 || !number) return std::nullopt;
  if (parts[2] == "checkpoints") return Named{Named::kCheckpoint, log, 0, *number};
  const auto segment = ledger::segment_number(parts[2]);
  return segment && *segment > 0 ? std::optional(Named{Named::kPiece, log, *segment, *number}) : std::nullopt;
}

}  // namespace firebreak::offsite
