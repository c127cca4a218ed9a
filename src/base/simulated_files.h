// Files in memory that behave like a bad day: unsynced octets are lost at a crash, the write that was under
// way is torn at a seeded place, the k-th call fails, a sync fails and forgets, the disk fills, bits flip, a write that
// was acknowledged never happens or lands somewhere else.
//
// Threads: safe. The same seed and the same calls give the same damage.
// Model: every File and Files call counts as one. A name is durable after sync_dir of its folder, content
// after sync; at a crash some unsynced writes survive, in order, and the next one in part (a prefix, or any
// subset of its 512-octet sectors). A failed sync does the same at once and forgets the rest, which stays
// readable until a crash, as on Linux (Rebello et al., ATC'20). A write about which the disk lies goes through the page
// cache: the file reads as if it had happened until a crash, unless it was opened past that cache; what it hits
// elsewhere is hit at once (Bairavasundaram et al., FAST'08, on lost and misdirected writes).
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <set>

#include "base/files.h"
#include "base/random.h"

namespace firebreak {

// What becomes of a write that the disk acknowledges.
enum class Lie {
  kLost,       // it never happens; the file has the new size or not
  kMisplaced,  // it lands at another sector of the file
  kMisfiled,   // it lands at a sector of another file
};

class SimulatedFiles : public Files {
 public:
  explicit SimulatedFiles(std::uint64_t seed = 1);
  ~SimulatedFiles() override;

  Result<std::unique_ptr<File>> open(const Path& path, OpenMode mode) override;
  Result<void> rename(const Path& from, const Path& to) override;
  Result<void> remove(const Path& path) override;
  Result<std::vector<std::string>> list(const Path& dir) override;
  Result<void> make_dir(const Path& dir) override;
  Result<void> sync_dir(const Path& dir) override;
  Result<std::unique_ptr<FileLock>> lock(const Path& path) override;

  // Power cut: what was not synced is gone or torn; handles and locks opened before fail from now on with
  // kIo.
  void crash();

  // The `k`-th call from now (1 = the next) fails with kIo; `persistent`: all later ones too. 0 = none.
  void fail_call(std::uint64_t k, bool persistent = false);
  void fail_syncs(bool on);                 // every sync fails with kIo
  void set_capacity(std::uint64_t octets);  // writes beyond fail, after a part of them, with a full disk
  std::uint64_t used() const;
  std::uint64_t calls() const;  // so far
  void lie_at_write(std::uint64_t k, Lie lie);  // about the `k`-th write from now (1 = the next); 0 = none
  bool lied() const;                            // that write has come
  std::uint64_t writes() const;                 // so far
  void flip_bit(const Path& path, std::uint64_t offset,
                unsigned bit);      // now, durable; asserts that it exists
  std::vector<Path> paths() const;  // of all files, sorted

 private:
  struct Node;
  class Handle;
  class Lock;
  struct Disk;  // what handles share with us; they may outlive us

  std::shared_ptr<Disk> disk_;
};

}  // namespace firebreak
