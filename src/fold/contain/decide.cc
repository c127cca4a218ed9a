// What follows from each entry. The subject's own entries lead to its orders; inputs also wake the deadlines.
#include <algorithm>
#include <set>

#include "fold/contain/parts.h"
#include "types/command.h"

namespace firebreak::contain {
namespace {

using Decide = Drafts (*)(const ContainState&, const Entry&);

Drafts on_command(const ContainState& state, const Entry& entry) {
  const Json& args = command_args(entry);
  const std::string name = string_or(entry.body, "name");
  if (name == "action.propose") return decide_propose(state, entry, args);
  if (name == "action.approve") return decide_approve(state, entry, args);
  if (name == "action.reject") return decide_reject(state, entry, args);
  if (name == "action.lift") return decide_lift(state, entry, args);
  if (name == "freeze") return decide_freeze(state, entry, args);
  if (name == "thaw") return decide_thaw(state, entry, args);
  if (name.starts_with("standing.")) return decide_standing_command(state, entry, name, args);
  return {};
}

Drafts on_action(const ContainState& state, const Entry& entry) {
  const Action* action = find_action(state, string_or(entry.body, "action"));
  return action == nullptr ? Drafts{} : orders_due(state, *action, entry.time);
}

// Its own order alone: a new apply order of the same action may stand in this group already.
Drafts on_extended(const ContainState& state, const Entry& entry) {
  const Action* action = find_action(state, string_or(entry.body, "action"));
  return action == nullptr ? Drafts{} : extension_order_due(state, *action, entry.index);
}

Drafts on_endpoint(const ContainState& state, const Entry& entry) {
  Drafts drafts = standings_moved(state, entry);
  const Json* document = find(entry.body, "endpoint");
  if (document == nullptr || state.frozen) return drafts;
  const std::string name = document->is_object() ? string_or(*document, "name") : string_or(entry.body, "endpoint");
  if (const auto slot = state.endpoints.find(name); slot != state.endpoints.end())
    for (Draft& draft : base_order_due(slot->second)) drafts.push_back(std::move(draft));
  return drafts;
}

// Everything that was approved, ended or changed while nothing could be ordered.
Drafts on_thawed(const ContainState& state, const Entry& entry) {
  Drafts drafts;
  for (const auto& [name, slot] : state.endpoints)
    for (Draft& draft : base_order_due(slot)) drafts.push_back(std::move(draft));
  for (const auto& [id, action] : state.actions)
    for (Draft& draft : orders_due(state, action, entry.time)) drafts.push_back(std::move(draft));
  return drafts;
}

struct Row {
  std::string_view kind;
  Decide decide;
};
constexpr Row kTable[] = {
    {"access_preset_set", standings_moved}, {"last_known_good", standings_moved},
    {"standing_ended", decide_standing_ended}, {"standing_used", decide_used},
    {"user_roles_set", standings_moved},
    {"action_approved", on_action},      {"action_extended", on_extended},
    {"action_failed", on_action},        {"action_lifted", on_action},   {"action_proposed", decide_use},
    {"action_uncertain", on_action},     {"command_accepted", on_command},
    {"effect_check", decide_effect_check}, {"endpoint_registered", on_endpoint},
    {"ladder_ended", on_action},         {"ladder_step", on_action},
    {"lease_extended", on_action},       {"order_outcome", decide_outcome},
    {"promotion_requested", decide_promotion}, {"release_registered", on_endpoint},
    {"thawed", on_thawed},
};

}  // namespace

std::vector<Draft> decide(const ContainState& state, const Entry& entry) {
  Drafts drafts;
  const auto row = std::find_if(std::begin(kTable), std::end(kTable), [&](const Row& r) { return r.kind == entry.kind; });
  if (row != std::end(kTable)) drafts = row->decide(state, entry);
  if (!is_input_kind(entry.kind)) return drafts;
  // An action that this entry has just ended or moved is not decided on a second time by the clock.
  std::set<std::string> decided;
  for (const Draft& draft : drafts) decided.insert(string_or(draft.body, "action"));
  for (auto* due : {&deadlines_due, &extensions_due})
    for (Draft& draft : (*due)(state, entry.time))
      if (!decided.contains(string_or(draft.body, "action"))) drafts.push_back(std::move(draft));
  std::set<std::string> ended;
  for (const Draft& draft : drafts)
    if (draft.kind == "standing_ended") ended.insert(string_or(draft.body, "standing"));
  for (Draft& draft : standings_due(state, entry.time))
    if (!ended.contains(string_or(draft.body, "standing"))) drafts.push_back(std::move(draft));
  return drafts;
}

}  // namespace firebreak::contain
