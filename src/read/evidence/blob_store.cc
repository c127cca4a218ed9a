#include "read/evidence/blob_store.h"

#include <fmt/core.h>

#include "base/files.h"
#include "base/limits.h"

namespace firebreak::evidence {

Result<BlobStore> BlobStore::open(Files& files, std::string dir) {
  FIREBREAK_TRY(files.make_dir(dir));
  return BlobStore(files, std::move(dir));
}

std::string BlobStore::path_of(const Digest& digest) const {
  const std::string hex = digest.hex();
  return fmt::format("{}/{}/{}", dir_, hex.substr(0, 2), hex);
}

Result<Digest> BlobStore::put(ByteView content) {
  if (content.size() > limits::kDocumentBytes)
    return fail(Code::kTooLarge, fmt::format("a blob has at most {} octets, this one {}",
                                             limits::kDocumentBytes, content.size()));
  const Digest digest = sha256(content);
  const std::lock_guard lock(*writing_);
  // A blob that went bad on the disk is healed by whoever brings the right bytes again.
  if (get(digest)) return digest;
  const std::string path = path_of(digest);
  const Path folder = parent_of(path);
  const bool new_folder = !files_->list(folder);
  FIREBREAK_TRY(files_->make_dir(folder));
  if (new_folder) FIREBREAK_TRY(files_->sync_dir(dir_));
  FIREBREAK_TRY(write_atomic(*files_, path, content));
  return digest;
}

Result<Bytes> BlobStore::get(const Digest& digest) const {
  const std::string path = path_of(digest);
  Result<Bytes> content = read_all(*files_, path);
  if (!content) {
    if (content.error().code == Code::kNotFound)
      return fail(Code::kNotFound, fmt::format("there is no blob {}", digest.hex()));
    return fail(std::move(content.error()));
  }
  const Digest computed = sha256(*content);
  if (computed != digest)
    return fail(Code::kCorrupt,
                fmt::format("blob '{}': its content has the digest {}; restore it from a copy", path,
                            computed.hex()));
  return content;
}

bool BlobStore::has(const Digest& digest) const { return exists(*files_, path_of(digest)); }

Result<void> BlobStore::destroy(const Digest& digest) {
  const std::string path = path_of(digest);
  const std::lock_guard lock(*writing_);
  if (!has(digest)) return {};  // opened for writing it would be made
  FIREBREAK_ASSIGN(const std::unique_ptr<File> file, files_->open(path, OpenMode::kWrite));
  overwrite(*file);
  FIREBREAK_TRY(files_->remove(path));
  return files_->sync_dir(parent_of(path));
}

Result<std::uint64_t> BlobStore::size(const Digest& digest) const {
  FIREBREAK_ASSIGN(const std::unique_ptr<File> file, files_->open(path_of(digest), OpenMode::kRead));
  return file->size();
}

Result<std::vector<std::string>> BlobStore::verify() const {
  std::vector<std::string> faults;
  FIREBREAK_ASSIGN(const std::vector<std::string> folders, files_->list(dir_));
  for (const std::string& folder : folders) {
    if (!folder.ends_with('/')) continue;
    FIREBREAK_ASSIGN(const std::vector<std::string> names,
                     files_->list(dir_ + "/" + folder.substr(0, folder.size() - 1)));
    for (const std::string& name : names) {
      const Result<Digest> digest = Digest::from_hex(name);
      if (!digest) continue;  // a temporary file of a write that never ended
      if (const Result<Bytes> content = get(*digest); !content) faults.push_back(content.error().message);
    }
  }
  return faults;
}

}  // namespace firebreak::evidence
