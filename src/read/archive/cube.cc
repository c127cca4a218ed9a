#include "read/archive/cube.h"

#include <algorithm>
#include <unordered_map>
#include <vector>

namespace firebreak::archive {
namespace {

constexpr std::string_view kMagic = "FBCUBE1\n";
constexpr std::size_t kCellBytes = 4 * 4 + 6 * 8;

}  // namespace

void CubeCell::add(const CubeCell& other) {
  if (other.count == 0) return;
  first = count == 0 ? other.first : std::min(first, other.first);
  last = count == 0 ? other.last : std::max(last, other.last);
  first_us = count == 0 ? other.first_us : std::min(first_us, other.first_us);
  last_us = count == 0 ? other.last_us : std::max(last_us, other.last_us);
  count += other.count;
}

Bytes encode_cube(const Cube& cube) {
  std::map<std::string_view, std::uint32_t> ordinals;
  for (const auto& [key, cell] : cube)
    for (const std::string* text : {&key.release, &key.disposition, &key.answer, &key.caller}) ordinals.emplace(*text, 0);
  Bytes out(kMagic);
  put_le(out, static_cast<std::uint32_t>(ordinals.size()));
  put_le(out, static_cast<std::uint64_t>(cube.size()));
  std::uint32_t next = 0;
  for (auto& [text, ordinal] : ordinals) {
    ordinal = next++;
    put_le(out, static_cast<std::uint32_t>(text.size()));
    out += text;
  }
  for (const auto& [key, cell] : cube) {
    for (const std::string* text : {&key.release, &key.disposition, &key.answer, &key.caller}) put_le(out, ordinals[*text]);
    put_le(out, key.hour);
    for (const std::uint64_t number : {cell.count, cell.first, cell.last}) put_le(out, number);
    for (const std::int64_t time : {cell.first_us, cell.last_us}) put_le(out, time);
  }
  return out;
}

Result<Cube> decode_cube(ByteView octets) {
  const auto broken = [] { return fail(Code::kCorrupt, "these are not the octets of a count cube"); };
  if (octets.size() < 20 || octets.substr(0, kMagic.size()) != kMagic) return broken();
  const auto strings = get_le<std::uint32_t>(octets, 8);
  const auto cells = get_le<std::uint64_t>(octets, 12);
  std::size_t at = 20;
  std::vector<std::string> texts;
  for (std::uint32_t i = 0; i < strings; ++i) {
    if (octets.size() - at < 4) return broken();
    const auto length = get_le<std::uint32_t>(octets, at);
    if (octets.size() - at - 4 < length) return broken();
    texts.emplace_back(octets.substr(at + 4, length));
    at += 4 + std::size_t{length};
  }
  if ((octets.size() - at) % kCellBytes != 0 || (octets.size() - at) / kCellBytes != cells) return broken();
  Cube cube;
  for (; at < octets.size(); at += kCellBytes) {
    std::uint32_t names[4];
    for (std::size_t i = 0; i < 4; ++i) {
      names[i] = get_le<std::uint32_t>(octets, at + 4 * i);
      if (names[i] >= texts.size()) return broken();
    }
    CubeKey key{texts[names[0]], texts[names[1]], texts[names[2]], texts[names[3]], get_le<std::int64_t>(octets, at + 16)};
    cube.insert_or_assign(cube.end(), std::move(key),
                          CubeCell{get_le<std::uint64_t>(octets, at + 24), get_le<std::uint64_t>(octets, at + 32),
                                   get_le<std::uint64_t>(octets, at + 40), get_le<std::int64_t>(octets, at + 48),
                                   get_le<std::int64_t>(octets, at + 56)});
  }
  if (cube.size() != cells) return broken();
  return cube;
}

}  // namespace firebreak::archive
