// Stored frames back into records: finds keys, decrypts, checks each row against its leaf.
//
// Threads: safe. Errors: kCorrupt and kNotFound naming log and record. Bytes: docs/formats/record.md.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

#include "base/result.h"
#include "log/ledger/log.h"
#include "log/record/catalog.h"
#include "log/record/payload.h"
#include "log/record/record.h"
#include "log/vault/vault.h"

namespace firebreak::record {

class FrameReader {
 public:
  FrameReader(std::string log, vault::Vault& vault) : log_(std::move(log)), vault_(vault) {}

  // Calls `each` for the records of `frame` from index `from` on, erased ones too; false stops.
  Result<void> read(const ledger::Frame& frame, std::uint64_t from, const Catalog& catalog,
                    const std::function<bool(const Record&)>& each);

  void forget();  // keys: some were destroyed

 private:
  Result<Digest> subject_key(const Payload& payload, std::uint32_t subject, const Catalog& catalog);
  Result<std::shared_ptr<const vault::EpochKeys>> epoch_keys(std::uint32_t epoch, const Catalog& catalog);

  const std::string log_;
  vault::Vault& vault_;
  std::mutex mutex_;
  std::map<std::uint32_t, std::shared_ptr<const vault::EpochKeys>> epochs_;
  std::unordered_map<std::string, Digest> keys_;  // by key entry; cleared when it is full
};

}  // namespace firebreak::record
