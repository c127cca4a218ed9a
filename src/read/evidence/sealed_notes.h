// Notes under counsel's privilege, sealed: each under a key of its own (log/vault: an epoch of the log "counsel-<incident>" for each
// note), each a blob of its own under DIR/sealed, so that no bundle, view, search or report can take one along. The journal holds the
// SHA-256 of the sealed octets, never the text nor a digest of it.
//
//   u8 1, u32 epoch, nonce[12], AES-256-GCM of the text, bound to the incident
//
// Promise: when seal() returns, note and key are on disk. When a note is released or given up its key is destroyed and its octets are
// overwritten, also when a crash came before: apply() does that again. Readers are checked before: this knows no people.
//
// Threads: all functions from any thread.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "base/random.h"
#include "log/vault/vault.h"
#include "read/evidence/blob_store.h"
#include "types/entry.h"

namespace firebreak::evidence {

class SealedNotes {
 public:
  static Result<std::unique_ptr<SealedNotes>> open(Files& files, Random& random, const std::string& data_dir);

  Result<Digest> seal(const std::string& incident, std::string_view text);
  // kNotFound: it was released or given up; kCorrupt: it is not what was sealed, or of another incident.
  Result<std::string> text_of(const std::string& incident, const Digest& sealed) const;
  Result<void> destroy(const std::string& incident, const Digest& sealed);

  // For every entry of the journal, in order: carries out `privileged_note_released`. Free when it was carried out before.
  Result<void> apply(const Entry& entry);

 private:
  SealedNotes(Random& random, BlobStore blobs, std::unique_ptr<vault::Vault> vault) : random_(random), blobs_(std::move(blobs)), vault_(std::move(vault)) {}

  Random& random_;
  BlobStore blobs_;
  const std::unique_ptr<vault::Vault> vault_;
  mutable std::mutex mutex_;  // of the vault
};

inline std::string sealed_dir(const std::string& data_dir) { return data_dir + "/sealed"; }

}  // namespace firebreak::evidence
