// The gateway: answers model callers in front of their model, records every inference, enforces the endpoint's
// policy. A process of its own: it serves on while the server is killed, upgraded or busy.
//
// Promise: with capture `required` no answer leaves before its record is queued in the spool (503 when that takes
// more than 5 ms); every queued record is delivered once or named by a gap record with an upper bound, across
// kill -9 of either process. A policy is on disk before it is acknowledged, and a lower fence never replaces a
// higher one. A caller's key is never stored: only its HMAC and the name it stands for.
//
// Threads: start() makes its own; the methods may be called from any other thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/limits.h"
#include "base/result.h"

namespace firebreak::gateway {

struct GatewayOptions {
  std::string name = "gw-1";
  std::string data_dir;                    // created; policies, spool, first-seen keys
  std::string listen = "127.0.0.1:0";      // callers
  std::string control = "127.0.0.1:0";     // policies, counters, clock: docs/formats/gateway-control.md
  std::string control_token_file;          // one line; made (0600) when missing
  std::string server_url;                  // "http://127.0.0.1:8440"; empty: the spool is kept
  std::string server_token_file;           // role gateway or producer; read again for every attempt
  std::string pepper_file;                 // key of HMAC-SHA256(pepper, caller key); made (0600) when missing
  bool fed_clock = false;                  // time comes from POST /control/clock
  std::size_t threads = 2;
  std::uint64_t spool_bytes = 1ull << 30;  // bound; above it records are dropped and counted as a gap
  std::size_t batch_lines = 500;           // one delivery
  std::int64_t batch_wait_us = 100'000;    // a batch that is not full is delivered after this
  std::int64_t upstream_timeout_us = 5'000'000;
  std::size_t body_limit = limits::kGatewayBodyBytes;
};

class Gateway {
 public:
  static Result<std::unique_ptr<Gateway>> start(const GatewayOptions& options);
  ~Gateway();  // stop()
  Gateway(const Gateway&) = delete;
  Gateway& operator=(const Gateway&) = delete;

  std::uint16_t port() const;
  std::uint16_t control_port() const;

  // Answers what is under way, makes the spool durable, delivers what it can within `grace_us`. Idempotent.
  void stop(std::int64_t grace_us = 2'000'000);

 private:
  struct Impl;
  explicit Gateway(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Runs until SIGINT or SIGTERM; prints one JSON line {"listen","control"} on stdout when ready. The process's exit code.
int run_gateway(const GatewayOptions& options);

}  // namespace firebreak::gateway
