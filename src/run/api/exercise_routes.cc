// A drill. Players see what was given out; what is hidden (truth, later injects, what is expected) is a route of its own, for the
// facilitator alone, and is read from outside of the data folder: nothing of it is in what the other routes are made of.
#include "fold/exercise/exercise.h"
#include "run/api/api.h"

namespace firebreak::api {

void Api::add_exercise_routes() {
  guarded("GET", "/api/v1/exercise", kPeople, [this](const net::Request&, const access::Principal&) -> Result<net::Response> {
    Json seen;
    parts_.journal.with_state([&](const journal::View& view) { seen = exercise::shown_to_players(view.state<exercise::ExerciseState>(exercise::kFoldName)); });
    if (seen.is_null()) return fail(Code::kNotFound, "this is no exercise: everything here is real");
    return shown(std::move(seen));
  });
  guarded("GET", "/api/v1/exercise/script", "admin", [this](const net::Request&, const access::Principal&) -> Result<net::Response> {
    if (!parts_.exercise_script) return fail(Code::kNotFound, "this is no exercise");
    return shown(parts_.exercise_script());
  });
}

}  // namespace firebreak::api
