// Scripted people: each takes the moves of the drill's document when what they wait for has been seen, a little later, the same each time
// for the same seed. In a move's arguments $incident is the newest incident on an attacked endpoint, $action the newest action there that
// is no pushed card, $digest its digest, $card and $card_digest those of the card.
// Threads: one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "run/drill/drill_document.h"

namespace firebreak::drill {

struct Due {  // a move that is to be made now
  std::size_t move;
  std::string role, command;
  Json args;
};

class Cast {
 public:
  Cast(const Drill& drill, std::uint64_t seed);
  void see(const Entry& entry);
  std::vector<Due> due(Time now);  // each once

 private:
  std::optional<Json> filled(const Json& value) const;  // nothing while a name means nothing yet

  const Drill& drill_;
  std::vector<std::int64_t> delays_;           // of each move, with the seed's part
  std::vector<std::optional<Time>> ready_;     // since when each may be made
  std::vector<bool> made_;
  std::vector<std::pair<std::string, std::string>> names_;  // "$incident" -> "inc-41"
  void name(const std::string& key, std::string value);
};

}  // namespace firebreak::drill
