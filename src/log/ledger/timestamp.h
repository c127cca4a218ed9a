// RFC 3161 time stamps on checkpoints: a third party's word that this checkpoint, octet for octet, was there at that time.
//
// Beside the log: LOG/timestamps/<authority>/<size>.checkpoint (the note that was stamped), <size>.tsr (the authority's whole
// answer, DER), so that `openssl ts -verify -in N.tsr -data N.checkpoint -CAfile CA` needs nothing of Firebreak.
// Pure; thread-safe. Errors: kInvalid (octets that are no answer), kCorrupt (an answer that does not verify; why).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/digest.h"
#include "base/files.h"
#include "base/random.h"

namespace firebreak::ledger {

inline constexpr std::string_view kTimestampFolder = "timestamps";

// TimeStampReq for the SHA-256 of what is stamped, with a random nonce, asking for the authority's certificate.
Result<Bytes> timestamp_request(const Digest& digest, Random& random);

struct Stamp {
  std::uint64_t seconds = 0;  // since 1970: genTime
  std::string serial;         // hex
  std::string policy;         // dotted
};

// The answer is granted, is for `digest`, and its certificate, made for time stamping, leads to one in `ca_pem`. With
// `request` also its nonce is the one that was sent. The certificates are judged as of the stamp's own time: a stamp stays
// good when they have run out.
Result<Stamp> check_timestamp(ByteView answer, const Digest& digest, const std::string& ca_pem, const std::optional<Bytes>& request = {});
// The same without judging who signed: for what is shown beside a checked one.
Result<Stamp> read_timestamp(ByteView answer);

struct StoredStamp {
  std::string name;  // "timestamps/<authority>/<size>.tsr"
  std::string authority;
  std::uint64_t size = 0;
  Bytes checkpoint, answer;
  std::string problem = {};  // not empty: the checkpoint is not beside it
};
// All that stand beside a log or in an export of it, by authority and size.
Result<std::vector<StoredStamp>> stored_timestamps(Files& files, const Path& dir, bool newest_alone = false);
// The last of one authority, without reading the others.
Result<std::optional<StoredStamp>> last_timestamp(Files& files, const Path& dir, const std::string& authority);
Result<void> keep_timestamp(Files& files, const Path& dir, const StoredStamp& stamp);

}  // namespace firebreak::ledger
