// Somebody outside who vouches for a log's checkpoint: a witness that cosigns it (witness.h), an authority that stamps the time
// on it (timestamp_authority.h). What they give stands beside the log.
//
// Threads: one caller at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/files.h"
#include "log/ledger/log.h"
#include "world/effects/attester_config.h"

namespace firebreak::effects {

struct AttestedLog {
  std::string name;
  Path dir;
  ledger::Log& log;
};

enum class Verdict {
  kAttested,
  kAway,          // no answer, or "later"
  kRefused,       // it will not, until somebody changes something
  kContradicted,  // it has seen another log: this one was cut back or written anew
};

struct Attestation {
  Verdict verdict = Verdict::kAway;
  std::string what;       // for people: what was answered and what to do
  std::uint64_t size = 0; // attested; or, when contradicted, what the other side has seen (0 = unknown)
  std::uint64_t seconds = 0;  // since 1970, by the other side's clock
};

// How long to leave somebody alone after so many failures in a row: 1 s, doubled each time, up to the interval, at most 10 min; with
// an interval below a second, a second.
std::int64_t wait_after_us(int failures, std::int64_t interval_us);

class Attester {
 public:
  virtual ~Attester() = default;
  virtual const AttesterConfig& config() const = 0;
  // What stands beside the log of an earlier answer.
  virtual Result<std::optional<Attestation>> last(const AttestedLog& log) = 0;
  // Asks, checks the answer, keeps it durably. kAttested only after that.
  virtual Attestation attest(const AttestedLog& log, const ledger::Checkpoint& checkpoint) = 0;
};

}  // namespace firebreak::effects
