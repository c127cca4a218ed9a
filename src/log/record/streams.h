// All streams of an installation: opened together, made, found by name. What one stream does stands in stream.h.
// Threads: everything from any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/digest.h"
#include "base/random.h"
#include "base/result.h"
#include "log/record/stream.h"

namespace firebreak {
class Files;
}

namespace firebreak::record {

struct StreamOptions {
  std::uint32_t records_per_epoch = 1U << 20;   // rows under one seed
  std::size_t sequences_kept = 4'096;           // per producer, for repeated batches
  std::size_t producers = 1'024;
};

// All streams under DIR/logs. The journal's log is not one of them.
class Streams {
 public:
  // Opens every stream found. Errors: kCorrupt, kIo, each naming the stream.
  static Result<std::unique_ptr<Streams>> open(Files& files, Clock& clock, Random& random,
                                               const std::string& data_dir, const StreamOptions& options = {});
  ~Streams();

  // Makes the stream, or brings an existing one to this configuration; the same configuration again changes nothing.
  // kInvalid for a name that is no is_name(), or "journal".
  Result<Stream*> create(const StreamConfig& config);
  Stream* get(std::string_view name) const;  // nullptr when there is none; valid as long as this
  std::vector<std::string> list() const;     // sorted
  // Octets that recovery cut from the tail of each log at open (never acknowledged).
  std::vector<std::pair<std::string, std::uint64_t>> cut_octets() const;

  // A keyed hash of this installation, for naming a person where the name must not stand.
  Digest keyed_hash(std::string_view purpose, std::string_view value) const;

  // Asked once per batch and model digest (hex); a record of an unknown one is admitted and flagged. Before this is
  // set every model counts as known. `known` is called from any thread.
  void set_known_model(std::function<bool(std::string_view digest_hex)> known);

 private:
  struct Impl;
  explicit Streams(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace firebreak::record
