// Keeps a copy of the logs and of what they refer to off the machine: in the bucket that the configuration names.
//
// A thread of its own sends, once an interval, what the logs have grown by (run/offsite/shipper), evidence as soon as it was captured, and all
// other blobs. At the start and once a day it tries whether the store's lock holds (world/store/lock_probe); the journal hears the
// outcome (entry store_tested), and that an item of evidence is off the machine (entry evidence_custody, action store).
// Nothing waits for it: what cannot be sent stays where it is, and goes later, in order.
//
// Before it sends, it looks whether every key is in a key backup (run/offsite/key_backup), and makes one where the configuration names a
// place: what goes into the bucket sealed under a key that no backup has is lost with the machine.
//
// Findings: store_not_immutable, store_away, store_foreign, keys_not_backed_up (of the journal), log_contradicted (of the log). Closed
// when they are over.
// Threads: status() and apply() from any.
#pragma once

#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "run/app/context.h"
#include "run/offsite/key_backup.h"
#include "run/offsite/shipper.h"
#include "types/finding.h"
#include "world/store/lock_probe.h"
#include "world/store/store_config.h"

namespace firebreak::app {

class Offsite {
 public:
  Offsite(const Context& context, Random& random, std::string data_dir) : context_(context), random_(random), data_dir_(std::move(data_dir)) {}
  ~Offsite() { stop(); }

  void configure(const std::optional<store::StoreConfig>& config);
  void apply(const Entry& entry);  // of the journal, in order
  void start();                    // nothing when no store is configured
  void stop();                     // ends a request under way within a second

  // null without a store; else {place, state, what, immutable, gave_way, default_retention, tested, lag_octets, written, failing_s, last,
  // foreign, keys: {backed_up, where, count, missing, since, overdue, outdated, what, command}}. state: waiting | ok | away | refused.
  Json status() const;

 private:
  using Log = std::pair<std::string, const ledger::Log*>;

  void run();
  Result<void> pass();
  Result<void> test();
  Result<bool> send_blob(const std::string& hex);
  Result<void> send_evidence();
  Result<void> send_log(const std::string& name);
  Result<void> send_blobs();
  std::vector<Log> logs() const;
  void take(const Result<void>& done);
  void judge();
  void look_at_keys();
  Json keys_json() const;  // with mutex_ held
  void tell(const std::string& kind, const std::string& log, Severity severity, const std::string& summary);
  void close(const std::string& kind, const std::string& log);
  void submit(Draft draft);
  std::string place() const;

  const Context& context_;
  Random& random_;
  const std::string data_dir_;
  const SystemClock real_;  // locks and probes go by it, also in a story
  std::atomic<bool> stopping_{false};
  std::optional<store::StoreConfig> config_;
  std::unique_ptr<store::ObjectStore> store_;
  std::unique_ptr<offsite::Shipper> shipper_;
  bool learnt_ = false;
  Result<void> trouble_;  // the first log or blob of a pass that cannot be read here
  std::optional<std::int64_t> tested_at_;  // steady
  int failures_ = 0;
  std::int64_t next_ = 0;
  std::map<std::string, std::int64_t> told_at_;  // by kind and log, steady
  std::map<std::string, std::string> contradicted_;  // log -> how

  mutable std::mutex mutex_;  // what follows
  std::map<std::string, std::string> evidence_;      // captured and not yet there: id -> digest
  bool hurry_ = false;
  std::map<std::pair<std::string, std::string>, FindingUpdate> open_;  // kind, log
  std::string state_ = "waiting", what_;
  std::int64_t failing_since_ = 0;
  std::optional<store::LockVerdict> verdict_;
  Time tested_, last_;        // last_: when everything was there
  std::string foreign_;       // empty: nobody else writes there
  offsite::KeyState keys_;
  std::string keys_what_;     // why they could not be looked at, or backed up
  std::condition_variable wake_;
  std::thread thread_;
};

}  // namespace firebreak::app
