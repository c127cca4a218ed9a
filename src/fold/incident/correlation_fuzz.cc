// Correlation rules come in configurations and with backtests: any octets, and what is read is written back to the same rules. Any
// document of a state is taken or refused.
#include <cstddef>
#include <cstdint>

#include "fold/incident/incident.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace firebreak;
  const auto document = parse_json({reinterpret_cast<const char*>(data), size});
  if (!document) return 0;
  if (auto rules = incident::rules_from_json(*document)) {
    incident::IncidentState state;
    state.rules = std::move(*rules);
    if (auto joins = incident::joins_from_json(*document); joins && joins->has_value()) state.joins = std::move(**joins);
    const auto again = incident::incident_state_from_json(incident::to_json(state));
    if (!again || !(*again == state)) __builtin_trap();
  }
  (void)incident::incident_state_from_json(*document);
  return 0;
}
