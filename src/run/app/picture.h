// GET /api/v1/incidents/{id}/picture: what happens and what it costs, from the records that the incident's chains name.
//
// The stream is read anew at most every few seconds for each incident: pages ask often, and chains grow all the time.
// Threads: any.
#pragma once

#include <chrono>
#include <map>
#include <mutex>
#include <string>

#include "read/views/views.h"
#include "run/app/context.h"

namespace firebreak::app {

class Pictures {
 public:
  Pictures(const Context& context, const views::Views& views) : context_(context), views_(views) {}

  // kNotFound: there is no such incident.
  Result<Json> of(const std::string& incident);
  void forget();  // what was drawn of records that are gone

 private:
  struct Drawn {
    std::chrono::steady_clock::time_point at;
    std::uint64_t records = 0;  // of the stream, when it was drawn
    JsonObject picture;
  };

  const Context& context_;
  const views::Views& views_;
  std::mutex mutex_;
  std::map<std::string, Drawn> drawn_;  // at most kKept
};

}  // namespace firebreak::app
