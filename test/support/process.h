// A child process of a test: started, waited for until it says that it is ready, killed.
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "world/net/http_server.h"

namespace firebreak::testing {

// A loopback port of the test's own as long as this lives: for servers that must come back at the same address.
// Below the kernel's range for outgoing connections, and locked against other tests that run meanwhile.
class Port {
 public:
  Port() {
    const auto start = static_cast<unsigned>(::getpid());
    for (unsigned i = 0; i < kCount && lock_ < 0; ++i) take(static_cast<std::uint16_t>(kFirst + (start * 7 + i) % kCount));
  }
  Port(const Port&) = delete;
  Port& operator=(const Port&) = delete;
  ~Port() {
    if (lock_ >= 0) ::close(lock_);  // the file stays: removing it would unlock somebody else's
  }
  operator std::uint16_t() const { return number_; }  // 0: every one is taken

 private:
  static constexpr unsigned kFirst = 20'000, kCount = 8'000;

  void take(std::uint16_t number) {
    const std::string folder = (std::filesystem::temp_directory_path() / "firebreak-test-ports").string();
    ::mkdir(folder.c_str(), 0777);
    const int lock = ::open((folder + "/" + std::to_string(number)).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (lock < 0) return;
    net::ServerOptions options;
    options.port = number;
    if (::flock(lock, LOCK_EX | LOCK_NB) != 0 || !net::HttpServer::start(options, [](net::Request, net::Responder) {})) {
      ::close(lock);
      return;
    }
    lock_ = lock;
    number_ = number;
  }

  int lock_ = -1;
  std::uint16_t number_ = 0;
};

// A folder of the test's own, gone when it ends.
class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "firebreak-test-XXXXXX").string();
    if (::mkdtemp(name.data()) != nullptr) path_ = name;
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

class Process {
 public:
  Process() = default;
  explicit Process(const std::vector<std::string>& command, const std::string& stderr_file = "/dev/null") {
    int out[2];
    if (::pipe(out) != 0) return;
    std::vector<char*> arguments;
    for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    const int errors = ::open(stderr_file.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    pid_ = ::fork();
    if (pid_ == 0) {
      // Nobody sits at a test: what asks at a terminal must not find one.
      if (const int nothing = ::open("/dev/null", O_RDONLY); nothing >= 0) ::dup2(nothing, 0);
      ::dup2(out[1], 1);
      ::dup2(errors, 2);
      ::close(out[0]);
      ::execv(arguments[0], arguments.data());
      ::_exit(127);
    }
    ::close(out[1]);
    ::close(errors);
    out_ = out[0];
  }
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  Process(Process&& other) noexcept : pid_(other.pid_), out_(other.out_) { other.pid_ = other.out_ = -1; }
  Process& operator=(Process&& other) noexcept {
    std::swap(pid_, other.pid_);
    std::swap(out_, other.out_);
    return *this;
  }
  ~Process() {
    if (pid_ > 0) end(SIGKILL);
    if (out_ >= 0) ::close(out_);
  }

  // The first line of standard output as JSON; nullopt when the process ended or `seconds` passed first.
  std::optional<Json> ready(int seconds = 30) {
    std::string line;
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
    while (std::chrono::steady_clock::now() < deadline) {
      pollfd poll_for{out_, POLLIN, 0};
      if (::poll(&poll_for, 1, 100) <= 0) continue;
      char c = 0;
      if (::read(out_, &c, 1) != 1) return std::nullopt;
      if (c == '\n') {
        auto parsed = parse_json(line);
        return parsed ? std::optional<Json>(std::move(*parsed)) : std::nullopt;
      }
      line += c;
    }
    return std::nullopt;
  }

  // Everything the process writes until it ends.
  std::string output() {
    std::string text;
    char buffer[4096];
    for (ssize_t got = 0; (got = ::read(out_, buffer, sizeof buffer)) > 0;)
      text.append(buffer, static_cast<std::size_t>(got));
    return text;
  }

  // Sends `signal` and waits. The exit code, or 128 + the signal that ended it.
  int end(int signal) {
    ::kill(pid_, signal);
    return wait();
  }
  int send(int signal) const { return ::kill(pid_, signal); }
  int wait() {
    int status = 0;
    ::waitpid(pid_, &status, 0);
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

 private:
  pid_t pid_ = -1;
  int out_ = -1;
};

struct Finished {
  int code = 0;
  std::string out, err;
};

// The verifier for strangers (examples/verify) needs it; a machine that only builds may have none.
inline bool has_python() { return std::system("python3 -c '' 2>/dev/null") == 0; }

// What it says on standard error goes by way of `stderr_file`; without one it is not kept.
inline Finished run(const std::vector<std::string>& command, const std::string& stderr_file = "/dev/null") {
  Process process(command, stderr_file);
  Finished finished;
  finished.out = process.output();
  finished.code = process.wait();
  std::ifstream errors(stderr_file);
  finished.err.assign(std::istreambuf_iterator<char>(errors), {});
  return finished;
}

}  // namespace firebreak::testing
