// How long incidents took, as distributions: never a mean, always with how many. Durations of incidents look log-normal, and a
// handful says little: so each is shown, with median and 90th percentile (nearest rank) beside them.
//
// From the rows alone, each time between two entries of the journal; only the beginning of the evidence is event time.
#pragma once

#include <string>

#include "read/views/store.h"

namespace firebreak::views {

struct MetricsFilter {
  Time since;            // opened at or after; {0} = all
  std::string endpoint;  // empty: all
  std::string severity;  // "SEV-2"; empty: all
};

// {incidents, open, times[{name, what, n, median_s, p90_s, shortest_s, longest_s, missing}], phases[the same], each[], recurrences[], overdue[]};
// docs/formats/views.md. `now` is what open tasks are overdue against.
JsonObject metrics_screen(Store& store, const MetricsFilter& filter, Time now);

// {n, median_s, p90_s, shortest_s, longest_s}; the figures are null when there is nothing. For tests.
JsonObject distribution(std::vector<std::int64_t> durations_us);

}  // namespace firebreak::views
