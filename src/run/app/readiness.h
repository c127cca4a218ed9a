// Looks every hour of the journal's time whether each endpoint is ready for its next incident (readiness_checks.h), writes down
// what has changed (`readiness_seen`), and opens a finding when something that was ready no longer is: until it is again.
//
// Threads: look() from the clock's, the others from any. A restart takes up what the journal knows (apply, before the first look).
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "read/views/views.h"
#include "run/app/context.h"
#include "run/app/readiness_checks.h"
#include "types/finding.h"

namespace firebreak::app {

class Readiness {
 public:
  // `endpoints`: {name, last_time, detectors[{name, state}]} of each, as GET /api/v1/status has them.
  Readiness(const Context& context, const views::Views& views, std::function<Json()> endpoints) : context_(context), views_(views), endpoints_(std::move(endpoints)) {}

  void apply(const Entry& entry);  // of the journal so far
  void look(Time now);             // at most once an hour

  // {items[], time}: of all endpoints, or of one. Errors: kNotFound.
  Result<Json> report(const std::string& endpoint = {}) const;

 private:
  struct Seen {
    std::set<std::string> ready, red;
    std::map<std::string, FindingUpdate> open;  // by check
  };

  std::vector<ReadinessFacts> facts() const;
  void take(const ReadinessFacts& facts, Time now);
  void tell(FindingUpdate update, FindingPhase phase, Time now);

  const Context& context_;
  const views::Views& views_;
  const std::function<Json()> endpoints_;
  Time looked_;
  std::map<std::string, Seen> seen_;  // of look() and apply() alone: never at the same time
};

}  // namespace firebreak::app
