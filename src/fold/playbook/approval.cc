// People's yes to exactly what would leave. An approval binds to the digests of the rendered commands: when a variable, a
// target or the command itself changes after the question, the old yes is void and the question is asked again.
#include <fmt/core.h>

#include "base/digest.h"
#include "fold/playbook/parts.h"
#include "fold/playbook/render.h"
#include "types/command.h"

namespace firebreak::playbook {
namespace {

constexpr std::size_t kShown = 20;  // commands of one step that a question shows in words; the digest covers all

std::string digest_of(const std::vector<std::string>& units) {
  std::string text;
  for (const std::string& unit : units) text += unit + "\n";
  return sha256(text).hex();
}

// All that would leave from the current command on.
Result<std::vector<Rendered>> would_leave(const At& at) {
  std::vector<Rendered> out;
  const auto lookup = lookup_in(*at.state, *at.run, *at.plan, at.step, at.activation);
  for (std::size_t unit = at.activation->unit; unit < at.plan->units(*at.step); ++unit) {
    FIREBREAK_ASSIGN(Rendered one, render(*at.plan, *at.step, unit, lookup));
    out.push_back(std::move(one));
  }
  return out;
}

Drafts refuse(const std::string& name, Code code, std::string reason, std::string pointer) { return {make_draft("command_refused", "", refusal(name, code, std::move(reason), std::move(pointer)))}; }

}  // namespace

Drafts ask(const At& at) {
  const auto commands = would_leave(at);
  if (!commands) return unit_failed(at, "failure", commands.error().message, false);
  JsonArray units, shown;
  std::vector<std::string> digests;
  for (const Rendered& one : *commands) {
    digests.push_back(one.digest());
    units.emplace_back(digests.back());
    if (shown.size() < kShown) shown.push_back(JsonObject{{"kind", one.kind}, {"text", shortened(one.text, 500)}});
  }
  Drafts drafts;
  if (!at.activation->approval.id.empty()) {
    JsonObject gone = at.body();
    gone["approval"] = at.activation->approval.id;
    gone["reason"] = "what would be done has changed since it was asked";
    drafts.push_back(make_draft("playbook_approval_void", at.run->id, std::move(gone)));
  }
  JsonObject body = at.body();
  body["name"] = at.step->name;
  body["digest"] = digest_of(digests);
  body["units"] = std::move(units);
  body["commands"] = std::move(shown);
  body["approvers"] = at.rules().approvers;
  body["within_ms"] = at.rules().approval_ms;
  drafts.push_back(make_draft("playbook_approval_requested", at.run->id, std::move(body)));
  return drafts;
}

bool is_approved(const At& at, std::string_view unit_digest) {
  if (at.rules().approvers == 0) return true;
  const Approval& approval = at.activation->approval;
  // `units` begins with the command that was the current one when the question was asked.
  const std::size_t total = at.plan->units(*at.step), first = total - std::min(total, approval.units.size());
  if (!approval.complete || at.activation->unit < first || at.activation->unit - first >= approval.units.size()) return false;
  return approval.units[at.activation->unit - first] == unit_digest;
}

Drafts decide_approval_command(const PlaybookState& state, const Entry& entry, const std::string& name, const Json& args) {
  const std::string id = string_or(args, "approval");
  const auto waiting = waiting_for(state, id);
  if (waiting.empty() || waiting[0].activation->approval.complete) return refuse(name, Code::kConflict, fmt::format("nothing waits for {}: it was answered, has lapsed, or its step is over", id), "/approval");
  const At& at = waiting[0];
  const Approval& approval = at.activation->approval;
  if (!entry.actor.starts_with("user:")) return refuse(name, Code::kForbidden, "only a person can answer", "");
  if (entry.time >= approval.until) return refuse(name, Code::kConflict, fmt::format("{} lapsed at {}", id, format_time(approval.until)), "/approval");
  if (name == "playbook.reject") {
    JsonObject body = at.body();
    body["approval"] = id;
    body["by"] = entry.actor;
    body["reason"] = string_or(args, "reason");
    return {make_draft("playbook_approval_rejected", id, std::move(body))};
  }
  const std::string glass = string_or(entry.body, "break_glass");  // one person is enough, and what is done says so
  if (glass.empty() && entry.actor == at.run->by) return refuse(name, Code::kForbidden, "who started the run cannot approve its steps", "/approval");
  if (approval.by.contains(entry.actor)) return refuse(name, Code::kConflict, "you have approved it already", "/approval");
  if (const std::string digest = digest_of(approval.units); string_or(args, "digest") != digest)
    return refuse(name, Code::kConflict, fmt::format("this is not the digest of what would be done ({}): 'firebreak playbook approvals' shows it", digest), "/digest");
  JsonObject body = at.body();
  body["approval"] = id;
  body["by"] = entry.actor;
  body["complete"] = !glass.empty() || approval.by.size() + 1 >= at.rules().approvers;
  if (!glass.empty()) body["break_glass"] = glass;
  return {make_draft("playbook_approved", id, std::move(body))};
}

}  // namespace firebreak::playbook
