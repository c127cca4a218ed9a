// Evidence and other large documents, kept by the SHA-256 of their content: DIR/ab/abcdef… .
//
// Promise: when put() returns, the blob and its name are on disk (fdatasync of the file, fsync of the
// folder). A blob is never changed, and removed only where it was derived of a person who was erased, or is what somebody
// typed (texts.h); putting the same bytes again is free. get() re-hashes what it reads and refuses anything that is not
// what was put.
//
// Threads: all functions from any thread. Two threads putting the same blob both succeed.
// Errors: kNotFound, kCorrupt (names the file, the stored and the computed digest), kIo, kTooLarge.
// Limit: limits::kDocumentBytes a blob.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/result.h"

namespace firebreak {
class Files;
}

namespace firebreak::evidence {

class BlobStore {
 public:
  // `dir` is made when it is missing.
  static Result<BlobStore> open(Files& files, std::string dir);

  Result<Digest> put(ByteView content);
  Result<Bytes> get(const Digest& digest) const;
  bool has(const Digest& digest) const;
  Result<std::uint64_t> size(const Digest& digest) const;

  // Overwrites and removes the blob, when there is one. For what holds what must go.
  Result<void> forget(const Digest& digest);

  // Re-hashes every blob; the list names what is wrong (empty: all well).
  Result<std::vector<std::string>> verify() const;

  std::string path_of(const Digest& digest) const;

 private:
  BlobStore(Files& files, std::string dir)
      : files_(&files), dir_(std::move(dir)), writing_(std::make_unique<std::mutex>()) {}

  Files* files_;
  std::string dir_;
  std::unique_ptr<std::mutex> writing_;  // two writers of one blob would share its temporary name
};

}  // namespace firebreak::evidence
