// Playbooks come from outside: reader, linter and importer take any document; what was imported imports without change.
#include <cstddef>
#include <cstdint>

#include "base/jcs.h"
#include "cacao/import.h"
#include "cacao/lint.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace firebreak;
  const auto document = parse_json({reinterpret_cast<const char*>(data), size});
  if (!document) return 0;
  for (const cacao::Diagnostic& one : cacao::lint(*document, cacao::Profile::kStrictCs01))
    if (cacao::rule(one.rule).strict != one.level || one.remedy.empty()) __builtin_trap();
  const cacao::Imported once = cacao::import_playbook(*document);
  const cacao::Imported twice = cacao::import_playbook(once.document);
  if (canonical_json(once.document) != canonical_json(twice.document)) __builtin_trap();
  for (const cacao::Repair& repair : twice.repairs)
    if (repair.changed()) __builtin_trap();
  if (!parse_json(jcs(once.document))) __builtin_trap();
  return 0;
}
