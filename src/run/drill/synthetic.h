// A stream made from a description and a seed: honest callers with features of stated distributions, and faults that begin and end at stated
// times. The same description gives the same records on every machine.
//
// Faults add a caller's traffic (`caller`, `per_hour`), or let another model answer (`model`); what a fault states of features and answers
// stands for its own records in the place of the stream's. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace firebreak::drill {

class Reader;

struct Event {
  Time time;  // of the drill
  std::string id, caller, features, label, score;  // features: JSON; score: a JSON number
  bool is_label = false;
  std::string model;  // version of another than the release's; empty: the release's
};

using Shares = std::vector<std::pair<std::string, double>>;
struct Feature {
  std::string name;
  double mean = 0, spread = 0;  // of a number
  Shares words;                 // of a word; empty: a number
};
struct Fault {
  Time from, to;
  std::string caller, model;
  double per_hour = 0;
  std::vector<Feature> features;  // in the place of the stream's of these names
  Shares answers;
};
struct Synthetic {
  std::uint64_t seed = 1;
  double per_hour = 0;
  std::size_t callers = 0;
  std::vector<Feature> features;
  Shares answers;
  std::vector<Fault> faults;
};

Result<Synthetic> read_synthetic(const Reader& in);

std::vector<Event> synthesize(const Synthetic& made, const std::string& name, Time from, Time to);  // in order of time
std::string synthetic_rows(const Synthetic& made, std::size_t rows, std::uint64_t salt);            // CSV with a label column: what a release was trained on

}  // namespace firebreak::drill
