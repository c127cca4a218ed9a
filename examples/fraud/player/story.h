// The fraud story's data: the scoring stream with its truth, and the rows the live attacker starts from.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/time.h"

namespace firebreak::example {

struct Event {
  Time time;
  std::string id;
  bool is_label = false;
  std::string label;     // labels: "1" or "0"
  std::string caller;    // inferences
  std::string features;  // inferences: the JSON object's text
  std::string score, prediction;  // as the recorded model answered; used for imported history only
  bool attack = false;   // truth: known to the player alone
  std::string kind;      // plain, retry, whatif, default_filled, batch_rescore, evasion, cover, exploit, extraction
};

struct Story {
  std::vector<Event> events;          // in time order
  std::vector<std::string> callers;   // every caller of the stream, sorted
};

// Reads DIR/credit_stream.ndjson.zst and DIR/credit_truth.csv.zst.
Result<Story> load_story(const std::string& dir);

// A whole file; .zst files are unpacked.
Result<std::string> read_data(const std::string& path);

// The label of the truth's table that an honest request's answer is judged by does not exist: only labels do.
inline constexpr std::string_view kAttackBegins = "2026-03-07T03:00:00Z";  // honest days before it are history
inline constexpr std::string_view kHardenedAppears = "2026-03-11T04:00:05Z";

}  // namespace firebreak::example
