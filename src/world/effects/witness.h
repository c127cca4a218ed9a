// Asks a witness to cosign a log's checkpoints: c2sp.org/tlog-witness over HTTP. Formats: log/ledger/cosignature.h.
//
// Promise: each request continues what the witness cosigned last, so a witness that restarted with less, or that somebody else
// fed, is asked again from the size that it names. A cosignature is kept only when it verifies under the configured key.
#pragma once

#include <memory>

#include "base/clock.h"
#include "world/effects/attester.h"
#include "world/net/http_client.h"

namespace firebreak::effects {

class Witness : public Attester {
 public:
  // kInvalid: no name, no url, or a vkey that is no witness'.
  static Result<std::unique_ptr<Witness>> make(Files& files, AttesterConfig config, const std::atomic<bool>& stopping);

  const AttesterConfig& config() const override { return config_; }
  Result<std::optional<Attestation>> last(const AttestedLog& log) override;
  Attestation attest(const AttestedLog& log, const ledger::Checkpoint& checkpoint) override;

 private:
  Witness(Files& files, AttesterConfig config, ledger::VerifierKey key);
  Attestation keep(const AttestedLog& log, const ledger::Checkpoint& checkpoint, std::string_view answer);
  Attestation refusal(const AttestedLog& log, const net::Response& response) const;

  Files& files_;
  const AttesterConfig config_;
  const ledger::VerifierKey key_;
  net::HttpClient http_;
};

// LOG/cosigned anew: the newest checkpoint that every required witness cosigned, with the cosignatures of all that did. Called
// after a round; `checkpoint` is what the round was about. Nothing happens while a required one is missing.
Result<void> publish_cosigned(Files& files, const Path& log_dir, const ledger::Checkpoint& checkpoint,
                              const std::vector<AttesterConfig>& witnesses);

}  // namespace firebreak::effects
