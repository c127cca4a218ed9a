// What must be kept and what must go: legal holds and erasures.
//
// A hold covers one subject, one stream, or everything; one person puts it on, two lift it. An erasure that a hold covers
// waits; when no hold covers it any more it is ordered. An order is carried out by the recorder, which answers with
// `erasure_done`. Subjects are named by a keyed hash: a person's name never stands in the journal.
// A text that somebody typed (types/free_text.h) is erased at once, or refused while a hold is in force that names no person.
// Pure: no clock, no I/O, ordered containers.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "types/entry.h"

namespace firebreak::keeping {

inline constexpr std::string_view kFoldName = "keeping";
inline constexpr std::size_t kDoneKept = 1'000;
inline constexpr int kSchemaVersion = 3;

struct Hold {
  std::string subject;  // keyed hash; empty with an empty stream: everything
  std::string stream;
  std::string reason, by;
  std::string lift_proposed_by;  // the other person of two
  bool operator==(const Hold&) const = default;
};

struct Erasure {
  std::string subject;            // keyed hash
  std::set<std::string> streams;  // empty = all
  std::string reason, by;
  std::string requested;          // when
  bool ordered = false;
  bool operator==(const Erasure&) const = default;
};

struct Done {
  Erasure asked;
  std::uint64_t entry = 0;      // erasure_done
  std::string time;
  Json took;                    // by stream: {"records", "first"?, "last"?, "parts"?, "gone"?}
  std::uint64_t forgotten = 0;  // erasure_forgotten: since then running detectors hold nothing of it either
  bool operator==(const Done&) const = default;
};

// What went from a stream because its time was over: the deletion report, a line a stream.
struct Expired {
  std::string cutoff;         // of the last sweep that took something: admitted up to then
  std::uint64_t records = 0;  // of all sweeps
  std::uint64_t entry = 0;    // the last one's retention_done
  bool operator==(const Expired&) const = default;
};

struct KeepingState {
  std::map<std::uint64_t, Hold> holds;        // in force, by the index of hold_added
  std::map<std::uint64_t, Erasure> erasures;  // not done, by the index of erase_requested
  std::map<std::uint64_t, Done> done;         // the newest kDoneKept, by the same index
  std::map<std::string, Expired> expired;     // by stream
  bool operator==(const KeepingState&) const = default;
};

std::vector<Draft> decide(const KeepingState& state, const Entry& entry);
void apply(KeepingState& state, const Entry& entry);
Json to_json(const KeepingState& state);
Result<KeepingState> state_from_json(const Json& document);

// Holds that keep the erasure from being ordered, oldest first.
std::vector<std::uint64_t> holds_on(const KeepingState& state, const Erasure& erasure);
// What holds keep of a stream that would expire: everything, or the subjects of these keyed hashes.
struct Kept {
  bool everything = false;
  std::set<std::string> subjects;
};
Kept held_in(const KeepingState& state, const std::string& stream);

}  // namespace firebreak::keeping
