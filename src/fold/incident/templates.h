// Templates of incidents that people declare: what somebody at night need not think of. docs/incidents.md; content/incidents/templates.yaml.
//
// Pure data. templates_from_json refuses what it does not know with the place of the mistake; a task comes only after tasks before it in the list.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace firebreak::incident {

// What somebody who declares an incident need not think of: title, severity, and the tasks in their order.
struct TemplateTask {
  std::string key, text, owner;
  std::vector<std::string> after;
  std::int64_t due_us = 0;  // after the template was applied; 0: no time
  bool operator==(const TemplateTask&) const = default;
};
struct Template {
  std::string title, severity;  // "{endpoint}" in the title stands for the endpoint's name
  std::vector<TemplateTask> tasks;
  bool operator==(const Template&) const = default;
};
using Templates = std::map<std::string, Template>;                // by name
Result<Templates> templates_from_json(const Json& document);      // content/incidents/templates.yaml
Json to_json(const Templates& templates);

}  // namespace firebreak::incident
