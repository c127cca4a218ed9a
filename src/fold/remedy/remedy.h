// What becomes of the decisions that an incident touched, and of what must not be trained on any more.
//
// A remedy list has a row for each affected record: asked again of a clean release (run/app/remedies), then settled by people
// (reversed or confirmed) and told to the customer. One list an incident; building it again asks anew and takes over what was
// settled and told. Rows are here what decisions need; answers stand in the list's blob, the rest in the stream.
//
// Promise: a row that was settled or told stays for ever. An open one leaves only by a rebuild that says so (`replace`). A build
// that fails changes nothing. A command that names what is not on the list is refused whole.
// Pure: no clock, no I/O, ordered containers. docs/formats/remedy.md.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "types/entry.h"

namespace firebreak::remedy {

inline constexpr std::string_view kFoldName = "remedy";
inline constexpr int kSchemaVersion = 2;
inline constexpr std::size_t kRows = 100'000;       // of one list
inline constexpr std::size_t kAllRows = 1'000'000;  // of all; 40 octets each
inline constexpr std::size_t kNamed = 1'000;        // records that one command names
inline constexpr std::size_t kPieceRows = 2'000;    // of one remedy_rows
inline constexpr std::size_t kTaints = 1'000, kFindings = 2'000, kClosed = 2'000;

enum class Answer : std::uint8_t { kUnchanged, kChanged, kUnanswered, kErased };  // by the clean release
enum class State : std::uint8_t { kOpen, kReversed, kConfirmed };
inline constexpr std::string_view kAnswers[] = {"unchanged", "changed", "unanswered", "erased"};
inline constexpr std::string_view kStates[] = {"open", "reversed", "confirmed"}, kScopes[] = {"range", "release", "chains"};

struct Row {
  std::uint64_t record = 0;               // index in the stream
  std::uint64_t settled = 0, told = 0;    // entries that say by whom, when and why; 0: not
  Answer answer = Answer::kUnchanged, settled_on = Answer::kUnchanged;  // settled_on: what it was when somebody settled it
  State state = State::kOpen;
  bool operator==(const Row&) const = default;
};

struct Counts {
  std::uint64_t affected = 0, changed = 0, unanswered = 0, erased = 0;
  std::uint64_t open = 0, reversed = 0, confirmed = 0, told = 0;
  std::uint64_t again = 0;  // settled before a later release gave another answer
  bool operator==(const Counts&) const = default;
};

struct Build {  // rem-N, ordered or under way
  std::uint64_t index = 0;
  Json asked;                        // body of remedy_requested
  std::string release;               // that answers; empty until it has started
  std::uint64_t at = 0, end = 0;     // records from `at` to `end` are still to be looked at
  std::vector<Row> rows;             // so far
  std::vector<std::string> pieces;   // blobs of their answers
  bool operator==(const Build&) const = default;
};

struct List {
  std::string endpoint, stream, release, blob;
  std::uint64_t build = 0;           // that made it; 0: none has yet
  std::vector<Row> rows;             // by record
  bool done = false;                 // none is open
  std::optional<Build> building;
  bool operator==(const List&) const = default;
};

struct Taint {  // tnt-N: what the incident must keep out of training
  std::string incident, endpoint, stream, blob;  // blob: of the signed document; empty while it is being made
  Json asked;
  std::uint64_t built = 0;           // taint_built
  bool operator==(const Taint&) const = default;
};

struct Facts {  // of an incident
  std::string endpoint, stream;
  std::uint64_t first = 0, last = 0; // records that its findings name
  std::set<std::string> callers;     // that they name
  bool closed = false;
  bool operator==(const Facts&) const = default;
};

struct FindingFacts {
  std::string stream, episode, incident;
  std::uint64_t first = 0, last = 0;
  std::set<std::string> callers;     // at most 64
  bool operator==(const FindingFacts&) const = default;
};

struct RemedyState {
  std::map<std::string, Facts> incidents;          // the newest kClosed of the closed ones
  std::map<std::string, FindingFacts> findings;    // by id; of open incidents and the newest others
  std::set<std::uint64_t> ages;                    // their numbers; derived
  std::map<std::string, std::string> finding_of;   // stream '\n' episode -> id
  std::map<std::string, List> lists;               // by incident
  std::map<std::uint64_t, Taint> taints;           // by the index of taint_requested
  std::map<std::string, std::set<std::string>> releases;  // endpoint -> those that are registered
  bool operator==(const RemedyState&) const = default;
};

std::vector<Draft> decide(const RemedyState& state, const Entry& entry);
void apply(RemedyState& state, const Entry& entry);
Json to_json(const RemedyState& state);
Result<RemedyState> state_from_json(const Json& document);

// For readers and workers (rows.cc).
Counts counts_of(const std::vector<Row>& rows);
Json to_json(const Counts& counts);
const Row* find_row(const std::vector<Row>& rows, std::uint64_t record);
std::string pack(const std::vector<Row>& rows);        // record and answer: LEB128 of (distance << 2 | answer), base64
Result<std::vector<Row>> unpack(std::string_view text);
// What `before` and the rows of a finished build make together. `replace`: open rows that the build has not found leave.
std::vector<Row> merged(const std::vector<Row>& before, const std::vector<Row>& built, bool replace);
// The newest list of each incident that is made: what training data are held against.
std::vector<std::pair<std::uint64_t, const Taint*>> taints_in_force(const RemedyState& state);

}  // namespace firebreak::remedy
