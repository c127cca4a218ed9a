// For tests: a small playbook that both profiles take without a word, and a way to change one place of it.
#pragma once

#include <string>
#include <string_view>

#include "base/json.h"

namespace firebreak::cacao {

inline std::string sample_id(std::string_view type, int number) { return std::string(type) + "--00000000-0000-4000-8000-00000000000" + std::to_string(number); }

// start 1 -> action 2 (http-api against the target 7, by the agent 6) -> end 3; exception: action 4 (manual, by the group 5) -> end 8.
inline Json sample_playbook() {
  auto document = parse_json(R"({
    "type": "playbook", "spec_version": "cacao-2.0", "id": "playbook--00000000-0000-4000-8000-00000000000a", "name": "sample",
    "created_by": "identity--00000000-0000-4000-8000-00000000000b", "created": "2026-03-01T09:00:00.000Z", "modified": "2026-03-01T09:00:00.000Z",
    "playbook_types": ["investigation"], "playbook_activities": ["analyze-collected-data"],
    "playbook_variables": {"__count__": {"type": "integer", "value": "3"}},
    "workflow_start": "start--00000000-0000-4000-8000-000000000001",
    "workflow_exception": "action--00000000-0000-4000-8000-000000000004",
    "workflow": {
      "start--00000000-0000-4000-8000-000000000001": {"type": "start", "on_completion": "action--00000000-0000-4000-8000-000000000002"},
      "action--00000000-0000-4000-8000-000000000002": {"type": "action", "name": "Look", "agent": "http-api--00000000-0000-4000-8000-000000000006",
        "targets": ["net-address--00000000-0000-4000-8000-000000000007"],
        "commands": [{"type": "http-api", "command": "GET /api/v1/status?n=__count__:value HTTP/1.1", "playbook_activity": "analyze-collected-data"}],
        "on_completion": "end--00000000-0000-4000-8000-000000000003"},
      "end--00000000-0000-4000-8000-000000000003": {"type": "end"},
      "action--00000000-0000-4000-8000-000000000004": {"type": "action", "name": "Tell", "agent": "group--00000000-0000-4000-8000-000000000005",
        "commands": [{"type": "manual", "command": "Go on by hand."}], "on_completion": "end--00000000-0000-4000-8000-000000000008"},
      "end--00000000-0000-4000-8000-000000000008": {"type": "end"}
    },
    "agent_definitions": {
      "group--00000000-0000-4000-8000-000000000005": {"type": "group", "name": "responders"},
      "http-api--00000000-0000-4000-8000-000000000006": {"type": "http-api", "name": "monitor", "address": {"url": ["https://monitor.example.com"]}}
    },
    "target_definitions": {
      "net-address--00000000-0000-4000-8000-000000000007": {"type": "net-address", "name": "host", "address": {"ipv4": ["192.0.2.7"]}}
    }
  })");
  FIREBREAK_ASSERT(document.has_value());
  return *document;
}

// Writes `json` at `pointer`, which must lead into an object or list that is there; empty text takes the member away.
inline void change(Json& document, const std::string& pointer, const std::string& json) {
  const std::size_t last = pointer.rfind('/');
  auto* const parent = const_cast<Json*>(find_pointer(document, pointer.substr(0, last)));
  FIREBREAK_ASSERT(parent != nullptr);
  const std::string key = pointer.substr(last + 1);
  if (parent->is_array()) {
    parent->get_array()[static_cast<std::size_t>(std::stoul(key))] = *parse_json(json);
  } else if (json.empty()) {
    parent->get_object().erase(key);
  } else {
    auto value = parse_json(json);
    FIREBREAK_ASSERT(value.has_value());
    parent->get_object()[key] = std::move(*value);
  }
}

}  // namespace firebreak::cacao
