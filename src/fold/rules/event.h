// An event as rules see it: values by slot, one slot for each field that some rule of the set names.
//
// Field names are paths of a JSON object with dots between the steps: `features.age`, `model.name`. Of a text value rules see
// the first kTextBytes. An event belongs to one owner; its views point into what it was filled from, and into itself.
#pragma once

#include <array>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "types/observation.h"

namespace firebreak::rules {

inline constexpr std::size_t kTextBytes = 16 * 1024;

enum class ValueKind : std::uint8_t { kAbsent, kNull, kNumber, kText, kFlag, kTime, kList, kObject };

struct Value {
  ValueKind kind = ValueKind::kAbsent;
  double number = 0;            // numbers; times in microseconds; flags 0 or 1
  std::string_view text;        // texts
  std::uint32_t first = 0, count = 0;  // lists: of Event::items
};

// Which events a rule is about; an empty part is any (Sigma's logsource). What Firebreak records is of product `firebreak`.
struct Logsource {
  std::string product, category, service;
  auto operator<=>(const Logsource&) const = default;
};

using FieldTable = std::map<std::string, std::uint32_t, std::less<>>;  // field -> slot

class Event {
 public:
  void reset(std::size_t slots);
  std::string_view keep(std::string text);  // lives until the next reset

  std::vector<Value> values;  // by slot
  std::vector<Value> items;   // what stands in lists
  std::vector<Value> words;   // every value, where keywords are searched
  Logsource source;
  Time time;
  std::uint64_t index = 0;

 private:
  std::deque<std::string> texts_;
};

// How a value reads as text, and as a number (texts that are one whole number literal are numbers, too).
std::string_view text_of(const Value& value, std::array<char, 40>& buffer);
bool number_of(const Value& value, double& out);

// Fills `event` from any JSON object. `time` (RFC 3339) is the event's time, else `otherwise`. `logsource` ({product, category,
// service}) of the object overrides `source`. `words`: keep every value for keyword search.
void fill(Event& event, const FieldTable& fields, std::size_t slots, const Json& object, const Logsource& source, Time otherwise,
          bool words);

// The typed way, for streams: what an Observation has under the names that its JSON line has, without making the line.
class ObservationFields {
 public:
  ObservationFields() = default;
  // `needed`: what the rules of its category read (RuleSet::needs).
  ObservationFields(const FieldTable& fields, const std::set<std::string>& needed, const FeatureSchema& schema);

  // False: some of it is more than an Observation has; fill() the whole record then.
  bool whole() const { return whole_; }
  void fill(Event& event, const Observation& observation, std::string_view endpoint) const;
  void fill(Event& event, const LabelObservation& label, std::string_view endpoint) const;

  struct Use {
    std::uint32_t slot = 0, at = 0;  // slot of the event; place in the features
    std::uint8_t what = 0;
  };

 private:
  std::vector<Use> uses_;
  std::size_t slots_ = 0;
  bool whole_ = true;
};

// Every field that the records of a category may have by themselves; for lint. Features and custom members have no list.
const std::vector<std::string>& known_fields(std::string_view category);

}  // namespace firebreak::rules
