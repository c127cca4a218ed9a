// Asks a time-stamping authority (RFC 3161 over HTTP) to stamp a log's checkpoints. Formats: log/ledger/timestamp.h.
//
// Promise: a stamp is kept only when it is for exactly the checkpoint that was sent, bears the nonce that was sent, and leads to
// a certificate of `ca_file`.
#pragma once

#include <atomic>
#include <memory>

#include "base/random.h"
#include "world/effects/attester.h"
#include "world/net/http_client.h"

namespace firebreak::effects {

class TimestampAuthority : public Attester {
 public:
  // kInvalid, kNotFound: the CA file.
  static Result<std::unique_ptr<TimestampAuthority>> make(Files& files, Random& random, AttesterConfig config,
                                                          const std::atomic<bool>& stopping);

  const AttesterConfig& config() const override { return config_; }
  Result<std::optional<Attestation>> last(const AttestedLog& log) override;
  Attestation attest(const AttestedLog& log, const ledger::Checkpoint& checkpoint) override;

 private:
  TimestampAuthority(Files& files, Random& random, AttesterConfig config, std::string ca_pem);

  Files& files_;
  Random& random_;
  const AttesterConfig config_;
  const std::string ca_pem_;
  net::HttpClient http_;
};

}  // namespace firebreak::effects
