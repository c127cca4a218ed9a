// Writes past the page cache (O_DIRECT): whole aligned blocks from an aligned buffer. Inside of files.cc; use
// OpenMode::kAppendDirect.
//
// A write that ends inside a block fills the block with zeros, and keeps its octets: the next write, which continues
// there, writes the block again with the same octets before its own. That is what the page cache does too; a disk that
// tears a block of 4 KiB tears either.
// Threads: one writer.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <span>

#include "base/files.h"

namespace firebreak {

class DirectWriter {
 public:
  static std::unique_ptr<DirectWriter> open(const Path& path);  // nothing where the file system refuses
  ~DirectWriter();
  DirectWriter(const DirectWriter&) = delete;
  DirectWriter& operator=(const DirectWriter&) = delete;

  // 0 or an errno. `buffered` is another descriptor of the file, to read the block that a write begins inside of.
  int write(int buffered, std::uint64_t offset, std::span<const ByteView> parts);
  void forget() { kept_ = 0; }  // the file was changed by another way

 private:
  struct Free {
    void operator()(void* memory) const { std::free(memory); }
  };
  DirectWriter(int descriptor, std::unique_ptr<char, Free> buffer)
      : descriptor_(descriptor), buffer_(std::move(buffer)) {}
  int load_head(int buffered, std::uint64_t block, std::size_t head);
  int flush(std::uint64_t block, std::size_t octets);

  int descriptor_;
  std::unique_ptr<char, Free> buffer_;  // its first block is the kept one
  std::uint64_t kept_at_ = 0;  // offset of the block whose first `kept_` octets stand in the buffer
  std::size_t kept_ = 0;
};

}  // namespace firebreak
