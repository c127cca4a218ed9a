// Takes batches out of a spool and posts them to the server until it gives a receipt.
//
// Promise: a batch is acknowledged only with the server's receipt; it keeps its sequence number over retries and
// restarts, so the server can tell a repetition. When the server refuses a line for good (400, 413), that line alone
// is replaced by a gap line that names it, so one bad record cannot stop the others. When the server has passed the
// number (409: the spool came back from an old copy), the batch takes a higher one, so that it cannot wait for ever;
// lines that the server had under the old number stand there twice then, none is lost. Batches go as binary rows where
// the stream's columns are known, else as lines; a repetition may take the other form, its content is the lines'.
//
// Threads: its own; stop() and stats() from any other.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>

#include "base/clock.h"
#include "world/gateway/row_form.h"
#include "world/gateway/spool.h"
#include "world/net/http_client.h"

namespace firebreak::gateway {

struct DeliveryOptions {
  std::string server_url, token_file, stream, producer;
  std::int64_t timeout_us = 10'000'000;
  std::size_t max_replacements = 1'000;  // refused lines of one batch; then it waits like for any other refusal
  std::int64_t first_pause_us = 20'000, longest_pause_us = 1'000'000;  // between attempts, doubling
};

struct DeliveryStats {
  std::uint64_t batches = 0, attempts = 0, refused_lines = 0, renumbered = 0;
  std::uint64_t as_rows = 0;  // of the batches
  std::string error;  // of the last attempt; empty when it went well
};

class Delivery {
 public:
  Delivery(Spool& spool, const Clock& clock, DeliveryOptions options);  // starts its thread
  ~Delivery();                                                          // stop()
  void stop();                                                          // gives up what is under way. Idempotent
  DeliveryStats stats() const;

 private:
  void run();
  bool deliver(SpoolBatch& batch);  // false: stopped
  static std::string text_of(const SpoolBatch& batch);
  Result<net::Response> attempt(const SpoolBatch& batch, std::uint64_t content, bool as_lines);
  Result<void> learn_columns();
  void replace_refused(SpoolBatch& batch, const Error& error);
  bool renumber(SpoolBatch& batch, unsigned attempts);
  bool pause(std::int64_t us);  // false: stopped
  void note(std::string error);

  Spool& spool_;
  const Clock& clock_;
  const DeliveryOptions options_;
  net::HttpClient client_;
  RowForm form_;
  std::int64_t learned_us_ = 0;  // steady time; 0: never
  bool sent_rows_ = false;       // the last attempt
  bool rows_refused_ = false;    // since then: the server's columns are others now
  mutable std::mutex mutex_;
  std::condition_variable stop_;
  bool stopping_ = false;
  std::atomic<bool> cancelled_{false};  // the call under way, too
  DeliveryStats stats_;
  std::thread thread_;
};

}  // namespace firebreak::gateway
