// Which requests of the journal nobody has answered yet: evidence, forecasts, gates. A restart takes them up again.
//
// Feed it every entry from index 0 on; pure and single-threaded.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "types/entry.h"

namespace firebreak::app {

class RequestBook {
 public:
  void apply(const Entry& entry);

  // In the order they were made.
  std::vector<Entry> open() const;

 private:
  struct Request {
    Entry entry;
    std::set<std::string> missing;  // items or gates without an answer
  };
  std::map<std::uint64_t, Request> requests_;
  std::map<std::string, std::uint64_t> by_id_;
};

}  // namespace firebreak::app
