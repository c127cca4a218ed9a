// A mail server for tests: takes what comes on a port of its own, in the order of RFC 5321, and misbehaves when told to.
#pragma once

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace firebreak::testing {

class MailReceiver {
 public:
  struct Got {
    std::string from, to, data;
  };

  explicit MailReceiver(std::uint16_t port = 0) {
    listening_ = ::socket(AF_INET, SOCK_STREAM, 0);
    const int on = 1;
    ::setsockopt(listening_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (::bind(listening_, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listening_, 16) != 0) return;
    ::getsockname(listening_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~MailReceiver() {
    stopping_ = true;
    ::shutdown(listening_, SHUT_RDWR);
    if (thread_.joinable()) thread_.join();
    ::close(listening_);
  }
  MailReceiver(const MailReceiver&) = delete;
  MailReceiver& operator=(const MailReceiver&) = delete;

  std::uint16_t port() const { return port_; }
  std::string url() const { return "smtp://127.0.0.1:" + std::to_string(port_); }
  std::vector<Got> got() const {
    const std::lock_guard lock(mutex_);
    return got_;
  }
  // The reply to a command ("RCPT", "DATA", "." for the end of the message); "drop": the connection is broken off there.
  void reply(const std::string& command, const std::string& with) {
    const std::lock_guard lock(mutex_);
    replies_[command] = with;
  }

 private:
  void serve() {
    while (!stopping_) {
      const int peer = ::accept(listening_, nullptr, nullptr);
      if (peer < 0) return;
      const timeval limit{5, 0};
      ::setsockopt(peer, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
      talk(peer);
      ::close(peer);
    }
  }
  static bool line(int peer, std::string& out) {
    out.clear();
    for (char c = 0; ::recv(peer, &c, 1, 0) == 1;) {
      if (c == '\n') return true;
      if (c != '\r') out += c;
    }
    return false;
  }
  bool say(int peer, const std::string& command, const std::string& usual) const {
    std::string text = usual;
    {
      const std::lock_guard lock(mutex_);
      if (const auto found = replies_.find(command); found != replies_.end()) text = found->second;
    }
    if (text == "drop") return false;
    text += "\r\n";
    return ::send(peer, text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size());
  }
  void talk(int peer) {
    Got mail;
    std::string text;
    if (!say(peer, "", "220 receiver for tests")) return;
    while (line(peer, text)) {
      const std::string command = text.substr(0, 4);
      if (command == "MAIL") mail.from = text.substr(10);
      if (command == "RCPT") mail.to = text.substr(8);
      if (command == "QUIT") {
        say(peer, "QUIT", "221 bye");
        return;
      }
      if (!say(peer, command, command == "DATA" ? "354 go on" : "250 ok")) return;
      bool refused = false;
      {
        const std::lock_guard lock(mutex_);
        refused = replies_.contains(command);
      }
      if (command != "DATA" || refused) continue;
      while (line(peer, text) && text != ".") mail.data += (text.starts_with("..") ? text.substr(1) : text) + "\n";
      if (text != ".") return;
      {
        const std::lock_guard lock(mutex_);
        if (!replies_.contains(".")) got_.push_back(mail);
      }
      if (!say(peer, ".", "250 queued as T" + std::to_string(got().size()))) return;
    }
  }

  int listening_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<bool> stopping_{false};
  mutable std::mutex mutex_;
  std::vector<Got> got_;
  std::map<std::string, std::string> replies_;
  std::thread thread_;
};

}  // namespace firebreak::testing
