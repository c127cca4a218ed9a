// Walking a workflow that may still be wrong, for the repairs of import.h. Nothing is checked here: what is no step is passed over.
#pragma once

#include <string>
#include <string_view>

#include "base/json.h"
#include "cacao/validate.h"

namespace firebreak::cacao {

inline constexpr std::string_view kWays[] = {"on_completion", "on_success", "on_failure", "on_true", "on_false"};
inline constexpr std::string_view kManyWays[] = {"next_steps", "cases", "conditions"};

inline std::string text_of(const Json& value) { return {value.get_string().data(), value.get_string().size()}; }

inline Json* at(JsonObject& object, std::string_view key) { return object.if_contains({key.data(), key.size()}); }

inline JsonObject* object_at(JsonObject& object, std::string_view key) {
  Json* const value = at(object, key);
  return value != nullptr && value->is_object() ? &value->get_object() : nullptr;
}

// nullptr when there is none, or more of it than is looked at.
inline JsonObject* workflow_of(JsonObject& playbook) {
  JsonObject* const workflow = object_at(playbook, "workflow");
  return workflow == nullptr || workflow->size() > kMostSteps ? nullptr : workflow;
}

// Calls `act` with every string of the step that names a next step.
template <class Act>
void each_way(JsonObject& step, Act act) {
  for (const std::string_view key : kWays)
    if (Json* const way = at(step, key); way != nullptr && way->is_string()) act(*way);
  for (const std::string_view key : kManyWays) {
    Json* const ways = at(step, key);
    if (ways != nullptr && ways->is_array())
      for (Json& way : ways->get_array())
        if (way.is_string()) act(way);
    if (ways != nullptr && ways->is_object())
      for (auto& way : ways->get_object())
        if (way.value().is_string()) act(way.value());
  }
}

}  // namespace firebreak::cacao
