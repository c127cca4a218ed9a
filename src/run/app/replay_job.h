// Answers `replay_requested`: the 2×2 replay, the first test that tells causes apart. Two releases (old, new) answer two sets of
// labelled inputs (the old release's holdout; the labelled inferences of the incident), outside the traffic.
//
//   old model bad on new inputs            -> inputs    the data, a feature or the world changed
//   new model bad on old inputs            -> model     the model, its pipeline or artifact changed
//   both                                   -> inputs+model when the new model is bad on the new inputs as well
//   neither, but what was served was bad   -> serving   something between the model and its callers
//   neither                                -> labels    labels or the metric; the models are what they were
//
// Bad: its share of right answers lies more than 10 points below that of the old release on the old inputs, and by more than
// chance (two-proportion z above 3.1, one in 1,000). Fewer than 30 labelled inputs of a set say nothing: the answer is an error.
#pragma once

#include "run/app/context.h"
#include "types/entry.h"

namespace firebreak::app {

struct Quadrants {  // right answers of so many, by model on inputs
  std::uint64_t old_of = 0, new_of = 0;
  std::uint64_t old_on_old = 0, old_on_new = 0, new_on_old = 0, new_on_new = 0;
  std::uint64_t served = 0, served_right = 0;  // of the new inputs, as callers got them
};
std::string verdict_of(const Quadrants& quadrants);  // inputs, model, inputs+model, serving, labels

// Reads the stream and asks both releases; a failure is an answer too.
void replay_two_by_two(const Context& context, const Entry& requested);

}  // namespace firebreak::app
