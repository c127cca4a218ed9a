#include <gtest/gtest.h>

#include "properties.h"

namespace firebreak::reference {
namespace {

TEST(PlaybookPropertyLong, any_order_of_events_ends_as_the_reference_says) {
  for (std::uint64_t seed = 100'000; seed < 106'000; ++seed)
    if (const auto problem = against_the_reference(seed)) FAIL() << "seed " << seed << ": " << *problem;
}

TEST(PlaybookPropertyLong, a_run_that_is_stopped_at_any_time_leaves_nothing_behind) {
  for (std::uint64_t seed = 100'000; seed < 103'000; ++seed)
    if (const auto problem = stopped_at_any_time(seed)) FAIL() << "seed " << seed << ": " << *problem;
}

}  // namespace
}  // namespace firebreak::reference
