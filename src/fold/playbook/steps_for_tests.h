// Steps in one line each, and a story that checks what must hold after every one: the replayed state is the live one, a
// snapshot gives it back, nothing waits or is timed that is not under way.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>

#include "fold/playbook/story_for_tests.h"

namespace firebreak::playbook {

inline JsonObject to(const std::string& step) { return {{"on_completion", step}}; }
inline JsonObject to(const std::string& good, const std::string& bad) { return {{"on_success", good}, {"on_failure", bad}}; }

inline Json start(const std::string& next) { return JsonObject{{"type", "start"}, {"on_completion", next}}; }
inline Json end() { return JsonObject{{"type", "end"}}; }
inline Json manual(JsonObject routes, const JsonObject& more = {}) { return with(action("look", std::move(routes), "manual").as_object(), more); }
inline Json verb(const std::string& line, JsonObject routes, const JsonObject& more = {}) { return with(action(line, std::move(routes)).as_object(), more); }
inline Json http(const std::string& line, JsonObject routes, const JsonObject& more = {}) { return with(action(line, std::move(routes), "http-api").as_object(), more); }
inline Json parallel(std::initializer_list<std::string> branches, JsonObject routes) {
  return with({{"type", "parallel"}, {"next_steps", JsonArray(branches.begin(), branches.end())}}, routes);
}
inline Json choice(const std::string& condition, const std::string& yes, const std::string& no, JsonObject routes) {
  JsonObject step{{"type", "if-condition"}, {"condition", condition}, {"on_true", yes}};
  if (!no.empty()) step["on_false"] = no;
  return with(std::move(step), routes);
}
inline Json loop(const std::string& condition, const std::string& body, JsonObject routes) { return with({{"type", "while-condition"}, {"condition", condition}, {"on_true", body}}, routes); }
inline Json cases(const std::string& variable, JsonObject ways, JsonObject routes) { return with({{"type", "switch-condition"}, {"switch", variable + ":value"}, {"cases", std::move(ways)}}, routes); }
inline Json calls(const std::string& playbook, JsonObject routes, const JsonObject& more = {}) { return with(with({{"type", "playbook-action"}, {"playbook_id", playbook}}, routes).as_object(), more); }
inline Json variable(const std::string& type, const JsonObject& more = {}) { return with({{"type", type}}, more); }
inline JsonObject variables(JsonObject of) { return {{"playbook_variables", std::move(of)}}; }

// Every step bears its short id as name, so that a story reads in the journal; "end--…" need not be written.
inline Json playbook_of(JsonObject workflow, JsonObject more = {}) {
  std::set<std::string> ends;
  for (auto& [id, step] : workflow) {
    for (const char* key : {"on_completion", "on_success", "on_failure", "on_true", "on_false"})
      if (const std::string next = string_or(step, key); next.starts_with("end--")) ends.insert(next);
    for (const std::string& next : strings_or_empty(step, "next_steps"))
      if (next.starts_with("end--")) ends.insert(next);
    if (const Json* ways = find(step, "cases"))
      for (const auto& way : ways->get_object())
        if (way.value().as_string().starts_with("end--")) ends.insert(std::string(way.value().as_string()));
  }
  for (const std::string& one : ends)
    if (!workflow.contains(one)) workflow[one] = end();
  workflow.erase("end--all");
  if (ends.contains("end--all")) workflow["end--all"] = end();
  for (auto& [id, step] : workflow) step.as_object()["name"] = std::string(id).replace(id.find("--"), 2, "_");
  more["extension_definitions"] = JsonObject{{"extension-definition--b7a1c2d4-5e6f-4a8b-9c0d-1e2f3a4b5c6d",
                                              JsonObject{{"type", "extension-definition"}, {"name", "steps"}, {"created_by", "identity--test"}, {"schema", "https://example.com/s"}, {"version", "1"}}}};
  Json whole = document(std::move(workflow), std::move(more));
  if (!ends.contains("end--all")) whole.as_object()["workflow"].as_object().erase(long_id("end--all"));
  return whole;
}

class Told : public Story {
 public:
  Told() = default;
  explicit Told(const Json& playbook) : Story(playbook) {
    if (find_kind(installed, "playbook_installed") == nullptr) throw std::runtime_error(refusal_of(installed));
  }
  Told(const Told&) = delete;
  Told& operator=(const Told&) = delete;
  ~Told() { check(); }

  void check() const {
    EXPECT_EQ(replayed(), state());
    const auto restored = playbook_state_from_json(*parse_json(canonical_json(to_json(state())), 64));
    EXPECT_TRUE(restored && *restored == state()) << "a snapshot gives another state";
    std::size_t activations = 0;
    for (const auto& [id, one] : state().runs) activations += one.activations;
    EXPECT_TRUE(count("incident_closed") > 0 || count("playbook_step_started") == activations + may_start_nothing) << "a step was started for nothing";
    for (const auto& [what, run, index] : state().waits) EXPECT_TRUE(is_open(run, index)) << run << " waits for " << what;
    for (const auto& [when, run, index] : state().timers) EXPECT_TRUE(is_open(run, index)) << run << " has a timer";
    for (const auto& [id, one] : state().runs)
      for (const auto& [index, activation] : one.open)
        EXPECT_TRUE(one.ended || activation.parent.empty() || one.open.contains(index_of(activation.parent))) << activation.step << " stands in nothing";
  }

  std::size_t may_start_nothing = 0;  // starts that a test has put there itself

  // The newest activation of this step that is under way, with its index; nullptr: none.
  const Activation* open_of(const std::string& step, std::uint64_t* index = nullptr) const {
    const Activation* newest = nullptr;
    for (const auto& [id, one] : state().runs)
      for (const auto& [at, activation] : one.open)
        if (!one.ended && activation.step == long_id(step)) newest = &activation, index != nullptr ? *index = at : 0;
    return newest;
  }
  // What the step waits for ("": nothing).
  std::string waits(const std::string& step) const {
    const Activation* const open = open_of(step);
    return open == nullptr || open->waits_for.empty() ? "" : *open->waits_for.begin();
  }
  std::vector<Entry> says(const std::string& step, const std::string& outcome = "success", JsonObject values = {}) {
    return input("incident_task_done", JsonObject{{"incident", incident}, {"task", waits(step)}, {"result", outcome}, {"outcome", outcome}, {"values", std::move(values)}});
  }
  std::vector<Entry> person(const std::string& who, const std::string& command_name, JsonObject args = {}) {
    if (!args.contains("run") && command_name != "playbook.approve" && command_name != "playbook.reject" && command_name != "playbook.answer") args["run"] = run().id;
    return command("user:" + who, "playbook." + command_name.substr(command_name.find('.') + 1), std::move(args));
  }
  std::vector<Entry> after(std::int64_t us) {
    advance(us);
    return tick();
  }

  // The ends that counted, in order: "action--a action--b=failure"; start steps are left out.
  std::string way() const {
    std::string out;
    for (const Entry& entry : entries()) {
      if (entry.kind != "playbook_step_ended" || string_or(entry.body, "step").starts_with("start--")) continue;
      const std::string outcome = string_or(entry.body, "outcome");
      std::string name = string_or(entry.body, "name");
      out += (out.empty() ? "" : " ") + name.replace(std::min(name.size(), name.find('_')), 1, "--") + (outcome == "success" ? "" : "=" + outcome);
    }
    return out;
  }
  std::size_t count(std::string_view kind) const {
    return static_cast<std::size_t>(std::count_if(entries().begin(), entries().end(), [&](const Entry& entry) { return entry.kind == kind; }));
  }

 private:
  bool is_open(const std::string& run_id, std::uint64_t index) const {
    const auto found = state().runs.find(run_id);
    return found != state().runs.end() && !found->second.ended && found->second.open.contains(index);
  }
};

}  // namespace firebreak::playbook
