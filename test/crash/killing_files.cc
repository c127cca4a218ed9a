#include "crash/killing_files.h"

#include <signal.h>
#include <unistd.h>

namespace firebreak::testing {
namespace {

// What a file is for, by its name.
std::string kind_of(const Path& path) {
  const std::pair<const char*, const char*> kinds[] = {
      {"checkpoint", "checkpoint"}, {".seg", "segment"},    {".idx", "index"},  {"/tree/", "hashes"},  {"stream.state", "stream state"},
      {"snapshot", "snapshot"},     {"/keys/", "key"},      {"/vkey", "vkey"},  {"/blobs/", "blob"},   {"reserve", "reserve"}};
  for (const auto& [part, kind] : kinds)
    if (path.find(part) != Path::npos) return kind;
  return "folder";
}

[[noreturn]] void die() {
  ::kill(::getpid(), SIGKILL);
  for (;;) ::pause();  // other threads may run a moment longer, this one does not go on
}

}  // namespace

class KillingFiles::Handle : public File {
 public:
  Handle(KillingFiles& files, std::unique_ptr<File> file, Path path, OpenMode mode)
      : files_(files), file_(std::move(file)), path_(std::move(path)), whole_blocks_(mode == OpenMode::kAppendDirect) {}

  Result<void> write_at(std::uint64_t offset, ByteView data) override {
    return files_.pass("write", path_, [&] { return file_->write_at(offset, data); },
                       [&] { write_half(offset, data); });
  }
  Result<void> write_parts_at(std::uint64_t offset, std::span<const ByteView> parts) override {
    return files_.pass("write", path_, [&] { return file_->write_parts_at(offset, parts); },
                       [&] {
                         Bytes joined;
                         for (const ByteView& part : parts) joined += part;
                         write_half(offset, joined);
                       });
  }
  Result<Bytes> read_at(std::uint64_t offset, std::size_t length) const override { return file_->read_at(offset, length); }
  Result<void> sync() override {
    return files_.pass("sync", path_, [&] { return file_->sync(); });
  }
  Result<std::uint64_t> size() const override { return file_->size(); }
  Result<void> truncate(std::uint64_t size) override {
    return files_.pass("truncate", path_, [&] { return file_->truncate(size); });
  }
  Result<void> allocate(std::uint64_t size) override {
    return files_.pass("allocate", path_, [&] { return file_->allocate(size); });
  }

 private:
  // Past the page cache a write ends with a block: to cut it elsewhere would write zeros where the whole one has octets.
  void write_half(std::uint64_t offset, ByteView data) {
    constexpr std::uint64_t kBlock = 4096;
    std::uint64_t end = offset + data.size() / 2;
    if (whole_blocks_) end = end / kBlock * kBlock;
    if (end > offset) (void)file_->write_at(offset, data.substr(0, end - offset));
  }

  KillingFiles& files_;
  const std::unique_ptr<File> file_;
  const Path path_;
  const bool whole_blocks_;
};

Result<void> KillingFiles::pass(const char* call, const Path& path, const std::function<Result<void>()>& whole,
                                const std::function<void()>& half) {
  const std::string point = std::string(call) + " " + kind_of(path);
  bool last = false;
  {
    const std::lock_guard lock(mutex_);
    last = ++seen_[point] == at_.k && point == at_.point;
  }
  if (!last) return whole();
  if (at_.moment == Moment::kHalfway && half) {
    half();
  } else if (at_.moment != Moment::kBefore) {
    (void)whole();
  }
  die();
}

Result<std::unique_ptr<File>> KillingFiles::open(const Path& path, OpenMode mode) {
  std::unique_ptr<File> file;
  const auto open_it = [&]() -> Result<void> {
    FIREBREAK_ASSIGN(file, real_.open(path, mode));
    return {};
  };
  // Reading changes nothing: a death there is one before the next call.
  FIREBREAK_TRY(mode == OpenMode::kRead ? open_it() : pass("open", path, open_it));
  return std::make_unique<Handle>(*this, std::move(file), path, mode);
}

Result<void> KillingFiles::rename(const Path& from, const Path& to) {
  return pass("rename", to, [&] { return real_.rename(from, to); });
}
Result<void> KillingFiles::remove(const Path& path) {
  return pass("remove", path, [&] { return real_.remove(path); });
}
Result<void> KillingFiles::make_dir(const Path& dir) {
  return pass("make", dir + "/", [&] { return real_.make_dir(dir); });
}
Result<void> KillingFiles::sync_dir(const Path& dir) {
  return pass("sync folder of", dir + "/", [&] { return real_.sync_dir(dir); });
}

std::map<std::string, std::uint64_t> KillingFiles::seen() const {
  const std::lock_guard lock(mutex_);
  return seen_;
}

}  // namespace firebreak::testing
