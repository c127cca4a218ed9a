// Where a tree keeps hashes that are not to stay in memory: one packed file per tile level, 32 octets a hash, so that
// tile n of a level stands at octet 8,192 n. Derived: it can be deleted and is made again from the segments.
//
// Threads: HashFiles from any; what is written and read at the same time must not overlap.
// Errors: kIo, kCorrupt (fewer octets than were asked for).
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>

#include "base/files.h"

namespace firebreak::ledger {

class HashStore {
 public:
  virtual ~HashStore() = default;
  virtual Result<void> write(unsigned level, std::uint64_t from, ByteView hashes) = 0;
  virtual Result<Bytes> read(unsigned level, std::uint64_t from, std::uint64_t count) = 0;
};

// In DIR/tree/, files "0" to "7". Nothing is durable before sync().
class HashFiles : public HashStore {
 public:
  HashFiles(Files& files, Path dir) : files_(files), dir_(std::move(dir)) {}
  Result<void> write(unsigned level, std::uint64_t from, ByteView hashes) override;
  Result<Bytes> read(unsigned level, std::uint64_t from, std::uint64_t count) override;
  Result<void> sync();
  Result<void> clear();  // forgets everything

 private:
  Result<std::shared_ptr<File>> file(unsigned level);

  Files& files_;
  Path dir_;
  std::mutex mutex_;
  std::map<unsigned, std::shared_ptr<File>> open_;
};

}  // namespace firebreak::ledger
