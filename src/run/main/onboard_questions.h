// The ten questions of `firebreak onboard`: what each is good for, what it takes, what its answer changes in the endpoint's document.
//
// Promise: an answer is taken whole or refused with a reason, and a refused one changes nothing. interview() only reads and writes
// its two streams; nothing leaves the program before it has answered true.
#pragma once

#include <functional>
#include <iosfwd>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace firebreak::cli {

// What the server knows; an empty list checks nothing.
struct OnboardKnown {
  std::vector<std::string> on_call;    // contacts and rotations
  std::vector<std::string> playbooks;  // installed, by name
  std::vector<std::string> regimes;    // of reporting deadlines
};

struct OnboardPlan {
  Json document;         // of the endpoint: docs/formats/endpoint.md
  std::string baseline;  // a file of its records; empty: none yet
  bool features_guessed = false;  // its features are those of the baseline's records
};

struct OnboardQuestion {
  std::string_view key;    // of the option: --on-call
  std::string_view asks;
  std::string_view why;    // one line: what it is good for, and what is taken
  std::string (*now)(const OnboardPlan&);
  Result<void> (*take)(OnboardPlan&, const OnboardKnown&, const std::string& answer);
};

inline constexpr std::size_t kOnboardQuestions = 10;
std::span<const OnboardQuestion, kOnboardQuestions> onboard_questions();

// The document of an endpoint of which nothing is known yet: nothing is in its way, nothing can be in force on it.
Json blank_endpoint(const std::string& name);

// Takes the answers that were given, by key, in the order of the questions. Errors bear the option: "/--on-call".
Result<void> take_answers(OnboardPlan& plan, const OnboardKnown& known, const std::map<std::string, std::string>& answers);

// Asks all ten; an empty line takes what is shown in brackets, `<` goes back, `quit` or the end of input leaves. Then shows what was
// said and asks once more. False: left.
bool interview(OnboardPlan& plan, const OnboardKnown& known, std::istream& in, std::ostream& out);

}  // namespace firebreak::cli
