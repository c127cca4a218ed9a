#include "read/archive/parts.h"

#include "log/ledger/segment.h"
#include "log/ledger/verify.h"

namespace firebreak::archive {

Result<std::vector<Part>> parts_of(Files& files, const std::string& data, const std::string& stream, std::uint64_t size) {
  const std::string dir = ledger::log_dir_of(data, stream);
  FIREBREAK_ASSIGN(const auto names, files.list(dir));
  std::vector<Part> parts;
  for (const std::string& name : names) {
    const auto number = ledger::segment_number(name);
    if (!number) continue;
    FIREBREAK_ASSIGN(const auto file, files.open(dir + "/" + name, OpenMode::kRead));
    FIREBREAK_ASSIGN(const Bytes head, file->read_at(0, ledger::kSegmentHeaderBytes));
    const auto header = ledger::parse_segment_header(head);
    if (!header || header->first > size) break;  // made ready and not begun
    if (!parts.empty()) parts.back().end = header->first;
    parts.push_back({*number, header->first, size, true});
  }
  if (!parts.empty()) parts.back().closed = false;
  return parts;
}

std::optional<Part> still_to_make(const Part& part, const std::vector<const Manifest*>& have, bool stale, bool open) {
  if (part.first == part.end) return std::nullopt;
  const std::uint64_t upto = have.empty() ? part.first : have.back()->end;
  if (part.closed) {
    const bool whole = have.size() == 1 && have[0]->closed && have[0]->first == part.first && upto == part.end;
    return whole && !stale ? std::nullopt : std::optional(part);
  }
  bool gapless = have.empty() || have.front()->first == part.first;
  for (std::size_t i = 1; i < have.size(); ++i) gapless = gapless && have[i]->first == have[i - 1]->end;
  Part out = part;
  if (stale || !gapless) {  // an erasure reaches the open segment's files unasked
    if (!open) out.end = upto;
    return out;
  }
  if (!open || upto == part.end) return std::nullopt;
  out.first = upto;
  for (auto at = have.rbegin(); at != have.rend() && (*at)->end - (*at)->first <= out.end - out.first; ++at) out.first = (*at)->first;
  return out;
}

}  // namespace firebreak::archive
