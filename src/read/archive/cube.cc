#include "read/archive/cube.h"

#include <algorithm>
#include <unordered_map>
#include <vector>

namespace firebreak::archive {
namespace {

constexpr std::string_view kMagic = "FBCUBE1\n";
constexpr std::size_t kHeadBytes = 20, kCellBytes = 4 * 4 + 6 * 8;

tl::unexpected<Error> broken() { return fail(Code::kCorrupt, "these are not the octets of a count cube"); }

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

namespace {

Result<std::vector<std::string_view>> texts_of(ByteView octets, std::uint32_t count, std::size_t& at) {
  std::vector<std::string_view> texts;
  for (std::uint32_t i = 0; i < count; ++i) {
    if (octets.size() - at < 4) return broken();
    const auto length = get_le<std::uint32_t>(octets, at);
    if (octets.size() - at - 4 < length) return broken();
    texts.push_back(octets.substr(at + 4, length));
    at += 4 + std::size_t{length};
  }
  return texts;
}

}  // namespace

Result<void> visit_cube(ByteView octets, std::string_view release, std::string_view caller,
                        const std::function<void(CubeKey, const CubeCell&)>& each) {
  if (octets.size() < kHeadBytes || octets.substr(0, kMagic.size()) != kMagic) return broken();
  std::size_t at = kHeadBytes;
  FIREBREAK_ASSIGN(const auto texts, texts_of(octets, get_le<std::uint32_t>(octets, 8), at));
  const auto cells = get_le<std::uint64_t>(octets, 12);
  if ((octets.size() - at) % kCellBytes != 0 || (octets.size() - at) / kCellBytes != cells) return broken();
  // Which ordinals pass, by text.
  const auto passing = [&](std::string_view wanted) {
    std::vector<bool> pass;
    for (const std::string_view text : texts) pass.push_back(wanted.empty() || text == wanted);
    return pass;
  };
  const std::vector<bool> releases = passing(release), callers = passing(caller);
  for (; at < octets.size(); at += kCellBytes) {
    std::uint32_t names[4];
    for (std::size_t i = 0; i < 4; ++i) {
      names[i] = get_le<std::uint32_t>(octets, at + 4 * i);
      if (names[i] >= texts.size()) return broken();
    }
    if (!releases[names[0]] || !callers[names[3]]) continue;
    const auto text = [&](std::size_t i) { return std::string(texts[names[i]]); };
    each({text(0), text(1), text(2), text(3), get_le<std::int64_t>(octets, at + 16)},
         CubeCell{get_le<std::uint64_t>(octets, at + 24), get_le<std::uint64_t>(octets, at + 32), get_le<std::uint64_t>(octets, at + 40),
                  get_le<std::int64_t>(octets, at + 48), get_le<std::int64_t>(octets, at + 56)});
  }
  return {};
}

Result<Cube> decode_cube(ByteView octets) {
  Cube cube;
  std::uint64_t cells = 0;
  FIREBREAK_TRY(visit_cube(octets, {}, {}, [&](CubeKey key, const CubeCell& cell) {
    ++cells;
    cube.insert_or_assign(cube.end(), std::move(key), cell);
  }));
  if (cube.size() != cells) return broken();  // the same key twice
  return cube;
}

}  // namespace firebreak::archive
