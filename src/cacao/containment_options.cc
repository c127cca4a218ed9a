#include "cacao/containment_options.h"

#include "cacao/diagnostic.h"

namespace firebreak::cacao {

std::vector<ContainmentOption> containment_options(const Playbook& playbook, const Step& step) {
  std::vector<ContainmentOption> out;
  const Json* const extension = find_pointer(playbook.document, child(child(step.pointer, "step_extensions"), kOptionsExtension));
  const Json* const options = extension != nullptr ? find(*extension, "options") : nullptr;
  if (options == nullptr || !options->is_array()) return out;
  for (const Json& one : options->get_array()) {
    if (!one.is_object()) continue;
    const auto text = [&](std::string_view key) { return string_or(one, key); };
    out.push_back({text("name"), text("does"), text("potential_damage"), text("evidence_preservation"), text("service_availability"), text("time_and_resources"),
                   text("effectiveness"), text("duration")});
  }
  return out;
}

}  // namespace firebreak::cacao
