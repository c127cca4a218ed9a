// The taint list of an incident: which rows must not be trained on, as a document that leaves the installation signed, and
// rows of training data held against it. docs/formats/taint.md has the format and how to check the signature with openssl.
//
// A row is on the list by its id (the decision's), by its features (types/feature_digest.h: the same query, whoever sent it), by
// its caller or by its source; in this order, the first that fits is told. Pure; any thread. Errors: kInvalid with a pointer.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/json.h"
#include "run/replay/dataset.h"
#include "types/observation.h"

namespace firebreak::replay {

inline constexpr std::string_view kTaintKind = "firebreak-taint-list";
inline constexpr std::size_t kTainted = 100'000;  // inferences of one list

struct TaintList {
  std::string id, incident, endpoint;  // tnt-N
  FeatureSchema features;              // what the digests are of
  Time from;                           // event time of the first inference
  std::set<std::string, std::less<>> ids;
  std::set<Digest> digests;
  std::set<std::string, std::less<>> callers, sources;
};
Result<TaintList> parse_taint_list(std::string_view text);

struct TrainingRow {
  std::string id, caller, source;   // empty: the row does not say
  std::optional<Digest> features;   // none: it has no feature of the list
};
// A row of NDJSON: id, caller and source as texts; features in an object "features", or in the row itself.
Result<TrainingRow> training_row(const FeatureSchema& features, std::string_view line);

// "id", "features", "caller", "source"; empty: the row is not on the list.
std::string_view why_tainted(const TaintList& list, const TrainingRow& row);

struct TaintHits {
  std::string list, incident;
  std::uint64_t rows = 0;                     // on the list
  std::map<std::string, std::uint64_t> by;    // why -> rows
  std::map<std::string, std::uint64_t> named; // callers and sources -> rows
};
// The rows of a data set of `schema`, cut at `cut`. Digests count only where the list's features are those of the schema, and not
// of data from before the incident: an attacker begins with an honest query. `sources`: what the manifest says, name -> rows, for
// a data set that names no source in its rows.
TaintHits taint_in(const TaintList& list, const Dataset& set, const FeatureSchema& schema, Time cut, const std::map<std::string, std::uint64_t>& sources);
std::string to_text(const TaintHits& hits);  // "12 training rows are on tnt-9 of inc-4: 10 by features, 2 by source (feed-7)"

}  // namespace firebreak::replay
