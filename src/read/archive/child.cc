#include "read/archive/child.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <utility>

#include "read/archive/duckdb.h"

extern char** environ;

namespace firebreak::archive {
namespace {

constexpr const char* kBinding = "node_modules/@duckdb/node-bindings-linux-x64/libduckdb.so";
constexpr std::int64_t kLookMs = 200;  // between two looks whether it is cancelled
constexpr std::size_t kLineBytes = 64 * 1024 * 1024;

std::int64_t now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace

Result<std::string> find_library() {
  namespace fs = std::filesystem;
  std::error_code ignored;
  std::vector<fs::path> places;
  if (const char* set = std::getenv("FIREBREAK_DUCKDB"); set != nullptr && *set != '\0') {
    places.emplace_back(set);
  } else {
    const fs::path self = fs::read_symlink("/proc/self/exe", ignored);
    places.push_back(self.parent_path().parent_path() / "lib/firebreak/libduckdb.so");
    fs::path up = self.parent_path();  // a build folder: build/<preset>/bin[/test]
    for (int i = 0; i < 4; ++i, up = up.parent_path()) places.push_back(up / "duckdb" / kBinding);
    places.push_back(fs::path("build/duckdb") / kBinding);
  }
  for (const fs::path& place : places)
    if (fs::is_regular_file(place, ignored)) return fs::absolute(place, ignored).string();
  return fail(Code::kUnavailable, fmt::format("there is no DuckDB library ({}): install the package firebreak-archive, or run scripts/duckdb.sh in a source tree, or name a "
                                              "libduckdb.so 1.5.6 in FIREBREAK_DUCKDB (the server's, when it is asked)", places.front().string()));
}

Result<Child> Child::start(const Engine& engine, JsonObject job) {
  std::string library = engine.library;
  if (library.empty()) {
    FIREBREAK_ASSIGN(library, find_library());
  }
  FIREBREAK_TRY(duckdb::check(library));
  job["library"] = library;
  job["memory_mb"] = engine.memory_mb;
  job["threads"] = engine.threads;
  job["spill"] = engine.spill;
  job["timeout_ms"] = engine.timeout_ms;
  std::array<int, 2> pair{};
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()) != 0)
    return fail(Code::kIo, fmt::format("no socket pair for the DuckDB process: {}", std::strerror(errno)));
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, pair[1], 0);
  posix_spawn_file_actions_adddup2(&actions, pair[1], 1);
  std::string program = engine.program, command = kWorkerCommand;
  char* const arguments[] = {program.data(), command.data(), nullptr};
  pid_t pid = -1;
  const int failed = posix_spawn(&pid, program.c_str(), &actions, nullptr, arguments, environ);
  posix_spawn_file_actions_destroy(&actions);
  ::close(pair[1]);
  if (failed != 0) {
    ::close(pair[0]);
    return fail(Code::kIo, fmt::format("the DuckDB process cannot be started from {}: {}", program, std::strerror(failed)));
  }
  fcntl(pair[0], F_SETFL, O_NONBLOCK);
  Child child(pair[0], pid, engine);
  const std::string text = canonical_json(job);
  Bytes head;
  put_le(head, static_cast<std::uint32_t>(text.size()));
  FIREBREAK_TRY(child.send(head + text));
  return child;
}

Child::Child(int socket, int pid, const Engine& engine)
    : socket_(socket), pid_(pid), deadline_ms_(now_ms() + engine.timeout_ms), cancelled_(engine.cancelled) {}

Child::Child(Child&& other) noexcept
    : socket_(std::exchange(other.socket_, -1)),
      pid_(std::exchange(other.pid_, -1)),
      deadline_ms_(other.deadline_ms_),
      cancelled_(std::move(other.cancelled_)) {}

Child::~Child() { end(); }

void Child::end() {
  if (socket_ >= 0) ::close(socket_);
  socket_ = -1;
  if (pid_ > 0) {
    kill(pid_, SIGKILL);
    while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {}
  }
  pid_ = -1;
}

Result<void> Child::wait_for(short events) const {
  for (;;) {
    if (cancelled_ && cancelled_()) return fail(Code::kUnavailable, "the program is ending");
    const std::int64_t left = deadline_ms_ - now_ms();
    pollfd one{socket_, events, 0};
    const int ready = left <= 0 ? 0 : poll(&one, 1, static_cast<int>(std::min<std::int64_t>(left, kLookMs)));
    if (ready > 0) return {};
    if (ready < 0 && errno == EINTR) continue;
    if (left <= 0) return fail(Code::kTimeout, "the query took longer than its time limit and was stopped: ask for less, or of one stream alone");
  }
}

Result<void> Child::send(ByteView octets) {
  while (!octets.empty()) {
    const ssize_t sent = ::send(socket_, octets.data(), octets.size(), MSG_NOSIGNAL);
    if (sent > 0) {
      octets.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      FIREBREAK_TRY(wait_for(POLLOUT));
    } else if (errno != EINTR) {
      // It has ended; finish() says why.
      return {};
    }
  }
  return {};
}

Result<Json> Child::finish(const std::function<void(std::string_view)>& line) {
  shutdown(socket_, SHUT_WR);
  Bytes kept;
  std::string last;
  std::vector<char> buffer(256 * 1024);
  const auto take = [&](std::string_view text) {
    if (!last.empty() && line) line(last);
    last = text;
  };
  for (;;) {
    const ssize_t got = recv(socket_, buffer.data(), buffer.size(), 0);
    if (got == 0) break;
    if (got < 0) {
      if (errno == EAGAIN || errno == EWOULDBLOCK) {
        FIREBREAK_TRY(wait_for(POLLIN));
      } else if (errno != EINTR) {
        break;
      }
      continue;
    }
    const std::size_t known = kept.size();  // holds no line feed
    kept.append(buffer.data(), static_cast<std::size_t>(got));
    std::size_t at = 0;
    for (std::size_t end = kept.find('\n', known); end != Bytes::npos; at = end + 1, end = kept.find('\n', at))
      take(std::string_view(kept).substr(at, end - at));
    kept.erase(0, at);
    if (kept.size() > kLineBytes) return fail(Code::kTooLarge, "one row of the answer is larger than 64 MiB");
  }
  int status = 0;
  while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {}
  pid_ = -1;
  const auto answer = parse_json(last);
  if (answer && find(*answer, "error") != nullptr) {
    const auto code = string_or(*answer, "code") == "unavailable" ? Code::kUnavailable : Code::kInvalid;
    return fail(code, string_or(*answer, "error"));
  }
  if (!answer || find(*answer, "rows") == nullptr || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
    return fail(WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU ? Code::kTimeout : Code::kUnavailable,
                fmt::format("the DuckDB process ended before its answer was whole ({} {}): ask for less, or of one stream alone",
                            WIFSIGNALED(status) ? "signal" : "exit code",
                            WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status)));
  return *answer;
}

}  // namespace firebreak::archive
