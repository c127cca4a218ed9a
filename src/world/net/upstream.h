// Keep-alive connections to one HTTP server, used from io threads without blocking: the gateway's way to a model.
//
// A request that meets a connection which the server closed meanwhile is sent once more on a new one, provided
// that no octet of an answer had come. Each io thread has its own connections: no locks.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/limits.h"
#include "base/result.h"
#include "world/net/io_threads.h"
#include "world/net/message.h"

namespace firebreak::net {

struct UpstreamOptions {
  std::size_t max_connections = 256;  // per io thread; more requests wait, up to max_waiting
  std::size_t max_waiting = 4'096;    // above: kBusy
  std::int64_t timeout_us = 5'000'000;  // from send() to the last octet of the answer
  std::size_t body_limit = limits::kGatewayBodyBytes;
  Headers headers;  // of every request, besides Host, Content-Type, Content-Length
};

class Upstream {
 public:
  // `base` is "http://127.0.0.1:9000", with an optional path prefix.
  static Result<std::shared_ptr<Upstream>> create(std::shared_ptr<IoThreads> io, std::string_view base,
                                                  const UpstreamOptions& options);
  ~Upstream();

  using Done = std::function<void(Result<Response>)>;
  // POSTs `body` to prefix + path. `done` runs on the calling io thread (loop 0 when called from elsewhere),
  // never inside send(). Errors: kUnavailable, kTimeout, kBusy.
  void post(const std::string& path, std::string body, Done done);

  // Closes all connections; what is under way fails with kUnavailable.
  void close();

 private:
  struct Impl;
  explicit Upstream(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;
};

}  // namespace firebreak::net
