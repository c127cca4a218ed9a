// `serve --events FILE`: findings and incidents as lines of OCSF or ECS (read/events), for whatever ships logs.
//
// Promise: the journal's order; each entry's line once, also over a restart or a crash, as long as the file or its sibling
// FILE.position is there: what was written last stands in the last line, and in the sibling for when the file was rotated away. A
// torn last line is cut. A file that cannot be written (a full disk) is tried again with the next entry; nothing is left out.
// Rotation: rename the file, then reopen() (SIGHUP); or cut it to nothing.
//
// Threads: wake(), reopen() and written() from any; the work is done on a thread of its own, so that nobody waits for the disk.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "base/files.h"
#include "base/log.h"
#include "base/task_thread.h"
#include "log/journal/journal.h"
#include "read/events/lines.h"

namespace firebreak::app {

class EventsFile {
 public:
  // kIo: the file cannot be opened. Begins where the last one stopped; with neither file nor sibling, at entry 0.
  static Result<std::unique_ptr<EventsFile>> open(Files& files, const std::string& path, events::Format format, const journal::Journal& journal,
                                                  Logger& logger, std::string version, events::Meanings meanings = {});

  void wake();
  void reopen();
  void wait_idle() const { thread_.wait_idle(); }
  void stop() { thread_.stop(); }
  std::uint64_t written() const { return next_.load(); }  // entries whose lines are in the file

 private:
  EventsFile(Files& files, std::string path, events::Format format, const journal::Journal& journal, Logger& logger, std::string version,
             events::Meanings meanings);
  Result<void> open_file();
  Result<void> write_pending();
  void catch_up();

  Files& files_;
  const std::string path_;
  const journal::Journal& journal_;
  Logger& logger_;
  events::Lines lines_;
  std::unique_ptr<File> file_;
  std::uint64_t read_ = 0;      // entries that passed through lines_
  std::uint64_t size_ = 0;      // of the file, up to whole lines
  std::string pending_;         // lines not written yet
  std::atomic<std::uint64_t> next_{0};
  std::atomic<bool> queued_{false};
  TaskThread thread_;           // last: it uses the rest
};

}  // namespace firebreak::app
