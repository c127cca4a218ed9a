// The journal's entry: what happened, who did it, because of what. docs/formats/journal.md lists the kinds.
//
// Bytes: one canonical JSON object {v, kind, time, actor, cause, source, body}, at most limits::kJournalEntryBytes.
// Those bytes are the Merkle leaf. The index is the entry's place in the log and is not in the bytes.
#pragma once

#include <cstdint>
#include <string>

#include "base/json.h"
#include "base/time.h"

namespace firebreak {

// Where an input came from, for producers that repeat after a crash. The sequencer keeps one high-water mark
// (epoch, position, ordinal) per producer and refuses what is not above it. Empty producer = no such promise.
struct Source {
  std::string producer;        // "detect:fraud-api", "effects", "gateway:gw-1"
  std::uint64_t epoch = 0;     // rises when the producer starts a new numbering
  std::uint64_t position = 0;  // e.g. the stream index that led to this input
  std::uint64_t ordinal = 0;   // several inputs at one position

  bool operator==(const Source&) const = default;
  auto operator<=>(const Source&) const = default;
};

// An entry before the sequencer has given it time and place.
struct Draft {
  std::string kind;
  Json body = JsonObject{};
  std::string actor = "firebreak";  // "user:ana", "service:gateway-1", "detect", "firebreak" for decisions
  std::string cause;                // id or "journal:<index>" of what led here; empty = the group's input
  Source source;
};

// What a fold decides, in the program's own name.
Draft make_draft(std::string_view kind, std::string cause, JsonObject body);

struct Entry {
  std::uint64_t index = 0;
  int version = 1;
  std::string kind;
  Time time;
  std::string actor;
  std::string cause;
  Source source;
  Json body = JsonObject{};

  std::string id(std::string_view prefix) const;  // "inc-10432": kind prefix + index of the creating entry
};

// "ord-12" -> 12; 0 when it has no number.
std::uint64_t index_of(std::string_view id);

// True for kinds that come from outside the folds: exactly the first entry of each group. Folds check deadlines on
// these alone, so that a deadline is decided once although several entries of a group bear the same time.
bool is_input_kind(std::string_view kind);

// What a draft that names no cause was caused by: the group's input; after a command that a playbook's run gives, that
// command's entry, so that the run finds what became of it.
std::uint64_t cause_of_drafts(const Entry& decided_on, std::uint64_t input);

std::string entry_bytes(const Entry& entry);
Result<Entry> parse_entry(std::uint64_t index, std::string_view bytes);

// For API and screens: the bytes' object plus "index".
Json entry_to_json(const Entry& entry);

}  // namespace firebreak
