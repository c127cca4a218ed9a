// At the start: are the logs still those that were vouched for? Each stream's log is held against the anchors in the journal, each
// log against what witnesses cosigned and authorities stamped beside it. A log that was cut back or written anew is not opened for
// more entries: they would take the indexes of entries that are gone, under the same key.
//
// Threads: none. What `accept` names goes on with a finding, a journal entry, and what contradicts it moved aside.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "log/ledger/receipt.h"
#include "run/app/context.h"

namespace firebreak::app {

// The same question about the journal alone, before anything is appended to it. What is derived from it (`shown`: entries that the
// views have taken; the snapshots' names) is never ahead of it either. Gives why an accepted one is not what it was; empty: it is.
Result<std::string> check_journal(Files& files, const ledger::Log& log, const std::string& data_dir, std::uint64_t shown,
                                  const std::vector<std::string>& accept);
// Views and snapshots, which come back from the journal.
Result<void> drop_derived(Files& files, const std::string& data_dir);

class LogGuard {
 public:
  void apply(const Entry& entry);  // anchor, rollback_accepted

  // kCorrupt: names the log, what contradicts it, and what to do. `accept`: logs that an operator wants to go on nevertheless.
  // `journal_why`: what check_journal gave.
  Result<void> check(const Context& context, const std::string& data_dir, const std::vector<std::string>& accept,
                     const std::string& journal_why) const;

 private:
  struct Anchor {
    std::uint64_t entry = 0, size = 0;
    Digest root;
  };

  std::string anchors_contradict(const std::string& stream, const ledger::PastView& log) const;
  Result<void> accept_rollback(const Context& context, const std::string& name, ledger::Log* log, const std::string& dir, const std::string& why) const;

  // The newest of each stream since a rollback was last accepted: its root says what all entries before it are.
  std::map<std::string, Anchor> anchors_;
};

}  // namespace firebreak::app
