// The score of a drill, from its journal alone: 100 points in seven items, each with the raw times and counts that it is made of.
//
// Nothing is typed: what happened are the journal's entries, what should have happened is the sealed part that `exercise_ended` shows,
// and that part counts only when it has the digest that the journal began with (kConflict otherwise). An item, or a part of one, that
// the drill does not ask for (no gates in the truth, no streams in a table-top) has no points to get: the total says "of how many".
// Pure.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/json.h"
#include "run/drill/drill_document.h"
#include "types/entry.h"

namespace firebreak::drill {

// Whether the blob with this digest is there and has it. Empty: nobody looked, and that part is not asked.
using BlobIsWhole = std::function<bool(const std::string& digest)>;

struct Part {
  std::string item, name;  // "detection", "time to detect"
  double points = 0, of = 0;
  std::string said;        // a sentence with the raw figures
  Json raw = JsonObject{}; // times in seconds, counts, the journal indexes that they come from
};

struct Score {
  std::string name, title, kind, state;
  Json declaration;
  Json sealed;
  std::vector<Part> parts;
  std::vector<Json> decisions;  // one a expected decision: {id, what, role, made, by, …}
  std::vector<Json> injects;    // {inject, time, type, …, expected, objective, released}
  std::uint64_t entries = 0;    // of the journal
  double points(const std::string& item = "") const;
  double of(const std::string& item = "") const;
};

// kNotFound: no exercise's journal. kConflict: it has not ended, or the sealed part is another than was declared.
Result<Score> score(const std::vector<Entry>& journal, const BlobIsWhole& whole);
Json to_json(const Score& score);
std::string to_text(const Score& score);

// Full points up to limits.full, none from limits.none on.
double along(const Limits& limits, double value);

}  // namespace firebreak::drill
