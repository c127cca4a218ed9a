// The engine against the reference, on random playbooks and random orders of what happens.
#include <gtest/gtest.h>

#include "properties.h"

namespace firebreak::reference {
namespace {

TEST(PlaybookProperty, any_order_of_events_ends_as_the_reference_says) {
  for (std::uint64_t seed = 1; seed <= 260; ++seed)
    if (const auto problem = against_the_reference(seed)) FAIL() << "seed " << seed << ": " << *problem;
}

TEST(PlaybookProperty, a_run_that_is_stopped_at_any_time_leaves_nothing_behind) {
  for (std::uint64_t seed = 1; seed <= 120; ++seed)
    if (const auto problem = stopped_at_any_time(seed)) FAIL() << "seed " << seed << ": " << *problem;
}

}  // namespace
}  // namespace firebreak::reference
