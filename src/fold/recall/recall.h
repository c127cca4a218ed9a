// Which entries of the journal a start has to give to its workers again, so that it need not give them all: README.md.
// Decides nothing. Pure: no clock, no I/O, ordered containers only.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "types/entry.h"

namespace firebreak::recall {

inline constexpr std::string_view kFoldName = "recall";
inline constexpr int kSchemaVersion = 1;

struct Request {
  std::set<std::uint64_t> entries;  // itself and its answers
  std::set<std::string> missing;    // what has no answer yet
  bool operator==(const Request&) const = default;
};

struct RecallState {
  std::set<std::uint64_t> always;
  std::map<std::string, std::uint64_t> newest;           // of these a new one takes the place of the old
  std::map<std::string, std::set<std::uint64_t>> open;   // stream '\n' episode -> what was said while it is open
  std::map<std::string, Request> requests;               // by req-N
  std::map<std::string, std::uint64_t> unshipped;        // evidence that is not off the machine, by ev-N
  bool operator==(const RecallState&) const = default;
};

void apply(RecallState& state, const Entry& entry);
Json to_json(const RecallState& state);
Result<RecallState> state_from_json(const Json& document);

// In the order of the journal. Evidence can be much, and matters only where copies go off the machine.
std::vector<std::uint64_t> matter(const RecallState& state, bool with_evidence);

}  // namespace firebreak::recall
