// Signatures of playbooks: the JSON Signature Scheme of CACAO 2.0 (section 10.15, appendix A).
//
// What is signed: the playbook with this one signature, without its `value` and without other signatures, as JCS (RFC 8785);
// of those octets the hash that `hash_algorithm` names, as hex digits in lower case; *that text* is the message of the
// algorithm, which may hash once more. The result is base64url without padding. A signature is no new version.
//
// Algorithms: verify RS256, ES256 (JWA: R and S side by side), Ed25519; sign Ed25519. Others are told as not supported,
// never as valid. Pure; keys are texts (PEM), times are given.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "base/time.h"

namespace firebreak::cacao {

enum class Standing {
  kValid,        // the mathematics holds, over this playbook and version, at this time
  kBroken,       // it does not: the playbook is not what was signed, or the key is another
  kLapsed,       // it holds, but the signature is revoked, expired, not valid yet, or for another version
  kNotChecked,   // an algorithm or a kind of key that is not supported
};
std::string_view standing_name(Standing standing);

struct Verdict {
  std::string id, signee, algorithm;
  Standing standing = Standing::kNotChecked;
  bool trusted = false;  // by one of the given keys
  std::string reason;    // of anything but kValid
};

// One for each signature, in their order. `trusted`: public keys as PEM. kInvalid when one of them is no key.
Result<std::vector<Verdict>> verify_signatures(const Json& playbook, const std::vector<std::string>& trusted, Time now);

struct Signer {
  std::string private_key;  // PEM, Ed25519
  std::string signee;       // who signs, for people
  std::string identity;     // created_by: identity--UUID; empty: none
  std::string id;           // jss--UUID
  Time now;
};

// `playbook` with one signature more. kInvalid: no playbook, no such key.
Result<Json> sign_playbook(const Json& playbook, const Signer& signer);

// The hex digits that the signature at `index` is over. kInvalid: no such signature, or a hash that is not supported.
Result<std::string> signed_digest(const Json& playbook, std::size_t index);

}  // namespace firebreak::cacao
