// Carries out erasures: the journal orders them (fold/keeping), the recorder destroys the keys, the journal hears how much
// it was. A person's name never reaches the journal: it waits in DIR/erasures/<keyed hash>, 0600, until it is carried out,
// and the file is then overwritten and removed.
//
// Threads: request() and hold() from any; carry_out() on the jobs' thread. Work that a crash cut short is done again by
// carry_out() at the next start.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "run/app/context.h"

namespace firebreak::app {

class Erasures {
 public:
  struct Parts {
    // Takes what was derived of a stream after its keys are gone: how many parts of the archive were made anew. The detectors
    // are made anew in the background.
    std::function<Result<std::uint64_t>(const std::string& stream)> forget;
    std::function<std::uint64_t(const std::string& stream)> behind;  // parts of the archive that are still to be made anew
  };
  Erasures(const Context& context, const std::string& data_dir, Parts parts)
      : context_(context), dir_(data_dir + "/erasures"), parts_(std::move(parts)) {}

  // {"subject", "reason", "streams"?} -> the command's answer {"index", "id", "state": "ordered" or "waiting"}.
  // {"text": reference, "reason"} -> {"index", "id", "state": "done"}: the file is gone when this returns.
  Result<Json> request(const Json& body, const std::string& actor);
  // {"subject"?, "stream"?, "reason"} -> {"index", "id"}.
  Result<Json> hold(const Json& body, const std::string& actor);
  Json status() const;  // {"holds": […], "erasures": […], "done": […]}: what is in force, what is open, what is done
  Result<Json> status_of(const std::string& id) const;  // of one erasure; kNotFound

  void carry_out();
  // Tells the journal of each erasure that the running detectors have forgotten, too. On the jobs' thread.
  void note_forgotten();
  void stop() { stopping_ = true; }  // what is ordered and not begun waits for the next start

 private:
  Result<Json> erase_text(const Json& body, const std::string& actor);
  std::string hash_of(std::string_view subject) const;
  std::string path_of(const std::string& hash) const { return dir_ + "/" + hash; }
  Result<void> carry_out_one(std::uint64_t index, const std::string& hash, const std::vector<std::string>& streams);
  void forget_names();

  const Context& context_;
  const std::string dir_;
  const Parts parts_;
  std::atomic<bool> stopping_ = false;
  std::mutex mutex_;  // a name's file and the command that needs it come together
};

}  // namespace firebreak::app
