// Playbooks come from outside: lint and the reader must take any document.
#include <cstddef>
#include <cstdint>

#include "fold/playbook/cacao.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto document = firebreak::parse_json({reinterpret_cast<const char*>(data), size});
  if (!document) return 0;
  bool errors = false;
  for (const auto& diagnostic : firebreak::playbook::lint(*document)) errors |= diagnostic.error;
  // Lint and reader agree on what can run.
  if (firebreak::playbook::playbook_from_json(*document).has_value() == errors) __builtin_trap();
  return 0;
}
