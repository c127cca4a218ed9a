// What becomes of an incident's decisions: builds remedy lists and taint lists that the journal asked for, on a thread of its own,
// so that asking a release for 100,000 answers holds up no evidence, no gate and no fed clock. The journal orders (fold/remedy).
// Threads: take() and the questions from any thread.
#pragma once

#include <condition_variable>
#include <mutex>
#include <string>

#include "base/task_thread.h"
#include "log/ledger/note.h"
#include "run/app/context.h"
#include "run/app/remedy_rows.h"

namespace firebreak::app {

class Remedies {
 public:
  // `key`: the journal's, which signs taint lists.
  Remedies(const Context& context, ledger::SigningKey key) : context_(context), key_(std::move(key)), rows_(context) {}
  ~Remedies() { stop(); }

  void take(const Entry& entry);  // of a new group: what asks for work
  void resume();                  // what was open when the server stopped
  void stop();                    // a build that is under way goes on at the next start

  const RemedyRows& rows() const { return rows_; }
  Result<Json> taint(const std::string& incident) const;

 private:
  bool pause(std::int64_t us);  // false when stopping

  const Context& context_;
  const ledger::SigningKey key_;
  RemedyRows rows_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  TaskThread thread_;
};

}  // namespace firebreak::app
