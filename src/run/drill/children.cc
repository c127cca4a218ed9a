#include "run/drill/children.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <iterator>
#include <thread>

namespace firebreak::drill {
namespace {

using Wall = std::chrono::steady_clock;
constexpr std::chrono::seconds kPatience(60);  // for its first line
constexpr std::chrono::milliseconds kLook(20);

std::string tail_of(const std::string& path) {
  std::ifstream file(path);
  std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  while (text.ends_with('\n')) text.pop_back();
  return text.size() > 2'000 ? text.substr(text.size() - 2'000) : text;
}

// Only what may be done between fork() and exec() of a program with threads.
[[noreturn]] void become(char* const* arguments, int out, int errors, pid_t parent) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(127);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::dup2(out, 1);
  ::dup2(errors, 2);
  ::execv(arguments[0], arguments);
  ::_exit(127);
}

}  // namespace

Result<Json> Children::start(const std::vector<std::string>& words, const std::string& errors_path) {
  int out[2];
  if (::pipe2(out, O_CLOEXEC) != 0) return fail(Code::kIo, "no pipe for a child process");
  const int errors = ::open(errors_path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (errors < 0) return fail(Code::kIo, fmt::format("cannot write {}", errors_path));
  std::vector<std::string> all{program_};
  all.insert(all.end(), words.begin(), words.end());
  std::vector<char*> arguments;
  for (std::string& word : all) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  const pid_t parent = ::getpid();
  {
    const std::lock_guard held(mutex_);
    if (stopped_) return fail(Code::kUnavailable, "the drill is being ended");
    const pid_t pid = ::fork();
    if (pid == 0) become(arguments.data(), out[1], errors, parent);
    ::close(out[1]);
    ::close(errors);
    if (pid < 0) return fail(Code::kIo, fmt::format("'{}' cannot be started", words.front()));
    children_.push_back({pid, out[0]});
  }
  std::string line;
  for (const auto end = Wall::now() + kPatience; Wall::now() < end;) {
    pollfd one{out[0], POLLIN, 0};
    if (::poll(&one, 1, static_cast<int>(kLook.count())) <= 0) continue;
    char c = 0;
    if (::read(out[0], &c, 1) != 1) break;  // it has ended
    if (c == '\n') return parse_json(line);
    line += c;
  }
  return fail(Code::kUnavailable, fmt::format("'{}' did not start: {}", words.front(), tail_of(errors_path)));
}

void Children::stop(std::int64_t grace_ms) {
  std::vector<Child> children;
  {
    const std::lock_guard held(mutex_);
    stopped_ = true;
    children.swap(children_);
  }
  for (const Child& child : children) ::kill(child.pid, SIGTERM);
  const auto end = Wall::now() + std::chrono::milliseconds(grace_ms);
  for (const Child& child : children) {
    while (::waitpid(child.pid, nullptr, WNOHANG) == 0) {
      if (Wall::now() < end) {
        std::this_thread::sleep_for(kLook);  // between two looks at a process that is ending
        continue;
      }
      ::kill(child.pid, SIGKILL);
      ::waitpid(child.pid, nullptr, 0);
      break;
    }
    ::close(child.out);
  }
}

}  // namespace firebreak::drill
