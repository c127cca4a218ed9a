#include "base/files.h"

#include "base/direct_write.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace firebreak {
namespace {

constexpr std::string_view kDiskFull = "the disk is full";

tl::unexpected<Error> os_error(std::string_view what, const Path& path, int number) {
  const Code code = number == ENOENT ? Code::kNotFound : Code::kIo;
  std::string reason = number == ENOSPC || number == EDQUOT ? std::string(kDiskFull) : std::strerror(number);
  return fail(code, std::string(what) + " " + path + ": " + reason);
}

template <class Call>
auto retry_interrupted(Call call) {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

class PosixFile : public File {
 public:
  PosixFile(int descriptor, Path path, std::unique_ptr<DirectWriter> direct)
      : descriptor_(descriptor), path_(std::move(path)), direct_(std::move(direct)) {}
  ~PosixFile() override { ::close(descriptor_); }
  PosixFile(const PosixFile&) = delete;
  PosixFile& operator=(const PosixFile&) = delete;

  Result<void> write_at(std::uint64_t offset, ByteView data) override {
    if (direct_) return write_parts_at(offset, {&data, 1});
    while (!data.empty()) {
      const auto n = retry_interrupted(
          [&] { return ::pwrite(descriptor_, data.data(), data.size(), static_cast<off_t>(offset)); });
      if (n < 0) return os_error("write", path_, errno);
      data.remove_prefix(static_cast<std::size_t>(n));
      offset += static_cast<std::uint64_t>(n);
    }
    return {};
  }

  Result<void> write_parts_at(std::uint64_t offset, std::span<const ByteView> parts) override {
    if (!direct_) return File::write_parts_at(offset, parts);
    const int number = direct_->write(descriptor_, offset, parts);
    if (number == 0) return {};
    if (number != EINVAL) return os_error("write", path_, number);
    direct_.reset();  // this file system takes no such writes after all
    return File::write_parts_at(offset, parts);
  }

  Result<Bytes> read_at(std::uint64_t offset, std::size_t length) const override {
    Bytes out(length, '\0');
    std::size_t have = 0;
    while (have < length) {
      const auto n = retry_interrupted([&] {
        return ::pread(descriptor_, out.data() + have, length - have, static_cast<off_t>(offset + have));
      });
      if (n < 0) return os_error("read", path_, errno);
      if (n == 0) break;
      have += static_cast<std::size_t>(n);
    }
    out.resize(have);
    return out;
  }

  Result<void> sync() override {
    if (retry_interrupted([&] { return ::fdatasync(descriptor_); }) != 0)
      return os_error("sync", path_, errno);
    return {};
  }

  Result<std::uint64_t> size() const override {
    struct stat status {};
    if (::fstat(descriptor_, &status) != 0) return os_error("stat", path_, errno);
    return static_cast<std::uint64_t>(status.st_size);
  }

  Result<void> truncate(std::uint64_t size) override {
    if (direct_) direct_->forget();
    if (retry_interrupted([&] { return ::ftruncate(descriptor_, static_cast<off_t>(size)); }) != 0)
      return os_error("truncate", path_, errno);
    return {};
  }

  Result<void> allocate(std::uint64_t size) override {
    const int number = ::posix_fallocate(descriptor_, 0, static_cast<off_t>(size));
    if (number != 0) return os_error("allocate", path_, number);
    return {};
  }

 private:
  int descriptor_;  // for everything but direct writes
  Path path_;
  std::unique_ptr<DirectWriter> direct_;
};

class PosixLock : public FileLock {
 public:
  explicit PosixLock(int descriptor) : descriptor_(descriptor) {}
  ~PosixLock() override { ::close(descriptor_); }
  PosixLock(const PosixLock&) = delete;
  PosixLock& operator=(const PosixLock&) = delete;

 private:
  int descriptor_;
};

}  // namespace

Result<std::unique_ptr<File>> PosixFiles::open(const Path& path, OpenMode mode) {
  const int flags = mode == OpenMode::kRead ? O_RDONLY : O_RDWR | O_CREAT;
  const mode_t rights = mode == OpenMode::kWritePublic ? 0644 : 0600;
  const int descriptor = retry_interrupted([&] { return ::open(path.c_str(), flags | O_CLOEXEC, rights); });
  if (descriptor < 0) return os_error("open", path, errno);
  auto direct = mode == OpenMode::kAppendDirect ? DirectWriter::open(path) : nullptr;
  return std::make_unique<PosixFile>(descriptor, path, std::move(direct));
}

Result<void> PosixFiles::rename(const Path& from, const Path& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) return os_error("rename to " + to + " from", from, errno);
  return {};
}

Result<void> PosixFiles::remove(const Path& path) {
  if (::unlink(path.c_str()) == 0) return {};
  if ((errno == EISDIR || errno == EPERM) && ::rmdir(path.c_str()) == 0) return {};
  return os_error("remove", path, errno);
}

Result<std::vector<std::string>> PosixFiles::list(const Path& dir) {
  DIR* handle = ::opendir(dir.c_str());
  if (handle == nullptr) return os_error("list", dir, errno);
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = ::readdir(handle)) {
    std::string name = entry->d_name;
    if (name == "." || name == "..") continue;
    bool folder = entry->d_type == DT_DIR;
    if (entry->d_type == DT_UNKNOWN || entry->d_type == DT_LNK) {
      struct stat status {};
      folder = ::stat((dir + "/" + name).c_str(), &status) == 0 && S_ISDIR(status.st_mode);
    }
    names.push_back(folder ? name + "/" : name);
    errno = 0;
  }
  const int number = errno;
  ::closedir(handle);
  if (number != 0) return os_error("list", dir, number);
  std::sort(names.begin(), names.end());
  return names;
}

Result<void> PosixFiles::make_dir(const Path& dir) {
  if (::mkdir(dir.c_str(), 0700) == 0) return sync_dir(parent_of(dir));
  if (errno == ENOENT && parent_of(dir) != dir) {
    FIREBREAK_TRY(make_dir(parent_of(dir)));
    if (::mkdir(dir.c_str(), 0700) == 0) return sync_dir(parent_of(dir));
  }
  const int number = errno;
  struct stat status {};
  if (number == EEXIST && ::stat(dir.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) return {};
  return os_error("make folder", dir, number);
}

Result<void> PosixFiles::sync_dir(const Path& dir) {
  const int descriptor = ::open(dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return os_error("open folder", dir, errno);
  const int result = retry_interrupted([&] { return ::fsync(descriptor); });
  const int number = errno;
  ::close(descriptor);
  if (result != 0) return os_error("sync folder", dir, number);
  return {};
}

Result<std::unique_ptr<FileLock>> PosixFiles::lock(const Path& path) {
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor < 0) return os_error("open", path, errno);
  if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    const int number = errno;
    ::close(descriptor);
    if (number == EWOULDBLOCK)
      return fail(Code::kBusy, path + " is locked: another process uses this folder");
    return os_error("lock", path, number);
  }
  return std::make_unique<PosixLock>(descriptor);
}

Result<void> File::write_parts_at(std::uint64_t offset, std::span<const ByteView> parts) {
  Bytes whole;
  std::size_t size = 0;
  for (const ByteView part : parts) size += part.size();
  whole.reserve(size);
  for (const ByteView part : parts) whole += part;
  return write_at(offset, whole);
}

Path parent_of(const Path& path) {
  const std::size_t slash = path.find_last_of('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

Result<Bytes> read_all(Files& files, const Path& path) {
  FIREBREAK_ASSIGN(auto file, files.open(path, OpenMode::kRead));
  FIREBREAK_ASSIGN(const std::uint64_t size, file->size());
  return file->read_at(0, size);
}

Result<void> write_atomic(Files& files, const Path& path, ByteView data, OpenMode mode) {
  const Path temporary = path + ".tmp";
  {
    FIREBREAK_ASSIGN(auto file, files.open(temporary, mode));
    FIREBREAK_TRY(file->truncate(0));
    FIREBREAK_TRY(file->write_at(0, data));
    FIREBREAK_TRY(file->sync());
  }
  FIREBREAK_TRY(files.rename(temporary, path));
  return files.sync_dir(parent_of(path));
}

Result<void> write_plain(Files& files, const Path& path, ByteView data, OpenMode mode) {
  FIREBREAK_ASSIGN(auto file, files.open(path, mode));
  FIREBREAK_TRY(file->truncate(0));
  return file->write_at(0, data);
}

void overwrite(File& file) {
  const auto size = file.size();
  if (size && file.write_at(0, Bytes(*size, '\0'))) (void)file.sync();
}

bool exists(Files& files, const Path& path) { return files.open(path, OpenMode::kRead).has_value(); }

bool is_disk_full(const Error& error) {
  return error.code == Code::kIo && error.message.find(kDiskFull) != std::string::npos;
}

}  // namespace firebreak
