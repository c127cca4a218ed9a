// A small HTTP/1.1 server with keep-alive, for the API, the gateway and test upstreams.
//
// Promise: every request reaches the handler whole or is answered here: malformed 400, header too long 431, body
// too long 413, too slow 408, too many connections 503. A Responder that is dropped without an answer answers 500.
// Plain HTTP only, so start() refuses every address that is not loopback.
//
// Threads: the handler runs on the connection's io thread and must not block; with `handler_threads` > 0 it runs
// on a pool of that many threads instead and may block. Responder and StreamWriter may be used from any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/limits.h"
#include "base/result.h"
#include "world/net/message.h"

namespace firebreak::net {

class IoThreads;
struct Exchange;  // one request on its connection
struct StreamState;

// A response body that is written bit by bit (SSE). When the client reads so slowly that more than
// Options::stream_buffer octets wait, the connection is closed; a writer that looks at queued() does not let it come
// to that. A single chunk may be longer.
class StreamWriter {
 public:
  StreamWriter() = default;
  explicit StreamWriter(std::shared_ptr<StreamState> state) : state_(std::move(state)) {}
  bool write(std::string chunk);  // false: closed, nothing more will be sent
  void close();                   // after what is already queued
  bool closed() const;
  std::size_t queued() const;  // octets written and not yet sent
  // Called on an io thread, each time everything written has been sent.
  void on_drained(std::function<void()> callback);
  // Called once, on an io thread, when the client went away or was too slow, or after close(). At once if so already.
  void on_closed(std::function<void()> callback);

 private:
  std::shared_ptr<StreamState> state_;
};

// Copyable; the first answer counts, later ones are ignored.
class Responder {
 public:
  Responder() = default;
  explicit Responder(std::shared_ptr<Exchange> exchange) : exchange_(std::move(exchange)) {}
  void respond(Response response) const;
  void operator()(Response response) const { respond(std::move(response)); }
  void fail(const Error& error) const { respond(problem(error)); }
  // Sends the head (its body is the first chunk); the rest comes through the writer.
  StreamWriter start_stream(Response head) const;

 private:
  std::shared_ptr<Exchange> exchange_;
};

using Handler = std::function<void(Request, Responder)>;

struct ServerOptions {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;  // 0 = any free one; see HttpServer::port()
  std::size_t threads = 1;                 // io threads, when `io` is not given
  std::shared_ptr<IoThreads> io;           // shared with others
  std::size_t handler_threads = 0;
  std::size_t body_limit = limits::kHttpBodyBytes;
  std::size_t header_limit = limits::kHttpHeaderBytes;
  std::int64_t request_timeout_us = 30'000'000;  // first octet to last of one request
  std::int64_t idle_timeout_us = 120'000'000;    // between requests
  std::int64_t write_timeout_us = 30'000'000;    // of one response without progress
  std::size_t max_connections = 1'024;
  std::size_t stream_buffer = 1 * limits::kMiB;
};

class HttpServer {
 public:
  // Errors: kInvalid (not loopback, no address), kIo (port in use).
  static Result<std::unique_ptr<HttpServer>> start(const ServerOptions& options, Handler handler);
  ~HttpServer();  // stop()
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  std::uint16_t port() const;
  std::string url() const;  // "http://127.0.0.1:8440"
  std::size_t connections() const;

  // Takes no more connections; those there are end with the answer that is under way. From any thread.
  void drain();

  // Takes no more connections, answers at most one more request on each, waits for handlers that run, closes the
  // connections. Idempotent. Not from a handler.
  void stop();

  struct Impl;

 private:
  explicit HttpServer(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;
};

}  // namespace firebreak::net
