// The operating system's files behind one seam: PosixFiles, and SimulatedFiles (base/simulated_files.h) that
// crashes.
//
// Promise: after File::sync() the octets written before survive a power cut; after sync_dir() so do the names
// in that folder. Nothing else is promised: an unsynced write may be lost, torn, or present in pieces.
// Threads: Files and File may be used from any thread; two writers of one range must agree among themselves.
// Errors: kNotFound, kIo (message names path and reason), kBusy (lock held by another); a full disk is kIo
// and is_disk_full().
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace firebreak {

using Path = std::string;  // '/' between parts

class File {
 public:
  virtual ~File() = default;
  virtual Result<void> write_at(std::uint64_t offset, ByteView data) = 0;  // all of it or an error
  // The parts one after another, as one write.
  virtual Result<void> write_parts_at(std::uint64_t offset, std::span<const ByteView> parts);
  virtual Result<Bytes> read_at(std::uint64_t offset,
                                std::size_t length) const = 0;  // shorter at the end of the file
  virtual Result<void> sync() = 0;                              // fdatasync; never retry a failed one
  virtual Result<std::uint64_t> size() const = 0;
  virtual Result<void> truncate(std::uint64_t size) = 0;
  virtual Result<void> allocate(std::uint64_t size) = 0;  // blocks are really taken; the file grows to `size`
};

enum class OpenMode {
  kRead,         // must exist
  kWrite,        // read and write, made when absent, 0600
  kWritePublic,  // the same, 0644
  // kWrite past the page cache, where the file system can (else the same as kWrite): half the processor time of large
  // writes, and no queue of dirty pages before a sync. For files that only grow: what lies behind a write in its last
  // 4 KiB becomes zeros, and so does the file's end up to there.
  kAppendDirect,
};

// Held until destroyed; a crash of the process releases it.
class FileLock {
 public:
  virtual ~FileLock() = default;
};

class Files {
 public:
  virtual ~Files() = default;
  virtual Result<std::unique_ptr<File>> open(const Path& path, OpenMode mode) = 0;
  virtual Result<void> rename(const Path& from, const Path& to) = 0;  // replaces `to`
  virtual Result<void> remove(const Path& path) = 0;                  // a file, or an empty folder
  // Names in `dir`, sorted; folders end in '/'. kNotFound when there is no such folder.
  virtual Result<std::vector<std::string>> list(const Path& dir) = 0;
  virtual Result<void> make_dir(
      const Path& dir) = 0;  // with its parents, durable, 0700; nothing when it exists
  virtual Result<void> sync_dir(const Path& dir) = 0;
  virtual Result<std::unique_ptr<FileLock>> lock(
      const Path& path) = 0;  // exclusive, at once; kBusy when held
};

class PosixFiles : public Files {
 public:
  Result<std::unique_ptr<File>> open(const Path& path, OpenMode mode) override;
  Result<void> rename(const Path& from, const Path& to) override;
  Result<void> remove(const Path& path) override;
  Result<std::vector<std::string>> list(const Path& dir) override;
  Result<void> make_dir(const Path& dir) override;
  Result<void> sync_dir(const Path& dir) override;
  Result<std::unique_ptr<FileLock>> lock(const Path& path) override;
};

// Whole files. write_atomic: temporary file, fsync, rename, folder fsync: a reader sees the old or the new
// content, and when it returns the new one survives a crash. write_plain is for what can be made again (no
// sync).
Result<Bytes> read_all(Files& files, const Path& path);
Result<void> write_atomic(Files& files, const Path& path, ByteView data, OpenMode mode = OpenMode::kWrite);
Result<void> write_plain(Files& files, const Path& path, ByteView data,
                         OpenMode mode = OpenMode::kWritePublic);
// Zeros over everything the file holds. Best effort: a file system that copies on write, or a disk that moves blocks, may
// keep the octets elsewhere.
void overwrite(File& file);
bool exists(Files& files, const Path& path);
Path parent_of(const Path& path);  // "a/b" -> "a", "a" -> "."

// True when `error` says that the disk is full (a file operation marked it so).
bool is_disk_full(const Error& error);

}  // namespace firebreak
