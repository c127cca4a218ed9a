// Keeps the views at the end of the journal: reads what is durable and applies it, on a thread of its own, so that
// neither callers nor the sequencer wait for SQLite.
#pragma once

#include <atomic>

#include "base/log.h"
#include "base/task_thread.h"
#include "log/journal/journal.h"
#include "read/evidence/texts.h"
#include "read/views/views.h"

namespace firebreak::app {

class Projection {
 public:
  Projection(views::Views& views, journal::Journal& journal, const evidence::Texts& texts, Logger& logger)
      : views_(views), journal_(journal), texts_(texts), logger_(logger) {}

  void wake();             // any thread; cheap
  void wait_idle() const;  // the views have everything that was durable when the call began
  bool idle() const { return thread_.idle(); }
  void stop() {
    stopping_.store(true);  // far behind it would take minutes
    thread_.stop();
  }

 private:
  void catch_up();
  void catch_up_from_afar();
  void take_words();

  views::Views& views_;
  journal::Journal& journal_;
  const evidence::Texts& texts_;
  Logger& logger_;
  std::atomic<bool> queued_{false}, stopping_{false};
  TaskThread thread_;
};

}  // namespace firebreak::app
