// kill -9 of server and gateway at random moments under load: nothing acknowledged is lost or doubled.
#pragma once

#include <set>
#include <string>

#include "support/counts.h"
#include "support/installation.h"

namespace firebreak::testing {

struct KillCounts {
  std::uint64_t of_server = 0, of_gateway = 0, installations = 0;
  std::uint64_t records = 0, scores = 0, in_gaps = 0, notes = 0, orders = 0;  // acknowledged; in_gaps: answered, and said to be unrecorded
  std::uint64_t lost = 0, doubled = 0, unverifiable = 0;

  JsonObject to_json() const;
};

// One installation, killed so often. The outside world's memory (receipts, answers, acknowledged notes) is held against what
// is there at the end; adds to `counts`, and fails the test when anything is lost, doubled or does not verify.
void kill_server_and_gateway(std::uint64_t kills, std::uint64_t seed, KillCounts& counts);

// Until orders are resolved and the spool is empty.
void settle(Installation& place);
std::multiset<std::string> inferences(Installation& place);  // ids that the stream holds

}  // namespace firebreak::testing
