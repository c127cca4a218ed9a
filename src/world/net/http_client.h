// A blocking HTTP client with keep-alive, for the command line, effects, deliveries and tests (libcurl).
//
// Threads: one object serves one call at a time; calls from several threads wait for each other.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "world/net/message.h"

namespace firebreak::net {

// A key by which requests are signed (AWS Signature Version 4).
struct SigningPair {
  std::string region, access_key_id, secret;
  std::string service = "s3";  // or "sagemaker", …
};

class HttpClient {
 public:
  HttpClient();
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // Sent with every request from now on: `Authorization: Bearer TOKEN`. Empty: none.
  void set_token(std::string token);

  // Every send() from now on is signed, with all headers of the request. The URL's query must be sorted, encoded and have `=` behind
  // each name: it is signed as it stands. Requests to service "s3" must bear `x-amz-content-sha256`.
  void sign(SigningPair pair);

  // When `flag` becomes true, the call under way ends within about a second, and later ones at once, with
  // kUnavailable. The flag outlives the client. Set before the first call.
  void cancel_when(const std::atomic<bool>& flag);

  // An answer with a body of more than `octets` is an Error (kTooLarge). Without it there is no limit.
  void limit_answers(std::size_t octets);

  // https: the certificates in this PEM file vouch for the other side, instead of the system's.
  void trust(std::string ca_file);

  // Any status is a Response; an Error means that there was none: kUnavailable (no connection, broken off) or
  // kTimeout. request.path is ignored: `url` is the whole address with its query. Redirects are not followed.
  Result<Response> send(const Request& request, const std::string& url, std::int64_t timeout_us = 30'000'000);

  Result<Response> get(const std::string& url, std::int64_t timeout_us = 30'000'000);
  Result<Response> post(const std::string& url, std::string body, std::string content_type = "application/json",
                        std::int64_t timeout_us = 30'000'000);
  Result<Response> put(const std::string& url, std::string body, std::string content_type = "application/json",
                       std::int64_t timeout_us = 30'000'000);

  // GET whose body is handed on as it comes (SSE), until the server ends it or `on_data` returns false. A status
  // of 400 or more is an error with the problem's code. `timeout_us` is for the whole; 0 = none.
  Result<void> stream(const std::string& url, const Headers& headers, std::function<bool(std::string_view)> on_data, std::int64_t timeout_us = 0);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Turns an answer with status >= 400 into its Error, and parses the body of others.
Result<Json> json_of(Result<Response> response);

}  // namespace firebreak::net
