// A completeness statement: an impact answer with everything a stranger needs to see that no record was left out.
//
// It names every archived part from record 0 on by the digest of its manifest, the journal entry in which the server said
// so when the part was made (with that entry's inclusion proof), the signed checkpoint of the stream's log, a consistency
// proof from the archive's last root to it, and how many records came after. verify_impact() counts anew from the files.
// Bytes: docs/formats/archive.md. Errors: kInvalid (no statement), kCorrupt (says what is missing or altered).
#pragma once

#include <functional>
#include <string>

#include "log/ledger/log.h"
#include "read/archive/impact.h"

namespace firebreak::archive {

struct Journaled {
  Bytes entry;        // the octets of the journal's entry segment_archived
  std::string proof;  // tlog-proof of it
};
// Finds the entry that names a manifest by its digest (hex).
using JournaledBy = std::function<Result<Journaled>(const std::string& manifest_digest)>;

std::string manifest_digest(const Manifest& manifest);  // SHA-256 of the manifest's file, hex

// `vkeys`: {"stream", "journal"}, texts of the logs' keys.
Result<Json> prove_impact(Files& files, const std::string& folder, const ledger::Log& log, const Json& vkeys,
                          const std::vector<Manifest>& manifests, const Question& question, const Impact& impact,
                          const JournaledBy& journaled);

struct Pinned {
  std::string stream, journal;  // vkeys known from elsewhere; empty: the statement's own are believed
};
// Checks `statement` against the archive's files under `folder`, without a server.
Result<void> verify_impact(Files& files, const std::string& folder, const Json& statement, const Pinned& pinned,
                           const Engine& engine);

}  // namespace firebreak::archive
