#include "world/effects/timestamp_authority.h"

#include <fmt/core.h>

#include "log/ledger/timestamp.h"

namespace firebreak::effects {
namespace {

constexpr std::int64_t kTimeoutUs = 20'000'000;
constexpr std::size_t kMaxAnswerBytes = 64 * 1024;

}  // namespace

TimestampAuthority::TimestampAuthority(Files& files, Random& random, AttesterConfig config, std::string ca_pem)
    : files_(files), random_(random), config_(std::move(config)), ca_pem_(std::move(ca_pem)) {}

Result<std::unique_ptr<TimestampAuthority>> TimestampAuthority::make(Files& files, Random& random, AttesterConfig config,
                                                                     const std::atomic<bool>& stopping) {
  auto ca = read_all(files, config.ca_file);
  if (!ca) return fail(std::move(ca.error()).with("time-stamping authority " + config.name + ": ca_file"));
  if (ca->find("-----BEGIN CERTIFICATE-----") == Bytes::npos)
    return fail(Code::kInvalid, fmt::format("time-stamping authority {}: {} holds no certificate in PEM", config.name, config.ca_file));
  auto authority = std::unique_ptr<TimestampAuthority>(new TimestampAuthority(files, random, std::move(config), std::move(*ca)));
  authority->http_.cancel_when(stopping);
  authority->http_.limit_answers(kMaxAnswerBytes);
  if (!authority->config_.tls_ca_file.empty()) authority->http_.trust(authority->config_.tls_ca_file);
  return authority;
}

Result<std::optional<Attestation>> TimestampAuthority::last(const AttestedLog& log) {
  FIREBREAK_ASSIGN(const auto stored, ledger::last_timestamp(files_, log.dir, config_.name));
  if (!stored) return std::optional<Attestation>();
  FIREBREAK_ASSIGN(const ledger::Stamp stamp, ledger::read_timestamp(stored->answer));
  return std::optional<Attestation>({Verdict::kAttested, "", stored->size, stamp.seconds});
}

Attestation TimestampAuthority::attest(const AttestedLog& log, const ledger::Checkpoint& checkpoint) {
  const std::string note = checkpoint.text();
  const Digest digest = sha256(note);
  const auto request = ledger::timestamp_request(digest, random_);
  if (!request) return {Verdict::kAway, request.error().message, 0, 0};
  const auto response = http_.post(config_.url, *request, "application/timestamp-query", kTimeoutUs);
  if (!response) return {Verdict::kAway, fmt::format("time-stamping authority {}: {}", config_.name, response.error().message), 0, 0};
  if (response->status != 200)
    return {response->status < 500 && response->status != 429 ? Verdict::kRefused : Verdict::kAway,
            fmt::format("time-stamping authority {} answers {}; look at its url and its own log", config_.name, response->status), 0, 0};
  const auto stamp = ledger::check_timestamp(response->body, digest, ca_pem_, *request);
  if (!stamp)
    return {Verdict::kRefused,
            fmt::format("time-stamping authority {}: {}; ca_file must hold the certificate that its own leads to", config_.name, stamp.error().message), 0, 0};
  const auto kept = ledger::keep_timestamp(files_, log.dir, {"", config_.name, checkpoint.size, note, response->body});
  if (!kept) return {Verdict::kAway, fmt::format("a time stamp of {} could not be kept: {}", config_.name, kept.error().message), 0, 0};
  return {Verdict::kAttested, "", checkpoint.size, stamp->seconds};
}

}  // namespace firebreak::effects
