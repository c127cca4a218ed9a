// What the entries about playbooks and runs change. Older entries name a step by its CACAO id alone; newer ones name the
// activation.
#include <algorithm>

#include "fold/playbook/parts.h"

namespace firebreak::playbook {
namespace {

std::uint64_t number(const Json& body, std::string_view key) { return static_cast<std::uint64_t>(int_or(body, key)); }

Run* run_of(PlaybookState& state, const Json& body) {
  const auto found = state.runs.find(string_or(body, "run"));
  return found == state.runs.end() ? nullptr : &found->second;
}

std::uint64_t activation_in(const Run& run, const Json& body) {
  if (const std::uint64_t named = index_of(string_or(body, "activation")); named != 0) return named;
  const std::string step = string_or(body, "step");
  for (auto at = run.open.rbegin(); at != run.open.rend(); ++at)
    if (at->second.step == step) return at->first;
  return 0;
}

// The activation that the entry is about; false when it is not under way.
Edit edit_of(PlaybookState& state, const Json& body) {
  const Run* const run = run_of(state, body);
  return {state, run != nullptr ? run->id : "", run != nullptr ? activation_in(*run, body) : 0};
}

void set_values(Run& run, const Plan* plan, const std::string& step_id, Activation* activation, const Json& body) {
  const Json* const values = find(body, "variables");
  if (values == nullptr || !values->is_object()) return;
  const cacao::Step* const step = plan != nullptr ? plan->step(step_id) : nullptr;
  for (const auto& member : values->get_object()) {
    if (!member.value().is_string()) continue;
    const std::string name(member.key()), value(member.value().get_string());
    const bool local = step != nullptr && step->variables.contains(name);
    if (!local) run.variables[name] = value;
    else if (activation != nullptr) activation->locals[name] = value;
  }
}

// ---- playbooks

void installed(PlaybookState& state, const Entry& entry) {
  const Json* const document = find(entry.body, "document");
  if (document == nullptr) return;
  PlanPtr plan = make_plan(*document);
  auto& versions = state.installed[plan->read.id];
  versions[plan->modified] = {plan, *document};
  const auto needed = [&](Time modified) {
    return std::any_of(state.runs.begin(), state.runs.end(), [&](const auto& item) { return !item.second.ended && item.second.playbook == plan->read.id && item.second.modified == modified; });
  };
  for (auto at = versions.begin(); versions.size() > kVersions && at != versions.end();) at = needed(at->first) ? std::next(at) : versions.erase(at);
}

Values texts(const Json* object) {
  Values out;
  if (object == nullptr || !object->is_object()) return out;
  for (const auto& member : object->get_object())
    if (member.value().is_string()) out[std::string(member.key())] = std::string(member.value().get_string());
  return out;
}

std::set<std::string> names(const Json* object) {
  std::set<std::string> out;
  if (object == nullptr || !object->is_object()) return out;
  for (const auto& member : object->get_object()) out.insert(std::string(member.key()));
  return out;
}

void configured(PlaybookState& state, const Entry& entry) {
  static const Json kNone = JsonObject{};
  const Json* const document = find(entry.body, "document");
  if (document == nullptr) return;
  const Json* const own = find(*document, "playbooks");
  const Json& playbooks = own != nullptr ? *own : kNone;
  const auto severities = strings_or_empty(playbooks, "signed_for");
  state.variables = texts(find(playbooks, "variables"));
  state.channels = names(find(playbooks, "channels"));
  state.connectors = names(find(*document, "callers"));
  const auto hosts = strings_or_empty(playbooks, "hosts");
  state.hosts = {hosts.begin(), hosts.end()};
  state.signatures = {strings_or_empty(playbooks, "trusted_keys"), {severities.begin(), severities.end()}};
}

// Whom alerts and messages reach (fold/notify): a page or a notification to one of them is answered there.
void reachable(PlaybookState& state, const Entry& entry) {
  state.people.clear();
  if (const Json* const document = find(entry.body, "document"))
    for (const char* const part : {"contacts", "rotations", "audiences"}) state.people.merge(names(find(*document, part)));
}

// ---- runs

void run_started(PlaybookState& state, const Entry& entry) {
  Run run;
  run.id = entry.id("run");
  run.playbook = string_or(entry.body, "playbook");
  run.incident = string_or(entry.body, "incident");
  run.endpoint = string_or(entry.body, "endpoint");
  run.stream = string_or(entry.body, "stream");
  run.by = string_or(entry.body, "by", "firebreak");
  run.parent_run = string_or(entry.body, "parent_run");
  run.parent_step = index_of(string_or(entry.body, "parent_step"));
  if (const auto modified = parse_time(string_or(entry.body, "modified"))) run.modified = *modified;
  set_values(run, nullptr, "", nullptr, entry.body);
  // A caller that was paused in the same group: its playbook waits with it.
  if (const auto caller = state.runs.find(run.parent_run); caller != state.runs.end() && caller->second.paused) {
    run.paused = true;
    if (const Plan* const plan = plan_of(state, run)) run.held.push_back({plan->read.start, "", 0});
  }
  if (Edit parent(state, run.parent_run, run.parent_step); parent) parent->waits_for = {run.id};
  state.runs[run.id] = std::move(run);
}

// The first step of a branch has started: its branching step waits for one branch (a parallel one was told how many).
void enter_branch(PlaybookState& state, const Run& run, const Plan* plan, const Activation& entered) {
  Edit parent(state, run.id, index_of(entered.parent));
  const cacao::Step* const branching = parent && plan != nullptr ? plan->step(parent->step) : nullptr;
  if (branching == nullptr || branching->type == "parallel") return;
  const bool first = std::any_of(branching->branches.begin(), branching->branches.end(), [&](const cacao::Branch& branch) { return branch.step == entered.step; });
  if (!first) return;
  parent->open_branches = 1;
  if (branching->type == "while-condition") ++parent->iterations;
}

// How much of runs has gone on at one moment: the journal gives all entries of a group the same time.
void count(PlaybookState& state, const Entry& entry) {
  if (state.moment != entry.time) state.at_once = 0;
  state.moment = entry.time;
  ++state.at_once;
}

void step_started(PlaybookState& state, const Entry& entry) {
  Run* const run = run_of(state, entry.body);
  if (run == nullptr || run->ended) return;
  const Plan* const plan = plan_of(state, *run);
  Activation activation;
  activation.step = string_or(entry.body, "step");
  activation.parent = string_or(entry.body, "parent");
  if (!activation.parent.empty() && index_of(activation.parent) == 0)  // an older entry names the step
    activation.parent = "step-" + std::to_string(activation_in(*run, JsonObject{{"step", activation.parent}}));
  if (!activation.parent.empty() && !run->open.contains(index_of(activation.parent))) return;  // its branching step ended in the same group
  activation.begin = entry.time + int_or(entry.body, "delay_ms") * kMillisecond;
  activation.begun = !bool_or(entry.body, "later") && activation.begin <= entry.time && !run->paused;
  activation.open_branches = static_cast<std::uint32_t>(number(entry.body, "branches"));
  const cacao::Step* const step = plan != nullptr ? plan->step(activation.step) : nullptr;
  activation.deadline = activation.begin + (step != nullptr ? plan->timeout_us(*step) : kDay);
  std::erase_if(run->held, [&](const Held& held) { return held.step == activation.step && held.parent == activation.parent; });
  count(state, entry);
  ++run->activations;
  const std::string id = run->id;
  enter_branch(state, *run, plan, activation);
  run->open[entry.index] = std::move(activation);
  const Edit in(state, id, entry.index);  // into the derived tables
}

void step_due(PlaybookState& state, const Entry& entry) {
  if (Edit activation = edit_of(state, entry.body)) activation->begun = true;
}

void step_retried(PlaybookState& state, const Entry& entry) {
  Edit activation = edit_of(state, entry.body);
  if (!activation) return;
  activation->attempt = static_cast<std::uint32_t>(number(entry.body, "attempt"));
  activation->begin = entry.time + int_or(entry.body, "wait_ms") * kMillisecond;
  activation->begun = false;
  activation->waits_for.clear();
  activation->items.clear();
  activation->failed.clear();
  activation->call = {};
}

void unit_ended(PlaybookState& state, const Entry& entry) {
  Run* const run = run_of(state, entry.body);
  if (run == nullptr) return;
  Edit activation = edit_of(state, entry.body);
  if (!activation) return;
  activation->unit = static_cast<std::uint32_t>(number(entry.body, "unit")) + 1;
  activation->attempt = 1;
  count(state, entry);
  if (bool_or(entry.body, "later")) {  // the next command leaves with the next input
    activation->begin = entry.time;
    activation->begun = false;
  }
  activation->waits_for.clear();
  activation->items.clear();
  activation->call = {};
  set_values(*run, plan_of(state, *run), activation->step, activation.operator->(), entry.body);
}

void step_ended(PlaybookState& state, const Entry& entry) {
  Run* const run = run_of(state, entry.body);
  if (run == nullptr || run->ended) return;
  const std::uint64_t index = activation_in(*run, entry.body);
  const auto next = strings_or_empty(entry.body, "next");
  std::string parent;
  {
    Edit activation(state, run->id, index);
    if (!activation) return;  // a second end of one step (late answer and timeout in one group)
    parent = activation->parent;
    const Plan* const plan = plan_of(state, *run);
    const std::string outcome = string_or(entry.body, "outcome");
    set_values(*run, plan, activation->step, nullptr, entry.body);
    run->outcomes[activation->step] = outcome;
    // The exception's way: a failure leads to the playbook's exception, by on_failure or for want of one. Where a success leads, it is none.
    if (plan != nullptr && parent.empty() && outcome != "success" && !next.empty() && next.front() == plan->read.exception) run->exceptional = true;
    run->open.erase(index);
  }
  std::erase_if(run->held, [&](const Held& held) { return held.activation == index || index_of(held.parent) == index; });
  run->last_ended = entry.index;
  if (!next.empty()) {
    if (run->paused) run->held.push_back({next.front(), parent, 0});
    return;
  }
  // Nothing follows inside the branch: it has reached its end.
  Edit branching(state, run->id, index_of(parent));
  if (!branching) return;
  if (branching->open_branches > 0) --branching->open_branches;
  branching->branch_failed |= string_or(entry.body, "outcome") != "success";
}

void run_paused(PlaybookState& state, const Entry& entry) {
  Run* const run = run_of(state, entry.body);
  if (run == nullptr) return;
  for (const auto& [index, activation] : run->open) state.timers.erase({wakes_at(*run, activation), run->id, index});
  run->paused = entry.kind == "playbook_run_paused";
  if (run->paused) run->held.clear();  // what an earlier pause kept back went on with its end
  for (const auto& [index, activation] : run->open) state.timers.insert({wakes_at(*run, activation), run->id, index});
}

void command_held(PlaybookState& state, const Entry& entry) {
  if (Run* const run = run_of(state, entry.body)) run->held.push_back({"", "", activation_in(*run, entry.body)});
}

void run_ended(PlaybookState& state, const Entry& entry) {
  Run* const run = run_of(state, entry.body);
  if (run == nullptr || run->ended) return;  // the first end counts
  run->last_ended = entry.index;
  for (const auto& [index, activation] : run->open) {
    state.timers.erase({wakes_at(*run, activation), run->id, index});
    for (const std::string& id : activation.waits_for) state.waits.erase({id, run->id, index});
  }
  run->ended = true;
  run->held.clear();
  run->outcome = string_or(entry.body, "outcome");
  if (!state.incidents.contains(run->incident)) state.leaving.insert(run->id);  // decide() still asks for it in this group
}

// ---- what an activation waits for

void wait_for(PlaybookState& state, const Entry& entry, std::string id) {
  if (find(entry.body, "activation") == nullptr && find(entry.body, "step") == nullptr) return;
  if (Edit activation = edit_of(state, entry.body)) activation->waits_for = {std::move(id)};
}
void requested(PlaybookState& state, const Entry& entry) { wait_for(state, entry, entry.id("req")); }
void task_opened(PlaybookState& state, const Entry& entry) { wait_for(state, entry, entry.id("task")); }
void measure_awaited(PlaybookState& state, const Entry& entry) { wait_for(state, entry, "measure:" + string_or(entry.body, "incident")); }

void command_given(PlaybookState& state, const Entry& entry) {
  if (find(entry.body, "activation") == nullptr) return;
  wait_for(state, entry, "journal:" + std::to_string(entry.index));
  if (string_or(entry.body, "name") != "action.lift") return;
  const Json* const args = find(entry.body, "args");
  if (Edit activation = edit_of(state, entry.body); activation && args != nullptr) activation->waits_for.insert(string_or(*args, "action"));
}

// What a command of a run led to names the command as its cause.
void follow(PlaybookState& state, const Entry& entry, const std::string& id) {
  for (const At& at : waiting_for(state, entry.cause)) {
    const std::string run = at.run->id;
    const std::uint64_t index = at.index;
    Edit activation(state, run, index);
    activation->waits_for = {id};
    return;
  }
}
void action_proposed(PlaybookState& state, const Entry& entry) { follow(state, entry, entry.id("act")); }
void gate_requested(PlaybookState& state, const Entry& entry) { follow(state, entry, entry.id("req")); }

void evidence_requested(PlaybookState& state, const Entry& entry) {
  Edit activation = edit_of(state, entry.body);
  if (!activation) return;
  activation->waits_for = {entry.id("req")};
  const auto items = strings_or_empty(entry.body, "items");
  activation->items = {items.begin(), items.end()};
}

void evidence(PlaybookState& state, const Entry& entry) {
  const std::string item = string_or(entry.body, "item");
  for (const At& at : waiting_for(state, string_or(entry.body, "request"))) {
    Edit activation(state, at.run->id, at.index);
    if (activation->items.erase(item) > 0 && entry.kind == "evidence_failed") activation->failed = item + ": " + string_or(entry.body, "reason");
  }
}

// ---- approvals and calls

void approval_requested(PlaybookState& state, const Entry& entry) {
  Edit activation = edit_of(state, entry.body);
  if (!activation) return;
  activation->waits_for = {entry.id("appr")};
  const Time until = entry.time + int_or(entry.body, "within_ms") * kMillisecond;
  activation->approval = {entry.id("appr"), strings_or_empty(entry.body, "units"), until, {}, false};
}

void approved(PlaybookState& state, const Entry& entry) {
  for (const At& at : waiting_for(state, string_or(entry.body, "approval"))) {
    Edit activation(state, at.run->id, at.index);
    activation->approval.by.insert(string_or(entry.body, "by"));
    activation->approval.complete = bool_or(entry.body, "complete");
  }
}

void approval_void(PlaybookState& state, const Entry& entry) {
  if (Edit activation = edit_of(state, entry.body)) {
    activation->approval = {};
    activation->waits_for.clear();
  }
}

void call_ordered(PlaybookState& state, const Entry& entry) {
  Edit activation = edit_of(state, entry.body);
  if (!activation) return;
  activation->waits_for = {entry.id("call")};
  activation->call = {entry.id("call"), entry.body, 0};
}

void call_started(PlaybookState& state, const Entry& entry) {
  for (const At& at : waiting_for(state, string_or(entry.body, "call"))) {
    Edit activation(state, at.run->id, at.index);
    activation->call.started = static_cast<std::uint32_t>(number(entry.body, "attempt"));
  }
}

struct Row {
  std::string_view kind;
  void (*apply)(PlaybookState&, const Entry&);
};
constexpr Row kRows[] = {
    {"action_proposed", action_proposed},
    {"command_accepted", command_given},
    {"config_applied", configured},
    {"evidence_captured", evidence},
    {"evidence_failed", evidence},
    {"evidence_requested", evidence_requested},
    {"forecast_requested", requested},
    {"gate_requested", gate_requested},
    {"impact_requested", requested},
    {"incident_task_opened", task_opened},
    {"notify_applied", reachable},
    {"playbook_approval_requested", approval_requested},
    {"playbook_approval_void", approval_void},
    {"playbook_approved", approved},
    {"playbook_call_ordered", call_ordered},
    {"playbook_call_started", call_started},
    {"playbook_command_held", command_held},
    {"playbook_installed", installed},
    {"playbook_measure_awaited", measure_awaited},
    {"playbook_run_ended", run_ended},
    {"playbook_run_paused", run_paused},
    {"playbook_run_resumed", run_paused},
    {"playbook_run_started", run_started},
    {"playbook_step_due", step_due},
    {"playbook_step_ended", step_ended},
    {"playbook_step_retried", step_retried},
    {"playbook_step_started", step_started},
    {"playbook_unit_ended", unit_ended},
    {"replay_requested", requested},
};

}  // namespace

Edit::Edit(PlaybookState& state, const std::string& run, std::uint64_t index) : state_(state), run_(run), index_(index) {
  const auto found = state_.runs.find(run_);
  if (found == state_.runs.end()) return;
  const auto open = found->second.open.find(index_);
  if (open == found->second.open.end()) return;
  activation_ = &open->second;
  state_.timers.erase({wakes_at(found->second, *activation_), run_, index_});
  for (const std::string& id : activation_->waits_for) state_.waits.erase({id, run_, index_});
}

Edit::~Edit() {
  const auto found = activation_ == nullptr ? state_.runs.end() : state_.runs.find(run_);
  if (found == state_.runs.end() || found->second.ended || !found->second.open.contains(index_)) return;
  state_.timers.insert({wakes_at(found->second, *activation_), run_, index_});
  for (const std::string& id : activation_->waits_for) state_.waits.insert({id, run_, index_});
}

void apply_run(PlaybookState& state, const Entry& entry) {
  const auto row = std::lower_bound(std::begin(kRows), std::end(kRows), entry.kind, [](const Row& one, const std::string& kind) { return one.kind < kind; });
  if (row != std::end(kRows) && row->kind == entry.kind) row->apply(state, entry);
}

}  // namespace firebreak::playbook
