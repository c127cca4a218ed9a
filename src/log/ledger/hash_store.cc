#include "log/ledger/hash_store.h"

namespace firebreak::ledger {
namespace {

constexpr std::uint64_t kHashBytes = 32;

}  // namespace

Result<std::shared_ptr<File>> HashFiles::file(unsigned level) {
  const std::lock_guard lock(mutex_);
  const auto found = open_.find(level);
  if (found != open_.end()) return found->second;
  FIREBREAK_TRY(files_.make_dir(dir_));
  FIREBREAK_ASSIGN(auto opened, files_.open(dir_ + "/" + std::to_string(level), OpenMode::kWrite));
  return open_.emplace(level, std::move(opened)).first->second;
}

Result<void> HashFiles::write(unsigned level, std::uint64_t from, ByteView hashes) {
  FIREBREAK_ASSIGN(const std::shared_ptr<File> to, file(level));
  return to->write_at(from * kHashBytes, hashes);
}

Result<Bytes> HashFiles::read(unsigned level, std::uint64_t from, std::uint64_t count) {
  FIREBREAK_ASSIGN(const std::shared_ptr<const File> source, file(level));
  FIREBREAK_ASSIGN(Bytes hashes, source->read_at(from * kHashBytes, count * kHashBytes));
  if (hashes.size() != count * kHashBytes)
    return fail(Code::kCorrupt, dir_ + "/" + std::to_string(level) + " is too short; delete the folder " + dir_ +
                                    " while nothing runs, it is made again");
  return hashes;
}

Result<void> HashFiles::sync() {
  std::map<unsigned, std::shared_ptr<File>> open;
  {
    const std::lock_guard lock(mutex_);
    open = open_;
  }
  for (const auto& [level, file] : open) FIREBREAK_TRY(file->sync());
  return open.empty() ? Result<void>() : files_.sync_dir(dir_);
}

Result<void> HashFiles::clear() {
  const std::lock_guard lock(mutex_);
  open_.clear();
  const auto names = files_.list(dir_);
  if (!names) return names.error().code == Code::kNotFound ? Result<void>() : fail(Error(names.error()));
  for (const std::string& name : *names) FIREBREAK_TRY(files_.remove(dir_ + "/" + name));
  return {};
}

}  // namespace firebreak::ledger
