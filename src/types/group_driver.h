// Grows groups in memory over one fold's free functions, as the journal does over all of them (docs/formats/journal.md):
// apply, then decide, for each entry in order; drafts join the end. For tests of single folds.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "types/entry.h"

namespace firebreak {

// Through octets and back, as the journal does: a decision must not depend on what a draft looked like in memory.
inline Entry stamped(const Draft& draft, std::uint64_t index, Time time) {
  Entry entry;
  entry.index = index;
  entry.kind = draft.kind;
  entry.time = time;
  entry.actor = draft.actor;
  entry.cause = draft.cause;
  entry.body = draft.body;
  auto read = parse_entry(entry.index, entry_bytes(entry));
  FIREBREAK_ASSERT(read.has_value());
  return std::move(*read);
}

template <class State>
class GroupDriver {
 public:
  using Decide = std::vector<Draft> (*)(const State&, const Entry&);
  using Apply = void (*)(State&, const Entry&);

  GroupDriver(Decide decide, Apply apply, Time start) : decide_(decide), apply_(apply), now_(start) {}

  void advance(std::int64_t us) { now_ = now_ + us; }
  Time now() const { return now_; }
  const State& state() const { return state_; }
  const std::vector<Entry>& entries() const { return entries_; }

  // The input's group. A tick on which nothing was decided leaves no entry.
  std::vector<Entry> input(std::string kind, Json body, std::string actor = "firebreak") { return caused(std::move(kind), std::move(body), "", std::move(actor)); }

  // The same for what another room drafted because of `cause`.
  std::vector<Entry> caused(std::string kind, Json body, std::string cause, std::string actor = "firebreak") {
    Draft draft;
    draft.cause = std::move(cause);
    draft.kind = std::move(kind);
    draft.body = std::move(body);
    draft.actor = std::move(actor);
    std::vector<Draft> waiting = {std::move(draft)};
    const std::size_t from = entries_.size();
    for (std::size_t at = 0; at < waiting.size() && at < 1'000; ++at) {
      Entry entry = stamp(waiting[at]);
      const bool tick = entry.kind == "tick";
      if (!tick) apply_(state_, entry);
      std::vector<Draft> drafts = decide_(state_, entry);
      if (tick && drafts.empty()) return {};
      entries_.push_back(entry);
      for (Draft& more : drafts) {
        if (more.cause.empty()) more.cause = "journal:" + std::to_string(cause_of_drafts(entry, from));
        waiting.push_back(std::move(more));
      }
    }
    return {entries_.begin() + static_cast<std::ptrdiff_t>(from), entries_.end()};
  }

  // A command as access hands it on.
  std::vector<Entry> command(const std::string& actor, std::string_view name, JsonObject args) {
    return input("command_accepted", JsonObject{{"name", name}, {"args", std::move(args)}, {"role", "admin"}}, actor);
  }

  State replayed() const {
    State state;
    for (const Entry& entry : entries_)
      if (entry.kind != "tick") apply_(state, entry);
    return state;
  }

 private:
  Entry stamp(const Draft& draft) { return stamped(draft, entries_.size(), now_); }

  const Decide decide_;
  const Apply apply_;
  Time now_;
  State state_{};
  std::vector<Entry> entries_;
};

// The first entry of this kind, or nullptr.
inline const Entry* find_kind(const std::vector<Entry>& group, std::string_view kind) {
  for (const Entry& entry : group)
    if (entry.kind == kind) return &entry;
  return nullptr;
}

}  // namespace firebreak
