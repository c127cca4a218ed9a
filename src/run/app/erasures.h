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
  // `forget`: takes what was derived of a stream after its keys are gone.
  Erasures(const Context& context, const std::string& data_dir, std::function<Result<void>(const std::string& stream)> forget)
      : context_(context), dir_(data_dir + "/erasures"), forget_(std::move(forget)) {}

  // {"subject", "reason", "streams"?} -> the command's answer {"index", "id", "state": "ordered" or "waiting"}.
  // {"text": reference, "reason"} -> {"index", "id", "state": "done"}: the file is gone when this returns.
  Result<Json> request(const Json& body, const std::string& actor);
  // {"subject"?, "stream"?, "reason"} -> {"index", "id"}.
  Result<Json> hold(const Json& body, const std::string& actor);
  Json status() const;  // {"holds": […], "erasures": […]}: what is in force and what is open

  void carry_out();
  void stop() { stopping_ = true; }  // what is ordered and not begun waits for the next start

 private:
  Result<Json> erase_text(const Json& body, const std::string& actor);
  std::string hash_of(std::string_view subject) const;
  std::string path_of(const std::string& hash) const { return dir_ + "/" + hash; }
  Result<void> carry_out_one(std::uint64_t index, const std::string& hash, const std::vector<std::string>& streams);
  void forget_names();

  const Context& context_;
  const std::string dir_;
  const std::function<Result<void>(const std::string&)> forget_;
  std::atomic<bool> stopping_ = false;
  std::mutex mutex_;  // a name's file and the command that needs it come together
};

}  // namespace firebreak::app
