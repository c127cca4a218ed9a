// What each producer has delivered: repeated batches are recognised, missing numbers are noticed.
//
// A producer is a name that an owner gave it: two owners' same names are two producers, so that who may send under one
// token cannot use up the numbers of another. The longest silent ones are forgotten when there are too many; what they
// repeat afterwards is new. Per producer: the highest number, the last admitted ones with their index ranges, numbers that are missing (they may
// still come) and those of them that no gap record tells of yet. Rebuilt from the log at open.
// Threads: safe.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "log/record/stream.h"

namespace firebreak::record {

struct IndexRange {
  std::uint64_t first = 0, last = 0;
};

// One batch as its producer names it.
struct BatchName {
  std::string owner, producer;
  std::uint64_t number = 0;
  std::uint64_t content = 0;  // content_of() its octets (payload.h); 0 = not known
};

// Whole numbers as disjoint intervals.
class NumberSet {
 public:
  void add(std::uint64_t from, std::uint64_t to);
  bool remove(std::uint64_t number);  // false when it is not in
  std::vector<std::pair<std::uint64_t, std::uint64_t>> below(std::uint64_t number) const;
  void cut_below(std::uint64_t number);  // removes all that are less
  void drop_lowest(std::size_t intervals_kept);
  const std::map<std::uint64_t, std::uint64_t>& intervals() const { return intervals_; }  // from -> to

 private:
  std::map<std::uint64_t, std::uint64_t> intervals_;  // from -> to
};

class Producers {
 public:
  using Done = std::function<void(Result<Receipt>)>;

  struct Decision {
    enum { kNew, kRepeated, kWaiting } kind = kNew;
    IndexRange range;                // kRepeated
    std::optional<Receipt> receipt;  // kRepeated, when it is still at hand
    std::vector<std::pair<std::uint64_t, std::uint64_t>> gaps;  // kNew: to be recorded before the batch
    bool filled = false;             // kNew: the number was reported missing before
  };

  Producers(std::size_t producers, std::size_t sequences) : most_(producers), kept_(sequences) {}

  // kWaiting: `done` was taken and will be among the results of finish(). kConflict: the number was passed long ago, or
  // it was used for another batch. kBusy: no room for a further producer now.
  // `told`: a gap that the batch itself tells of and that needs no record of its own.
  Result<Decision> begin(const BatchName& batch, Done& done, const std::optional<IndexRange>& told);

  // Ends a kNew; returns whom to tell the same result.
  std::vector<Done> finish(const BatchName& batch, const Decision& decision, const Result<Receipt>& result);

  // At open, in log order.
  void replay(const BatchName& batch, IndexRange range);

  // What was replayed: [{"owner", "name", "high", "admitted": [[number, first, last, content as hex]…], "missing": [[from, to]…]}…].
  Json to_json() const;
  Result<void> restore(const Json& document);  // kCorrupt: nothing is changed then

 private:
  using Key = std::pair<std::string, std::string>;  // owner, name
  struct Admitted {
    IndexRange range;
    std::uint64_t content = 0;
  };
  struct Waiting {
    std::uint64_t content = 0;
    std::vector<Done> done;
  };
  struct State {
    std::optional<std::uint64_t> high;
    std::uint64_t newest = 0;  // index of its last record
    std::map<std::uint64_t, Admitted> admitted;
    std::map<std::uint64_t, Waiting> pending;
    NumberSet missing;     // told in the log
    NumberSet unreported;  // not yet
    std::optional<std::pair<std::uint64_t, Receipt>> latest;
  };
  Result<void> make_room(const Key& key);
  Result<State*> state_of(const BatchName& batch);
  void admit(State& state, const BatchName& batch, IndexRange range);

  const std::size_t most_, kept_;
  mutable std::mutex mutex_;
  std::map<Key, State> states_;
};

}  // namespace firebreak::record
