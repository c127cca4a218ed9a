#include "base/direct_write.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace firebreak {
namespace {

constexpr std::size_t kBlock = 4096;
constexpr std::size_t kBuffer = 1024 * 1024;  // larger writes go in pieces of it

}  // namespace

std::unique_ptr<DirectWriter> DirectWriter::open(const Path& path) {
  void* memory = nullptr;
  if (::posix_memalign(&memory, kBlock, kBuffer) != 0) return nullptr;
  std::unique_ptr<char, Free> buffer(static_cast<char*>(memory));
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_DIRECT | O_CLOEXEC);
  if (descriptor < 0) return nullptr;
  return std::unique_ptr<DirectWriter>(new DirectWriter(descriptor, std::move(buffer)));
}

DirectWriter::~DirectWriter() { ::close(descriptor_); }

// The octets of `block` before the write begins.
int DirectWriter::load_head(int buffered, std::uint64_t block, std::size_t head) {
  if (head == 0 || (kept_at_ == block && kept_ >= head)) return 0;
  const ssize_t n = ::pread(buffered, buffer_.get(), head, static_cast<off_t>(block));
  if (n < 0) return errno;
  std::memset(buffer_.get() + n, 0, head - static_cast<std::size_t>(n));
  return 0;
}

int DirectWriter::flush(std::uint64_t block, std::size_t octets) {
  for (std::size_t done = 0; done < octets;) {
    const ssize_t n = ::pwrite(descriptor_, buffer_.get() + done, octets - done, static_cast<off_t>(block + done));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno;
    if (n == 0) return ENOSPC;
    done += static_cast<std::size_t>(n);
  }
  return 0;
}

int DirectWriter::write(int buffered, std::uint64_t offset, std::span<const ByteView> parts) {
  std::uint64_t block = offset / kBlock * kBlock;
  auto fill = static_cast<std::size_t>(offset - block);
  if (const int number = load_head(buffered, block, fill); number != 0) return number;
  kept_ = 0;
  for (ByteView part : parts) {
    while (!part.empty()) {
      const std::size_t n = std::min(kBuffer - fill, part.size());
      std::memcpy(buffer_.get() + fill, part.data(), n);
      part.remove_prefix(n);
      fill += n;
      if (fill < kBuffer) continue;
      if (const int number = flush(block, kBuffer); number != 0) return number;
      block += kBuffer;
      fill = 0;
    }
  }
  const std::size_t last = fill / kBlock * kBlock;
  if (last < fill) std::memset(buffer_.get() + fill, 0, last + kBlock - fill);
  if (const int number = flush(block, last < fill ? last + kBlock : last); number != 0) return number;
  kept_at_ = block + last;
  kept_ = fill - last;
  std::memmove(buffer_.get(), buffer_.get() + last, kept_);
  return 0;
}

}  // namespace firebreak
