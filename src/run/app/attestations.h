// Has the logs vouched for by those outside whom the configuration names: each log's checkpoint goes to each witness and
// authority at the start and when it has changed, at most once an interval. What is missing too long, refused, or contradicted is a finding.
//
// Threads: a thread of its own asks; status() and published() from any. A restart takes up what stands beside the logs.
#pragma once

#include <atomic>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <thread>
#include <vector>

#include "run/app/context.h"
#include "types/finding.h"
#include "world/effects/attester.h"

namespace firebreak::app {

class Attestations {
 public:
  Attestations(const Context& context, Random& random, std::string data_dir) : context_(context), random_(random), data_dir_(std::move(data_dir)) {}
  ~Attestations() { stop(); }

  // Errors: kInvalid, kNotFound, naming what is configured wrong.
  Result<void> configure(const std::vector<effects::AttesterConfig>& configs);
  void apply(const Entry& entry);  // of the journal so far: findings that are still open
  void start();                    // nothing when nobody is configured
  void stop();                     // ends a request under way within a second

  // [{kind, by, log, state, size, entries, time, what}], state ok | waiting | away | refused | contradicted.
  Json status() const;

  // The checkpoint that the log shows to the world: signed now; when witnesses are required, the newest one that all of them
  // cosigned (kUnavailable before the first). Cosignatures are in it when somebody cosigned this very size.
  Result<ledger::Checkpoint> published(const std::string& name, const ledger::Log& log) const;
  Result<std::optional<ledger::Checkpoint>> cosigned(const std::string& name) const;  // the newest, as it was

 private:
  struct Slot {  // one attester of one log
    bool asked = false;     // since the start: a folder that was set back as a whole is found by asking alone
    std::int64_t next = 0;  // steady
    int failures = 0;
    std::int64_t failing_since = 0;  // steady; 0 = not
    std::string state = "waiting", what;
    std::uint64_t size = 0, seconds = 0;
    std::optional<FindingUpdate> open;
    std::int64_t told_at = 0;  // steady
  };

  void run();
  void pass();
  void attend(const effects::AttestedLog& log, std::set<effects::Attester*>& away);
  bool due(const std::string& log, const effects::Attester& attester, std::int64_t now);
  void take(const effects::AttestedLog& log, const effects::Attester& attester, Slot& slot, const effects::Attestation& answer);
  void tell(const effects::AttestedLog& log, const effects::Attester& attester, Slot& slot, const std::string& kind, Severity severity,
            const effects::Attestation& answer);
  void close(Slot& slot);
  void submit(const FindingUpdate& update);
  Slot& slot_of(const effects::AttestedLog& log, effects::Attester& attester);
  std::vector<effects::AttestedLog> logs() const;

  const Context& context_;
  Random& random_;
  const std::string data_dir_;
  std::atomic<bool> stopping_{false};
  std::vector<std::unique_ptr<effects::Attester>> attesters_;
  std::vector<effects::AttesterConfig> witnesses_;
  bool required_ = false;
  mutable std::mutex mutex_;  // slots_
  std::map<std::pair<std::string, std::string>, Slot> slots_;  // log, attester
  std::map<std::pair<std::string, std::string>, FindingUpdate> open_before_;
  std::mutex sleep_mutex_;
  std::condition_variable wake_;
  std::thread thread_;
};

}  // namespace firebreak::app
