// Where time stamps lie: timestamp.h says how.
#include <algorithm>
#include <charconv>

#include "log/ledger/timestamp.h"

namespace firebreak::ledger {
namespace {

constexpr std::string_view kNoteEnd = ".checkpoint", kAnswerEnd = ".tsr";

Path folder_of(const Path& dir, const std::string& authority) { return dir + "/" + std::string(kTimestampFolder) + "/" + authority; }

// Names without '/': of folders with, of files as they are. Nothing when there is no such folder.
Result<std::vector<std::string>> names_in(Files& files, const Path& dir) {
  Result<std::vector<std::string>> names = files.list(dir);
  if (!names && names.error().code == Code::kNotFound) return std::vector<std::string>();
  return names;
}

// Sizes for which an answer stands there, ascending.
Result<std::vector<std::uint64_t>> sizes_of(Files& files, const Path& dir, const std::string& authority) {
  FIREBREAK_ASSIGN(const auto names, names_in(files, folder_of(dir, authority)));
  std::vector<std::uint64_t> sizes;
  for (const std::string& name : names) {
    std::uint64_t size = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), size);
    if (error == std::errc() && std::string_view(end) == kAnswerEnd) sizes.push_back(size);
  }
  std::sort(sizes.begin(), sizes.end());
  return sizes;
}

Result<StoredStamp> read_stamp(Files& files, const Path& dir, const std::string& authority, std::uint64_t size) {
  const std::string base = folder_of(dir, authority) + "/" + std::to_string(size);
  StoredStamp stamp{std::string(kTimestampFolder) + "/" + authority + "/" + std::to_string(size) + std::string(kAnswerEnd), authority, size, {}, {}};
  FIREBREAK_ASSIGN(stamp.answer, read_all(files, base + std::string(kAnswerEnd)));
  Result<Bytes> note = read_all(files, base + std::string(kNoteEnd));
  if (!note && note.error().code != Code::kNotFound) return fail(std::move(note.error()));
  if (note) stamp.checkpoint = std::move(*note);
  else stamp.problem = "the checkpoint that it is for is not beside it";
  return stamp;
}

}  // namespace

Result<std::vector<StoredStamp>> stored_timestamps(Files& files, const Path& dir, bool newest_alone) {
  std::vector<StoredStamp> stamps;
  FIREBREAK_ASSIGN(const auto authorities, names_in(files, dir + "/" + std::string(kTimestampFolder)));
  for (const std::string& folder : authorities) {
    if (!folder.ends_with('/')) continue;
    const std::string authority = folder.substr(0, folder.size() - 1);
    FIREBREAK_ASSIGN(const auto sizes, sizes_of(files, dir, authority));
    for (std::size_t i = newest_alone && !sizes.empty() ? sizes.size() - 1 : 0; i < sizes.size(); ++i) {
      const std::uint64_t size = sizes[i];
      FIREBREAK_ASSIGN(StoredStamp stamp, read_stamp(files, dir, authority, size));
      stamps.push_back(std::move(stamp));
    }
  }
  return stamps;
}

Result<std::optional<StoredStamp>> last_timestamp(Files& files, const Path& dir, const std::string& authority) {
  FIREBREAK_ASSIGN(const auto sizes, sizes_of(files, dir, authority));
  if (sizes.empty()) return std::optional<StoredStamp>();
  FIREBREAK_ASSIGN(StoredStamp stamp, read_stamp(files, dir, authority, sizes.back()));
  return std::optional<StoredStamp>(std::move(stamp));
}

Result<void> keep_timestamp(Files& files, const Path& dir, const StoredStamp& stamp) {
  const std::string folder = folder_of(dir, stamp.authority), base = folder + "/" + std::to_string(stamp.size);
  FIREBREAK_TRY(files.make_dir(folder));
  FIREBREAK_TRY(write_atomic(files, base + std::string(kNoteEnd), stamp.checkpoint));
  return write_atomic(files, base + std::string(kAnswerEnd), stamp.answer);
}

}  // namespace firebreak::ledger
