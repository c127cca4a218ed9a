// How client commands reach a server: FIREBREAK_URL and FIREBREAK_TOKEN, or the token file of a local server.
#pragma once

#include <optional>
#include <string>

#include "base/json.h"
#include "base/result.h"
#include "world/net/http_client.h"

namespace firebreak::cli {

// Documented in docs/cli.md and tested: part of the interface.
enum Exit { kDone = 0, kNegative = 1, kUsage = 2, kRefused = 3, kUnreachable = 4 };

int exit_of(Code code);

struct Connection {
  std::string url;    // default http://127.0.0.1:8440
  std::string token;
  std::string data;   // a local server's data folder: DIR/admin.token is read when no token is given
  std::string code;   // a one-time code, for what takes one
  bool json = false;  // print the answer as JSON instead of text
};

class Client {
 public:
  explicit Client(Connection connection);

  Result<Json> get(const std::string& path);  // "/api/v1/incidents?limit=5"
  Result<std::string> get_text(const std::string& path);
  Result<Json> post(const std::string& path, const Json& body);
  Result<Json> post_slow(const std::string& path, const Json& body);  // for what reads much: waits longer than the others
  // For what reads much: waits longer than the others; the answer as it is.
  Result<std::string> ask_archive(const std::string& what, const Json& body);
  Result<Json> put(const std::string& path, const Json& body);
  Result<Json> post_bytes(const std::string& path, std::string body, const std::string& content_type);
  Result<Json> command(const std::string& name, const Json& args);
  // A batch of NDJSON under a producer's number; waits and repeats while the server says that it is busy. The receipt.
  Result<Json> records(const std::string& stream, std::string ndjson, const std::string& producer, std::uint64_t sequence,
                       const std::string& content);  // 16 hexadecimal digits: what tells a repetition

  const Connection& connection() const { return connection_; }

 private:
  Result<void> ready();
  Result<net::Response> heard(Result<net::Response> response);

  Connection connection_;
  net::HttpClient http_;
  bool marked_ = false;
};

// Prints `error` for a person on stderr (or as JSON on stdout) and returns its exit code.
int report_error(const Error& error, bool json);

// An error, or what was asked for with --json: printed, and its exit code. Nothing: the caller says it in words.
std::optional<int> told_whole(const Client& client, const Result<Json>& answer);

}  // namespace firebreak::cli
