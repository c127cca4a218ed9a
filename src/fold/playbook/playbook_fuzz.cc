// Playbooks come from outside: lint and the reader must take any document.
#include <cstddef>
#include <cstdint>

#include "fold/playbook/plan.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto document = firebreak::parse_json({reinterpret_cast<const char*>(data), size});
  if (!document) return 0;
  const bool refused = !firebreak::playbook::not_runnable(*document).empty();
  // What is refused and what is taken are two sides of one judgement; reading never fails.
  if (firebreak::playbook::runnable_plan(*document).has_value() == refused) __builtin_trap();
  if (firebreak::playbook::make_plan(*document)->digest.size() != 64) __builtin_trap();
  return 0;
}
