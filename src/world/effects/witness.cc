#include "world/effects/witness.h"

#include <fmt/core.h>

#include <charconv>

#include "log/ledger/cosignature.h"
#include "log/ledger/cosigned.h"

namespace firebreak::effects {
namespace {

constexpr std::int64_t kTimeoutUs = 20'000'000;
constexpr int kRounds = 3;  // 409 names the size to continue from; another client may come between

std::optional<std::uint64_t> size_in(std::string_view body) {
  if (body.ends_with('\n')) body.remove_suffix(1);
  std::uint64_t size = 0;
  const auto [end, error] = std::from_chars(body.data(), body.data() + body.size(), size);
  if (body.empty() || error != std::errc() || end != body.data() + body.size()) return std::nullopt;
  return size;
}

}  // namespace

Witness::Witness(Files& files, AttesterConfig config, ledger::VerifierKey key)
    : files_(files), config_(std::move(config)), key_(std::move(key)) {}

Result<std::unique_ptr<Witness>> Witness::make(Files& files, AttesterConfig config, const std::atomic<bool>& stopping) {
  auto key = ledger::parse_witness_vkey(config.vkey);
  if (!key) return fail(std::move(key.error()).with("witness " + config.name));
  auto witness = std::unique_ptr<Witness>(new Witness(files, std::move(config), std::move(*key)));
  witness->http_.cancel_when(stopping);
  witness->http_.limit_answers(16 * 1024);
  if (!witness->config_.tls_ca_file.empty()) witness->http_.trust(witness->config_.tls_ca_file);
  return witness;
}

Result<std::optional<Attestation>> Witness::last(const AttestedLog& log) {
  const auto read = ledger::read_cosigned(files_, ledger::witness_path(log.dir, config_.name));
  if (!read && read.error().code != Code::kCorrupt) return fail(Error(read.error()));
  const std::optional<ledger::Checkpoint> kept = read ? *read : std::nullopt;  // a damaged file: the witness still knows the size
  if (!kept) return std::optional<Attestation>();
  const auto seconds = ledger::check_cosignature(*kept, kept->signatures, key_);
  // By another witness of this name, before its key was changed: this one starts anew.
  if (!seconds) return std::optional<Attestation>();
  return std::optional<Attestation>({Verdict::kAttested, "", kept->size, *seconds});
}

Attestation Witness::attest(const AttestedLog& log, const ledger::Checkpoint& checkpoint) {
  const auto known = last(log);
  if (!known) return {Verdict::kRefused, known.error().message, 0, 0};
  std::uint64_t old_size = *known ? (*known)->size : 0;
  for (int round = 0; round < kRounds; ++round) {
    if (old_size > checkpoint.size)
      return {Verdict::kContradicted,
              fmt::format("witness {} has seen {} entries of log {}, which has {} now: it was cut back", config_.name, old_size, log.name,
                          checkpoint.size),
              old_size, 0};
    ledger::AddCheckpoint request{old_size, {}, checkpoint};
    if (old_size > 0 && old_size < checkpoint.size) {
      auto proof = log.log.consistency_proof(old_size, checkpoint.size);
      if (!proof) return {Verdict::kAway, proof.error().message, 0, 0};
      request.proof = std::move(*proof);
    }
    const auto response = http_.post(config_.url + "/add-checkpoint", request.text(), "text/plain; charset=utf-8", kTimeoutUs);
    if (!response) return {Verdict::kAway, fmt::format("witness {}: {}", config_.name, response.error().message), 0, 0};
    if (response->status == 200) return keep(log, checkpoint, response->body);
    const auto seen = response->status == 409 ? size_in(response->body) : std::nullopt;
    if (!seen) return refusal(log, *response);
    if (*seen == old_size && *seen > 0)  // it knows this very size, and another tree at it
      return {Verdict::kContradicted,
              fmt::format("witness {} has seen another log {} of {} entries: this one was written anew", config_.name, log.name, *seen),
              *seen, 0};
    old_size = *seen;
  }
  return {Verdict::kAway, fmt::format("witness {} names another size each time", config_.name), 0, 0};
}

Attestation Witness::keep(const AttestedLog& log, const ledger::Checkpoint& checkpoint, std::string_view answer) {
  const auto lines = ledger::parse_cosignatures(answer);
  const auto seconds = lines ? ledger::check_cosignature(checkpoint, *lines, key_) : Result<std::uint64_t>(fail(Error(lines.error())));
  if (!seconds)
    return {Verdict::kRefused,
            fmt::format("witness {}: {}; compare the configured vkey with the witness' own", config_.name, seconds.error().message), 0, 0};
  ledger::Checkpoint cosigned = checkpoint;
  for (const ledger::NoteSignature& line : *lines) {
    if (!ledger::check_cosignature(checkpoint, {line}, key_)) continue;
    cosigned.signatures.push_back(line);  // that one alone: what else it sends is not kept
    break;
  }
  const Path path = ledger::witness_path(log.dir, config_.name);
  auto kept = files_.make_dir(parent_of(path));
  if (kept) kept = write_atomic(files_, path, cosigned.text());
  if (!kept) return {Verdict::kAway, fmt::format("a cosignature of {} could not be kept: {}", config_.name, kept.error().message), 0, 0};
  return {Verdict::kAttested, "", checkpoint.size, *seconds};
}

Attestation Witness::refusal(const AttestedLog& log, const net::Response& response) const {
  const std::string vkey = log.log.verifier().text();
  switch (response.status) {
    case 403:
      return {Verdict::kRefused, fmt::format("witness {} does not take the signature of log {}: it knows another key; ours is {}", config_.name, log.name, vkey), 0, 0};
    case 404:
      return {Verdict::kRefused, fmt::format("witness {} does not know log {}: have it registered there with the key {}", config_.name, log.name, vkey), 0, 0};
    case 422:
      return {Verdict::kContradicted,
              fmt::format("witness {} has seen another log {} that this one does not continue: it was written anew", config_.name, log.name), 0, 0};
    case 429:
      break;
    default:
      if (response.status < 500)
        return {Verdict::kRefused, fmt::format("witness {} answers {} for log {}; look at its own log", config_.name, response.status, log.name), 0, 0};
  }
  return {Verdict::kAway, fmt::format("witness {} answers {}", config_.name, response.status), 0, 0};
}

Result<void> publish_cosigned(Files& files, const Path& log_dir, const ledger::Checkpoint& checkpoint,
                              const std::vector<AttesterConfig>& witnesses) {
  ledger::Checkpoint published = checkpoint;
  std::size_t cosigned = 0;
  for (const AttesterConfig& witness : witnesses) {
    FIREBREAK_ASSIGN(const auto kept, ledger::read_cosigned(files, ledger::witness_path(log_dir, witness.name)));
    const bool same = kept && kept->size == checkpoint.size && kept->root == checkpoint.root;
    if (!same && witness.required) return {};
    if (!same) continue;
    for (const ledger::NoteSignature& line : kept->signatures)
      if (line.name != checkpoint.origin) published.signatures.push_back(line);
    ++cosigned;
  }
  if (cosigned == 0) return {};
  return write_atomic(files, log_dir + "/" + std::string(ledger::kCosignedFile), published.text());
}

}  // namespace firebreak::effects
