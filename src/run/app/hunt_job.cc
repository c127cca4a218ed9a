#include "run/app/hunt_job.h"

#include <fmt/core.h>

#include "base/digest.h"
#include "fold/provenance/provenance.h"
#include "run/app/rule_files.h"
#include "run/app/rule_hunt.h"

namespace firebreak::app {
namespace {

std::vector<incident::Rule> rules_now(const Context& context) {
  std::vector<incident::Rule> rules;
  context.journal.with_state([&](const journal::View& view) { rules = view.state<incident::IncidentState>(incident::kFoldName).rules; });
  return rules;
}

// An endpoint as it is registered; any other stream has rules alone, as its feed has.
Endpoint endpoint_of(const Context& context, const std::string& name) {
  Endpoint endpoint;
  endpoint.name = name;
  context.journal.with_state([&](const journal::View& view) {
    const Endpoint* known = provenance::find_endpoint(view.state<provenance::ProvenanceState>(provenance::kFoldName), name);
    if (known != nullptr) endpoint = *known;
  });
  return endpoint;
}

Result<Json> hunt(const Context& context, const FeedMaker& feeds, const std::string& name, const std::shared_ptr<const rules::RuleSet>& set, Time from) {
  record::Stream* const stream = context.streams.get(name);
  if (stream == nullptr) return fail(Code::kNotFound, fmt::format("there is no stream '{}'", name), "/endpoint");
  std::unique_ptr<detect::StreamDetector> detector;
  if (reads_findings(*set)) {
    auto judge = feeds.judge_of(name);
    if (!judge && judge.error().code != Code::kNotFound) return fail(std::move(judge.error()));
    if (judge) detector = std::make_unique<detect::StreamDetector>(judge->config, judge->profile);
  }
  return hunt_rules(*stream, endpoint_of(context, name), set, std::move(detector), rules_now(context), from);
}

}  // namespace

Result<Json> run_hunt(const Context& context, const FeedMaker& feeds, const Json& asked) {
  FIREBREAK_TRY(only_keys(asked, {"endpoint", "from", "open"}));
  FIREBREAK_ASSIGN(const Time from, get_time(asked, "from"));
  auto sources = rule_sources_from_json(asked.at("open"));
  if (!sources) return fail(std::move(sources.error()).at("/open"));
  std::vector<rules::Refused> refused;
  const auto set = rules::RuleSet::load(*sources, refused);
  if (set->rules().empty())
    return fail(Code::kInvalid, refused.empty() ? "there is no rule to hunt for" : fmt::format("none of the rules can be used: {}", rules::to_text(refused.front())), "/open");
  const std::string endpoint = string_or(asked, "endpoint");
  JsonArray streams;
  std::int64_t total = 0;
  for (const std::string& name : endpoint.empty() ? context.streams.list() : std::vector<std::string>{endpoint}) {
    auto found = hunt(context, feeds, name, set, from);
    if (!found && endpoint.empty() && found.error().code == Code::kNotFound) continue;
    if (!found) return fail(std::move(found.error()));
    total += int_or(*found, "total");
    streams.push_back(std::move(*found));
  }
  if (streams.empty()) return fail(Code::kNotFound, fmt::format("nothing was recorded from {} on", format_time(from)), "/from");
  JsonObject answer{{"from", format_time(from)}, {"loaded", set->rules().size()}, {"refused", as_json(refused)}, {"total", total}, {"streams", std::move(streams)}};
  answer["digest"] = sha256(canonical_json(answer)).hex();
  return Json(std::move(answer));
}

}  // namespace firebreak::app
