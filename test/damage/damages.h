// What can become of files: every bit, every length, and the ways in which whole files and entries change places.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "damage/world.h"
#include "support/counts.h"
#include "support/tlog_verify.h"

namespace firebreak::damage {

struct Damage {
  std::string how;           // "bit flipped", "cut", "lengthened", "doubled", "exchanged", "rolled back", "removed"
  testing::Changes changes;  // paths from the world's folder; never what is there already
  std::string what;          // for the message
  std::size_t from = 0;      // first octet of the first file that is not as it was
};
using Visit = std::function<void(const Damage&)>;

// Of one file: a bit in `bits` flipped (1: every one), cut to one length in `lengths` (1: every one), one octet more, its
// octets twice, the file removed, the file as it was earlier.
struct Density {
  std::size_t bits = 1, lengths = 1;
};
void each_of_file(const World& world, const std::string& path, Density density, const Visit& visit);

// Each two of `paths` exchanged.
void each_exchange(const World& world, const std::vector<std::string>& paths, const Visit& visit);

// Whole frames of a segment: each two neighbours exchanged, each repeated behind the last one.
void each_of_frames(const World& world, const std::string& path, const Visit& visit);

// Whole entries of an exported bundle, and hashes of a tile: each two neighbours exchanged, each repeated behind the last one.
void each_of_bundle(const World& world, const std::string& path, const Visit& visit);
void each_of_tile(const World& world, const std::string& path, const Visit& visit);

// Everything below `folder` as it was earlier; what came later is gone.
Damage rolled_back(const World& world, const std::string& folder);

Tree applied(const Tree& tree, const Damage& damage);

// Counts of one kind of file, published under its name in build/assurance/damage.json. A damage is found by somebody, or
// harmless for a reason that is counted; anything else fails the test.
class Counts {
 public:
  Counts(std::string kind, testing::Form form) : kind_(std::move(kind)), form_(form) {}
  ~Counts();
  Counts(const Counts&) = delete;
  Counts& operator=(const Counts&) = delete;

  void found(const Damage& damage, const std::string& by);
  void harmless(const Damage& damage, const std::string& reason);
  void unnoticed(const Damage& damage, const std::string& by_whom);

 private:
  const std::string kind_;
  const testing::Form form_;
  std::map<std::string, std::uint64_t> ways_, found_, harmless_;
  std::uint64_t unnoticed_ = 0;
};

}  // namespace firebreak::damage
