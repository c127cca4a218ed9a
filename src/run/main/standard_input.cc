#include "run/main/standard_input.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

namespace firebreak::cli {
namespace {

class InputFiles : public PosixFiles {
 public:
  explicit InputFiles(int kept) : kept_(kept) {}
  InputFiles(const InputFiles&) = delete;
  InputFiles& operator=(const InputFiles&) = delete;
  ~InputFiles() override { ::close(kept_); }

  Result<std::unique_ptr<File>> open(const Path& path, OpenMode mode) override {
    return PosixFiles::open(path == kStandardInput && mode == OpenMode::kRead ? fmt::format("/proc/self/fd/{}", kept_) : path, mode);
  }

 private:
  int kept_;
};

tl::unexpected<Error> wrong(std::string_view what) {
  return fail(Code::kIo, fmt::format("{}: {} ({})", kStandardInput, what, std::strerror(errno)));
}

Result<int> nameless_file() {
  std::error_code none;
  std::string name = (std::filesystem::temp_directory_path(none) / "firebreak-input-XXXXXX").string();
  const int file = none ? -1 : ::mkstemp(name.data());
  if (file < 0) return wrong("no file can be made to keep it in; set TMPDIR to a folder with room");
  ::unlink(name.c_str());
  return file;
}

Result<void> copy(int from, int to, std::string& head) {
  constexpr std::size_t kPiece = 1U << 18, kHead = 4096;
  std::string piece(kPiece, '\0');
  for (;;) {
    const ssize_t got = ::read(from, piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return wrong("it cannot be read");
    if (got == 0) return {};
    if (head.size() < kHead) head.append(piece, 0, std::min(static_cast<std::size_t>(got), kHead));
    for (ssize_t at = 0; at < got;) {
      const ssize_t put = ::write(to, piece.data() + at, static_cast<std::size_t>(got - at));
      if (put < 0 && errno == EINTR) continue;
      if (put < 0) return wrong("it cannot be kept; set TMPDIR to a folder with room");
      at += put;
    }
  }
}

}  // namespace

Result<KeptInput> keep_input(int descriptor) {
  FIREBREAK_ASSIGN(const int kept, nameless_file());
  KeptInput out{std::make_unique<InputFiles>(kept), "csv"};
  std::string head;
  FIREBREAK_TRY(copy(descriptor, kept, head));
  if (head.starts_with("\x28\xb5\x2f\xfd"))
    return fail(Code::kInvalid, fmt::format("{} is packed: unpack it on its way, as zstd -dc FILE | firebreak detect -", kStandardInput));
  if (head.starts_with("PAR1")) return fail(Code::kInvalid, fmt::format("{} is a Parquet file, which is not read from its start: name the file", kStandardInput));
  const std::size_t first = head.find_first_not_of("\xef\xbb\xbf \t\r\n");
  if (first == std::string::npos) return fail(Code::kInvalid, fmt::format("{} is empty", kStandardInput));
  if (head[first] == '{' || head[first] == '[') out.format = "ndjson";
  return out;
}

}  // namespace firebreak::cli
