#include "read/table/source.h"

#include <fmt/core.h>
#include <zstd.h>

namespace firebreak::table {
namespace {

constexpr std::size_t kPiece = 1U << 20;

class Plain : public Source {
 public:
  Plain(std::unique_ptr<File> file, std::uint64_t size) : file_(std::move(file)), size_(size) {}

  Result<bool> append_to(std::string& text) override {
    FIREBREAK_ASSIGN(const Bytes piece, file_->read_at(at_, kPiece));
    at_ += piece.size();
    text += piece;
    return !piece.empty();
  }
  double share() const override { return size_ == 0 ? 1 : static_cast<double>(at_) / static_cast<double>(size_); }

 private:
  std::unique_ptr<File> file_;
  std::uint64_t size_, at_ = 0;
};

class Unpacked : public Source {
 public:
  Unpacked(std::unique_ptr<Source> packed, std::string path)
      : packed_(std::move(packed)), path_(std::move(path)), stream_(ZSTD_createDStream()), piece_(ZSTD_DStreamOutSize(), '\0') {
    FIREBREAK_ASSERT(stream_ != nullptr);
  }

  Result<bool> append_to(std::string& text) override {
    for (;;) {
      if (in_.pos == in_.size) {
        kept_.clear();
        FIREBREAK_ASSIGN(const bool more, packed_->append_to(kept_));
        in_ = {kept_.data(), kept_.size(), 0};
        if (!more) {
          // What it still holds comes out without more input.
          if (left_ != 0 && !full_) return fail(Code::kCorrupt, fmt::format("{} ends in the middle", path_));
          if (left_ == 0) return false;
        }
      }
      ZSTD_outBuffer to{piece_.data(), piece_.size(), 0};
      left_ = ZSTD_decompressStream(stream_.get(), &to, &in_);
      if (ZSTD_isError(left_) != 0) return fail(Code::kCorrupt, fmt::format("{} does not unpack: {}", path_, ZSTD_getErrorName(left_)));
      full_ = to.pos == to.size;
      text.append(piece_.data(), to.pos);
      if (to.pos != 0) return true;
    }
  }
  double share() const override { return packed_->share(); }

 private:
  struct Close {
    void operator()(ZSTD_DStream* stream) const { ZSTD_freeDStream(stream); }
  };
  std::unique_ptr<Source> packed_;
  std::string path_;
  std::unique_ptr<ZSTD_DStream, Close> stream_;
  std::string kept_, piece_;
  ZSTD_inBuffer in_{nullptr, 0, 0};
  std::size_t left_ = 1;  // octets that the open frame still wants; 0 between frames
  bool full_ = false;     // the last piece ended where its room did
};

}  // namespace

Result<std::unique_ptr<Source>> Source::open(Files& files, const std::string& path) {
  FIREBREAK_ASSIGN(auto file, files.open(path, OpenMode::kRead));
  FIREBREAK_ASSIGN(const std::uint64_t size, file->size());
  std::unique_ptr<Source> plain = std::make_unique<Plain>(std::move(file), size);
  if (!path.ends_with(".zst")) return plain;
  return std::unique_ptr<Source>(std::make_unique<Unpacked>(std::move(plain), path));
}

}  // namespace firebreak::table
