// What people look at, kept in SQLite: incidents with their timeline, findings, actions, evidence, models,
// gates. Everything in it is a fold over the journal's entries; the file can be deleted at any time and comes
// back.
//
// Promise: a view shows all entries below next_index() and none above. The index is written in the same
// transaction as the rows. A file of another schema version, or one that is damaged, is thrown away and
// rebuilt. The JSON that comes back is documented in docs/formats/views.md; the API returns it as it is.
//
// Threads: any function from any thread. Nobody waits for the disk: the file is not synced, it can be
// rebuilt. Errors: kNotFound (no such id), kInvalid (bad cursor), kIo (SQLite's message).
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <span>
#include <string>

#include "base/json.h"
#include "base/result.h"
#include "read/views/metrics.h"
#include "types/entry.h"
#include "types/free_text.h"

namespace firebreak::journal {
class Journal;
struct Group;
}  // namespace firebreak::journal

namespace firebreak::views {

// Lists are newest first. `cursor` is empty or the "next" of the page before; `limit` is 1..500.
struct Page {
  std::string cursor;
  int limit = 50;
};

// Empty members do not filter.
struct Filter {
  std::string incident;
  std::string endpoint;
  std::string state;
};

class Views {
 public:
  // `path` may be ":memory:". A file of another schema version is replaced by an empty one.
  static Result<std::unique_ptr<Views>> open(const std::string& path);
  ~Views();

  // The first journal index that has not been applied.
  std::uint64_t next_index() const;

  // Applies entries in order in one transaction; those below next_index() are skipped, a gap is kConflict.
  Result<void> apply(std::span<const Entry> entries);
  static constexpr std::size_t kLargePiece = 10'000;  // entries of a transaction when there are many and nobody is to read soon
  Result<void> apply(const journal::Group& group);

  // Applies everything durable in the journal; starts anew when this file is ahead of it (it belongs to
  // another one).
  Result<void> catch_up(const journal::Journal& journal);

  // The first error of apply() since the last success: views are behind, the journal is not. For /healthz.
  Result<void> healthy() const;

  // Blocks until the entry `index` is applied. False when `timeout_us` passes first.
  bool wait_for_index(std::uint64_t index, std::int64_t timeout_us) const;

  // Each list: {"items":[…], "next": "cursor" | null, "index": next_index()}.
  Result<Json> incidents(const Page& page, const Filter& filter = {}) const;
  Result<Json> findings(const Page& page, const Filter& filter = {}) const;
  Result<Json> actions(const Page& page, const Filter& filter = {}) const;
  Result<Json> evidence(const Page& page, const Filter& filter = {}) const;
  Result<Json> models(const Page& page, const Filter& filter = {}) const;  // releases
  Result<Json> runs(const Page& page, const Filter& filter = {}) const;    // playbook runs
  Result<Json> approvals(const Page& page, const Filter& filter = {}) const;  // that steps of runs ask for
  Result<Json> gates(const Page& page, const Filter& filter = {}) const;
  Result<Json> changes(const Page& page, const Filter& filter = {}) const;  // planned ones and promotions
  Result<Json> tunings(const Page& page, const Filter& filter = {}) const;  // proposed detector configurations
  Result<Json> mutes(const Page& page, const Filter& filter = {}) const;
  Result<Json> duties(const Page& page, const Filter& filter = {}) const;   // regimes on incidents, with their reporting deadlines
  Result<Json> endpoints(const Page& page, const Filter& filter = {}) const;

  // One thing whole. finding: with changes[]; incident: with causes[], timeline[], actions[], evidence[], findings[], gates[], tasks[], deadlines[], runs[],
  // people[].
  Result<Json> incident(const std::string& id) const;
  Result<Json> finding(const std::string& id) const;
  Result<Json> action(const std::string& id) const;         // with orders[] and checks[]
  Result<Json> evidence_item(const std::string& id) const;  // with custody[]
  Result<Json> run(const std::string& id) const;            // with steps[]
  Result<Json> duty(const std::string& id) const;           // with reliefs[]

  // Everything that belongs to an incident by name: itself, actions, runs and their steps, evidence and its digests, tasks, findings.
  Result<std::set<std::string>> names_of(const std::string& incident) const;
  // Rows of an incident's timeline, oldest first: {"items":[…], "next": cursor | null}. `types`: some of event, note, fact, opinion with
  // blanks between; empty: all. From and to are of when a row occurred, else of when it was recorded.
  struct TimelineAsk {
    std::string types, from, to, cursor;
    bool by_occurrence = false;
    int limit = 500;
    std::vector<std::string> words = {};  // all of them, or words that begin so; with these, rows of take_words() only
  };
  Result<Json> timeline(const std::string& id, const TimelineAsk& ask) const;
  // Rows of all timelines that say all of `words` ("row*": a word that begins so), newest first: {"items":[…] each with its incident,
  // "next": cursor | null, "behind": rows that wait to be taken}.
  Result<Json> search(const std::vector<std::string>& words, const std::string& incident, const Page& page) const;
  // Takes the words of the next rows, at most `most`; `show` gives what was typed. How many it took; 0: there are none. Nothing that
  // was erased stays findable behind it.
  Result<std::size_t> take_words(std::size_t most, const ShowText& show);
  bool words_behind() const;
  // Every field of the record (types/casefile.h) with what it says, by whom, when, or where it follows from.
  Result<Json> record(const std::string& id) const;
  // What an incident's taker has to know: situation, what is in force, what waits, what is due.
  Result<Json> handover_summary(const std::string& id) const;
  // Lists of what was written into incidents: indicator, asset, case_asset, notes, relation, handover, lesson, follow_up, contact, label, check.
  Result<Json> written(const std::string& kind, const Page& page, const Filter& filter = {}) const;
  Result<Json> written_one(const std::string& kind, const std::string& id) const;

  // One screen: what needs a person now, who waits for whom, what is due next.
  Result<Json> status() const;

  // How long incidents took: metrics.h.
  Result<Json> metrics(const MetricsFilter& filter, Time now) const;

  // Release × attack -> share still approved (gate G3a): {"rows":[{release, attack, approved, of, share,
  // control, …}]}
  Result<Json> robustness() const;

 private:
  struct Impl;
  explicit Views(std::unique_ptr<Impl> impl);
  void forget();  // everything, to be rebuilt
  std::unique_ptr<Impl> impl_;
};

}  // namespace firebreak::views
