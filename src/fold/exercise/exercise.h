// Whether this journal is an exercise's, and what the exercise has told its players.
//
// Promise: only an `exercise_declared` that is the journal's first entry makes it one, and nothing ends that: a production journal
// never becomes an exercise, an exercise's never becomes a production journal. What is hidden (truth, later injects, expected actions)
// is not here: the declaration holds its digest, `exercise_ended` the sealed part itself and whether it has that digest.
// Commands of an exercise are refused elsewhere, and once it has ended or was aborted. Decisions and messages are its players' alone, and a
// decision that nobody asks for is refused; who facilitates does not play.
// Pure: no clock, no I/O, ordered containers.
#pragma once

#include <string>
#include <vector>

#include "types/entry.h"

namespace firebreak::exercise {

inline constexpr std::string_view kFoldName = "exercise";
inline constexpr int kSchemaVersion = 1;
inline constexpr std::size_t kKept = 1'000;  // of each list; the journal has them all

struct ExerciseState {
  bool declared = false;
  std::string state;  // running, ended, aborted
  Json declaration = JsonObject{};
  bool matches = false;  // the sealed part that was shown at the end has the declared digest
  JsonArray injects, decisions, messages;  // as they stand in the journal, with time and index
  bool operator==(const ExerciseState&) const = default;
};

std::vector<Draft> decide(const ExerciseState& state, const Entry& entry);
void apply(ExerciseState& state, const Entry& entry);
Json to_json(const ExerciseState& state);
Result<ExerciseState> state_from_json(const Json& document);

// Refuses what is no declaration: {name, title, kind, truth_digest, roles: [{role, team, may, lead}], asks?: [digest of a decision]}.
Result<void> check_declaration(const Json& declaration);

std::string banner(const ExerciseState& state);  // types/exercise.h; empty when it is none

// What players see of it; null when it is none.
Json shown_to_players(const ExerciseState& state);

}  // namespace firebreak::exercise
