// What opening a stream would otherwise read its whole log for: the control records that its catalog is made of, and what
// each producer has delivered, up to some size. Derived: file DIR/logs/<name>/stream.state, see docs/formats/ledger.md.
//
// Fed in the order of the log while it is written, so that a copy at any moment is what a replay up to there gives.
// Threads: safe.
#pragma once

#include <mutex>
#include <string>
#include <vector>

#include "base/digest.h"
#include "base/json.h"
#include "log/record/producers.h"

namespace firebreak::record {

class StreamMemory {
 public:
  StreamMemory(std::size_t producers, std::size_t sequences) : producers_(producers, sequences) {}

  void control(std::uint64_t index, const Json& control);  // gaps need not come: a catalog does not hold them
  void batch(const BatchName& batch, IndexRange range);
  void reached(std::uint64_t size);

  struct Saved {
    std::uint64_t size = 0;
    std::vector<std::pair<std::uint64_t, Json>> controls;
    Json producers;

    std::string text(const Digest& root) const;  // `root` of the log at `size`
  };
  Saved save() const;
  void restore(const Saved& saved);
  // Both of an empty one: kCorrupt, and then the log is read.
  static Result<std::pair<Saved, Digest>> parse(std::string_view text);

 private:
  mutable std::mutex mutex_;
  std::uint64_t size_ = 0;
  std::vector<std::pair<std::uint64_t, Json>> controls_;
  Producers producers_;
};

}  // namespace firebreak::record
