// Episodes that are open and what was said of them; and what a listener must be told when other detectors take over.
//
// Detectors are made anew when a person was erased: from the same stream without that person's rows. They come to other names
// (an episode bears the index of its first row), other beginnings, other ends. hand_over() makes up the difference, so that
// nothing opens twice, nothing stays open for ever, and nobody of a chain is left out.
// Pure; one owner.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "types/finding.h"

namespace firebreak::detect {

struct OpenEpisode {
  FindingUpdate said;                     // the newest, without members
  std::map<std::uint64_t, Digest> rows;   // evidence so far by index, at most kMostRows; of chains with its digest
  std::set<std::string> callers;
};

class OpenEpisodes {
 public:
  static constexpr std::size_t kMostRows = 100'000;

  void apply(const FindingUpdate& update);
  void rename(const std::string& from, const std::string& to);
  const std::map<std::string, OpenEpisode>& all() const { return all_; }

 private:
  std::map<std::string, OpenEpisode> all_;  // by name
};

struct Handover {
  std::map<std::string, std::string> renamed;  // the new detectors' name of an episode -> the one it was opened under
  std::vector<FindingUpdate> updates;          // under the names that the listener knows
};

// `said`: what the listener knows; `made`: the new detectors' own; `why`: the sentence under which the rest is closed.
Handover hand_over(const OpenEpisodes& said, const OpenEpisodes& made, const std::string& why);

}  // namespace firebreak::detect
