// The server as a whole: the start list, the wiring, the stop list.
//
// Threads: start() and stop() from one thread; the parts make their own.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace firebreak::app {

std::string_view version();  // "0.1.0": the project's, stated once in CMakeLists.txt

struct ServeOptions {
  std::string data_dir;
  std::string config;  // file, may be empty
  std::string host = "127.0.0.1";
  std::uint16_t port = 8440;
  bool fed_clock = false;
  std::vector<std::string> accept_rollback;  // logs that may go on although they are not what they were
  std::string exercise;                     // file of a drill's declaration; empty: none, unless the data folder is a drill's
  std::string events;                       // file that findings and incidents are written to; empty: none
  std::string events_format = "ocsf";       // or ecs
  std::string preset;  // how duties are spread, at the first start; empty: pair
  std::vector<std::string> host_names;  // that the page is reached by, besides the loopback ones
};

class App {
 public:
  static Result<std::unique_ptr<App>> start(const ServeOptions& options);
  ~App();

  std::string url() const;
  void reopen_events();  // the events file was renamed by who rotates it
  // Takes no more requests, finishes what is under way, closes the logs. Idempotent.
  void stop();

 private:
  struct Impl;
  explicit App(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace firebreak::app
