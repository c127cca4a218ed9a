// The stages of the story, in order, each with the moment and the proof that it was reached.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "base/time.h"

namespace firebreak::example {

inline constexpr std::string_view kStages[] = {
    "serving",   "history imported",   "logs verified",     "first attack query", "finding",  "incident",
    "acknowledged", "evidence captured", "options offered", "proposed",           "approved", "in force",
    "effect check green", "1.1.0 stopped", "1.2.0 cleared", "shadow",             "canary 5", "canary 25",
    "full 100",  "watch ended",        "closed"};

class Stages {
 public:
  // The first time counts. `proof`: an id, a journal index, a figure.
  void reach(std::string_view stage, Time story_time, const std::string& proof);
  bool reached(std::string_view stage) const;
  bool all() const;
  Time time_of(std::string_view stage) const;

  std::string text() const;  // one line each: what was reached and what was not
  Json to_json() const;

 private:
  struct Reached {
    std::string stage, proof;
    Time time;
  };
  std::vector<Reached> reached_;
};

}  // namespace firebreak::example
